"""The job table: every job of the engine, filtered and sorted, live."""

from __future__ import annotations

from collections.abc import Hashable

from textual.strip import Strip

from engine.api import Changes, EngineView, JobView
from jobqueue_tui.console.columns import TABLE
from jobqueue_tui.console.filtering import Filter, JobFacet
from jobqueue_tui.console.painting import row_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.sorting import STEADY, Sort
from jobqueue_tui.console.widgets.job_list import JobList
from jobqueue_tui.console.widgets.line_list import Monotonic


class JobTable(JobList):
    """The home table. The cursor stays on its job when the order changes."""

    def __init__(self, engine: EngineView, monotonic: Monotonic, *, id: str = "jobs") -> None:
        super().__init__(engine, monotonic, TABLE, id=id)
        self.view: list[JobView] = []
        self.order = Sort()
        self.filter = Filter()
        self._stale = False

    def on_mount(self) -> None:
        """The first frame shows jobs."""
        self.rebuild()

    @property
    def row_count(self) -> int:
        """Jobs that pass the filter."""
        return len(self.view)

    def job_at(self, row: int) -> JobView | None:
        """Every row is a job."""
        return self.view[row]

    def row_id(self, row: int) -> Hashable:
        """Rows are known by their job."""
        return self.view[row].id

    def empty_text(self) -> str:
        """Why there is nothing to see."""
        return "No job passes the filter; Esc clears it." if self.filter else "The job file has no jobs."

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One job."""
        job = self.view[row]
        styles = self.ground(palette, selected=selected)
        cells = (placed.column.draw(job, self.at, placed.width) for placed in self.placed)
        return row_strip(cells, self.placed, styles, "▌" if selected else " ", width)

    def note(self, changes: Changes, *, tick: bool) -> None:
        """Jobs came or went: a new view at once. Jobs changed: order and filter are looked at once a second."""
        if changes.resync:
            self.rebuild()
            return
        if changes.jobs and (self.filter or (self.order.letter and self.order.letter not in STEADY)):
            self._stale = True
        if tick and self._stale:
            self.rebuild()

    def sort_by(self, letter: str) -> None:
        """Sort by a letter; the same one again turns the order round."""
        self.order = self.order.pressed(letter)
        self.rebuild(reorder=True)
        self.post_message(self.LayoutChanged())

    def filter_by(self, wanted: Filter) -> None:
        """Show only what passes."""
        self.filter = wanted
        self.rebuild()

    def rebuild(self, *, reorder: bool = False) -> None:
        """Filter and sort anew; when the result is the same, nothing is drawn.

        The cursor goes with its job and keeps its height on the screen, unless the user asked for the new order
        (`reorder`): then the top of it is what is looked for.
        """
        self._stale = False
        passing = (
            self.engine.jobs
            if not self.filter
            else [job for job in self.engine.jobs if self.filter.passes(JobFacet(job))]
        )
        view = self.order.apply(passing, self.at)
        if view == self.view:
            return
        job = self.current
        before = self.cursor
        self.view = view
        if job is not None:
            self._follow(job, before)
        self.rows_changed()
        if reorder:
            self.show_cursor()

    def _follow(self, job: JobView, before: int) -> None:
        now_at = next((row for row, other in enumerate(self.view) if other.id == job.id), None)
        if now_at is None:
            self.shifted()
            return
        self.cursor = now_at
        if now_at != before:
            self.call_after_refresh(self.scroll_to, y=max(0, self.scroll_offset.y + now_at - before), animate=False)

    def select(self, job_id: str) -> bool:
        """Put the cursor on a job; False when it is not in the view."""
        for row, job in enumerate(self.view):
            if job.id == job_id:
                self.move_to(row)
                return True
        return False
