"""From wall times to instants, through the changes of the clock.

A *fixed* expression names times of the day; by default it runs exactly once per named wall time: in a gap at the gap's
end, in an overlap at the first of the two. Any other one (`*` or `*/n` in minute or hour) goes by elapsed time: it runs
at every instant whose wall time matches. The rule is that of Debian's cron, without its limit of three hours.
"""

from __future__ import annotations

from datetime import tzinfo
from enum import StrEnum
from typing import Protocol

from engine.clock import Instant
from engine.schedule.zones import DAY, Shift, Wall, locate, offset, shift_between
from engine.values import lean


class Gap(StrEnum):
    """What happens to a fixed time that a day does not have."""

    RUN_AFTER = "run_after"
    SKIP = "skip"


class Overlap(StrEnum):
    """Which of the two instants of a fixed time that a day has twice."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


@lean(frozen=True, slots=True)
class Dst:
    """The rule for fixed times; the default runs each exactly once."""

    gap: Gap = Gap.RUN_AFTER
    overlap: Overlap = Overlap.FIRST


DEFAULT_DST = Dst()
"""In a gap at its end, in an overlap at the first."""

ELAPSED = Dst(Gap.SKIP, Overlap.BOTH)
"""Every instant whose wall time matches, and no other: the rule for what is not fixed."""


class WallTimes(Protocol):
    """A set of wall times, in order."""

    def next(self, wall: Wall) -> Wall | None:
        """The first one later than `wall`; None if there is none."""


def next_instant(times: WallTimes, zone: tzinfo, after: Instant, dst: Dst) -> Instant | None:
    """The first instant later than `after` at which one of `times` is due in `zone`; None if there is none."""
    match dst.overlap:
        case Overlap.FIRST:
            return _once(times, zone, _high_water(zone, after), dst)
        case Overlap.SECOND:
            return _once(times, zone, _low_water(zone, after), dst)
        case Overlap.BOTH:
            return _each(times, zone, after, dst.gap)


def _high_water(zone: tzinfo, after: Instant) -> Wall:
    """The highest wall time shown up to `after`.

    A wall time is first reached later than `after` exactly if it is higher than this mark, also when it lies in a gap. So
    one search from the mark is enough; the alternative, asking again until the answer is late enough, can take as many
    rounds as an overlap has matches.
    """
    wall = after + offset(zone, after)
    shift = shift_between(zone, after - DAY, after)
    return wall if shift is None else max(wall, shift.stops - 1)


def _low_water(zone: tzinfo, after: Instant) -> Wall:
    """Just below the lowest wall time still to be shown later than `after`: the mirror image of the above."""
    wall = after + offset(zone, after)
    shift = shift_between(zone, after, after + DAY)
    return wall if shift is None else min(wall, shift.resumes - 1)


def _once(times: WallTimes, zone: tzinfo, mark: Wall, dst: Dst) -> Instant | None:
    while (wall := times.next(mark)) is not None:
        found = locate(zone, wall, second_round=dst.overlap is Overlap.SECOND)
        if not isinstance(found, Shift):
            return found
        if dst.gap is Gap.RUN_AFTER:
            return found.at
        mark = found.resumes - 1
    return None


def _each(times: WallTimes, zone: tzinfo, after: Instant, gap: Gap) -> Instant | None:
    """Follow elapsed time, one stretch of constant offset after the other.

    Only a change within the next day can show a wall time again that is not later than the present one, since no change
    is wider than a day. Without one, the next matching wall time is the next matching instant, if it exists at all.
    """
    since, mark = after, after + offset(zone, after)
    while (wall := times.next(mark)) is not None:
        shift = shift_between(zone, since, since + DAY)
        if shift is None:
            found = wall - offset(zone, since)
            if found <= since + DAY:
                return found
            located = locate(zone, wall)
            if not isinstance(located, Shift):
                return located
            shift = located
        elif wall < shift.stops:
            return wall - shift.before
        if wall < shift.resumes and gap is Gap.RUN_AFTER:
            return shift.at
        since, mark = shift.at, shift.resumes - 1
    return None
