"""Readers of the limits of a schedule: start_at, end_at, window, dst; and times as written put into their zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from engine.jobfile.draft import Draft, Key
from engine.jobfile.fields import choice, expected, matching, text
from engine.jobfile.nodes import Node, Scalar, Seq, text_shown
from engine.jobfile.reading import BAD, Bad, Reading, Report
from engine.jobfile.source import Source
from engine.jobfile.tables import read_map, table
from engine.schedule import CronError, week_days
from engine.spec.job import JOB_ID_PATTERN
from engine.spec.when import DAY_SECONDS, DstGap, DstOverlap
from engine.values import lean

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 9998
"""Every zone can show every instant in between."""

_TIME_OF_DAY: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_SUNDAY_LAST: Final = re.compile(r"-(?:sun|0)\b", re.IGNORECASE)
"""cron counts from Sunday and refuses `sat-sun`; a week of work ends with it."""
_DATE_ONLY: Final = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}")


def time(r: Reading, node: Node, what: str = "a time in ISO 8601 such as 2026-12-24T18:00+01:00") -> datetime | Bad:
    """A time as written, naive where it names no offset."""
    written = text(r, node)
    if written is BAD:
        return BAD
    try:
        value = datetime.fromisoformat(written.strip())
    except ValueError:
        return expected(r, node, what)
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        return r.problem(node, f"is in the year {value.year}, outside {FIRST_YEAR} to {LAST_YEAR}")
    return value


def end_time(r: Reading, node: Node) -> datetime | Bad:
    """A time after which nothing is due."""
    value = time(r, node)
    if value is not BAD and isinstance(node, Scalar) and _DATE_ONLY.fullmatch(node.text.strip()):
        r.warn(node, "is the beginning of that day", f'to include the day write "{node.text.strip()}T23:59:59"')
    return value


@lean(frozen=True, slots=True)
class WallTime:
    """A wall time put into its zone: the instant (of the first round), and what the clock does there."""

    at: datetime
    exists: bool
    twice: bool


def in_zone(naive: datetime, where: ZoneInfo | None) -> WallTime:
    """The instant at which the clock of a zone (None: the system's) shows a naive time."""

    def shown(fold: int) -> datetime:
        folded = naive.replace(fold=fold)
        return folded.replace(tzinfo=where) if where is not None else folded.astimezone()

    first, second = shown(0), shown(1)
    # For a time that no clock shows, PEP 495 counts with the offset before the gap: coming back from UTC it differs.
    back = first.astimezone(UTC).astimezone(where)
    exists = back.replace(tzinfo=None, fold=0) == naive.replace(fold=0)
    return WallTime(first, exists, exists and first.utcoffset() != second.utcoffset())


def placed(report: Report, written: datetime, where: ZoneInfo | None, at: tuple[Source, Node, str]) -> datetime:
    """A time as written, with its zone; what the clock does to it is reported `at` its place and path."""
    if written.tzinfo is not None:
        return written
    shown = in_zone(written, where)
    zone_name = "the system's time zone" if where is None else where.key
    if not shown.exists:
        report.error(*at, f"does not exist in {zone_name}: the clock is put forward over it", "write it with an offset")
    elif shown.twice:
        report.warning(
            *at, f"comes twice in {zone_name}: the clock is put back; the first is taken", "write it with an offset"
        )
    return shown.at


def time_of_day(r: Reading, node: Node) -> int | Bad:
    """Seconds since midnight of `06:00`, `22:30:15`, `24:00`."""
    found = _TIME_OF_DAY.fullmatch(node.text) if isinstance(node, Scalar) else None
    if found is not None:
        hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
        total = hour * 3600 + minute * 60 + second
        if minute < 60 and second < 60 and total <= DAY_SECONDS:
            return total
    return expected(r, node, "a time of day such as 06:00 or 22:30", "write HH:MM, 00:00 to 24:00")


def days(r: Reading, node: Node) -> frozenset[int] | Bad:
    """Days of the week, Monday = 0: `mon-fri`, `sat,sun`, `1-5` (as in cron), or a list of such."""
    found: set[int] = set()
    bad = False
    for one in node.items if isinstance(node, Seq) else (node,):
        written = text(r, one)
        if written is BAD:
            bad = True
            continue
        try:
            got = week_days(_SUNDAY_LAST.sub("-7", written.replace(" ", "")), None)
        except CronError as error:
            r.problem(
                one, f"{text_shown(written)} is not a day of the week: {error.reason}", "write mon-fri or sat,sun"
            )
            bad = True
            continue
        if got.nth or got.last:
            r.problem(one, f"{text_shown(written)} is a day of a month", "write mon-fri or sat,sun")
            bad = True
        found |= {(day - 1) % 7 for day in got.days}
    if not bad and not found:
        return expected(r, node, "days of the week such as mon-fri")
    return BAD if bad else frozenset(found)


calendar_name: Final = matching(JOB_ID_PATTERN, "the name of a calendar")

WINDOW_FROM: Final = Key("from", time_of_day)
WINDOW_TO: Final = Key("to", time_of_day)
WINDOW_DAYS: Final = Key("days", days)
_WINDOW: Final = table("`window`", [WINDOW_FROM, WINDOW_TO, WINDOW_DAYS])


def window(r: Reading, node: Node) -> Draft | Bad:
    """The map {from, to, days}."""
    got = read_map(r, node, _WINDOW)
    if got is BAD:
        return BAD
    start, end = got.get(WINDOW_FROM, 0), got.get(WINDOW_TO, DAY_SECONDS)
    if start in {end, DAY_SECONDS} or end == 0:
        return r.problem(node, "is never open", "let `from` be before `to`, or after it for a window over midnight")
    return got


DST_GAP: Final = Key("gap", choice(DstGap))
DST_OVERLAP: Final = Key("overlap", choice(DstOverlap))
_DST: Final = table("`dst`", [DST_GAP, DST_OVERLAP])


def dst(r: Reading, node: Node) -> Draft | Bad:
    """The map {gap, overlap}."""
    return read_map(r, node, _DST)
