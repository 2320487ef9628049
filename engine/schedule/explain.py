"""What a change of the clock does to one occurrence, in words for the `next` command."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from engine.clock import SECOND, Instant, moment
from engine.schedule.cron import Cron
from engine.schedule.dst import DEFAULT_DST, Dst, Gap, Overlap
from engine.schedule.zones import DAY, Shift, Wall, locate, offset, shift_between

_MINUTE: Final = 60 * SECOND


def describe_dst(cron: Cron, zone: tzinfo, at: Instant, dst: Dst = DEFAULT_DST) -> str | None:
    """A note on the occurrence `at` of `cron` in `zone`; None if no change of the clock touches it.

    "02:30 does not exist on this day (DST gap); runs at 03:00", "01:30 happens twice; runs at the first".
    """
    zone = cron.zone or zone
    gap = shift_between(zone, at - 1, at)
    if gap is not None and gap.after > gap.before:
        return _moved(cron, gap, dst)
    return _twice(cron, zone, at, dst)


def _moved(cron: Cron, gap: Shift, dst: Dst) -> str | None:
    if not cron.expression.fixed or dst.gap is not Gap.RUN_AFTER:
        return None
    lost = cron.next_wall(gap.stops - 1)
    if lost is None or lost >= gap.resumes:
        return None
    further = cron.next_wall(lost)
    several = further is not None and further < gap.resumes
    one_day = lost // DAY == gap.resumes // DAY
    what = _shown(lost, dated=not one_day) + (" and others do" if several else " does")
    when = "on this day (DST gap)" if one_day else "(DST gap)"
    run = "they run once, at" if several else "runs at"
    return f"{what} not exist {when}; {run} {_shown(gap.resumes, dated=not one_day)}"


def _twice(cron: Cron, zone: tzinfo, at: Instant, dst: Dst) -> str | None:
    wall = at + offset(zone, at)
    first, second = locate(zone, wall), locate(zone, wall, second_round=True)
    if first == second:
        return None
    this = "first" if at == first else "second"
    once = cron.expression.fixed and dst.overlap is not Overlap.BOTH
    return f"{_shown(wall)} happens twice; {'runs at' if once else 'this is'} the {this}"


def _shown(wall: Wall, *, dated: bool = False) -> str:
    form = ("%Y-%m-%d " if dated else "") + ("%H:%M:%S" if wall % _MINUTE else "%H:%M")
    return moment(wall).strftime(form)  # a wall time counts as an instant does, only on another clock
