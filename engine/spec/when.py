"""What the user wrote about when a job may run: windows, calendars, blackouts, changes of the clock. Frozen values."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from engine.values import sealed

DAY_SECONDS: Final = 86_400
EVERY_DAY: Final = frozenset(range(7))
"""Days of the week as `date.weekday()` counts them: Monday is 0."""

LAST_BUSINESS_DAY: Final = "last-business-day"
"""The calendar that always exists: the last business day of each month."""


class DstGap(StrEnum):
    """What happens to a fixed time of day that the clock jumps over."""

    RUN_AFTER = "run_after"
    SKIP = "skip"


class DstOverlap(StrEnum):
    """Which of the two instants of a fixed time of day that comes twice."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


@sealed(frozen=True, slots=True)
class DstRule:
    """`dst:` - the rule for fixed times; by default each runs exactly once."""

    gap: DstGap = DstGap.RUN_AFTER
    overlap: DstOverlap = DstOverlap.FIRST


EXACTLY_ONCE: Final = DstRule()
"""In a gap at its end, in an overlap at the first."""


@sealed(frozen=True, slots=True)
class Window:
    """`window:` - due times outside it are no occurrences.

    `start` and `end` are seconds since midnight on the job's clock, `end` itself is outside; `start` > `end` spans
    midnight. `days` are the days on which it opens.
    """

    start: int = 0
    end: int = DAY_SECONDS
    days: frozenset[int] = EVERY_DAY


class Roll(StrEnum):
    """Where an occurrence on a day that the calendars exclude goes: nowhere (`skipped(calendar)`), or to a business day."""

    NONE = "none"
    NEXT = "next"
    PREVIOUS = "previous"


@sealed(frozen=True, slots=True)
class CalendarSpec:
    """A named set of days: weekdays, single dates, (month, day) of every year, holidays of a country (`DE` or `DE-BY`)."""

    days: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    country: str | None = None


@sealed(frozen=True, slots=True)
class Blackout:
    """A span [start, end) in which nothing starts."""

    start: datetime
    end: datetime
    reason: str = ""
