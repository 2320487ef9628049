"""`roll:` - occurrences on excluded days move to a business day, at the same time of day."""

from __future__ import annotations

from dataclasses import field
from datetime import tzinfo
from typing import Final

from engine.clock import Instant
from engine.schedule.calendar import FAR, JobDays
from engine.schedule.plans import Plan
from engine.schedule.zones import DAY, Shift, locate, offset
from engine.values import lean

_TRIES: Final = 400
"""Days without an occurrence that are looked at before there is none."""


@lean(frozen=True, slots=True)
class RolledPlan:
    """The times of `base`, those of excluded days moved forward (`step` 1) or back (-1); what meets there is one.

    Days are those of `zone`. The order of days is kept except across weekends, so each question is asked by day: which
    days fall on this one, and what is due on those.
    """

    base: Plan
    days: JobDays
    step: int
    zone: tzinfo
    key: str | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        base = self.base.key
        own = f"{self.days} {self.step} {self.zone}"
        object.__setattr__(self, "key", None if base is None else f"{base}\nroll {own}")

    def next_after(self, after: Instant) -> Instant | None:
        """See `Plan`."""
        day: int | None = (after + offset(self.zone, after)) // DAY
        for _ in range(_TRIES):
            if day is None:
                return None
            found = self._on(day, after)
            if found is not None:
                return found
            day = self._next_day(day)
        return None

    def _on(self, day: int, after: Instant) -> Instant | None:
        """The first one later than `after` that falls on `day`."""
        time = after + offset(self.zone, after) - day * DAY
        found = []
        for source in self.days.sources(day, self.step):
            start = after if source == day and time >= 0 else self._instant(source * DAY + max(time, 0)) - 1
            while (at := self._due_on(source, start)) is not None:
                moved = at if source == day else self._instant(at + offset(self.zone, at) + (day - source) * DAY)
                if moved > after:
                    found.append(moved)
                    break
                start = at
        return min(found, default=None)

    def _due_on(self, day: int, after: Instant) -> Instant | None:
        at = self.base.next_after(after)
        return at if at is not None and (at + offset(self.zone, at)) // DAY == day else None

    def _next_day(self, day: int) -> int | None:
        """The first day later than `day` on which something falls."""
        source = day + 1
        if self.step > 0:
            while not self.days.business(source - 1) and day - source < FAR:
                source -= 1
        best: int | None = None
        for _ in range(_TRIES):
            at = self.base.next_after(self._instant(source * DAY) - 1)
            if at is None:
                break
            source = (at + offset(self.zone, at)) // DAY
            if best is not None and source >= best:
                break
            goal = self.days.target(source, self.step)
            if goal is not None and goal > day:
                best = goal if best is None else min(best, goal)
            source += 1
        return best

    def _instant(self, wall: int) -> Instant:
        found = locate(self.zone, wall)
        return found.at if isinstance(found, Shift) else found
