"""A row per job on an axis of time, with a cursor in both directions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Final

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from engine.api import EngineView, JobView
from engine.clock import SECOND, Instant
from jobqueue_tui.console.aiming import Aimed, Seen
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.load import Load
from jobqueue_tui.console.painting import fitted, text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.plotting import joined
from jobqueue_tui.console.signs import Role, sign_of
from jobqueue_tui.console.timeline import SPANS, Lane, Window, cells, neighbour
from jobqueue_tui.console.widgets.line_list import LineList, Monotonic
from jobqueue_tui.terminal import one_line

_NOTHING = Lane((), (), None)
_NOTHING_THERE: Final = "Nothing has run or is planned in this span; < shows more of it."
_NOW_SHARE = 0.25
"""Of the width that lies in the past while the view follows the clock."""


class TimeTable(LineList):
    """Jobs against time. It follows the clock until the time cursor is moved; `.` lets it follow again."""

    def __init__(self, engine: EngineView, monotonic: Monotonic) -> None:
        super().__init__(monotonic)
        self.engine = engine
        self.jobs: Sequence[JobView] = ()
        self.lanes: Mapping[str, Lane] = {}
        self.zoom = SPANS.index(86400)
        self.window = Window.around(engine.now(), SPANS[self.zoom], 60)
        self.column: int | None = None
        """The time cursor; None while the view follows the clock."""
        self.said = "Reading …"
        self.load: Load | None = None
        """How many runs there are at once, as it was read."""
        self._version = 0

    class Moved(Message):
        """Another job is under the cursor."""

    class Placed(Message):
        """The axis has another width: what is read is to be read for that."""

    def on_resize(self) -> None:
        """As many cells as there is room for; until it is laid out, nobody knows how many."""
        self.follow_clock()
        self.post_message(self.Placed())

    def moved(self) -> None:
        """Tell the line that says what is under the cursors."""
        self.post_message(self.Moved())

    # ---- rows

    @property
    def row_count(self) -> int:
        """Jobs that are shown."""
        return len(self.jobs)

    def row_id(self, row: int) -> Hashable:
        """Known by the job."""
        return self.jobs[row].id

    def empty_text(self) -> str:
        """Why there is nothing to see."""
        return self.said

    @property
    def name_width(self) -> int:
        """Cells in front of the axis."""
        return min(26, max(12, self.row_width // 5))

    @property
    def current(self) -> JobView | None:
        """The job under the cursor."""
        return self.jobs[self.cursor] if self.cursor < len(self.jobs) else None

    @property
    def aimed(self) -> Aimed | None:
        """That job with what was drawn of it."""
        job = self.current
        if job is None:
            return None
        drawn = self.drawn(self.cursor)
        seen = drawn[0] if isinstance(drawn, tuple) and isinstance(drawn[0], Seen) else Seen.of(job)
        return Aimed(job, seen)

    @property
    def lane(self) -> Lane:
        """What is known of the job under the cursor."""
        job = self.current
        return _NOTHING if job is None else self.lanes.get(job.id, _NOTHING)

    def show(self, jobs: Sequence[JobView], lanes: Mapping[str, Lane], load: Load, *, of: int) -> None:
        """Show these, `of` so many; the cursor stays on its job."""
        before = self.current
        self.jobs, self.lanes, self.load = jobs, lanes, load
        self._version += 1
        if before is not None:
            row = next((row for row, job in enumerate(jobs) if job.id == before.id), None)
            if row is None:
                self.shifted()
            else:
                self.cursor = row
        self.said = "No job passes the filter; Esc clears it." if of else _NOTHING_THERE
        self.rows_changed()

    def stamp(self, row: int) -> Hashable:
        """What is drawn changes with what was read, with the window, and with each cell that now moves on."""
        job = self.jobs[row]
        now = self.window.column(self.engine.now())
        return Seen.of(job), job.enabled, self._version, self.window, self.column, now

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """Sign, name, axis."""
        job = self.jobs[row]
        styles = self.ground(palette, selected=selected)
        sign = sign_of(job)
        front: list[Cell] = [
            ("▌" if selected else " ", Role.TITLE),
            (f"{sign.glyph} ", sign.role),
            (fitted(one_line(job.id), self.name_width - 4) + " ", Role.TEXT if job.enabled else Role.MUTED),
        ]
        drawn = cells(self.lanes.get(job.id, _NOTHING), self.window, self.engine.now())
        if self.column is None or not 0 <= self.column < len(drawn):
            return text_strip([*front, *joined(drawn)], styles, width)
        # the time cursor is a column: a line where nothing is, else the sign itself on the ground of the cursor
        text, role = drawn[self.column]
        before, after = joined(drawn[: self.column]), joined(drawn[self.column + 1 :])
        strip = text_strip([*front, *before], styles, self.name_width + self.column)
        mark = Segment("│" if text == " " else text, palette.cursor[Role.KEY if text == " " else role])
        rest = text_strip(after, styles, max(0, width - self.name_width - self.column - 1))
        return Strip([*strip, mark, *rest], width)

    # ---- time

    @property
    def axis_width(self) -> int:
        """Cells of the axis."""
        return max(8, self.row_width - self.name_width)

    @property
    def at(self) -> Instant:
        """The instant under the time cursor; now while the view follows."""
        return self.engine.now() if self.column is None else self.window.instant(self.column)

    def follow_clock(self) -> bool:
        """Move the window on if it follows; whether that is another window."""
        if self.column is not None and self.window.width == self.axis_width:
            return False
        share = _NOW_SHARE if self.column is None else self.column / self.window.width
        window = Window.around(self.at, SPANS[self.zoom], self.axis_width, share)
        if window == self.window:
            return False
        self.window = window
        if self.column is not None:
            self.column = max(0, min(self.column, window.width - 1))
        self.refresh()
        return True

    def step(self, by: int) -> None:
        """The time cursor by cells; at the edge the window goes along."""
        column = (self.window.column(self.engine.now()) if self.column is None else self.column) + by
        past = min(0, column) + max(0, column - self.window.width + 1)
        if past:
            self.window = Window(self.window.start + past * self.window.cell, self.window.cell, self.window.width)
        self.column = column - past
        self.refresh()

    def go_to(self, at: Instant) -> None:
        """The time cursor to an instant."""
        column = self.window.column(at)
        self.step(column - (self.window.column(self.engine.now()) if self.column is None else self.column))

    def jump(self, by: int) -> bool:
        """To the run or occurrence of this job before the time cursor, or after it; False when none is known."""
        # from the end of the cell on, else the same one would be found again
        at = self.at if by < 0 or self.column is None else self.at + self.window.cell - 1
        found = neighbour(self.lane, at, by)
        if found is None:
            return False
        self.go_to(found)
        return True

    def zoom_by(self, by: int) -> None:
        """Another span, around the time cursor."""
        zoom = max(0, min(len(SPANS) - 1, self.zoom + by))
        if zoom != self.zoom:
            at = self.at
            self.zoom = zoom
            share = _NOW_SHARE if self.column is None else self.column / self.window.width
            self.window = Window.around(at, SPANS[zoom], self.axis_width, share)
            if self.column is not None:
                self.column = max(0, min(self.window.width - 1, self.window.column(at)))
            self.refresh()

    def now(self) -> None:
        """Follow the clock again."""
        self.column = None
        self.follow_clock()
        self.refresh()

    @property
    def span_seconds(self) -> float:
        """Seconds that the width stands for."""
        return self.window.cell * self.window.width / SECOND

    def on_click(self, event: events.Click) -> None:
        """A click moves both cursors; it never acts."""
        super().on_click(event)
        column = event.x - self.name_width
        if 0 <= column < self.window.width:
            self.column = column
            self.refresh()
