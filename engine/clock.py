"""Time as the engine sees it: a `Clock` gives wall and monotonic time and wakes once, at an instant.

Nothing else in `engine/` reads the time of day. Instants are integers: microseconds since the epoch, UTC, so that
an occurrence's planned time is an exact key in every table.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeAlias

Instant: TypeAlias = int
"""Microseconds since 1970-01-01T00:00Z."""

SECOND: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def instant(at: datetime) -> Instant:
    """The instant of an aware datetime, exact to the microsecond. ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("a datetime without time zone is no instant")
    return (at - _EPOCH) // _MICROSECOND


def moment(at: Instant) -> datetime:
    """The UTC datetime of an instant."""
    return _EPOCH + timedelta(microseconds=at)


def micros(seconds: float) -> int:
    """A duration in seconds as whole microseconds."""
    return round(seconds * SECOND)


class Clock(Protocol):
    """Wall time, monotonic time and one alarm."""

    def now(self) -> Instant:
        """Wall time, an `Instant`."""

    def monotonic(self) -> int:
        """Microseconds from an arbitrary start; never steps back, does not count suspend."""

    def arm(self, at: Instant | None, wake: Callable[[], None]) -> None:
        """Call `wake` once when wall time reaches `at` or the wall clock is set; replaces the alarm armed before; None disarms."""

    def close(self) -> None:
        """Drop the alarm and release what it holds."""
