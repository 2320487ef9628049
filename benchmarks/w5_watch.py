"""W5: 100 running jobs, 300 processes, CPU and memory of each tree every second: what that costs, in per cent of a core.

    python benchmarks/w5_watch.py

The whole engine's process while the jobs sleep, and its keeper. Beside it, in rounds that take turns, the limit: a process
that does nothing but one sweep of /proc a second, and one that asks psutil for the children of each job. Bar: <= 1 %.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from engine import Engine, JobSpec
from engine.executors.local.keeper.processes import tag_of
from engine.executors.local.sweep import Sweep, Usage
from jobqueue_tui.cli.hosting import settle_heap

TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """CPU seconds of another process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


async def measure(jobs: int, seconds: float, folder: Path) -> dict[str, float]:
    """Per cent of a core: the engine, its keeper, the bare sweep, psutil."""
    specs = [JobSpec(id=f"j{number}", command="sleep 1000 & sleep 1001") for number in range(jobs)]
    settle_heap()  # as the server does
    found: dict[str, float] = {}
    async with Engine(specs, state_dir=folder, max_running=jobs) as engine:
        while not all(len(job.cpu_ring) > 2 for job in engine.jobs):  # noqa: ASYNC110 - looks, not waits
            await asyncio.sleep(0.1)
        keeper = psutil.Process().children()[0].pid if psutil.Process().children() else None
        own, kept = time.process_time(), 0.0 if keeper is None else cpu_of(keeper)
        await asyncio.sleep(seconds)
        found["engine, all of it"] = 100 * (time.process_time() - own) / seconds
        if keeper is not None:
            found["its keeper"] = 100 * (cpu_of(keeper) - kept) / seconds
        pids = [run.pid for job in engine.jobs for run in job.active if run.pid is not None]
        tags = {tag for pid in pids if (tag := tag_of(pid)) is not None}
        if len(tags) != jobs:
            raise SystemExit(f"only {len(tags)} of {jobs} jobs run")
        sweep = Sweep()

        def look() -> None:
            for _ in sweep.look({tag: Usage() for tag in tags}, lambda: 0):
                pass

        found["limit: one sweep a second"] = 100 * statistics.mean([_rested(look) for _ in range(10)])
        found["psutil children(recursive)"] = 100 * _per_pass(lambda: _by_psutil(pids[:5]), 1) * jobs / 5
        await asyncio.gather(*(job.kill() for job in engine.jobs))
        await engine.wait_idle()
    return found


def _per_pass(work: Callable[[], None], times: int) -> float:
    begin = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begin) / times


def _rested(look: Callable[[], None]) -> float:
    """Seconds of a pass that comes after a rest, as the engine's do: nothing of it is in the processor's caches any more."""
    time.sleep(1.0)  # caches as cold as before each of ours
    return _per_pass(look, 1)


def _by_psutil(pids: list[int]) -> None:
    for pid in pids:
        leader = psutil.Process(pid)
        for one in (leader, *leader.children(recursive=True)):
            one.cpu_times()
            one.memory_info()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        rounds = [
            asyncio.run(measure(options.jobs, options.seconds, Path(scratch) / str(number)))
            for number in range(options.rounds)
        ]
    print(f"{options.jobs} jobs, {3 * options.jobs} processes, per cent of a core, min/median/max of {options.rounds}")
    for name in rounds[0]:
        values = [one[name] for one in rounds if name in one]
        bar = "  (bar: 1)" if name.startswith("engine") else ""
        print(f"{name:28} {min(values):7.2f} {statistics.median(values):7.2f} {max(values):7.2f}{bar}")


if __name__ == "__main__":
    main()
