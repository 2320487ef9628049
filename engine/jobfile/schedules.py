"""Readers of when a job runs: schedule, every, delay, at, time zones. Its limits are in `times`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from zoneinfo import available_timezones

from engine.jobfile.draft import Key
from engine.jobfile.fields import expected, text
from engine.jobfile.nodes import Map, Node, Place, Scalar, Seq, text_shown
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.tables import read_map, table
from engine.jobfile.times import time
from engine.schedule import Cron, CronError, zone
from engine.spec.job import CronEntry
from engine.values import lean

_FIELDS: Final = ("second", "minute", "hour", "day of month", "month", "day of week")
_SPECIALS: Final = {
    "@reboot": ("`@reboot` is a time, not a cron expression", 'write `at: "@reboot"`'),
    "@start": ("`@start` is a time, not a cron expression", 'write `at: "@start"`'),
}
_EVENTS: Final = frozenset({"@start", "@reboot"})
_ABBREVIATIONS: Final = frozenset(
    {"CET", "CST6CDT", "EET", "EST", "EST5EDT", "HST", "MET", "MST", "MST7MDT", "PST8PDT", "WET"}
)


def timezone(r: Reading, node: Node) -> str | Bad:
    """The name of an IANA time zone that is installed."""
    name = text(r, node)
    if name is BAD:
        return BAD
    try:
        zone(name)
    except CronError as error:
        near = r.did_you_mean(name, r.report.vocabulary("time zone", available_timezones), "time zone")
        return r.problem(node, f"{text_shown(name)} is not a time zone: {error.reason}", near or error.remedy)
    if name in _ABBREVIATIONS:
        r.warn(
            node,
            f"{name} is an abbreviation, with one fixed rule whatever a country decides",
            "name a place, like Europe/Berlin or America/New_York",
        )
    return name


_CRON: Final = Key("cron", text)
_ZONE: Final = Key("timezone", timezone)
_ENTRY: Final = table("a schedule", [_CRON, _ZONE])


def schedule(r: Reading, node: Node) -> tuple[CronEntry, ...] | Bad:
    """A cron expression, {cron, timezone}, or a list of such."""
    if not isinstance(node, Seq):
        one = _entry(r, node)
        return BAD if one is BAD else (one,)
    if not node.items:
        return r.problem(node, "lists no time at all", "remove the key, or give a cron expression")
    entries = []
    for index, item in enumerate(node.items):
        r.trail.append(f"[{index}]")
        entries.append(_entry(r, item))
        r.trail.pop()
    good = tuple(entry for entry in entries if entry is not BAD)
    return good if len(good) == len(entries) else BAD


def _entry(r: Reading, node: Node) -> CronEntry | Bad:
    if isinstance(node, Scalar):
        return _cron(r, node, None)
    if not isinstance(node, Map):
        return expected(r, node, "a cron expression, or a map {cron, timezone}")
    got = read_map(r, node, _ENTRY)
    if got is BAD:
        return BAD
    item = got.items.get(_CRON.name)
    if item is None or not isinstance(item.node, Scalar):
        if all(key.text != "cron" for key, _ in node.pairs):
            r.problem(node, "has no `cron`", 'write {cron: "0 2 * * *", timezone: Europe/Berlin}')
        return BAD
    r.trail.append(_CRON.name)
    entry = _cron(r, item.node, got.find(_ZONE))
    r.trail.pop()
    return entry


def _cron(r: Reading, node: Scalar, own_zone: str | None) -> CronEntry | Bad:
    expression = text(r, node)
    if expression is BAD:
        return BAD
    if (special := _SPECIALS.get(expression.strip().lower())) is not None:
        return r.problem(node, *special)
    if expression.lower().startswith("@every"):
        return r.problem(
            node, "`@every` is not a cron expression", f"write `every: {expression[6:].strip()[:40] or '15s'}`"
        )
    if expression not in r.report.good_schedules:
        try:
            # Any seed will do: it moves `H` within its range and decides nothing about right or wrong.
            cron = Cron.parse(expression, seed="any")
        except CronError as error:
            place = _place_of(r, node, expression, error)
            r.report.error(r.source, place, r.path, f'{error.field} "{error.text}": {error.reason}', error.remedy)
            return BAD
        r.report.good_schedules[expression] = cron.expression.zone
        _warn_of_either_day(r, node, expression)
    prefix = r.report.good_schedules[expression]
    if prefix is not None and own_zone is not None and prefix != own_zone:
        return r.problem(
            node, f"CRON_TZ={prefix} and `timezone: {own_zone}` contradict each other", "remove one of them"
        )
    return CronEntry(expression, own_zone)


def _warn_of_either_day(r: Reading, node: Scalar, expression: str) -> None:
    words = expression.split()
    if len(words) >= 5 and not words[-3].startswith("*") and not words[-1].startswith("*"):
        r.warn(
            node,
            f"day of month {text_shown(words[-3])} and day of week {text_shown(words[-1])} are both set: "
            "cron runs on days that match either",
            "put * in one of them, or keep it if either is meant",
        )


def _place_of(r: Reading, node: Scalar, expression: str, error: CronError) -> Place:
    """The place of the field at fault, where the expression stands as it is in one line; else that of the node."""
    at = Place(node.line, node.column)
    lines = r.report.lines(r.source)
    line = lines[node.line - 1] if node.line <= len(lines) else ""
    start = line.find(expression, node.column - 1, node.column + 1 + len(expression))
    words = [word for word in re.finditer(r"\S+", expression) if not word[0].startswith("CRON_TZ=")]
    if start < 0 or error.field not in _FIELDS or len(words) not in {5, 6}:
        return at
    word = words[_FIELDS.index(error.field) + len(words) - 6]
    return Place(node.line, start + word.start() + max(0, word[0].find(error.text)) + 1)


@lean(frozen=True, slots=True)
class AtTimes:
    """`at:` as written: times, naive ones still without their zone, each with its node."""

    times: tuple[tuple[datetime, Node], ...]
    at_start: bool
    at_reboot: bool


def at(r: Reading, node: Node) -> AtTimes | Bad:
    """A time or a list of times; `@start` and `@reboot` among them."""
    if isinstance(node, Seq) and not node.items:
        return r.problem(node, "lists no time at all", "remove the key, or give a time")
    times = []
    events: set[str] = set()
    bad = False
    for index, one in enumerate(node.items if isinstance(node, Seq) else (node,)):
        if isinstance(one, Scalar) and one.text in _EVENTS:
            events.add(one.text)
            continue
        if isinstance(node, Seq):
            r.trail.append(f"[{index}]")
        got = time(r, one, "a time in ISO 8601 such as 2026-12-24T18:00+01:00, @start or @reboot")
        if got is BAD:
            bad = True
        else:
            times.append((got, one))
        if isinstance(node, Seq):
            r.trail.pop()
    return BAD if bad else AtTimes(tuple(times), "@start" in events, "@reboot" in events)
