"""W11: 10,000 jobs due at one instant. The longest time that the real engine keeps its event loop from anything else.

    python benchmarks/w11_herd.py

The real engine on its own clock and its own store, as the program hosts it; attempts end at once, in the process, so
that what is measured is the engine. A callback that runs once per turn of the loop measures each turn, from a second
before the instant until all runs are over. Beside it, what the same jobs cost a loop that asks croniter, as it comes,
for all next times at once. Bar: no turn longer than 20 ms. Each figure is min / median / max of the repeats.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from croniter import croniter

from engine.facade import Engine
from engine.ports.executor import Order
from engine.runtime.system_clock import SystemClock
from engine.spec.job import Argv, CronEntry, CronSchedule, JobSpec, Overlap
from engine.testing.executor import FakeExecutor
from jobqueue_tui.cli.hosting import settle_heap

ZONE = "Europe/Berlin"
EXPRESSIONS = 60
AHEAD = timedelta(seconds=8)
"""From building the jobs to the instant at which they are due."""


class AtOnce(FakeExecutor):
    """Every attempt ends in the next turn of the loop."""

    def submit(self, orders: Sequence[Order]) -> None:
        """See `Executor`."""
        super().submit(orders)
        asyncio.get_running_loop().call_soon(self.play)


def expressions(due: datetime) -> list[str]:
    """Sixty that are all due at this second, and differ in what comes after."""
    found = []
    for number in range(EXPRESSIONS):
        hours = sorted({due.hour, *(hour for hour in range(24) if (number + 1) >> (hour % 6) & 1)})
        found.append(f"{due.second} {due.minute} {','.join(map(str, hours))} * * *")
    return found


class Turns:
    """Measures each turn of the loop, in milliseconds."""

    def __init__(self) -> None:
        self.longest = self.longest_work = 0.0
        self.over = 0
        self._running = True
        self._last, self._last_work = time.perf_counter(), time.thread_time()
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        now, work = time.perf_counter(), time.thread_time()
        length, self._last = (now - self._last) * 1000, now
        self.longest = max(self.longest, length)
        self.longest_work = max(self.longest_work, (work - self._last_work) * 1000)
        self._last_work = work
        self.over += length > 20
        if self._running:
            self._loop.call_soon(self._turn)

    def stop(self) -> None:
        """Enough."""
        self._running = False


async def herd(jobs: int, folder: Path) -> tuple[float, float, float, float]:
    """Longest turn in ms, the same in processor time, turns beyond 20 ms, seconds until all is over."""
    due = (datetime.now(ZoneInfo(ZONE)) + AHEAD).replace(microsecond=0)
    texts = expressions(due)
    specs = tuple(
        JobSpec(
            id=f"job-{number}",
            command=Argv(("true",)),
            schedule=CronSchedule((CronEntry(texts[number % EXPRESSIONS]),)),
            timezone=ZONE,
            overlap=Overlap.QUEUE,
        )
        for number in range(jobs)
    )
    clock = SystemClock()
    executor = AtOnce(clock)
    engine = Engine(specs, state_dir=folder, max_running=8, clock=clock, executors={"local": executor})
    settle_heap()  # as the server does
    await engine.start()
    gc.freeze()
    await asyncio.sleep(max(0.0, due.timestamp() - time.time() - 1))
    turns = Turns()
    begin = time.perf_counter()
    while len(executor.launched) < jobs or engine.status().running:  # noqa: ASYNC110 - looks, not waits
        await asyncio.sleep(0.25)
    seconds = time.perf_counter() - begin - 1
    turns.stop()
    await engine.shutdown()
    return turns.longest, turns.longest_work, float(turns.over), seconds


def as_it_comes(jobs: int) -> float:
    """Milliseconds of one pass over all jobs that asks croniter for each next time."""
    now = datetime.now(ZoneInfo(ZONE))
    texts = [" ".join(text.split()[1:]) for text in expressions(now)]
    begin = time.perf_counter()
    for number in range(jobs):
        croniter(texts[number % EXPRESSIONS], now).get_next(datetime)
    return (time.perf_counter() - begin) * 1000


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # nothing writes the logs that are looked for: that is said of each job
    figures = []
    naive = []
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(options.rounds):
            figures.append(asyncio.run(herd(options.jobs, Path(scratch) / str(number))))
            naive.append(as_it_comes(options.jobs))
    print(f"{options.jobs} jobs of {EXPRESSIONS} expressions due at one second, min / median / max of {options.rounds}")
    stalls, works, overs, lengths = (list(column) for column in zip(*figures, strict=True))
    for name, values, unit in (
        ("longest turn of the loop", stalls, "ms (bar: 20)"),
        ("the same in processor time", works, "ms (what the machine's other work does not lengthen)"),
        ("turns longer than 20 ms", overs, ""),
        ("all over after", lengths, "s"),
        ("croniter as it comes, in one pass", naive, "ms"),
    ):
        print(f"{name:34} {min(values):8.1f} {statistics.median(values):8.1f} {max(values):8.1f} {unit}")


if __name__ == "__main__":
    main()
