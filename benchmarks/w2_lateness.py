"""W2 and W2b: a hundred jobs due at each full second for twenty seconds; how late each starts.

`processes`: each runs `/bin/true`. `functions`: each calls a function that does nothing, in the engine's process; `with a console`
has one in a pty of 160x50 on 10,000 jobs besides. Every start is durable on record before it is one. Beside them the limits:
a bare timer (timerfd, as many calls of nothing), bare claims (as many rows, committed by a thread as the engine's store commits
them, then as many tasks), and a bare ramp (as many posix_spawn at each second).
From the planned time to the start: of a process as its record says, of a function as itself says. `taken`: to when the engine has made
a run of it. A process is then written, and started once that is durable; functions are on record before (`core.foretold`).
Bars: processes p99 <= 100 ms, none missed, no drift; functions p99 <= 5 ms, with a console <= 20. A miss counts only if the limit held.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import math
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.w6_console import Screen, show_on
from engine import Engine, JobContext, JobSpec
from engine.clock import SECOND
from engine.runtime.system_clock import SystemClock
from jobqueue_tui.cli.hosting import settle_heap

AT_ONCE = 100
SETTLING = 3.0
"""Seconds after the start that are not measured."""


BEGUN: dict[str, int] = {}
"""When the function of a run began, microseconds of the machine's clock."""


async def nothing(context: JobContext) -> None:
    """Say so, and be over."""
    BEGUN[context.run_id] = time.time_ns() // 1000


def jobs_of(kind: str, idle: int) -> list[JobSpec]:
    """A hundred that are due each second, and others that wait for a person."""
    due = [
        JobSpec(id=f"due-{number:03}", every="1s", align=True, call=nothing)
        if kind == "functions"
        else JobSpec(id=f"due-{number:03}", every="1s", align=True, command=["/bin/true"])
        for number in range(AT_ONCE)
    ]
    return due + [JobSpec(id=f"job-{number:05}", call=nothing, manual="only") for number in range(idle)]


async def lateness(
    kind: str, seconds: float, folder: Path, idle: int = 0, *, console: bool = False
) -> dict[str, float]:
    """Milliseconds, and how many were missed."""
    if console:
        from jobqueue_tui.console import launch

        launch.prepare_environment(os.environ)
    BEGUN.clear()
    settle_heap()
    engine = Engine(jobs_of(kind, idle), state_dir=folder, max_running=AT_ONCE)
    await engine.start()
    gc.freeze()
    shown = asyncio.create_task(show_on(engine)) if console else None
    await asyncio.sleep(SETTLING)
    since = engine.now()
    await asyncio.sleep(seconds + 0.7)
    runs = await engine.history(since=since, limit=1_000_000)
    if shown is not None:
        shown.cancel()
    else:
        await engine.shutdown()
    begin = math.ceil(since / SECOND) * SECOND
    end = begin + round(seconds) * SECOND
    mine = [run for run in runs if begin <= run.planned_at < end and run.job.startswith("due-")]
    begun = {run.run_id: BEGUN.get(run.run_id, run.started_at) for run in mine}
    started = [(at - run.planned_at) / 1000 for run in mine if (at := begun[run.run_id]) is not None]
    taken = spread([(run.queued_at - run.planned_at) / 1000 for run in mine])
    missed = AT_ONCE * round(seconds) - len(started)
    half = [
        (at - run.planned_at) / 1000
        for run in mine
        if (at := begun[run.run_id]) is not None and run.planned_at >= begin + (end - begin) // 2
    ]
    return {
        "taken p99": taken["p99"],
        **spread(started),
        "missed": missed,
        "drift": statistics.median(half) - statistics.median(started),
    }


async def timer(seconds: float) -> dict[str, float]:
    """The limit of functions: as many calls of nothing when a timer of the machine's clock rings."""

    def nothing_each(due: int) -> Iterator[float]:
        yield from (late(due) for _ in range(AT_ONCE))

    return spread(await _ringing(seconds, nothing_each))


