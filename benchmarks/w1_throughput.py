"""W1: so many one-shot `/bin/true`, 2 and 8 at once, submit to all finished, every run durable on record.

Ours against the limit (a C loop of posix_spawn and wait, a log file per run) and `xargs -P`, in rounds that take turns.
Bars: at 8 >= 0.7 of C and >= 1.0 of xargs; at 2 >= 0.55 of C and >= 0.9 of xargs. Needs a C compiler (`cc`).
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import gc
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from engine.facade import Engine
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, JobSpec
from jobqueue_tui.cli.hosting import settle_heap

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "benchmarks" / "peers"


async def ours(at_once: int, count: int, folder: Path) -> float:
    """Seconds from the engine's start to all runs over and on record."""
    jobs = tuple(JobSpec(id=f"j{number}", command=Argv(("/bin/true",))) for number in range(count))
    engine = Engine.from_file(
        JobFile(jobs=jobs, engine=EngineSpec(max_running=at_once)), state_dir=folder, version="bench"
    )
    settle_heap()  # as the server does
    begin = time.perf_counter()
    await engine.start(campaign=True)
    gc.freeze()
    await engine.wait_idle()
    seconds = time.perf_counter() - begin
    done = sum(job.counters.success for job in engine.jobs)
    await engine.shutdown()
    if done != count:
        raise SystemExit(f"only {done} of {count} runs succeeded")
    return seconds


def limit(program: Path, at_once: int, count: int, folder: Path) -> float:
    """Jobs per second of the C loop."""
    command = [str(program), str(count), str(at_once), str(folder)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def xargs(at_once: int, count: int) -> float:
    """Seconds of `xargs -P`."""
    begin = time.perf_counter()
    subprocess.run(["xargs", "-P", str(at_once), "-I{}", "/bin/true"], input="x\n" * count, text=True, check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    count: int = options.count
    compileall.compile_dir(ROOT / "engine", quiet=1)  # as installed: the keeper is a program that starts
    with tempfile.TemporaryDirectory() as scratch:
        # nothing is deleted before the end: after a mass deletion ext4 creates files several times slower
        top = Path(scratch)
        program = top / "spawn_loop"
        subprocess.run(["cc", "-O2", "-o", str(program), str(PEERS / "spawn_loop.c")], check=True)
        print(f"{count} x /bin/true, {options.rounds} rounds, jobs/s min/median/max")
        for at_once in (2, 8):
            rates: dict[str, list[float]] = {"C": [], "xargs": [], "ours": []}
            for number in range(options.rounds):
                logs = top / f"c{at_once}-{number}"
                logs.mkdir()
                rates["C"].append(limit(program, at_once, count, logs))
                rates["xargs"].append(count / xargs(at_once, count))
                rates["ours"].append(count / asyncio.run(ours(at_once, count, top / f"o{at_once}-{number}")))
            for name, values in rates.items():
                print(f"{at_once} at once  {name:6}", *(f"{value:7.0f}" for value in spread(values)))
            for peer in ("C", "xargs"):
                ratios = [mine / theirs for mine, theirs in zip(rates["ours"], rates[peer], strict=True)]
                print(f"{at_once} at once  ours / {peer:6}", *(f"{value:5.2f}" for value in spread(ratios)))


def spread(values: list[float]) -> tuple[float, float, float]:
    """Minimum, median, maximum."""
    return min(values), statistics.median(values), max(values)


if __name__ == "__main__":
    main()
