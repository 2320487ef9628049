"""From the order, and from the verb, to the process: how long one start takes, alone and beside a thousand live runs.

Beside the limit, a posix_spawn of this program itself, in the same moment. `plain` is a job that asks for nothing, `nice` one that
is forked for what it asks, `cpu` one with a limit of its tree (in a group where the machine has them); with a thousand
runs beside it the keeper's looks at limited trees count as well. `verb` is a job that is triggered in a whole engine: its claim is durable
before it is ordered, and a thousand trees are sampled each second; the first trigger comes when their starts are a few seconds past.
Usage: python benchmarks/start_latency.py [--starts 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.keeper_rate import PlainClock
from engine.executors.local.executor import LocalExecutor
from engine.executors.local.keeper import usage
from engine.facade import Engine
from engine.model.events import RunStarted
from engine.ports.executor import Acknowledge, Ended, Launch, Limit, Report, Started, Stop
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, JobSpec, Manual
from engine.spec.limits import NO_LIMITS, Limits

SETTLED = 4.0
"""Seconds after the last of the runs beside it: a thousand starts are on record and told by then."""
WAYS = {"plain": NO_LIMITS, "nice": Limits(nice=10), "cpu": Limits(cpu=2.0)}
ENV = {"PATH": "/usr/bin:/bin"}


class Starter:
    """Starts one attempt after the other and waits for each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "state").mkdir()
        self.executor = LocalExecutor(folder / "state", PlainClock())
        self.number = 0
        self.waits: dict[tuple[str, type[Report]], asyncio.Future[float]] = {}

    def sink(self, reports: Sequence[Report]) -> None:
        """Note when each report came."""
        now = time.perf_counter()
        for report in reports:
            if isinstance(report, Started | Ended):
                waiting = self.waits.pop((report.attempt, type(report)), None)
                if waiting is not None:
                    waiting.set_result(now)
            if isinstance(report, Ended):
                self.executor.submit([Acknowledge((report.attempt,))])

    def order(self, *argv: str, limits: Limits = NO_LIMITS) -> str:
        """Send the order; the attempt."""
        self.number += 1
        attempt = f"job:{self.number}.1"
        for kind in (Started, Ended):
            self.waits[attempt, kind] = asyncio.get_running_loop().create_future()
        log = str(self.folder / "log")
        self.executor.submit([Launch(attempt, argv, ENV, "/", log, self.number + 1_000_000, limits=limits)])
        return attempt

    async def starts(self, count: int, limits: Limits) -> list[float]:
        """Milliseconds from the order to the report that the process exists, which comes after it."""
        took = []
        for _ in range(count):
            begin = time.perf_counter()
            attempt = self.order("/bin/true", limits=limits)
            started, ended = self.waits[attempt, Started], self.waits[attempt, Ended]
            took.append((await started - begin) * 1000)
            await ended
        return took


async def by_verb(starts: int, beside: int, folder: Path) -> list[float]:
    """Milliseconds from the call of `trigger` to the event that the process exists, in an engine on a disk."""
    once = JobSpec(id="once", command=Argv(("/bin/true",)), manual=Manual.ONLY)
    sleepers = [JobSpec(id=f"sleep{number}", command=Argv(("/bin/sleep", "1000"))) for number in range(beside)]
    file = JobFile(jobs=(once, *sleepers), engine=EngineSpec(max_running=beside + 10))
    engine = Engine.from_file(file, state_dir=folder, version="benchmark")
    await engine.start()
    events = engine.subscribe()
    running = 0
    while running < beside:
        running += isinstance(await anext(events), RunStarted)
    await asyncio.sleep(SETTLED if beside else 0)
    took = []
    for _ in range(starts):
        begin = time.perf_counter()
        run = await engine.job("once").trigger()
        while not (isinstance(event := await anext(events), RunStarted) and event.run_id == run.run_id):
            pass
        took.append((time.perf_counter() - begin) * 1000)
        await run.ended()
    events.close()
    await engine.shutdown(drain=0.0)
    return took


def bare(count: int) -> list[float]:
    """The same by posix_spawn here."""
    took = []
    for _ in range(count):
        begin = time.perf_counter()
        pid = os.posix_spawn("/bin/true", ["/bin/true"], ENV, setsid=True)
        took.append((time.perf_counter() - begin) * 1000)
        os.waitpid(pid, 0)
    return took


def shown(name: str, took: Sequence[float], alone: Sequence[float]) -> str:
    """Median, p99, most, and the median beside the limit's."""
    middle, last = statistics.median(took), statistics.quantiles(took, n=100)[98]
    return f"  {name:<12}{middle:>8.2f}{last:>8.2f}{max(took):>8.2f}   {middle / statistics.median(alone):>6.1f}"


async def measure(starts: int, folder: Path) -> None:
    """Alone, then beside a thousand."""
    starter = Starter(folder)
    await starter.executor.open([], starter.sink)
    starter.executor.submit([Limit(2000)])
    for beside in (0, 1000):
        sleepers = [starter.order("/bin/sleep", "1000") for _ in range(beside)]
        await asyncio.gather(
            *(starter.waits[attempt, Started] for attempt in sleepers if (attempt, Started) in starter.waits)
        )
        size = usage.resident(starter.executor.keeper_pid or 0) / (1 << 20)
        print(f"{beside} live runs beside it (keeper {size:.1f} MiB): ms, median p99 most, median of the limit")
        alone = bare(starts)
        print(shown("posix_spawn", alone, alone))
        for name, limits in WAYS.items():
            print(shown(name, await starter.starts(starts, limits), alone))
        ends = [starter.waits[attempt, Ended] for attempt in sleepers]
        starter.executor.submit([Stop(attempt, 9, 0.0) for attempt in sleepers])
        await asyncio.gather(*ends)
        print(shown("verb", await by_verb(starts, beside, folder / f"beside-{beside}"), alone))
    await starter.executor.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--starts", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="start-latency-") as name:
        asyncio.run(measure(options.starts, Path(name)))


if __name__ == "__main__":
    main()
