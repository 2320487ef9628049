"""The job table: every job of the engine, filtered, sorted and grouped, live; or as it was when it was frozen."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from textual.message import Message
from textual.strip import Strip

from engine.api import Changes, EngineView, JobView
from jobqueue_tui.console.aiming import Aimed, Seen
from jobqueue_tui.console.arranging import Arrangement, Grouping, Heading, Row
from jobqueue_tui.console.columns import Column, shown_columns
from jobqueue_tui.console.filtering import Filter
from jobqueue_tui.console.painting import row_strip, text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.sorting import STEADY, Sort
from jobqueue_tui.console.widgets.job_list import JobList, Stamp
from jobqueue_tui.console.widgets.line_list import Monotonic
from jobqueue_tui.console.words import grouped
from jobqueue_tui.terminal import one_line


class JobTable(JobList):
    """The home table. The cursor stays on its job when the order changes, unless it was told not to follow."""

    class Marked(Message):
        """Other jobs are marked."""

    def __init__(self, engine: EngineView, monotonic: Monotonic, *, id: str = "jobs") -> None:
        super().__init__(engine, monotonic, shown_columns(), id=id)
        self.rows: list[Row] = []
        self.looked = Arrangement()
        self.marked: set[str] = set()
        """Ids of jobs; those that are not shown are kept, and not acted upon."""
        self.follows = True
        self._last_mark: str | None = None
        self._stale = False

    def on_mount(self) -> None:
        """The first frame shows jobs."""
        self.rebuild()

    # ---- rows

    @property
    def row_count(self) -> int:
        """Jobs that pass the filter, and headings."""
        return len(self.rows)

    @property
    def view(self) -> list[JobView]:
        """The jobs that are shown."""
        return [row for row in self.rows if not isinstance(row, Heading)]

    @property
    def order(self) -> Sort:
        """The order in force."""
        return self.looked.order

    @property
    def filter(self) -> Filter:
        """The filter in force."""
        return self.looked.filter

    def job_at(self, row: int) -> JobView | None:
        """None for a heading."""
        one = self.rows[row]
        return None if isinstance(one, Heading) else one

    def row_id(self, row: int) -> Hashable:
        """Rows are known by their job, headings by their name."""
        one = self.rows[row]
        return ("heading", one.name) if isinstance(one, Heading) else one.id

    def besides(self, row: int) -> Hashable:
        """The mark; a heading's counts."""
        one = self.rows[row]
        return one if isinstance(one, Heading) else one.id in self.marked

    def empty_text(self) -> str:
        """Why there is nothing to see."""
        if self.looked.problems_only:
            return (
                "No problems. ! shows all jobs again."
                if not self.filter
                else "No problem passes the filter; Esc clears it."
            )
        return "No job passes the filter; Esc clears it." if self.filter else self.no_jobs()

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One job, or the heading of a group."""
        one = self.rows[row]
        styles = self.ground(palette, selected=selected)
        if isinstance(one, Heading):
            cells = [
                ("▌" if selected else " ", Role.TITLE),
                (f"{one_line(one.name)}", Role.TITLE),
                (f"  {grouped(one.count)} {'job' if one.count == 1 else 'jobs'}", Role.MUTED),
                (f"  {grouped(one.running)} running" if one.running else "", Role.RUNNING),
                (f"  {grouped(one.problems)} with problems" if one.problems else "", Role.FAILED),
            ]
            return text_strip(cells, styles, width)
        marked = one.id in self.marked
        mark = ("◈" if marked else "▌") if selected else "◆" if marked else " "
        look = self.look_of(one)
        drawn = (placed.column.draw(look, self.at, placed.width) for placed in self.placed)
        return row_strip(drawn, self.placed, styles, mark, width)

    # ---- what is shown

    def note(self, changes: Changes, *, tick: bool) -> None:
        """Jobs came or went: a new view at once. Jobs changed: order and filter are looked at once a second."""
        if changes.resync:
            self.rebuild()
            return
        if changes.jobs and self.looked.moves(STEADY.__contains__):
            self._stale = True
        if tick and (self._stale or self.looked.problems_only):
            self.rebuild()

    def look(self, looked: Arrangement, *, reorder: bool = False) -> None:
        """Look at the jobs in another way."""
        self.looked = looked
        self.rebuild(reorder=reorder)
        self.post_message(self.LayoutChanged())

    def sort_by(self, letter: str) -> None:
        """Sort by a letter; the same one again turns the order round."""
        self.look(replace(self.looked, order=self.order.pressed(letter)), reorder=True)

    def filter_by(self, wanted: Filter) -> None:
        """Show only what passes."""
        self.looked = replace(self.looked, filter=wanted)
        self.rebuild()

    def group_by(self, grouping: Grouping) -> None:
        """Let jobs stand together."""
        self.look(replace(self.looked, grouping=grouping))

    def show_columns(self, columns: Sequence[Column]) -> None:
        """Other columns."""
        self.columns = tuple(columns)
        self.place()

    def rebuild(self, *, reorder: bool = False) -> None:
        """Filter and sort anew; when the result is the same, nothing is drawn.

        The cursor goes with its job and keeps its height on the screen, unless the user asked for the new order
        (`reorder`): then the top of it is what is looked for.
        """
        self._stale = False
        if self.marked and (gone := self.marked - {job.id for job in self.engine.jobs}):
            self.marked -= gone  # a job that comes back is another one
            self.post_message(self.Marked())
        rows = self.looked.rows(self.engine.jobs, self.at)
        if rows == self.rows:
            if not rows:
                self.refresh()  # why there are none may be another reason now
            return
        job = self.current
        before = self.cursor
        self.rows = rows
        if job is not None:
            self._follow(job, before)
        self.rows_changed()
        if reorder:
            self.show_cursor()

    def _follow(self, job: JobView, before: int) -> None:
        now_at = next(
            (row for row, one in enumerate(self.rows) if not isinstance(one, Heading) and one.id == job.id), None
        )
        if now_at is None or (not self.follows and now_at != before):
            self.shifted()
            return
        self.cursor = now_at
        if now_at != before:
            self.call_after_refresh(self.scroll_to, y=max(0, self.scroll_offset.y + now_at - before), animate=False)

    def select(self, job_id: str) -> bool:
        """Put the cursor on a job; False when it is not in the view."""
        for row, one in enumerate(self.rows):
            if not isinstance(one, Heading) and one.id == job_id:
                self.move_to(row)
                return True
        return False

    # ---- marks

    def targets(self) -> list[Aimed]:
        """The marked jobs that are shown, each with what was drawn of it, in the order of the table."""
        found = []
        for row, one in enumerate(self.rows):
            if not isinstance(one, Heading) and one.id in self.marked:
                drawn = self.drawn(row)
                found.append(Aimed(one, drawn.seen if isinstance(drawn, Stamp) else Seen.of(one)))
        return found

    def mark(self) -> None:
        """Mark the job under the cursor, or take its mark off; a heading stands for its whole group. Then on to the next."""
        if not self.rows:
            return
        one = self.rows[self.cursor]
        if isinstance(one, Heading):
            members = {job.id for job in self._group(self.cursor)}
            self.marked = self.marked - members if members <= self.marked else self.marked | members
        else:
            self.marked ^= {one.id}
            self._last_mark = one.id if one.id in self.marked else None
        self._marks_changed()
        self.move_to(self.cursor + 1)

    def mark_range(self) -> None:
        """Mark from the last job that was marked to the cursor."""
        ends = [row for row, one in enumerate(self.rows) if not isinstance(one, Heading) and one.id == self._last_mark]
        first, last = sorted((ends[0] if ends else self.cursor, self.cursor))
        self.marked |= {one.id for one in self.rows[first : last + 1] if not isinstance(one, Heading)}
        self._marks_changed()

    def unmark(self) -> None:
        """No marks."""
        self.marked.clear()
        self._last_mark = None
        self._marks_changed()

    def _group(self, row: int) -> Iterable[JobView]:
        for one in self.rows[row + 1 :]:
            if isinstance(one, Heading):
                return
            yield one

    def _marks_changed(self) -> None:
        self.refresh_changed()
        self.post_message(self.Marked())
