"""Planned against actual, as cells on an axis of time. Pure: runs and occurrences in, cells out.

One cell stands for a slice of time. What matters most in a slice is drawn: what went wrong before what went well, what
is running before what is planned. Every state has a sign of its own, so that no colour is needed to read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import timedelta, tzinfo
from types import MappingProxyType
from typing import Final

from engine.clock import SECOND, Instant, instant, moment
from engine.model.coming import Coming
from engine.model.outcome import Outcome
from engine.model.record import RunRecord
from engine.values import lean
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.signs import OF_OUTCOME, Role

SPANS: Final = (900, 3600, 4 * 3600, 12 * 3600, 86400, 3 * 86400, 7 * 86400, 30 * 86400)
"""Seconds that the whole width stands for, by zoom."""

RAN, SHORT, EXPECTED, PLANNED, SHIFTED, RUNNING, MORE = "█", "▌", "░", "○", "◆", "▶", "·"
_STEPS: Final = (60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 2 * 86400, 7 * 86400)
_TICK: Final = 9
"""Cells between two labels, at the least."""
_WORST: Final = (
    Outcome.FAILED, Outcome.LOST, Outcome.TIMED_OUT, Outcome.MISSED, Outcome.STOPPED, Outcome.SKIPPED, Outcome.SUCCESS,
)  # fmt: skip


@lean(frozen=True, slots=True)
class Window:
    """`width` cells of `cell` microseconds each, from `start` on."""

    start: Instant
    cell: int
    width: int

    @classmethod
    def around(cls, at: Instant, seconds: int, width: int, share: float = 0.25) -> Window:
        """So many seconds, with `at` at this share of the width; cells begin at whole multiples, so that they do not jitter."""
        width = max(1, width)
        cell = max(1, seconds * SECOND // width)
        start = at // cell * cell - int(width * share) * cell
        return cls(start, cell, width)

    @property
    def end(self) -> Instant:
        """The first instant that is not shown."""
        return self.start + self.cell * self.width

    def column(self, at: Instant) -> int:
        """The cell of an instant; outside of 0 to width - 1 when it is not shown."""
        return (at - self.start) // self.cell

    def instant(self, column: int) -> Instant:
        """Where a cell begins."""
        return self.start + column * self.cell


_NONE: Final[Mapping[str, int]] = MappingProxyType({})


@lean(frozen=True, slots=True)
class Lane:
    """What is known of a job: its runs, its coming occurrences, how long a run usually takes (seconds)."""

    runs: tuple[RunRecord, ...]
    coming: tuple[Coming, ...]
    usual: float | None
    cut: bool = False
    """There are more occurrences than were asked for."""
    pools: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """Slots that a run of it takes of pools."""
    exclusive: bool | str = False
    """See `engine.api.JobView`."""


@lean(frozen=True, slots=True)
class Mark:
    """A sign in a cell; the lowest rank wins."""

    rank: int
    sign: str
    role: Role


def cells(lane: Lane, window: Window, now: Instant) -> list[Cell]:
    """The row of a job."""
    marks: list[Mark | None] = [None] * window.width
    counts = [0] * window.width

    def put(column: int, mark: Mark) -> None:
        if 0 <= column < window.width and ((kept := marks[column]) is None or mark.rank < kept.rank):
            marks[column] = mark

    expected = int((lane.usual or 0.0) * SECOND)
    for run in lane.runs:
        _draw_run(run, window, now, expected, put)
    for one in lane.coming:
        column = window.column(one.due)
        if one.skipped:
            put(column, Mark(20, OF_OUTCOME[Outcome.SKIPPED].glyph, Role.WARN))
            continue
        if 0 <= column < window.width:
            counts[column] += 1
        put(column, Mark(21, SHIFTED if one.note else PLANNED, Role.WARN if one.note else Role.STRONG))
        last = min(window.column(one.due + expected), window.width - 1)
        for further in range(max(0, column + 1), last + 1):
            put(further, Mark(30, EXPECTED, Role.WAITING))
    if lane.cut:
        for column in range(max(0, window.column(lane.coming[-1].due) + 1), window.width):
            put(column, Mark(40, MORE, Role.MUTED))
    drawn: list[Cell] = []
    for mark, count in zip(marks, counts, strict=True):
        if mark is None:
            drawn.append((" ", Role.TEXT))
        elif count > 1 and mark.rank == 21:
            drawn.append((str(count) if count < 10 else "+", Role.STRONG))
        else:
            drawn.append((mark.sign, mark.role))
    return drawn


def _draw_run(run: RunRecord, window: Window, now: Instant, expected: int, put: Callable[[int, Mark], None]) -> None:
    if run.outcome in (Outcome.SKIPPED, Outcome.MISSED) or (run.started_at is None and run.ended_at is not None):
        outcome = run.outcome or Outcome.SKIPPED
        put(
            window.column(run.planned_at),
            Mark(_WORST.index(outcome), OF_OUTCOME[outcome].glyph, OF_OUTCOME[outcome].role),
        )
        return
    if run.started_at is None:
        put(window.column(run.planned_at), Mark(12, "◷", Role.QUEUED))
        return
    first = window.column(run.started_at)
    last = window.column(run.ended_at if run.ended_at is not None else max(now, run.started_at))
    if run.outcome is None:
        for column in range(max(0, first), min(last, window.width)):
            put(column, Mark(11, RAN, Role.RUNNING))
        put(last, Mark(10, RUNNING, Role.RUNNING))
        for column in range(last + 1, min(window.column(run.started_at + expected), window.width - 1) + 1):
            put(column, Mark(30, EXPECTED, Role.WAITING))
        return
    sign, rank = OF_OUTCOME[run.outcome], _WORST.index(run.outcome)
    for column in range(max(0, first), min(last, window.width - 1) + 1):
        put(column, Mark(rank, SHORT if first == last else RAN, sign.role))
    if run.outcome is not Outcome.SUCCESS:
        put(last, Mark(rank - 1 if rank else -1, sign.glyph, sign.role))


def axis(window: Window, zone: tzinfo | None, now: Instant) -> list[Cell]:
    """Labels at round local times, `▼` at now, `◆` where the clock is changed."""
    line = [" "] * window.width
    step = next((step for step in _STEPS if step * SECOND >= _TICK * window.cell), _STEPS[-1])
    local = moment(window.start).astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    days = step // 86400
    at = midnight
    free, here = 0, window.column(now)
    while (column := window.column(instant(at))) < window.width:
        text = at.strftime("%d %b" if days or (at.hour == 0 and at.minute == 0) else "%H:%M")
        # `▼` stands alone, not in the middle of a label
        if column >= free and column + len(text) <= window.width and not column <= here < column + len(text):
            line[column : column + len(text)] = text
            free = column + len(text) + 1
        # by the wall, so that labels stay round over a change of the clock
        naive = at.replace(tzinfo=None) + timedelta(seconds=step)
        at = naive.replace(tzinfo=zone) if zone is not None else naive.astimezone()
    for column in range(1, window.width):
        before, after = (moment(window.instant(one)).astimezone(zone).utcoffset() for one in (column - 1, column))
        if before != after:
            line[column] = SHIFTED
    drawn: list[Cell] = [(char, Role.WARN if char == SHIFTED else Role.HEAD) for char in line]
    if 0 <= here < window.width:
        drawn[here] = ("▼", Role.KEY)
    return drawn


def in_cell(lane: Lane, window: Window, column: int, now: Instant) -> tuple[list[RunRecord], list[Coming]]:
    """What the cell stands for: runs that were under way in it, occurrences that are planned in it."""
    start, end = window.instant(column), window.instant(column + 1)
    runs = [
        run
        for run in lane.runs
        if (run.started_at if run.started_at is not None else run.planned_at) < end
        and start <= (run.ended_at or (now if run.started_at is not None else run.planned_at))
    ]
    return runs, [one for one in lane.coming if start <= one.due < end]


def neighbour(lane: Lane, at: Instant, by: int) -> Instant | None:
    """The start of a run, or the occurrence, that comes next before or after an instant; None when there is none."""
    times = [run.started_at if run.started_at is not None else run.planned_at for run in lane.runs]
    times += [one.due for one in lane.coming]
    if by > 0:
        return min((one for one in times if one > at), default=None)
    return max((one for one in times if one < at), default=None)


def lanes_of(runs: Sequence[RunRecord]) -> dict[str, list[RunRecord]]:
    """Runs by job."""
    found: dict[str, list[RunRecord]] = {}
    for run in runs:
        found.setdefault(run.job, []).append(run)
    return found
