"""Runs on record, newest first: of one job, of all, or those that nobody has acknowledged."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import tzinfo

from rich.cells import cell_len
from textual.message import Message
from textual.strip import Strip

from engine.clock import SECOND, Instant
from engine.model.record import RunRecord
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.run_columns import Look, RunLayout
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.line_list import LineList, Monotonic
from jobqueue_tui.terminal import one_line


class RunList(LineList):
    """One run a line."""

    class LayoutChanged(Message):
        """The columns have other widths now."""

    class Moved(Message):
        """The user has moved the cursor."""

    def moved(self) -> None:
        """Tell who reads more when the end is near."""
        self.post_message(self.Moved())

    def __init__(self, monotonic: Monotonic, zone: tzinfo | None, *, empty: str = "No runs on record.") -> None:
        super().__init__(monotonic)
        self.runs: Sequence[RunRecord] = ()
        self.at: Instant = 0
        self.marked: set[str] = set()
        """Run ids."""
        self.loaded = False
        self.hidden = 0
        """Runs that a filter leaves out."""
        self.trouble = ""
        """Why it cannot be read."""
        self._zone = zone
        self._empty = empty
        self._fit = RunLayout.fit(80, 16)

    @property
    def row_count(self) -> int:
        """Runs there are."""
        return len(self.runs)

    def row_id(self, row: int) -> Hashable:
        """Known by the run."""
        return self.runs[row].run_id

    def empty_text(self) -> str:
        """Why there is nothing to see."""
        if self.hidden and not self.trouble:
            return "No run passes the filter; Esc clears it."
        return self.trouble or (self._empty if self.loaded else "Reading …")

    @property
    def layout_head(self) -> str:
        """The line above: the same widths as the rows below."""
        return self._fit.head()

    @property
    def current(self) -> RunRecord | None:
        """The run under the cursor."""
        return self.runs[self.cursor] if self.cursor < len(self.runs) else None

    def fail(self, why: str) -> None:
        """It cannot be read; what is there stays."""
        self.trouble = f"The history cannot be read: {why}"
        self.loaded = True
        self.refresh()

    def show(self, runs: Sequence[RunRecord], at: Instant, *, of: int = 0) -> None:
        """Show these, `of` so many; the cursor stays on its run."""
        said = self.empty_text()
        self.hidden = max(0, of - len(runs))
        before = self.current
        first = not self.loaded
        self.loaded, self.at, self.trouble = True, at, ""
        if not first and list(runs) == list(self.runs):
            self.refresh_changed()
            if not runs and self.empty_text() != said:
                self.refresh()
            return
        self.runs = runs
        self.marked &= {run.run_id for run in runs}
        if before is not None and self.cursor:
            self.cursor = next((row for row, run in enumerate(runs) if run.run_id == before.run_id), self.cursor)
            if (now := self.current) is None or now.run_id != before.run_id:
                self.shifted()
        elif before is not None and runs and runs[0].run_id != before.run_id:
            self.shifted()
        self.place()
        self.rows_changed()

    def place(self) -> None:
        """Fit the columns to the width and to the longest id that there is."""
        longest = max((cell_len(one_line(run.run_id)) for run in self.runs), default=16)
        fit = RunLayout.fit(max(20, self.row_width - 2), longest)
        if fit != self._fit:
            self._fit = fit
            self.forget()
        self.post_message(self.LayoutChanged())

    def on_resize(self) -> None:
        """Place the columns anew."""
        self.place()

    def stamp(self, row: int) -> Hashable:
        """A record is frozen; one that is not over grows older."""
        run = self.runs[row]
        grows = None if run.ended_at is not None else self.at // SECOND
        return run.run_id, run.state, run.outcome, run.acked_at, grows, run.run_id in self.marked, self._fit

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One run."""
        run = self.runs[row]
        mark = ("▌" if selected else " ") + ("◆" if run.run_id in self.marked else " ")
        cells = self._fit.cells(run, Look(self.at, self._zone))
        return text_strip([(mark, Role.TITLE), *cells], self.ground(palette, selected=selected), width)

    def action_mark(self) -> None:
        """Space: mark the run, or take the mark off; on to the next."""
        if (run := self.current) is not None:
            self.marked ^= {run.run_id}
            self.refresh_rows((self.cursor,))
            self.move_to(self.cursor + 1)

    def action_unmark(self) -> None:
        """`U`: no run is marked."""
        self.marked.clear()
        self.refresh_changed()
