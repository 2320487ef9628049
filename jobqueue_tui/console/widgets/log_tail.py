"""The end of the log of the job under the cursor, below the table."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.binding import BindingType
from textual.strip import Strip
from textual.worker import Worker

from engine.api import EngineView, JobView
from engine.errors import EngineError
from jobqueue_tui.console import words
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.signs import Role, sign_of
from jobqueue_tui.console.tail import WINDOW, Tail
from jobqueue_tui.console.widgets.painted import Painted
from jobqueue_tui.terminal import one_line

_IDLE_POLLS: Final = 10
"""A run that is over is looked at at every tenth flush only."""
_SILENT_POLLS: Final = 5
"""One that goes on but printed nothing at the last look, at every fifth: twice a second. A look is a worker here and a
thread or a request in the engine; ten a second of them took as much as half of the table."""


class LogTail(Painted, can_focus=True):
    """One title line and the last lines of a run. Only what is new is read, and only while it is on screen.

    With focus it can be gone up in, as far as it is at hand; it stands still then.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.MOVE)]
    is_pane = True

    def __init__(self, engine: EngineView) -> None:
        super().__init__()
        self._engine = engine
        self._job: JobView | None = None
        self._run_id: str | None = None
        self._tail = Tail()
        self._missing = ""
        self._polls = 0
        self._asked = False
        self._silent = False
        self._reader: Worker[None] | None = None
        self._title: tuple[Cell, ...] = ()
        self._up = 0
        """Lines that are below the last one that is shown."""

    def flush(self, job: JobView | None) -> None:
        """Show the log of `job`; called by the flush timer."""
        run_id = None if job is None else job.last_run_id
        self._job = job
        if run_id != self._run_id:
            self._run_id, self._tail, self._missing, self._asked, self._silent = run_id, Tail(), "", False, False
            self._up = 0
            self.refresh()
        title = self._titled()
        if title != self._title:
            self._title = title
            self.refresh()
        busy = job is not None and any(run.run_id == run_id for run in job.active)
        pause = _IDLE_POLLS if not busy else _SILENT_POLLS if self._silent else 1
        self._polls += 1
        due = self.size.height > 1 and not self._up and (not self._asked or self._polls % pause == 0)
        # one reader at a time: a flush while one is under way asks again later
        if run_id is not None and due and (self._reader is None or self._reader.is_finished):
            self._asked = True
            self._reader = self.run_worker(self._read(run_id), group="tail")

    async def _read(self, run_id: str) -> None:
        offset, limit = self._tail.request()
        tail = self._tail
        try:
            chunk = await self._engine.log(run_id, offset, limit)
        except (KeyError, FileNotFoundError):
            problem = "no log is kept of this run"
        except (EngineError, OSError) as error:
            problem = f"the log cannot be read: {one_line(str(error))}"
        else:
            if tail is self._tail:
                size = tail.size
                new = tail.take(chunk)
                self._silent = tail.size == size
                if new or self._missing:
                    self._missing = ""
                    self.refresh()
            return
        if tail is self._tail:
            self._silent = True
            if problem != self._missing:
                self._missing = problem
                self.refresh()

    def _titled(self) -> tuple[Cell, ...]:
        job = self._job
        if job is None:
            return (("no job", Role.MUTED),)
        if self._run_id is None:
            return ((one_line(job.id), Role.TITLE), ("  has not run yet", Role.MUTED))
        sign = sign_of(job)
        size = self._tail.size
        # an occurrence that was skipped since has no log, and its reason is not this run's
        reason = job.last_reason if job.last_outcome is job.last_run_outcome and not job.active else None
        return (
            (one_line(self._run_id), Role.TITLE),
            (
                f"  {sign.word}" if job.active else f"  {job.last_run_outcome or ''}",
                sign.role if job.active else Role.MUTED,
            ),
            (f"  {one_line(reason)}" if reason else "", Role.MUTED),
            ("" if size is None else f"  {words.size(size)}", Role.MUTED),
            (f"  {self._up} more below" if self._up else "", Role.WARN),
        )

    # ---- moving

    def action_move(self, by: int) -> None:
        """Lines down or up."""
        self._go(self._up - by)

    def action_page(self, by: int) -> None:
        """One height down or up."""
        self._go(self._up - by * max(1, self.size.height - 2))

    def action_edge(self, side: int) -> None:
        """To the first line that is at hand; to the end, which is followed."""
        self._go(0 if side > 0 else WINDOW)

    def _go(self, up: int) -> None:
        above = len(self._tail.lines(WINDOW)) - (self.size.height - 1)
        self._up = max(0, min(up, above))
        if not self._up:
            self._asked = False  # what came meanwhile is looked for at once
        self._title = self._titled()
        self.refresh()

    def on_mouse_scroll_up(self) -> None:
        """Three lines, as terminals do."""
        self.action_move(-3)

    def on_mouse_scroll_down(self) -> None:
        """Three lines, as terminals do."""
        self.action_move(3)

    def render_line(self, y: int) -> Strip:
        """The title, then the lines, the newest at the bottom."""
        width, height = self.size
        if y == 0:
            ground = self.palette.cursor if self.has_focus else self.palette.head
            mark = ("▌", Role.TITLE) if self.has_focus else (" ", Role.HEAD)
            return text_strip([mark, *self._title], ground, width)
        if self._missing:
            text = self._missing if y == 1 else ""
            return text_strip([(f" {text}", Role.MUTED)], self.palette.row, width)
        lines = self._tail.lines(height - 1 + self._up)[: height - 1]
        text = lines[y - 1] if y <= len(lines) else ""
        return text_strip([(f" {text}", Role.TEXT)], self.palette.row, width)
