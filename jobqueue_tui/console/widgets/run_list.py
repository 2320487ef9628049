"""The last runs of a job, newest first, from the engine's record."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import tzinfo

from textual.strip import Strip

from engine.clock import SECOND, Instant
from engine.model.record import RunRecord
from jobqueue_tui.console import words
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.painting import fitted, text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.signs import OF_OUTCOME, OF_PHASE, Role
from jobqueue_tui.console.widgets.facts import local
from jobqueue_tui.console.widgets.line_list import LineList, Monotonic
from jobqueue_tui.terminal import one_line

HEAD = f"  {'outcome':<11} {'started':<19} {'took':>6} {'cpu':>6} {'mem':>5}  {'run':<16}  why"
"""The line above: the same widths as the rows below."""


class RunList(LineList):
    """One run a line."""

    def __init__(self, monotonic: Monotonic, zone: tzinfo | None) -> None:
        super().__init__(monotonic)
        self.runs: Sequence[RunRecord] = ()
        self.at: Instant = 0
        self._zone = zone
        self._loaded = False

    @property
    def row_count(self) -> int:
        """Runs there are."""
        return len(self.runs)

    def row_id(self, row: int) -> Hashable:
        """Known by the run."""
        return self.runs[row].run_id

    def empty_text(self) -> str:
        """Why there is nothing to see."""
        return "No runs on record." if self._loaded else ""

    @property
    def current(self) -> RunRecord | None:
        """The run under the cursor."""
        return self.runs[self.cursor] if self.cursor < len(self.runs) else None

    def show(self, runs: Sequence[RunRecord], at: Instant) -> None:
        """Show these; the cursor stays on its run."""
        before = self.current
        self._loaded, self.at = True, at
        if list(runs) == list(self.runs):
            self.refresh()
            return
        self.runs = runs
        if before is not None and self.cursor:
            self.cursor = next((row for row, run in enumerate(runs) if run.run_id == before.run_id), self.cursor)
        self.rows_changed()

    def stamp(self, row: int) -> Hashable:
        """A record is frozen; one that is not over grows older."""
        run = self.runs[row]
        return run, None if run.ended_at is not None else self.at // SECOND

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One run."""
        run = self.runs[row]
        sign = OF_PHASE[run.state] if run.outcome is None else OF_OUTCOME[run.outcome]
        seconds = run.wall_seconds
        if seconds is None and run.started_at is not None and run.ended_at is None:
            seconds = max(0, self.at - run.started_at) / SECOND
        started = run.planned_at if run.started_at is None else run.started_at
        count = f" ×{words.grouped(run.count)}{'' if run.count_exact else '+'}" if run.count > 1 else ""
        cells: list[Cell] = [
            ("▌ " if selected else "  ", Role.TITLE),
            (fitted(f"{sign.glyph} {sign.word}", 11), sign.role),
            (f" {local(started, self._zone)}", Role.MUTED if run.started_at is None else Role.TEXT),
            (f" {'' if seconds is None else words.span(seconds):>6}", Role.TEXT),
            (f" {'' if run.cpu_seconds is None else words.span(run.cpu_seconds):>6}", Role.MUTED),
            (f" {'' if run.peak_rss_bytes is None else words.size(run.peak_rss_bytes):>5}", Role.MUTED),
            (f"  {fitted(one_line(run.run_id), 16)}", Role.TEXT),
            (f"  {one_line(run.reason or '')}{count}", Role.WARN if run.reason else Role.MUTED),
            (f"  {run.kind.value}" if run.kind.value != "schedule" else "", Role.MUTED),
            (f"  {len(run.attempts)} attempts" if len(run.attempts) > 1 else "", Role.MUTED),
        ]
        return text_strip(cells, self.ground(palette, selected=selected), width)
