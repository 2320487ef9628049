"""`y` on a job: the job as it is in effect, as a job file of its own."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.strip import Strip

from engine.api import Changes, JobView
from engine.clock import SECOND
from engine.errors import EngineError
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.host import host
from jobqueue_tui.console.job_text import lines_of
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.saving import Document
from jobqueue_tui.console.screens.job import Title
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.keys_bar import KeysBar
from jobqueue_tui.console.widgets.line_list import LineList
from jobqueue_tui.terminal import neutral, one_line


class JobText(LineList):
    """The text; what is wider than the screen goes on below."""

    def __init__(self) -> None:
        super().__init__(lambda: 0.0, id="job-text")
        self.text = ""
        self.why_none = "It is being read."
        self._lines: list[Sequence[Cell]] = []
        self._laid_out_for = 0

    def show(self, text: str) -> None:
        """Another text; the cursor stays on its line."""
        if text != self.text:
            self.text = text
            self._lay_out()

    def fail(self, why: str) -> None:
        """It cannot be read."""
        self.why_none = why
        self.show("")
        self.refresh()

    def on_resize(self) -> None:
        """Other lines at another width."""
        if self.row_width != self._laid_out_for:
            self._lay_out()
        super().on_resize()

    def _lay_out(self) -> None:
        self._laid_out_for = self.row_width
        self._lines = lines_of(self.text, self.row_width - 2)
        self.rows_changed()

    @property
    def row_count(self) -> int:
        """Lines on the screen, one or more of each line of the text."""
        return len(self._lines)

    def empty_text(self) -> str:
        """Why there is nothing."""
        return self.why_none

    def stamp(self, row: int) -> Hashable:
        """What it shows."""
        return tuple(self._lines[row])

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One line."""
        cells = [("▌ " if selected else "  ", Role.TITLE), *self._lines[row]]
        return text_strip(cells, self.ground(palette, selected=selected), width)


class EffectiveScreen(LiveScreen):
    """The effective job. It is read anew when something of the job has changed, at most once a second."""

    AUTO_FOCUS = "JobText"
    CSS_PATH = "effective.tcss"
    place = "effective"
    has_items = True
    copies: ClassVar[str] = "lines"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "filter", show=False)]

    def __init__(self, job: JobView) -> None:
        super().__init__()
        self.job = job
        self._stale = False
        self._second = -1

    @property
    def about(self) -> str:
        """The job."""
        return self.job.id

    @property
    def job_id(self) -> str | None:
        """Its id."""
        return self.job.id

    def compose(self) -> ComposeResult:
        """Name, text, keys."""
        self.heading = Title()
        self.body = JobText()
        yield self.heading
        yield self.body
        yield KeysBar()

    def on_mount(self) -> None:
        """Say whose it is."""
        self._say_name()

    def _say_name(self) -> None:
        self.heading.show(self.job, "as it is in effect")

    def flush(self, changes: Changes) -> None:
        """Read it again when it may be another."""
        engine = host(self).engine
        if changes.resync:
            try:
                self.job = engine.job(self.job.id)
            except KeyError:
                self.leave_for(self.job.id)
                return
        self._stale |= changes.resync or self.job.id in changes.jobs
        second = engine.now() // SECOND
        if second != self._second or changes.resync:
            self._second = second
            self.heading.refresh()
            if self._stale:
                self._stale = False
                self.begin(self._read, "effective")

    async def _read(self) -> None:
        try:
            self.body.show(await self.job.effective_yaml())
        except (EngineError, OSError) as error:
            self.body.fail(one_line(str(error)))

    def set_frozen(self, frozen: bool) -> None:
        """Said in the title."""
        self.heading.refresh()

    def action_item(self, by: int) -> None:
        """`[` and `]`: the job before it in the file, the next one."""
        jobs = host(self).engine.jobs
        row = next((row for row, job in enumerate(jobs) if job.id == self.job.id), -1)
        if not jobs:
            return
        self.job = jobs[(row + by) % len(jobs)]
        host(self).current_job = self.job.id
        self._say_name()
        self.body.move_to(0)
        self.begin(self._read, "effective")

    def action_filter(self) -> None:
        """`/`: a job file without some of its lines is none."""
        self.notify("There is no filter here: c copies all of it.", timeout=3, markup=False)

    def copied(self) -> str:
        """All of it."""
        return neutral(self.body.text).removesuffix("\n")

    def to_save(self) -> Document | None:
        """All of it, as a job file."""
        return Document(one_line(self.job.id), ".yaml", neutral(self.body.text)) if self.body.text else None