async def claims(seconds: float, folder: Path) -> dict[str, float]:
    """The limit of functions that begin once it is on record that they do: a key and an instant for each, and nothing else."""
    loop = asyncio.get_running_loop()
    db = sqlite3.connect(folder / "claims.db", isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE claims (job TEXT, planned_at INTEGER, PRIMARY KEY (job, planned_at))")
    begun: list[float] = []
    tasks: set[asyncio.Task[None]] = set()

    def commit(due: int) -> None:
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO claims VALUES (?, ?)", [(f"due-{number:03}", due) for number in range(AT_ONCE)])
        db.execute("COMMIT")

    async def begin(due: int) -> None:
        begun.append(late(due))

    async def each(due: int) -> None:
        await loop.run_in_executor(writer, commit, due)
        for _ in range(AT_ONCE):
            tasks.add(loop.create_task(begin(due)))

    def ring(due: int) -> tuple[float, ...]:
        tasks.add(loop.create_task(each(due)))
        return ()  # they say so themselves

    with ThreadPoolExecutor(1) as writer:
        await _ringing(seconds, ring)
    db.close()
    return spread(begun)


async def ramp(seconds: float) -> dict[str, float]:
    """The limit of processes: as many posix_spawn, one after the other, when the timer rings."""

    def spawn_each(due: int) -> Iterator[float]:
        pids = []
        for _ in range(AT_ONCE):
            pids.append(os.posix_spawn("/bin/true", ["/bin/true"], {}, setsid=True))
            yield late(due)
        for pid in pids:
            os.waitpid(pid, 0)

    return spread(await _ringing(seconds, spawn_each))


def late(due: int) -> float:
    """Milliseconds since then."""
    return (time.time_ns() // 1000 - due) / 1000


async def _ringing(seconds: float, each: Callable[[int], Iterable[float]]) -> list[float]:
    """What `each` says it was late by, at each full second."""
    found: list[float] = []
    clock = SystemClock()
    due = 0

    def ring() -> None:
        nonlocal due
        found.extend(each(due))
        due += SECOND
        clock.arm(due, ring)

    due = (clock.now() // SECOND + 1) * SECOND
    clock.arm(due, ring)
    await asyncio.sleep(seconds)
    clock.close()
    return found


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, p99 and most."""
    return {"p50": statistics.median(values), "p99": statistics.quantiles(values, n=100)[98], "most": max(values)}


def beside_console(seconds: float, folder: Path, jobs: int) -> dict[str, float]:
    """In a child, whose screen is always taken."""
    told = folder / "told.json"
    screen = Screen("functions", jobs, 0, program=__file__, more=["--seconds", str(seconds), "--told", str(told)])
    try:
        screen.until(b"due-000")
        while not told.exists():
            with contextlib.suppress(OSError):  # it has left the terminal, and is about to tell
                screen.drain(0.2)
    finally:
        screen.close()
    found: dict[str, float] = json.loads(told.read_text())
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--jobs", type=int, default=10_000, help="in the engine that has a console")
    parser.add_argument("--updates", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--told", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        with tempfile.TemporaryDirectory() as scratch:
            found = asyncio.run(
                lateness("functions", options.seconds, Path(scratch), options.jobs - AT_ONCE, console=True)
            )
        part = options.told.with_suffix(".part")
        part.write_text(json.dumps(found))
        part.rename(options.told)
        return
    rows: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(options.rounds):
            folder = Path(scratch) / str(number)
            (folder / "console").mkdir(parents=True)
            rows.setdefault("bare ramp", []).append(asyncio.run(ramp(options.seconds)))
            rows.setdefault("processes", []).append(asyncio.run(lateness("processes", options.seconds, folder / "a")))
            rows.setdefault("bare timer", []).append(asyncio.run(timer(options.seconds)))
            rows.setdefault("bare claims", []).append(asyncio.run(claims(options.seconds, folder)))
            rows.setdefault("functions", []).append(asyncio.run(lateness("functions", options.seconds, folder / "b")))
            rows.setdefault("with a console", []).append(
                beside_console(options.seconds, folder / "console", options.jobs)
            )
    print(f"{AT_ONCE} due at each second for {options.seconds:g} s, ms late, min/median/max of {options.rounds} rounds")
    for name, measured in rows.items():
        for what in ("taken p99", "p50", "p99", "most", "missed", "drift"):
            values = [one[what] for one in measured if what in one]
            if values:
                print(
                    f"{name:<15} {what:<10} {min(values):>9.2f} {statistics.median(values):>9.2f} {max(values):>9.2f}"
                )


if __name__ == "__main__":
    main()
