"""The home screen: the live job table and the end of the log of the job under the cursor."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.api import Changes
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.aiming import Aimed
from jobqueue_tui.console.filtering import FilterError, parse
from jobqueue_tui.console.host import host
from jobqueue_tui.console.screens.job_keys import JobKeys
from jobqueue_tui.console.widgets.column_heads import ColumnHeads
from jobqueue_tui.console.widgets.input_bar import InputBar
from jobqueue_tui.console.widgets.job_list import JobList
from jobqueue_tui.console.widgets.job_table import JobTable
from jobqueue_tui.console.widgets.keys_bar import KeysBar
from jobqueue_tui.console.widgets.log_tail import LogTail
from jobqueue_tui.console.widgets.status_line import StatusLine
from jobqueue_tui.console.words import grouped


class JobsScreen(JobKeys):
    """Jobs."""

    AUTO_FOCUS = "JobTable"
    not_in_footer = frozenset({"all.back"})
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-usual")]  # noqa: RUF012 - Textual declares it as a plain list
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.FILTER, Where.TABLE, Where.JOBS)]

    _readable = True
    """Whether what stands in the filter line is a filter."""

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        console = host(self)
        engine, settings = console.engine, console.settings
        self.status = StatusLine(
            engine, console.tally, embedded=settings.embedded, read_only=console.read_only, zone=settings.zone
        )
        self.filter_bar = InputBar("regex   !x   -f fuzzy   tag:T   status:S")
        self.table = JobTable(engine, settings.monotonic)
        self.heads = ColumnHeads(self.table, sortable=True)
        self.tail = LogTail(engine)
        yield self.status
        yield self.filter_bar
        yield self.heads
        yield self.table
        yield self.tail
        yield KeysBar()

    def flush(self, changes: Changes) -> None:
        """Show what changed."""
        self.table.flush(changes)
        self.status.flush(changed=bool(changes.jobs) or changes.resync)
        self.tail.flush(self.table.current)
        if self.table.filter and self._readable:
            self._say_count()
        current = self.table.current
        host(self).current_job = None if current is None else current.id

    def aimed(self) -> Aimed | None:
        """The job under the cursor, once it has been there for a moment."""
        return self.table.aimed if self.table.settled and not self.filter_bar.opening else None

    def on_screen_suspend(self) -> None:
        """Other screens are about the job under the cursor, also when it was moved after the last flush."""
        if (current := self.table.current) is not None:
            host(self).current_job = current.id

    def on_screen_resume(self) -> None:
        """The cursor goes to the job that other screens were about, if it can be seen."""
        wanted = host(self).current_job
        if wanted is not None:
            self.table.select(wanted)

    def on_job_list_layout_changed(self, message: JobList.LayoutChanged) -> None:
        """The heads follow the columns and the order."""
        message.stop()
        self.heads.show_order(self.table.order)

    # ---- sort and filter

    def action_sort(self, letter: str) -> None:
        """Shift and a letter."""
        self.table.sort_by(letter)

    def action_filter(self) -> None:
        """`/`: open the filter line."""
        self.filter_bar.open()

    def back(self) -> bool:
        """Esc clears the filter."""
        if not (self.table.filter or self.filter_bar.display):
            return False
        self.filter_bar.close()
        self.table.focus()
        return True

    def on_input_bar_typed(self, message: InputBar.Typed) -> None:
        """Show what passes, while it is typed. A filter that cannot be read is said so; the last good one stays."""
        message.stop()
        try:
            wanted = parse(message.text)
        except FilterError as error:
            self._readable = False
            self.filter_bar.say(str(error), bad=True)
            return
        self._readable = True
        self.table.filter_by(wanted)
        self._say_count()

    def _say_count(self) -> None:
        self.filter_bar.say(f"{grouped(self.table.row_count)} of {grouped(host(self).tally.jobs)}")

    def on_input_bar_done(self, message: InputBar.Done) -> None:
        """Back to the table; the filter stays."""
        message.stop()
        self.table.focus()
