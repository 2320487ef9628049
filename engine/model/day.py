"""One day of one job, as it is shown and sent."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

from engine.model.record import Json
from engine.values import sealed


@sealed(frozen=True, slots=True)
class DayRecord:
    """How often a job's runs ended how on a day (`day`: days since 1970-01-01, UTC). Durations in seconds, sizes in bytes."""

    job: str
    day: int
    success: int
    failed: int
    timed_out: int
    stopped: int
    lost: int
    skipped: int
    missed: int
    seconds: float
    longest: float
    waited: float
    cpu_seconds: float
    peak_rss: int

    @property
    def date(self) -> date:
        """The day."""
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=self.day)).date()

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {**asdict(self), "day": self.date.isoformat()}
