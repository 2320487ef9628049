"""Which wall times an expression names, without any zone: croniter asked only what it answers right.

croniter's own handling of zones, of day of month OR day of week beside `n#k`, and of texts is not used; each object
below gets explicit lists, one kind of day condition per field, and naive times.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

from croniter import croniter

from engine.clock import SECOND
from engine.schedule.fields import HOUR, MINUTE, MONTH, MonthDays, WeekDays
from engine.schedule.fields import SECOND as SECONDS
from engine.schedule.grammar import Expression
from engine.schedule.zones import FIRST_WALL, LAST_WALL, Wall

_ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Matcher:
    """The union of what some texts name, each plain enough for croniter; at most four."""

    texts: tuple[str, ...]

    @classmethod
    def of(cls, expression: Expression) -> Matcher:
        """Take an expression apart."""
        return cls(tuple(_text(expression, days, weekdays) for days, weekdays in _day_conditions(expression)))

    def next(self, wall: Wall) -> Wall | None:
        """The first wall time named later than `wall`, or None: none within 50 years, or none that a datetime can hold."""
        # Named times are whole seconds, so the fraction of `wall` plays no part; croniter counts in floats.
        start = float(max(wall, FIRST_WALL) // SECOND)
        found = [second for text in self.texts if (second := _next(text, start)) is not None]
        if not found:
            return None
        first = int(min(found)) * SECOND
        return first if first <= LAST_WALL else None


@lru_cache(maxsize=512)
def _compiled(text: str) -> croniter[float]:
    """The croniter object of a text: a pure function, remembered because the object takes 30 to 60 us and 2 kB.

    Jobs share expressions, so this is where it pays. One object in each `Cron` would cost 10,000 jobs 18 MB and half a
    second at load; one per question would double the time of a question.
    """
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
    fields = [
        _listed(expression.minutes, MINUTE.high - MINUTE.low + 1),
        _listed(expression.hours, HOUR.high - HOUR.low + 1),
        days,
        _listed(expression.months, MONTH.high - MONTH.low + 1),
        weekdays,
    ]
    if expression.seconds != (0,):
        # croniter has the seconds last unless told otherwise.
        fields.append(_listed(expression.seconds, SECONDS.high - SECONDS.low + 1))
    return " ".join(fields)


def _listed(values: tuple[int, ...], size: int) -> str:
    return _ANY if len(values) == size else ",".join(map(str, values))
