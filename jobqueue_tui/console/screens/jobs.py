"""The home screen: the live job table and the end of the log of the job under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.api import Changes, JobView
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.aiming import Aimed
from jobqueue_tui.console.arranging import Grouping
from jobqueue_tui.console.columns import TABLE, Cell, shown_columns
from jobqueue_tui.console.host import host
from jobqueue_tui.console.screens.filtered import Filtered
from jobqueue_tui.console.screens.job_keys import JobKeys
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.sorting import Sort
from jobqueue_tui.console.widgets.column_heads import ColumnHeads
from jobqueue_tui.console.widgets.job_list import JobList
from jobqueue_tui.console.widgets.job_table import JobTable
from jobqueue_tui.console.widgets.keys_bar import KeysBar
from jobqueue_tui.console.widgets.log_tail import LogTail
from jobqueue_tui.console.widgets.status_line import StatusLine
from jobqueue_tui.terminal import one_line

if TYPE_CHECKING:
    from jobqueue_tui.console.saving import Saving


class JobsScreen(JobKeys, Filtered):
    """Jobs."""

    AUTO_FOCUS = "JobTable"
    not_in_footer = frozenset({"all.back"})
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-usual")]  # noqa: RUF012 - Textual declares it as a plain list
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.TABLE, Where.JOBS)]

    has_panes = True
    marks = True
    _chosen: tuple[str, ...] = ()
    _wide = False

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        console = host(self)
        engine, settings = console.engine, console.settings
        self.status = StatusLine(
            engine, console.tally, embedded=settings.embedded, read_only=console.read_only, zone=settings.zone
        )
        self.table = JobTable(engine, settings.monotonic)
        self.restore()
        self.heads = ColumnHeads(self.table, sortable=True)
        self.heads.order = self.table.order
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
        self._say_count()
        if self.table.marked:
            self._say_view()
        current = self.table.current
        host(self).current_job = None if current is None else current.id

    def aimed(self) -> Aimed | None:
        """The job under the cursor, once it has been there for a moment."""
        return self.table.aimed if self.table.settled else None

    def targets(self) -> Sequence[Aimed]:
        """The marked ones that are shown; marked, they are meant, whatever has moved."""
        return self.table.targets() or super().targets()

    @property
    def current_job(self) -> JobView | None:
        """The job under the cursor."""
        return self.table.current

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
        self._keep()

    def sift(self) -> None:
        """Only jobs that pass."""
        self.table.filter_by(self.filter)
        self._say_count()

    def _say_count(self) -> None:
        self.say_count(self.table.row_count, host(self).tally.jobs)

    def action_problems(self) -> None:
        """`!`: only jobs that need somebody's attention."""
        looked = self.table.looked
        self.table.look(replace(looked, problems_only=not looked.problems_only))
        self._say_view()

    def action_group(self) -> None:
        """`b`: by tag, by status, not at all."""
        self.table.group_by(self.table.looked.grouping.following)
        self._say_view()
        self._keep()

    def action_wide(self) -> None:
        """`w`: words in place of the curves."""
        self._wide = not self._wide
        self._show_columns()

    def action_follow(self) -> None:
        """`F`: whether the cursor goes with its job."""
        self.table.follows = not self.table.follows
        self._say_view()

    def action_columns(self) -> None:
        """Choose the columns."""
        from jobqueue_tui.console.screens.columns_form import ask_columns  # noqa: PLC0415 - seldom needed

        def chosen(ids: list[str]) -> None:
            self._chosen = () if len(ids) == len(TABLE) else tuple(ids)
            self._show_columns()

        ask_columns(self, self._chosen, chosen)

    def _show_columns(self) -> None:
        self.table.show_columns(shown_columns(self._chosen, wide=self._wide))
        self._keep()

    # ---- marks

    def action_mark(self) -> None:
        """Space."""
        self.table.mark()

    def action_mark_range(self) -> None:
        """Ctrl-Space."""
        self.table.mark_range()

    def action_unmark(self) -> None:
        """`U`."""
        self.table.unmark()

    def on_job_table_marked(self, message: JobTable.Marked) -> None:
        """The top line counts them."""
        message.stop()
        self._say_view()

    # ---- what the view is like

    def set_frozen(self, frozen: bool) -> None:
        """The table keeps what it shows."""
        if frozen:
            self.table.freeze()
        else:
            self.table.thaw()
        self._say_view()

    def _say_view(self) -> None:
        table, notes = self.table, list[Cell]()
        if host(self).frozen:
            notes.append(("FROZEN", Role.WARN))
        if table.marked:
            shown = len(table.targets())
            hidden = len(table.marked) - shown
            notes.append((f"{shown} marked" + (f", {hidden} not shown" if hidden else ""), Role.KEY))
        if table.looked.problems_only:
            notes.append(("problems only", Role.FAILED))
        if table.looked.grouping is not Grouping.NONE:
            notes.append((f"by {table.looked.grouping}", Role.MUTED))
        if not table.follows:
            notes.append(("cursor stays", Role.MUTED))
        self.status.note(*notes)

    def copied(self) -> str:
        """Ids of the marked jobs, else the one under the cursor."""
        jobs = [at.job.id for at in self.table.targets()]
        current = self.table.current
        return "\n".join(map(one_line, jobs or ([] if current is None else [current.id])))

    def to_save(self) -> Saving | None:
        """The jobs that are shown, in their order."""
        from jobqueue_tui.console.saved_rows import saved_jobs  # noqa: PLC0415 - seldom needed

        return saved_jobs([self.table.still_of(job) for job in self.table.view], self.table.at)

    def restore(self) -> None:
        """Look at the table as the last time."""
        kept = host(self).kept
        self._chosen, self._wide = kept.columns, kept.wide
        order = Sort(kept.sort, kept.reversed)
        self.table.looked = replace(self.table.looked, order=order, grouping=Grouping(kept.group))
        self.table.columns = tuple(shown_columns(self._chosen, wide=self._wide))

    def _keep(self) -> None:
        looked = self.table.looked
        console = host(self)
        console.kept = replace(
            console.kept,
            columns=self._chosen,
            wide=self._wide,
            sort=looked.order.letter,
            reversed=looked.order.reverse,
            group=looked.grouping.value,
        )
