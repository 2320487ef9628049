"""Time zones: which instant shows which wall time, and where the clock is put forward or back.

A wall time is an int like an instant: microseconds since 1970-01-01T00:00 as that clock shows it. Everything rests on
one property of the tz database, which a test checks for each zone: no zone changes its offset twice within two days.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.clock import SECOND, Instant
from engine.schedule.cron_error import CronError
from engine.values import lean

Wall: TypeAlias = int
"""Microseconds since 1970-01-01T00:00 on the wall clock of some zone."""

DAY: Final = 86_400 * SECOND
"""The widest change of a clock on record is 24 hours (Alaska 1867, Kwajalein 1993, Apia 2011)."""

FIRST_WALL: Final[Wall] = -62_135_424_000 * SECOND
"""0001-01-03T00:00. Nothing is planned within two days of what a datetime can hold, so that every zone can show it."""

LAST_WALL: Final[Wall] = 253_402_128_000 * SECOND
"""9999-12-30T00:00, likewise."""

_FIRST_SECOND: Final = FIRST_WALL // SECOND
_LAST_SECOND: Final = LAST_WALL // SECOND
_MICROSECOND: Final = timedelta(microseconds=1)
_NAME: Final = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,3}")


@lean(frozen=True, slots=True)
class Shift:
    """A change of the clock at instant `at`; offsets east of UTC in microseconds."""

    at: Instant
    before: int
    after: int

    @property
    def resumes(self) -> Wall:
        """The wall time shown at the change itself: the end of a gap, the start of the second round of an overlap."""
        return self.at + self.after

    @property
    def stops(self) -> Wall:
        """The wall time that would have been shown: the start of a gap, the end of the first round of an overlap."""
        return self.at + self.before


def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name such as `Europe/London`. CronError (field `time zone`) for an unknown one."""
    remedy = "zones are named like Europe/London or UTC"
    # Checked before anything touches the file system: no `..`, no absolute path. `right/` counts leap seconds, which
    # no clock of this program does.
    if not _NAME.fullmatch(name) or name.startswith("right/"):
        raise CronError("time zone", name, "not the name of a zone", remedy)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder (`America`)
        raise CronError("time zone", name, "unknown", remedy) from None


def offset(zone: tzinfo, at: Instant) -> int:
    """Microseconds that the wall clock is ahead of UTC at an instant."""
    second = min(max(at // SECOND, _FIRST_SECOND), _LAST_SECOND)
    return _micros(datetime.fromtimestamp(second, zone).utcoffset())


def shift_between(zone: tzinfo, start: Instant, end: Instant) -> Shift | None:
    """The change of offset in (start, end], which must not be longer than two days; None if there is none."""
    before, after = offset(zone, start), offset(zone, end)
    if before == after:
        return None
    seconds = range(start // SECOND, end // SECOND + 1)
    changed = bisect_left(seconds, True, key=lambda second: offset(zone, second * SECOND) != before)
    return Shift(seconds[changed] * SECOND, before, after)


def locate(zone: tzinfo, wall: Wall, *, second_round: bool = False) -> Instant | Shift:
    """The instant that shows `wall`, or the gap that swallows it.

    In an overlap it is the first of the two, with `second_round` the second one.
    """
    found = wall - _wall_offset(zone, wall, fold=second_round)
    if found + offset(zone, found) == wall:
        return found
    # In a gap, PEP 495 has fold 0 count with the offset before it and fold 1 with the one after: the change lies between.
    gap = shift_between(zone, wall - _wall_offset(zone, wall, fold=True), wall - _wall_offset(zone, wall, fold=False))
    assert gap is not None, f"{zone}: wall time {wall} neither exists nor lies in a gap"
    return gap


def _wall_offset(zone: tzinfo, wall: Wall, *, fold: bool) -> int:
    second = min(max(wall // SECOND, _FIRST_SECOND), _LAST_SECOND)
    return _micros(datetime.fromtimestamp(second, UTC).replace(tzinfo=zone, fold=int(fold)).utcoffset())


def _micros(found: timedelta | None) -> int:
    if found is None:
        raise ValueError("a time zone that names no offset")
    return found // _MICROSECOND
