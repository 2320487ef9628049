"""Readers of the top-level keys `calendars` and `blackouts`."""

from __future__ import annotations

import re
from datetime import date
from typing import Final, NamedTuple

from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.fields import expected, list_of, matching, nonempty, text
from engine.jobfile.nodes import Map, Node, Seq
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.source import Source
from engine.jobfile.tables import read_map, table
from engine.jobfile.times import days, time
from engine.schedule import holidays_of
from engine.spec.job import JOB_ID_PATTERN
from engine.spec.when import LAST_BUSINESS_DAY

_EVERY_YEAR: Final = re.compile(r"([0-9]{2})-([0-9]{2})")
_LEAP_YEAR: Final = 2000


class DayOfYear(NamedTuple):
    """A day of every year."""

    month: int
    day: int


def _date(r: Reading, node: Node) -> date | DayOfYear | Bad:
    written = text(r, node)
    if written is BAD:
        return BAD
    found = parse_date(written)
    if found is None:
        return expected(r, node, "a date such as 2026-12-24, or 12-24 for every year")
    return found


def parse_date(written: str) -> date | DayOfYear | None:
    """`2026-12-24`, or `12-24` for a day of every year; None for anything else."""
    try:
        if (yearly := _EVERY_YEAR.fullmatch(written)) is not None:
            day = date(_LEAP_YEAR, int(yearly[1]), int(yearly[2]))
            return DayOfYear(day.month, day.day)
        return date.fromisoformat(written)
    except ValueError:
        return None


def _country(r: Reading, node: Node) -> str | Bad:
    written = _code(r, node)
    if written is BAD:
        return BAD
    try:
        holidays_of(written)
    except ValueError as error:
        return r.problem(node, str(error), "write a country as DE, a part of it as DE-BY")
    except ImportError:
        return r.problem(node, "needs the package `holidays`, which is not installed", "pip install holidays")
    return written


_code: Final = matching(r"[A-Z]{2,3}(?:-[A-Za-z0-9 ]{1,20})?", "a country such as DE, or a part of one such as DE-BY")
DAYS: Final = Key("days", days)
DATES: Final = Key("dates", list_of(_date, "dates"))
FILE: Final = Key("file", nonempty)
COUNTRY: Final = Key("country", _country)
_CALENDAR: Final = table("a calendar", [DAYS, DATES, FILE, COUNTRY])
_NAME: Final = re.compile(JOB_ID_PATTERN)


def calendars(r: Reading, node: Node) -> Draft | Bad:
    """name -> definition; one that cannot be read stays known by name, so that its users are not blamed."""
    if not isinstance(node, Map):
        return expected(r, node, "a map of calendars")
    items = {}
    for key, value in node.pairs:
        r.trail.append(key.text)
        if not _NAME.fullmatch(key.text):
            r.problem(key, "is not a name for a calendar (letters, digits, _ . -)")
        elif key.text == LAST_BUSINESS_DAY:
            r.problem(key, "is built in: the last business day of each month", "choose another name")
        got = read_map(r, value, _CALENDAR)
        if got is not BAD and not (got.items or got.refused):
            r.problem(value, "names no day", "give days, dates, file or country")
        r.trail.pop()
        items[key.text] = Item(Draft() if got is BAD else got, key, value, r.source)
    return Draft(items)


BLACKOUT_FROM: Final = Key("from", time)
BLACKOUT_TO: Final = Key("to", time)
BLACKOUT_REASON: Final = Key("reason", text)
_BLACKOUT: Final = table("a blackout", [BLACKOUT_FROM, BLACKOUT_TO, BLACKOUT_REASON])


class WrittenBlackout(NamedTuple):
    """A blackout as read, its times still without their zone."""

    draft: Draft
    node: Node
    source: Source
    path: str


def blackouts(r: Reading, node: Node) -> tuple[WrittenBlackout, ...] | Bad:
    """A list of {from, to, reason}."""
    if not isinstance(node, Seq):
        return expected(r, node, "a list of spans {from, to, reason}")
    found = []
    for index, one in enumerate(node.items):
        r.trail.append(f"[{index}]")
        got = read_map(r, one, _BLACKOUT)
        if got is not BAD:
            for key in (BLACKOUT_FROM, BLACKOUT_TO):
                if key.name not in got.items and key.name not in got.refused:
                    r.problem(one, f"has no `{key.name}`", "a blackout has a beginning and an end")
            found.append(WrittenBlackout(got, one, r.source, r.path))
        r.trail.pop()
    return tuple(found)
