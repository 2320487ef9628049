"""Plans: when a job is due, asked one instant at a time. Instants and periods are whole microseconds."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from engine.clock import SECOND, Instant
from engine.schedule.cron import Cron
from engine.schedule.dst import DEFAULT_DST, ELAPSED, Dst, next_instant
from engine.schedule.zones import DAY, FIRST_WALL, LAST_WALL, Wall
from engine.values import lean

_HOUR: Final = 3_600 * SECOND


class Plan(Protocol):
    """The planned instants of a schedule, in order."""

    @property
    def key(self) -> str | None:
        """Stands for the meaning in a cache (`engine.schedule.NextMemo`); None: not worth remembering."""

    def next_after(self, after: Instant) -> Instant | None:
        """The first one strictly later than `after`; None: never again."""


@lean(frozen=True, slots=True)
class CronPlan:
    """The union of cron expressions, each read on the clock of its zone; an instant that several name counts once."""

    entries: tuple[tuple[Cron, ZoneInfo], ...]
    dst: Dst = DEFAULT_DST
    key: str | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        parts = (f"{cron.key} @ {zone.key}" for cron, zone in self.entries)
        object.__setattr__(self, "key", "\n".join((self.dst.gap, self.dst.overlap, *parts)))

    def next_after(self, after: Instant) -> Instant | None:
        """The earliest next time of any entry."""
        found = (cron.next_after(after, zone, self.dst) for cron, zone in self.entries)
        return min((at for at in found if at is not None), default=None)


@lean(frozen=True, slots=True)
class EveryPlan:
    """A fixed rate, start to start: no lateness of a run moves the next one.

    `anchor`, `anchor + period`, `anchor + 2 * period` … by elapsed time, whatever the clock on the wall does.
    ValueError for a period <= 0.
    """

    period: int
    anchor: Instant

    @property
    def key(self) -> None:
        """Each job has its own anchor."""
        return

    def __post_init__(self) -> None:
        _check_period(self.period)

    def next_after(self, after: Instant) -> Instant | None:
        """The next multiple of the period after `anchor`; None at the end of the calendar."""
        late = max(0, (max(after, FIRST_WALL) - self.anchor) // self.period + 1)
        at = self.anchor + late * self.period
        return at if at <= LAST_WALL else None


@lean(frozen=True, slots=True)
class RoundPlan:
    """A fixed rate at round times: at wall times counted in periods from midnight, each day of `zone` anew (7 h: 00:00,
    07:00, 14:00, 21:00, 00:00).

    Changes of the clock act as on cron: periods up to an hour run by elapsed time whenever the wall shows a round time;
    longer ones once per round time, in a gap at its end, in an overlap at the first. ValueError for a period <= 0, and for
    one longer than a day: it has no round time within a day.
    """

    period: int
    zone: ZoneInfo

    @property
    def key(self) -> str:
        """All that have the same period have the same times."""
        return f"round {self.period} @ {self.zone.key}"

    def __post_init__(self) -> None:
        _check_period(self.period)
        if self.period > DAY:
            raise ValueError(
                "align: the period must not be longer than 24 hours, round times are counted from midnight"
            )

    def next_after(self, after: Instant) -> Instant | None:
        """The next round wall time; None at the end of the calendar."""
        rule = ELAPSED if self.period <= _HOUR else DEFAULT_DST
        at = next_instant(_RoundTimes(self.period), self.zone, after, rule)
        return at if at is not None and at <= LAST_WALL else None


def _check_period(period: int) -> None:
    if period <= 0:
        raise ValueError("every: the period must be longer than 0")


@lean(frozen=True, slots=True)
class _RoundTimes:
    period: int

    def next(self, wall: Wall) -> Wall:
        wall = max(wall, FIRST_WALL)
        midnight = wall // DAY * DAY
        following = midnight + ((wall - midnight) // self.period + 1) * self.period
        return min(following, midnight + DAY)


@lean(frozen=True, slots=True)
class AtPlan:
    """Single instants. They are kept sorted, each once."""

    instants: tuple[Instant, ...]

    @property
    def key(self) -> None:
        """Nothing to gain."""
        return

    def __post_init__(self) -> None:
        object.__setattr__(self, "instants", tuple(sorted(set(self.instants))))

    def next_after(self, after: Instant) -> Instant | None:
        """The first of them later than `after`."""
        place = bisect_right(self.instants, after)
        return self.instants[place] if place < len(self.instants) else None


def after_end(end: Instant, delay: int) -> Instant:
    """When a job with `delay` (microseconds, end to start) runs next, its last run having ended at `end`.

    ValueError for a delay <= 0. Not a `Plan`: nothing is due before the run's end is known.
    """
    if delay <= 0:
        raise ValueError("delay: must be longer than 0")
    return end + delay
