"""The limit of cores: what a busy tree gets of what it may have, and what holding it costs the keeper.

For each limit one busy loop, one shell that runs short programs, and a tree of four in two sessions, for SECONDS each, one after
the other: the cores they used beside their limit, beside those that the same tree gets without one (the limit of the
machine in that moment), and the keeper's own CPU. Usage: python benchmarks/limiter.py [--seconds 4] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.keeper_rate import PlainClock, cpu_seconds
from engine.executors.local.executor import LocalExecutor
from engine.ports.executor import Acknowledge, Ended, Launch, Limit, Report, Started
from engine.spec.limits import Limits

CORES = (0.1, 0.25, 0.5, 0.9, 1.5)
LOOP = "while :; do :; done"
TREES = {
    "one loop": LOOP,
    "short ones": "while :; do /bin/true; done",
    "tree of 4": f"({LOOP}) & ({LOOP}) & setsid sh -c '{LOOP}' & {LOOP}",
}


@dataclass
class Row:
    """One limit on one tree."""

    name: str
    cores: float
    got: list[float] = field(default_factory=list)
    free: list[float] = field(default_factory=list)
    throttled: list[float] = field(default_factory=list)
    keeper: list[float] = field(default_factory=list)


class Runner:
    """Runs one attempt at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "state").mkdir()
        self.executor = LocalExecutor(folder / "state", PlainClock())
        self.number = 0
        self.end: asyncio.Future[Ended] | None = None
        self.started: Started | None = None

    def sink(self, reports: Sequence[Report]) -> None:
        """Take the start and the end."""
        for report in reports:
            if isinstance(report, Started):
                self.started = report
            if isinstance(report, Ended) and self.end is not None:
                self.end.set_result(report)
                self.executor.submit([Acknowledge((report.attempt,))])

    async def run(self, script: str, limits: Limits, seconds: float) -> tuple[float, float, float]:
        """Cores that the tree used, share of the time it stood still, and cores that the keeper used."""
        self.number += 1
        self.end = asyncio.get_running_loop().create_future()
        keeper = self.executor.keeper_pid or 0
        before = cpu_seconds(keeper)
        env = {"PATH": "/usr/bin:/bin"}
        # left behind are those of another session; the accounting of the leader waits for its own children only
        meter = f"{script}"
        launch = Launch(
            f"busy:{self.number}.1",
            ("/bin/sh", "-c", meter),
            env,
            "/",
            str(self.folder / "log"),
            self.number,
            timeout=seconds,
            grace=0.0,
            limits=limits,
        )
        self.executor.submit([launch])
        used = 0.0
        while not self.end.done():
            used = max(used, tree_seconds(self.number))
            await asyncio.sleep(0.02)
        ended = self.end.result()
        took = (ended.at - (self.started.at if self.started else ended.at)) / 1e6
        return used / took, ended.throttled / took, (cpu_seconds(keeper) - before) / took


def tree_seconds(tag: int) -> float:
    """CPU seconds of the processes of a run, and of those that they have waited for."""
    from engine.executors.local.keeper import processes, usage

    return usage.cpu_total(processes.members(tag), "")


async def measure(seconds: float, rounds: int, folder: Path) -> list[Row]:
    """All limits on all trees, `rounds` times."""
    runner = Runner(folder)
    await runner.executor.open([], runner.sink)
    runner.executor.submit([Limit(4)])
    rows = [Row(name, cores) for name in TREES for cores in CORES]
    for _ in range(rounds):
        for row in rows:
            script = TREES[row.name]
            got, throttled, keeper = await runner.run(script, Limits(cpu=row.cores), seconds)
            free, _, _ = await runner.run(script, Limits(), min(seconds, 1.0))
            row.got.append(got)
            row.free.append(free)
            row.throttled.append(throttled)
            row.keeper.append(keeper)
    await runner.executor.close()
    return rows


def spread(values: Sequence[float], form: str = "{:.2f}") -> str:
    """min/median/max."""
    return "/".join(form.format(v) for v in (min(values), statistics.median(values), max(values)))


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="limiter-") as name:
        rows = asyncio.run(measure(options.seconds, options.rounds, Path(name)))
    print(f"{options.rounds} rounds of {options.seconds:g} s on {os.cpu_count()} cores, min/median/max")
    print(
        f"{'tree':<11}{'limit':>6}  {'cores used':<16}{'of the limit':<16}{'without limit':<16}{'stood still':<16}keeper's cores"
    )
    for row in rows:
        share = [got / row.cores for got in row.got]
        print(
            f"{row.name:<11}{row.cores:>6g}  {spread(row.got):<16}{spread(share):<16}{spread(row.free):<16}"
            f"{spread(row.throttled):<16}{spread(row.keeper, '{:.3f}')}"
        )


if __name__ == "__main__":
    main()
