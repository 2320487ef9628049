"""`window:` - hours of the day, on some days, outside which due times are no occurrences."""

from __future__ import annotations

from dataclasses import field
from datetime import tzinfo
from typing import Final

from engine.clock import SECOND, Instant
from engine.schedule.plans import Plan
from engine.schedule.zones import DAY, LAST_WALL, Shift, Wall, locate, offset, shift_between
from engine.values import lean

_TRIES: Final = 400
"""Stretches of open hours without an occurrence after which there is none: more than a year of days, 33 of months."""

_EPOCH_WEEKDAY: Final = 3
"""1970-01-01 was a Thursday; Monday is 0."""


@lean(frozen=True, slots=True)
class Hours:
    """Open from `start` to `end` (not included), in seconds since midnight, on `days`; over midnight if `start` > `end`.

    What counts is the time the wall clock shows: an hour that comes twice is open twice.
    """

    start: int
    end: int
    days: frozenset[int]

    def open_at(self, wall: Wall) -> bool:
        """Does the wall time lie inside."""
        day, time = divmod(wall, DAY)
        if self.start < self.end:
            return self.start * SECOND <= time < self.end * SECOND and self._opens(day)
        return (time >= self.start * SECOND and self._opens(day)) or (time < self.end * SECOND and self._opens(day - 1))

    def opening(self, wall: Wall) -> Wall:
        """The first opening later than `wall`. There must be a day."""
        day = wall // DAY
        if wall >= day * DAY + self.start * SECOND:
            day += 1
        while not self._opens(day):
            day += 1
        return day * DAY + self.start * SECOND

    def _opens(self, day: int) -> bool:
        return (day + _EPOCH_WEEKDAY) % 7 in self.days


@lean(frozen=True, slots=True)
class HoursPlan:
    """The times of `base` that lie inside `hours` on the clock of `zone`."""

    base: Plan
    hours: Hours
    zone: tzinfo
    key: str | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        hours, base = self.hours, self.base.key
        own = f"{hours.start} {hours.end} {sorted(hours.days)} {self.zone}"
        object.__setattr__(self, "key", None if base is None else f"{base}\nhours {own}")

    def next_after(self, after: Instant) -> Instant | None:
        """See `Plan`. From a time outside it goes on at the next opening, so a short period costs no more than a long one."""
        at = self.base.next_after(after)
        for _ in range(_TRIES):
            if at is None or self.hours.open_at(at + offset(self.zone, at)):
                return at
            opens = first_open(self.hours, self.zone, at)
            at = None if opens is None else self.base.next_after(opens - 1)
        return None


def first_open(hours: Hours, zone: tzinfo, at: Instant) -> Instant | None:
    """The first instant from `at` on that lies inside; None at the end of the calendar."""
    while at <= LAST_WALL:
        wall = at + offset(zone, at)
        if hours.open_at(wall):
            return at
        found = locate(zone, hours.opening(wall))
        opens = found.at if isinstance(found, Shift) else found
        # put back in between, the clock may show open hours again before the next opening
        shift = shift_between(zone, at, at + DAY)
        at = opens if shift is None else min(opens, shift.at)
    return None
