"""The columns of lists of runs: what each shows, and which of them fit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Final

from engine.clock import SECOND, Instant, moment
from engine.model.record import RunRecord
from engine.values import lean
from jobqueue_tui.console import words
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.painting import fitted
from jobqueue_tui.console.signs import OF_OUTCOME, OF_PHASE, Role
from jobqueue_tui.terminal import one_line


@lean(frozen=True, slots=True)
class Look:
    """How a list of runs is looked at: the time, and the zone of its clock."""

    at: Instant
    zone: tzinfo | None


@lean(frozen=True, slots=True)
class RunColumn:
    """One column. `rank`: the highest is dropped first; `right`: numbers."""

    head: str
    width: int
    rank: int
    draw: Callable[[RunRecord, Look], Cell]
    right: bool = False


def seconds_of(run: RunRecord, at: Instant) -> float | None:
    """How long it took, or has been going."""
    if run.wall_seconds is None and run.started_at is not None and run.ended_at is None:
        return max(0, at - run.started_at) / SECOND
    return run.wall_seconds


def outcome_cell(run: RunRecord) -> Cell:
    """Its fate, or its state while it has none."""
    sign = OF_PHASE[run.state] if run.outcome is None else OF_OUTCOME[run.outcome]
    return f"{sign.glyph} {sign.word}", sign.role


def _started(run: RunRecord, look: Look) -> Cell:
    at = run.planned_at if run.started_at is None else run.started_at
    text = moment(at).astimezone(look.zone).strftime("%Y-%m-%d %H:%M:%S")
    return text, Role.MUTED if run.started_at is None else Role.TEXT


def _took(run: RunRecord, look: Look) -> Cell:
    seconds = seconds_of(run, look.at)
    return ("" if seconds is None else words.span(seconds)), Role.TEXT


def _waited(run: RunRecord, _look: Look) -> Cell:
    if run.started_at is None or run.started_at < run.queued_at:
        return "", Role.MUTED
    return words.span((run.started_at - run.queued_at) / SECOND), Role.MUTED


def _cpu(run: RunRecord, _look: Look) -> Cell:
    return ("" if run.cpu_seconds is None else words.span(run.cpu_seconds)), Role.MUTED


def _memory(run: RunRecord, _look: Look) -> Cell:
    return ("" if run.peak_rss_bytes is None else words.size(run.peak_rss_bytes)), Role.MUTED


OUTCOME: Final = RunColumn("outcome", 11, 0, lambda run, _: outcome_cell(run))
STARTED: Final = RunColumn("started", 19, 2, _started)
TOOK: Final = RunColumn("took", 6, 1, _took, right=True)
WAITED: Final = RunColumn("waited", 6, 5, _waited, right=True)
CPU: Final = RunColumn("cpu", 6, 3, _cpu, right=True)
MEMORY: Final = RunColumn("mem", 5, 4, _memory, right=True)
RUN: Final = RunColumn("run", 16, 0, lambda run, _: (one_line(run.run_id), Role.TEXT))

COLUMNS: Final = (OUTCOME, STARTED, TOOK, WAITED, CPU, MEMORY, RUN)
GAP: Final = 2
_LEAST_WHY: Final = 12
_MOST_RUN: Final = 40


def why_cells(run: RunRecord) -> list[Cell]:
    """The last column, as wide as there is room: reason, kind, attempts, last line of the error."""
    count = f" ×{words.grouped(run.count)}{'' if run.count_exact else '+'}" if run.count > 1 else ""
    error = last_error(run)
    return [
        (f"{one_line(run.reason or '')}{count}", Role.WARN if run.reason else Role.MUTED),
        (f"  {run.kind.value}" if run.kind.value != "schedule" else "", Role.MUTED),
        (f"  {len(run.attempts)} attempts" if len(run.attempts) > 1 else "", Role.MUTED),
        (f"  {error}" if error else "", Role.MUTED),
        (f"  ack {one_line(run.acked_by or '')}" if run.acked_at is not None else "", Role.OK),
    ]


def last_error(run: RunRecord) -> str:
    """The last line of the job's own error, where a traceback says what it was."""
    lines = (run.error.job_error or "").strip().splitlines()
    return one_line(lines[-1]) if lines else ""


@lean(frozen=True, slots=True)
class RunLayout:
    """Columns that fit, and the width of the run's id."""

    columns: tuple[RunColumn, ...]
    run_width: int

    @classmethod
    def fit(cls, width: int, longest: int) -> RunLayout:
        """What fits `width` cells; `longest`: cells of the longest run id."""
        chosen = list(COLUMNS)
        run_width = max(8, min(longest, _MOST_RUN))

        def used() -> int:
            return sum((run_width if one is RUN else one.width) + GAP for one in chosen)

        while len(chosen) > 2 and used() + _LEAST_WHY > width:
            chosen.remove(max(chosen, key=lambda one: one.rank))
        return cls(tuple(chosen), max(4, run_width + min(0, width - used())))

    def width_of(self, column: RunColumn) -> int:
        """Cells of a column."""
        return self.run_width if column is RUN else column.width

    def head(self) -> str:
        """The line above."""
        parts = [fitted(one.head, self.width_of(one), right=one.right) for one in self.columns]
        return (" " * GAP).join([*parts, "why"])

    def cells(self, run: RunRecord, look: Look) -> list[Cell]:
        """A run in these columns."""
        cells: list[Cell] = []
        for column in self.columns:
            text, role = column.draw(run, look)
            cells.append((fitted(text, self.width_of(column), right=column.right) + " " * GAP, role))
        return cells + why_cells(run)
