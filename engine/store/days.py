"""What each job did on each day (UTC), as rows that are added to with every end, so that no chart needs a scan."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from engine.clock import SECOND
from engine.model.day import DayRecord
from engine.ports.store import RunRow
from engine.store.history import reader

DAY: Final = 86_400 * SECOND
_COUNTS: Final = ("success", "failed", "timed_out", "stopped", "lost", "skipped", "missed")
_ADD: Final = (
    f"INSERT INTO days (job, day, {', '.join(_COUNTS)}, seconds, longest, waited, cpu_seconds, peak_rss) "
    f"VALUES (?, ?, {', '.join('?' * len(_COUNTS))}, ?, ?, ?, ?, ?) ON CONFLICT (job, day) DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in (*_COUNTS, "seconds", "waited", "cpu_seconds"))
    + ", longest = max(longest, excluded.longest), peak_rss = max(peak_rss, excluded.peak_rss)"
)


def add_ends(db: sqlite3.Connection, ended: Iterable[RunRow]) -> None:
    """Count runs that have just got their fate."""
    db.executemany(_ADD, [_values(row) for row in ended])


def day_of(row: RunRow) -> DayRecord:
    """What one run adds to its day, the day on which it ended."""
    return DayRecord(*_values(row))


def _values(row: RunRow) -> tuple[Any, ...]:  # Any: of several types, in the order of the fields of a `DayRecord`
    seconds = waited = 0.0
    if row.started_at is not None:
        waited = (row.started_at - row.queued_at) / SECOND
        if row.ended_at is not None:
            seconds = (row.ended_at - row.started_at - row.paused_us) / SECOND
    return (
        row.job,
        (row.ended_at or row.queued_at) // DAY,
        *[row.occurrences if row.outcome == name else 0 for name in _COUNTS],
        seconds,
        seconds,
        waited,
        row.cpu_seconds or 0.0,
        row.peak_rss or 0,
    )


def add_days(one: DayRecord | None, two: DayRecord) -> DayRecord:
    """The sum of two records of the same job and day."""
    if one is None:
        return two
    sums = {name: getattr(one, name) + getattr(two, name) for name in (*_COUNTS, "seconds", "waited", "cpu_seconds")}
    return replace(two, **sums, longest=max(one.longest, two.longest), peak_rss=max(one.peak_rss, two.peak_rss))


def read(path: Path, *, job: str | None, since_day: int) -> list[DayRecord]:
    """Days of the store at `path`, oldest first. FileNotFoundError."""
    where, values = ("job = ? AND", (job,)) if job is not None else ("", ())
    with closing(reader(path)) as db:
        rows = db.execute(
            f"SELECT job, day, {', '.join(_COUNTS)}, seconds, longest, waited, cpu_seconds, peak_rss FROM days "
            f"WHERE {where} day >= ? ORDER BY day, job",
            (*values, since_day),
        )
        return [DayRecord(*row) for row in rows]
