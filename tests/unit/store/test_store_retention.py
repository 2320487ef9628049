"""What the store forgets, and what it counts for ever, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SECOND, Instant
from engine.ports.store import Batch, Forget, RunRow
from engine.store.days import DAY
from engine.store.retention import PRUNED
from engine.store.sqlite import SqliteStore

NOON: Instant = 1_764_072_000 * SECOND


def row(no: int, job: str = "a", outcome: str | None = "success", at: Instant = NOON, **fields: object) -> RunRow:
    values = dict.fromkeys(RunRow._fields)
    values |= {"no": no, "run_id": f"{job}:{no}", "job": job, "kind": "manual", "planned_at": at + no, "seq": no}
    values |= {"first_planned_at": at, "occurrences": 1, "occurrences_exact": True, "queued_at": at, "priority": 0}
    values |= {"started_at": at + 2 * SECOND, "ended_at": at + 5 * SECOND, "state": "ended", "outcome": outcome}
    values |= {
        "bypass": False,
        "attempts_made": 1,
        "paused_us": 0,
        "executor": "local",
        "may_still_run": False,
        "item": "",
    }
    values |= {"recovered": False, "cpu_seconds": 0.5, "peak_rss": 1000}
    if outcome is None:
        values |= {"state": "queued", "ended_at": None, "started_at": None}
    return RunRow(**{**values, **fields})  # type: ignore[arg-type] # fields of many types


@pytest.fixture
async def store(tmp_path: Path) -> Iterator[SqliteStore]:  # type: ignore[misc] # an async fixture
    opened = SqliteStore(tmp_path / "state", stamp=lambda: "now")
    opened.load()
    yield opened
    await asyncio.to_thread(opened.close)


async def write(store: SqliteStore, batch: Batch) -> None:
    """Until it is durable."""
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    store.write(batch, done.set_result)
    assert await done is None


async def kept(store: SqliteStore, job: str = "a") -> list[int]:
    """Numbers of the job's runs that are over."""
    records = await store.history(job=job, outcome=None, since=None, limit=100_000)
    return sorted(int(record.run_id.partition(":")[2]) for record in records)


async def until_kept(store: SqliteStore, *wanted: int) -> None:
    """Until exactly these are left of job `a`: the store forgets when it has nothing else to do."""
    async with asyncio.timeout(20):
        while await kept(store) != list(wanted):
            await asyncio.sleep(0)


async def test_of_a_job_only_the_newest_runs_are_kept(store: SqliteStore) -> None:
    """`history.keep_runs`: per job; runs of others and those not over stay."""
    rows = [row(no) for no in range(1, 51)] + [row(51, outcome=None), row(52, "b")]
    await write(store, Batch(new=rows))
    await write(store, Batch(facts={"a": "b"}, forget=Forget(("a",), 10, None)))
    await until_kept(store, *range(41, 51))
    assert await kept(store, "b") == [52]


async def test_much_is_forgotten_in_bites(store: SqliteStore) -> None:
    """20-engine: <= 1,000 rows per tick."""
    await write(store, Batch(new=[row(no) for no in range(1, 2 * PRUNED + 501)]))
    await write(store, Batch(facts={"a": "b"}, forget=Forget(("a",), 100, None)))
    await until_kept(store, *range(2 * PRUNED + 401, 2 * PRUNED + 501))


async def test_old_runs_are_forgotten_whatever_their_number(store: SqliteStore) -> None:
    """`history.keep_days`."""
    old, new = NOON - 100 * DAY, NOON
    await write(
        store, Batch(new=[row(no, at=old) for no in range(1, 1501)] + [row(no, at=new) for no in range(1501, 1511)])
    )
    await write(store, Batch(facts={"a": "b"}, forget=Forget((), 1000, NOON - 90 * DAY)))
    await until_kept(store, *range(1501, 1511))


async def test_each_end_is_added_to_its_day(store: SqliteStore) -> None:
    """20-engine: per-day rollups are rows; a missed record counts its occurrences."""
    ends = [row(1), row(2, outcome="failed", peak_rss=5000), row(3, outcome="missed", occurrences=7, started_at=None)]
    await write(store, Batch(new=ends, ended=ends[:2]))
    await write(store, Batch(facts={"a": "b"}, ended=ends[2:]))
    (day,) = await store.days(job="a", since_day=0)
    assert (day.date.isoformat(), day.success, day.failed, day.missed) == ("2025-11-25", 1, 1, 7)
    assert (day.seconds, day.longest, day.waited, day.cpu_seconds, day.peak_rss) == (6.0, 3.0, 4.0, 1.5, 5000)
