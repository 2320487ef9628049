"""A clock that stands still until it is moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from engine.clock import Instant, instant

START = instant(datetime(2026, 1, 5, tzinfo=UTC))
"""A Monday, midnight."""


class VirtualClock:
    """Wall and monotonic time move together by `advance`; `step` sets the wall clock alone."""

    def __init__(self, start: Instant = START) -> None:
        self._now = start
        self._monotonic = 0
        self._alarm: tuple[Instant, Callable[[], None]] | None = None

    def now(self) -> Instant:
        """See `Clock`."""
        return self._now

    def monotonic(self) -> int:
        """See `Clock`."""
        return self._monotonic

    def arm(self, at: Instant | None, wake: Callable[[], None]) -> None:
        """See `Clock`."""
        self._alarm = None if at is None else (at, wake)

    def close(self) -> None:
        """See `Clock`."""
        self._alarm = None

    @property
    def alarm(self) -> Instant | None:
        """When it would wake the engine."""
        return self._alarm[0] if self._alarm else None

    def advance(self, to: Instant) -> None:
        """Move on to `to` and fire the alarm if its time has come."""
        self._monotonic += max(0, to - self._now)
        self._now = max(self._now, to)
        self._fire()

    def step(self, by: int) -> None:
        """Set the wall clock by so many microseconds, as an operator or a suspend would; wakes as the kernel does."""
        self._now += by
        if self._alarm is not None:
            _, wake = self._alarm
            wake()

    def _fire(self) -> None:
        if self._alarm is not None and self._alarm[0] <= self._now:
            _, wake = self._alarm
            self._alarm = None
            wake()
