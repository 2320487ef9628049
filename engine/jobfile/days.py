"""Calendars and blackouts as values, once all files are read; and whether every calendar that a job names exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from engine.jobfile import keys
from engine.jobfile.calendars import (
    BLACKOUT_FROM,
    BLACKOUT_REASON,
    BLACKOUT_TO,
    COUNTRY,
    DATES,
    DAYS,
    FILE,
    DayOfYear,
    WrittenBlackout,
    parse_date,
)
from engine.jobfile.draft import EMPTY, Draft, Item, Key
from engine.jobfile.filling import Surroundings
from engine.jobfile.layers import Resolved
from engine.jobfile.nodes import text_shown
from engine.jobfile.reading import Report
from engine.jobfile.source import SourceError, decode
from engine.jobfile.times import placed
from engine.spec.when import LAST_BUSINESS_DAY, Blackout, CalendarSpec


def build_calendars(around: Surroundings, items: Mapping[str, Item]) -> Mapping[str, CalendarSpec]:
    """The calendars by name; their files are read here."""
    found = {}
    for name, item in items.items():
        draft = item.value if isinstance(item.value, Draft) else EMPTY
        dates = [*draft.get(DATES, ())]
        if (file := draft.items.get(FILE.name)) is not None:
            dates += _dates_of_file(around, file, f"calendars.{name}.file")
        found[name] = CalendarSpec(
            days=draft.get(DAYS, frozenset()),
            dates=frozenset(day for day in dates if isinstance(day, date)),
            yearly=frozenset((day.month, day.day) for day in dates if isinstance(day, DayOfYear)),
            country=draft.find(COUNTRY),
        )
    return MappingProxyType(found)


def _dates_of_file(around: Surroundings, item: Item, path: str) -> list[date | DayOfYear]:
    """One date a line; blank lines and what follows a # mean nothing."""
    at = (item.source, item.node, path)
    name = around.absolute(str(item.value), item.source.folder)
    try:
        lines = decode(around.env_files.opener.read(Path(name))).splitlines()
    except SourceError as error:
        around.report.error(*at, f"the calendar file {name} {error.message}", error.remedy)
        return []
    found = []
    for number, line in enumerate(lines, 1):
        written = line.partition("#")[0].strip()
        if not written:
            continue
        day = parse_date(written)
        if day is None:
            around.report.error(
                *at, f"line {number} of the calendar file {name} is not a date", "one date a line: 2026-12-24, or 12-24"
            )
            return []
        found.append(day)
    return found


def check_calendars(report: Report, jobs: Iterable[Resolved], known: Mapping[str, object]) -> None:
    """Every calendar that a job names exists."""
    for job in jobs:
        for key in (keys.CALENDAR, keys.EXCEPT):
            item = job.draft.items.get(key.name)
            if item is None or item.value in known or item.value == LAST_BUSINESS_DAY:
                continue
            near = report.guesser.did_you_mean(str(item.value), [*known, LAST_BUSINESS_DAY], "calendar")
            report.error(
                item.source,
                item.node,
                f"{job.written.path}.{key.name}",
                f"there is no calendar {text_shown(str(item.value))}",
                near or "define it under `calendars`",
            )


def build_blackouts(report: Report, written: Iterable[WrittenBlackout], zone: ZoneInfo | None) -> tuple[Blackout, ...]:
    """The spans in order of their start; `zone` is the engine's (None: the system's)."""
    found = []
    for one in written:
        start, end = _placed(report, one, BLACKOUT_FROM, zone), _placed(report, one, BLACKOUT_TO, zone)
        if start is None or end is None:
            continue
        if end <= start:
            node = one.draft.items[BLACKOUT_TO.name].node
            report.error(one.source, node, f"{one.path}.to", "is not after `from`", "let it end later")
        found.append(Blackout(start, end, one.draft.get(BLACKOUT_REASON, "")))
    return tuple(sorted(found, key=lambda span: span.start))


def _placed(report: Report, one: WrittenBlackout, key: Key[datetime], zone: ZoneInfo | None) -> datetime | None:
    written, item = one.draft.find(key), one.draft.items.get(key.name)
    if written is None or item is None:
        return None
    return placed(report, written, zone, (one.source, item.node, f"{one.path}.{key.name}"))
