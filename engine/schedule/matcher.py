"""Which wall times an expression names, without any zone: croniter finds the day, the time within it is looked up.

croniter's own handling of zones, of day of month OR day of week beside `n#k`, and of texts is not used; each object
below gets explicit lists, one kind of day condition per field, and naive times. It is asked for days only, once for
each day of a text: a question that stays within its day takes 2 us in place of 25.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from copy import copy
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Final

from engine.clock import SECOND
from engine.schedule.fields import MONTH, MonthDays, WeekDays
from engine.schedule.grammar import Expression
from engine.schedule.zones import FIRST_WALL, LAST_WALL, Wall
from engine.values import lean

if TYPE_CHECKING:
    from croniter import croniter

_ANY: Final = "*"
_EVERY_DAY: Final = "0 0 * * *"
_DAY_SECONDS: Final = 86_400


@lean(frozen=True, slots=True)
class Matcher:
    """The union of some sets of days, each plain enough for croniter (at most four), and the times within each day."""

    days: tuple[str, ...]
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]

    @classmethod
    def of(cls, expression: Expression) -> Matcher:
        """Take an expression apart."""
        days = tuple(_text(expression, days, weekdays) for days, weekdays in _day_conditions(expression))
        return cls(days, expression.hours, expression.minutes, expression.seconds)

    @property
    def key(self) -> str:
        """The same for the same times."""
        return " | ".join((*self.days, f"{self.hours} {self.minutes} {self.seconds}"))

    def next(self, wall: Wall) -> Wall | None:
        """The first wall time named later than `wall`, or None: none within 50 years, or none that a datetime can hold."""
        # Named times are whole seconds, so the fraction of `wall` plays no part.
        today, time = divmod(max(wall, FIRST_WALL) // SECOND, _DAY_SECONDS)
        day = self._day_from(today)
        found = None
        if day == today:
            found = self._time_after(time)
            if found is None:
                day = self._day_from(today + 1)
        if day is None:
            return None
        if found is None:
            found = self.hours[0] * 3600 + self.minutes[0] * 60 + self.seconds[0]
        first = (day * _DAY_SECONDS + found) * SECOND
        return first if first <= LAST_WALL else None

    def _day_from(self, day: int) -> int | None:
        """The first day named from `day` on."""
        found: int | None = None
        for text in self.days:
            if text == _EVERY_DAY:
                return day
            one = _first_day(text, day)
            if one is not None and (found is None or one < found):
                found = one
        return found

    def _time_after(self, time: int) -> int | None:
        """The first second of a day named later than its second `time`."""
        hour, rest = divmod(time, 3600)
        minute, second = divmod(rest, 60)
        place = bisect_left(self.hours, hour)
        if place < len(self.hours) and self.hours[place] == hour:
            within = bisect_left(self.minutes, minute)
            if within < len(self.minutes) and self.minutes[within] == minute:
                later = bisect_right(self.seconds, second)
                if later < len(self.seconds):
                    return hour * 3600 + minute * 60 + self.seconds[later]
                within += 1
            if within < len(self.minutes):
                return hour * 3600 + self.minutes[within] * 60 + self.seconds[0]
            place += 1
        if place < len(self.hours):
            return self.hours[place] * 3600 + self.minutes[0] * 60 + self.seconds[0]
        return None


@lru_cache(maxsize=16_384)
def _first_day(text: str, day: int) -> int | None:
    """The first day from `day` on that a text of days names; None within 50 years."""
    found = _next(text, float(day * _DAY_SECONDS - 1))
    return None if found is None else int(found) // _DAY_SECONDS


@lru_cache(maxsize=512)
def _compiled(text: str) -> croniter[float]:
    """The croniter object of a text: a pure function, remembered because the object takes 30 to 60 us and 2 kB.

    Jobs share expressions, so this is where it pays. One object in each `Cron` would cost 10,000 jobs 18 MB and half a
    second at load; one per question would double the time of a question.
    """
    from croniter import croniter  # noqa: PLC0415 - a fortieth of what a program loads, for files that have such a schedule

    return croniter(text, start_time=0.0, day_or=False)


def _next(text: str, start: float) -> float | None:
    # croniter keeps the start it was last asked about; on a copy the question leaves no trace, so what is remembered
    # above never changes and several threads may ask.
    try:
        return copy(_compiled(text)).get_next(float, start_time=start)
    except (ValueError, OverflowError):
        # CroniterBadDateError (none within 50 years) is a ValueError, as is a search that runs into the year 10000.
        return None


def _day_conditions(expression: Expression) -> Iterable[tuple[str, str]]:
    """(day of month, day of week) pairs whose union is the day rule; within a pair both must match.

    An AND of two unions is the union of the pairwise ANDs. An OR is each condition with `*` on the other side:
    croniter's own OR ANDs `n#k` to both sides (`0 0 15 * 1#2` never runs there).
    """
    days, weekdays = list(_month_day_texts(expression.days)), list(_weekday_texts(expression.weekdays))
    if expression.both_days:
        return product(days, weekdays)
    return [*((day, _ANY) for day in days), *((_ANY, weekday) for weekday in weekdays)]


def _month_day_texts(days: MonthDays) -> Iterable[str]:
    if days.every:
        yield _ANY
        return
    numbers = [str(day) for day in days.days]
    if days.last:
        numbers.append("l")
    if numbers:
        yield ",".join(numbers)
    if days.last_weekday:
        yield "31w"


def _weekday_texts(weekdays: WeekDays) -> Iterable[str]:
    if weekdays.every:
        yield _ANY
        return
    if weekdays.days:
        yield ",".join(str(day) for day in weekdays.days)
    special = [*(f"{day}#{n}" for day, n in weekdays.nth), *(f"l{day}" for day in weekdays.last)]
    if special:
        yield ",".join(special)


def _text(expression: Expression, days: str, weekdays: str) -> str:
    """Midnight of each day."""
    return f"0 0 {days} {_listed(expression.months, MONTH.high - MONTH.low + 1)} {weekdays}"


def _listed(values: tuple[int, ...], size: int) -> str:
    return _ANY if len(values) == size else ",".join(map(str, values))
