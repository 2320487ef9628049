"""W4: one job prints 200 MB of 80-byte lines. How long that takes beside `sh -c 'cmd > file'`, and is every byte there.

    python benchmarks/w4_logs.py

Rounds that take turns: the shell, ours (the log may hold it all), and ours with the default bound of 10 MiB, which cuts
the log's middle while the job prints. Time is from the trigger to the end on record. Bar: ours / shell <= 1.1, the bytes
of the log identical to those of the shell's file. Needs a C compiler (`cc`). Nothing is deleted between rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import filecmp
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from engine import Engine, JobSpec, LogPolicy

PEERS = Path(__file__).parent / "peers"
LINE = 80


async def ours(program: Path, lines: int, folder: Path, max_size: int) -> float:
    """Seconds from the trigger to the end on record."""
    spec = JobSpec(
        id="print", command=[str(program), str(lines)], manual="only", log=LogPolicy(max_size=max_size, compress=False)
    )
    async with Engine([spec], state_dir=folder) as engine:
        begin = time.perf_counter()
        record = await (await engine.job("print").trigger()).ended()
        seconds = time.perf_counter() - begin
        if record.exit_code != 0:
            raise SystemExit(f"the job ended with {record.reason}")
    return seconds


def shell(program: Path, lines: int, target: Path) -> float:
    """Seconds of `sh -c 'cmd > file'`."""
    begin = time.perf_counter()
    subprocess.run(["sh", "-c", '"$0" "$1" > "$2"', str(program), str(lines), str(target)], check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    lines = options.megabytes * 1_000_000 // LINE
    times: dict[str, list[float]] = {"sh > file": [], "ours": [], "ours, cut at 10M": []}
    identical = 0
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        program = top / "print_lines"
        subprocess.run(["cc", "-O2", "-o", str(program), str(PEERS / "print_lines.c")], check=True)
        for number in range(options.rounds):
            target = top / f"shell-{number}"
            times["sh > file"].append(shell(program, lines, target))
            folder = top / f"ours-{number}"
            times["ours"].append(asyncio.run(ours(program, lines, folder, 1 << 40)))
            identical += filecmp.cmp(target, folder / "logs" / "print" / "1.log", shallow=False)
            times["ours, cut at 10M"].append(asyncio.run(ours(program, lines, top / f"cut-{number}", 10 << 20)))
    print(f"{options.megabytes} MB of {LINE}-byte lines, {options.rounds} rounds, min/median/max")
    for name, values in times.items():
        ratios = [mine / theirs for mine, theirs in zip(values, times["sh > file"], strict=True)]
        bar = "  (bar: 1.1)" if name == "ours" else ""
        print(
            f"{name:18} {min(values):6.2f} {statistics.median(values):6.2f} {max(values):6.2f} s"
            f"   ratio {min(ratios):5.2f} {statistics.median(ratios):5.2f} {max(ratios):5.2f}{bar}"
        )
    print(f"bytes identical in {identical} of {options.rounds} rounds")


if __name__ == "__main__":
    main()
