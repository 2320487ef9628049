"""One field of a cron expression: `5`, `1-5`, `*/10`, `mon`, `H(0-29)`, `LW`, `5L`, `1#2` and lists of these.

A field expands to explicit values, so that whatever reads it later meets neither steps nor ranges nor names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Final

from engine.schedule.cron_error import CronError, clip
from engine.values import lean

_NO_NAMES: Final[Mapping[str, int]] = MappingProxyType({})
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_SUNDAY_TOO: Final = 7


@lean(frozen=True, slots=True)
class Domain:
    """What one field may hold. `hash_high` is the upper end of a plain `H`: the 28th exists in every month."""

    name: str
    low: int
    high: int
    hash_high: int
    names: Mapping[str, int] = field(default_factory=lambda: _NO_NAMES)


SECOND: Final = Domain("second", 0, 59, 59)
MINUTE: Final = Domain("minute", 0, 59, 59)
HOUR: Final = Domain("hour", 0, 23, 23)
DAY: Final = Domain("day of month", 1, 31, 28)
MONTH: Final = Domain("month", 1, 12, 12, MappingProxyType({name: n for n, name in enumerate(_MONTHS, start=1)}))
WEEKDAY: Final = Domain("day of week", 0, 7, 6, MappingProxyType({name: n for n, name in enumerate(_WEEKDAYS)}))


@lean(frozen=True, slots=True)
class MonthDays:
    """Days of the month: numbers, the last day (`L`), the last Monday-to-Friday day (`LW`)."""

    days: tuple[int, ...]
    last: bool = False
    last_weekday: bool = False

    @property
    def every(self) -> bool:
        """No day is excluded."""
        return len(self.days) == DAY.high


@lean(frozen=True, slots=True)
class WeekDays:
    """Days of the week, Sunday = 0: each such day, the nth of a month as (weekday, n), the last of a month."""

    days: tuple[int, ...]
    nth: tuple[tuple[int, int], ...] = ()
    last: tuple[int, ...] = ()

    @property
    def every(self) -> bool:
        """No day is excluded."""
        return len(self.days) == len(_WEEKDAYS)


_TERM: Final = re.compile(r"(?:(\*)|([A-Z0-9]+)(?:-([A-Z0-9]+))?)(?:/([A-Z0-9]+))?")
_HASHED: Final = re.compile(r"H(?:\(([A-Z0-9]+)-([A-Z0-9]+)\))?(?:/([A-Z0-9]+))?")
_RANDOM: Final = re.compile(r"R(?:[(/].*)?")
_NEAREST: Final = re.compile(r"[0-9]*W[0-9]*")
_NUMBER: Final = re.compile(r"[0-9]{1,4}")


def plain(domain: Domain, text: str, seed: str | None) -> tuple[int, ...]:
    """The sorted values of a field that takes no `L`, `W` or `#`. CronError names field and term."""
    values: set[int] = set()
    for term in _terms(domain, text):
        values.update(_values(domain, term, seed))
    return tuple(sorted(values))


def month_days(text: str, seed: str | None) -> MonthDays:
    """The day-of-month field. CronError names field and term."""
    days: set[int] = set()
    last = last_weekday = False
    for term in _terms(DAY, text):
        match term.upper():
            case "L":
                last = True
            case "LW":
                last_weekday = True
            case _:
                days.update(_values(DAY, term, seed))
    return MonthDays(tuple(sorted(days)), last, last_weekday)


def week_days(text: str, seed: str | None) -> WeekDays:
    """The day-of-week field, 7 read as 0. CronError names field and term."""
    days: set[int] = set()
    nth: set[tuple[int, int]] = set()
    last: set[int] = set()
    for term in _terms(WEEKDAY, text):
        upper = term.upper()
        if "#" in upper:
            day, _, count = upper.partition("#")
            if count not in {"1", "2", "3", "4", "5"}:
                raise CronError(WEEKDAY.name, term, "after # stands 1 to 5", "1#2 is the second Monday of the month")
            nth.add((_number(WEEKDAY, day, term) % _SUNDAY_TOO, int(count)))
        elif upper.endswith("L") and upper != "L":
            last.add(_number(WEEKDAY, upper[:-1], term) % _SUNDAY_TOO)
        else:
            days.update(value % _SUNDAY_TOO for value in _values(WEEKDAY, term, seed))
    return WeekDays(tuple(sorted(days)), tuple(sorted(nth)), tuple(sorted(last)))


def _terms(domain: Domain, text: str) -> list[str]:
    terms = text.split(",")
    if "" in terms:
        raise CronError(domain.name, text, "an item of the list is empty", "remove the extra comma")
    return terms


def _values(domain: Domain, term: str, seed: str | None) -> range:
    upper = term.upper()
    if (hashed := _HASHED.fullmatch(upper)) is not None:
        return _hashed(domain, term, hashed, seed)
    shape = _TERM.fullmatch(upper)
    if shape is None:
        raise _unreadable(domain, term)
    star, first, final, step = shape.groups()
    if star:
        low, high = domain.low, domain.high
    else:
        low = _number(domain, first, term)
        # `5/15` goes on to the end of the field, as in Quartz, cronie and cronsim; `5` alone is one value.
        high = _number(domain, final, term) if final else domain.high if step else low
    if high < low:
        raise CronError(domain.name, term, "the range runs backwards", _unwrapped(domain, first, final, low))
    return range(low, high + 1, _step(domain, step, term))


def _hashed(domain: Domain, term: str, shape: re.Match[str], seed: str | None) -> range:
    """`H`: one value, `H/n`: every nth from a start below n; the same for the same seed and field, for ever."""
    if seed is None:
        raise CronError(domain.name, term, "H stands for a hash of the job id, and there is none here", "pass seed=")
    first, final, step = shape.groups()
    low, high = domain.low, domain.hash_high
    if first:
        low, high = _number(domain, first, term), _number(domain, final, term)
        if high < low:
            raise CronError(domain.name, term, "the range runs backwards", f"write H({high}-{low})")
    # The name of the field is hashed in, else minute and hour of one job would move together.
    digest = hashlib.sha256(f"{domain.name}\0{seed}".encode("utf-8", "surrogatepass")).digest()
    drawn = int.from_bytes(digest[:8], "big")
    size = high - low + 1
    if step is None:
        value = low + drawn % size
        return range(value, value + 1)
    every = _step(domain, step, term)
    return range(low + drawn % min(every, size), high + 1, every)


def _number(domain: Domain, text: str, term: str) -> int:
    if text in domain.names:
        return domain.names[text]
    if not _NUMBER.fullmatch(text):
        raise _unreadable(domain, term)
    value = int(text)
    if not domain.low <= value <= domain.high:
        raise CronError(domain.name, term, f"{value} is outside {domain.low}-{domain.high}")
    return value


def _step(domain: Domain, text: str | None, term: str) -> int:
    if text is None:
        return 1
    if not _NUMBER.fullmatch(text):
        raise CronError(domain.name, term, "after / stands a number of at most 4 digits")
    if int(text) == 0:
        raise CronError(domain.name, term, "a step of 0 never moves on", "use 1 or more")
    return int(text)


def _unwrapped(domain: Domain, first: str, final: str, low: int) -> str:
    if domain is WEEKDAY and final in {"0", "SUN"}:
        return f"write {clip(first)}-7"
    if low == domain.high:
        return f"write {clip(first)},{domain.low}-{clip(final)}"
    return f"write {clip(first)}-{domain.high},{domain.low}-{clip(final)}"


@lean(frozen=True, slots=True)
class _Hint:
    """What somebody probably meant by a term that is refused."""

    applies: Callable[[Domain, str], bool]
    reason: str
    remedy: str = ""


_HINTS: Final = (
    _Hint(lambda _, term: "?" in term, "? is not supported", "write * for any"),
    _Hint(
        lambda _, term: _RANDOM.fullmatch(term) is not None,
        "R would be drawn anew at each start",
        "H is a stable hash of the job id",
    ),
    _Hint(
        lambda domain, term: not domain.names and (term[:3] in MONTH.names or term[:3] in WEEKDAY.names),
        "names stand in month and day of week only",
    ),
    _Hint(lambda _, term: "~" in term, "random ranges are not supported", "H(a-b) is a stable one"),
    _Hint(lambda domain, term: "#" in term and domain is not WEEKDAY, "# belongs into the day of week"),
    _Hint(lambda _, term: "#" in term, "# stands after one weekday", "1#2,2#2 are the second Monday and Tuesday"),
    _Hint(lambda domain, term: term == "L" and domain is WEEKDAY, "L needs a weekday", "5L is the last Friday"),
    _Hint(
        lambda domain, term: term[:1] == "L" and domain is WEEKDAY,
        "the L stands after the weekday",
        "5L is the last Friday",
    ),
    _Hint(
        lambda domain, term: domain is DAY and _NEAREST.fullmatch(term) is not None,
        "the nearest weekday is not supported",
        "LW is the last weekday of the month",
    ),
    _Hint(
        lambda domain, term: "L" in term and domain is DAY,
        "L stands alone",
        "L is the last day of the month, LW its last weekday",
    ),
    _Hint(
        lambda _, term: "H" in term and "(" in term, "H takes a range and a step only", "H, H(0-29), H/15, H(0-29)/10"
    ),
    _Hint(lambda _, term: term.lstrip("-+").isdigit() and not term.isdigit(), "numbers have no sign"),
    _Hint(lambda _, term: term.isdigit(), "a number has at most 4 digits"),
    _Hint(lambda domain, _: domain is MONTH, "not a month", "1-12 or JAN-DEC, lists, ranges, steps"),
    _Hint(
        lambda domain, _: domain is WEEKDAY, "not a day of the week", "0-7 or SUN-SAT, lists, ranges, steps, 5L, 1#2"
    ),
)


def _unreadable(domain: Domain, term: str) -> CronError:
    upper = term.upper()
    for hint in _HINTS:
        if hint.applies(domain, upper):
            return CronError(domain.name, term, hint.reason, hint.remedy)
    return CronError(domain.name, term, "not a number, range, step or list", f"{domain.low}-{domain.high}, 1,2 or */5")
