"""Named sets of days, and what they make of a schedule: days on which it runs, days it leaves out, business days.

Days are counted from 1970-01-01 on the job's own clock.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from functools import lru_cache
from typing import Final, Protocol

from engine.values import lean

FIRST_DAY: Final = date(1970, 1, 1).toordinal()
FAR: Final = 366
"""So many days away a business day is looked for."""

_THURSDAY: Final = 3


def day_of(at: date) -> int:
    """The number of a date."""
    return at.toordinal() - FIRST_DAY


def weekday(day: int) -> int:
    """Monday is 0."""
    return (day + _THURSDAY) % 7


class Days(Protocol):
    """A set of days."""

    def holds(self, day: int) -> bool:
        """Is the day one of them."""


@lean(frozen=True, slots=True)
class Calendar:
    """Weekdays, single days, (month, day) of every year, holidays of a country; a day of any of them is in it."""

    weekdays: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    country: str | None = None

    def holds(self, day: int) -> bool:
        """See `Days`."""
        if weekday(day) in self.weekdays or day in self.days:
            return True
        if not self.yearly and self.country is None:
            return False
        at = date.fromordinal(day + FIRST_DAY)
        return (at.month, at.day) in self.yearly or (self.country is not None and at in holidays_of(self.country))


@lru_cache(maxsize=64)
def holidays_of(country: str) -> Container[date]:
    """The holidays of `DE` or, of one of its parts, `DE-BY`. ValueError for one that is not known.

    Imported here: the package takes 0.1 s to load, and most engines need it never.
    """
    import holidays  # noqa: PLC0415 - see above

    name, _, part = country.partition("-")
    try:
        return holidays.country_holidays(name, subdiv=part or None)
    except NotImplementedError:
        raise ValueError(f"there are no holidays of {country}") from None


@lean(frozen=True, slots=True)
class LastBusinessDays:
    """The last day of each month that is no weekend and not in `off`."""

    off: Days | None
    weekend: frozenset[int]

    def holds(self, day: int) -> bool:
        """See `Days`."""
        if not self._business(day):
            return False
        month = date.fromordinal(day + FIRST_DAY).month
        day += 1
        while date.fromordinal(day + FIRST_DAY).month == month:
            if self._business(day):
                return False
            day += 1
        return True

    def _business(self, day: int) -> bool:
        return weekday(day) not in self.weekend and not (self.off is not None and self.off.holds(day))


SATURDAY_SUNDAY: Final = frozenset({5, 6})


@lean(frozen=True, slots=True)
class JobDays:
    """The days of one job: those of `on` (None: all) without those of `off`."""

    on: Days | None
    off: Days | None

    def allows(self, day: int) -> bool:
        """May the job run on this day."""
        return (self.on is None or self.on.holds(day)) and not (self.off is not None and self.off.holds(day))

    def business(self, day: int) -> bool:
        """Is it a day to which an occurrence may be moved: of `on` where that is given, else Monday to Friday."""
        return self.allows(day) and (self.on is not None or weekday(day) not in SATURDAY_SUNDAY)

    def target(self, day: int, step: int) -> int | None:
        """Where an occurrence of this day goes: the day itself if the job may run, else the next business day in steps of 1 or -1."""
        if self.allows(day):
            return day
        for _ in range(FAR):
            day += step
            if self.business(day):
                return day
        return None

    def sources(self, day: int, step: int) -> list[int]:
        """The days whose occurrences fall on this one: itself, and the excluded ones behind it that move here."""
        if not self.allows(day):
            return []
        found = [day]
        if self.business(day):
            other = day - step
            while not self.business(other) and len(found) < FAR and abs(day - other) < FAR:
                if not self.allows(other):
                    found.append(other)
                other -= step
        return found
