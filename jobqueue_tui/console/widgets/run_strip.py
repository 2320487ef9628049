"""The last runs of a job as bars: height is how long it took, colour and the mark below how it ended; the newest at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.strip import Strip

from engine.clock import Instant
from engine.model.record import RunRecord
from engine.model.stats import Spread
from jobqueue_tui.console import words
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.plotting import joined
from jobqueue_tui.console.run_columns import outcome_cell, seconds_of
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.painted import Painted

MOST_BARS: Final = 50
_LABEL: Final = 13


class RunStrip(Painted):
    """Two lines: bars, and marks below those that are no success."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[list[Cell], list[Cell]] = ([], [])

    def show(self, runs: Sequence[RunRecord], at: Instant, spread: Spread | None) -> None:
        """`runs`: newest first. `spread`: how long recent runs took."""
        shown = [run for run in runs if run.started_at is not None][:MOST_BARS]
        shown.reverse()
        lengths = [seconds_of(run, at) or 0.0 for run in shown]
        top = max(lengths, default=0.0) or 1.0
        bars, marks = list[Cell](), list[Cell]()
        for run, seconds in zip(shown, lengths, strict=True):
            sign, role = outcome_cell(run)
            bars.append((words.BLOCKS[min(7, int(seconds / top * 7.99))], role))
            marks.append((sign[0] if role is not Role.OK else " ", role))
        facts = f"   longest {words.span(top)}" if shown else "no runs yet"
        if spread is not None and spread.p50 is not None and spread.p95 is not None:
            facts += f"   usual {words.span(spread.p50)}   p95 {words.span(spread.p95)}"
        label = f" {'took':>{_LABEL - 3}}  "
        lines = (
            [(label, Role.MUTED), *joined(bars), (facts, Role.MUTED)],
            [(" " * _LABEL, Role.MUTED), *joined(marks)],
        )
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Bars, then marks."""
        return text_strip(self._lines[y] if y < 2 else [], self.palette.row, self.size.width)
