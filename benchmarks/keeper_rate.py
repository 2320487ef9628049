"""W1 for the local executor alone (no store): jobs per second beside the limit (C) and xargs, in one run.

Every way starts JOBS x /bin/true, 2 and 8 at once, each with a log file of its own. The ways take turns, so that a
noisy moment of the machine meets all of them; nothing is deleted between rounds (ext4 creates files six times slower
after a mass deletion). Usage: python benchmarks/keeper_rate.py [--jobs 1000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from engine.clock import Instant
from engine.executors.local.executor import LocalExecutor
from engine.ports.executor import Acknowledge, Ended, Launch, Limit, Report, SpawnFailed

PEER = Path(__file__).parent / "peers" / "spawn_loop.c"


class PlainClock:
    """Wall and monotonic time; nothing here needs an alarm."""

    def now(self) -> Instant:
        return time.time_ns() // 1000

    def monotonic(self) -> int:
        return time.monotonic_ns() // 1000

    def arm(self, at: Instant | None, wake: Callable[[], None]) -> None:
        raise NotImplementedError  # executors set no alarm

    def close(self) -> None:
        pass


@dataclass
class Way:
    """One way to run the jobs, and what it reached."""

    name: str
    run: Callable[[int, int, Path], float]
    rates: list[float] = field(default_factory=list)
    keeper_us: list[float] = field(default_factory=list)


def c_loop(binary: Path) -> Callable[[int, int, Path], float]:
    """The limit."""

    def run(jobs: int, at_once: int, folder: Path) -> float:
        done = subprocess.run([binary, str(jobs), str(at_once), folder], check=True, capture_output=True, text=True)
        return float(done.stdout)

    return run


def xargs(jobs: int, at_once: int, folder: Path) -> float:
    """`xargs -P`: the usual tool. Its jobs share one log, since it cannot give each its own."""
    numbers = "\n".join(map(str, range(jobs)))
    with (folder / "xargs.log").open("ab") as log:
        begin = time.perf_counter()
        subprocess.run(
            ["xargs", "-P", str(at_once), "-n", "1", "/bin/true"], input=numbers.encode(), stdout=log, check=True
        )
        return jobs / (time.perf_counter() - begin)


def cpu_seconds(pid: int) -> float:
    """CPU time that a process itself has used, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


async def executor_rate(jobs: int, at_once: int, folder: Path) -> tuple[float, float]:
    """Jobs per second and the keeper's own CPU microseconds per job."""
    (folder / "state").mkdir(exist_ok=True)
    executor = LocalExecutor(folder / "state", PlainClock())
    left = jobs
    over = asyncio.Event()

    def sink(reports: Sequence[Report]) -> None:
        nonlocal left
        ended = tuple(r.attempt for r in reports if isinstance(r, Ended | SpawnFailed))
        if ended:
            left -= len(ended)
            executor.submit([Acknowledge(ended)])
            if left <= 0:
                over.set()

    await executor.open([], sink)
    keeper = executor.keeper_pid or 0
    env = {"PATH": "/usr/bin:/bin", "JOB_ID": "true", "JOB_RUN_ID": "true:1", "HOME": "/root", "LANG": "C.UTF-8"}
    orders = [
        Launch(f"true:{n}.1", ("/bin/true",), env, "/tmp", str(folder / f"{n}.log"), n + 1_000_000, waits=True)
        for n in range(jobs)
    ]
    before = cpu_seconds(keeper)
    begin = time.perf_counter()
    executor.submit([Limit(at_once), *orders])
    await over.wait()
    seconds = time.perf_counter() - begin
    used = cpu_seconds(keeper) - before
    await executor.close()
    return jobs / seconds, used / jobs * 1e6


def main() -> None:
    """Run all and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keeper-rate-") as name:
        top = Path(name)
        binary = top / "spawn_loop"
        subprocess.run(["cc", "-O2", "-o", binary, PEER], check=True)
        for at_once in (8, 2):
            compare(options.jobs, options.rounds, at_once, top / str(at_once), binary)


def compare(jobs: int, rounds: int, at_once: int, top: Path, binary: Path) -> None:
    """All ways in turn, `rounds` times, and their table."""
    ours = Way("keeper", lambda *_: 0.0)
    limit, peer = Way("C posix_spawn", c_loop(binary)), Way("xargs -P", xargs)
    for number in range(rounds):
        for way in (limit, ours, peer):
            folder = top / f"{number}-{way.name.split()[0]}"
            folder.mkdir(parents=True)
            gc.collect()
            if way is ours:
                rate, keeper_us = asyncio.run(executor_rate(jobs, at_once, folder))
                way.rates.append(rate)
                way.keeper_us.append(keeper_us)
            else:
                way.rates.append(way.run(jobs, at_once, folder))
    print(f"\n{jobs} x /bin/true, {at_once} at once, {rounds} rounds, {os.cpu_count()} cores: min/median/max")
    for way in (limit, ours, peer):
        print(
            f"  {way.name:14} {spread(way.rates, '{:.0f}')} jobs/s   of C {spread(ratios(way, limit), '{:.2f}')}",
            end="",
        )
        print(f"   of xargs {spread(ratios(way, peer), '{:.2f}')}")
    print(f"  keeper CPU     {spread(ours.keeper_us, '{:.0f}')} us per job")


def ratios(way: Way, other: Way) -> list[float]:
    """Round by round."""
    return [a / b for a, b in zip(way.rates, other.rates, strict=True)]


def spread(values: Sequence[float], form: str) -> str:
    """min/median/max."""
    return "/".join(form.format(v) for v in (min(values), statistics.median(values), max(values)))


if __name__ == "__main__":
    main()
