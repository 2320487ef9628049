"""The dependency tree with live status; the keys of a job work on its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.api import Changes, JobView
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.aiming import Aimed
from jobqueue_tui.console.host import host
from jobqueue_tui.console.outline import Facing
from jobqueue_tui.console.screens.filtered import Filtered
from jobqueue_tui.console.screens.job_keys import JobKeys
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.column_heads import ColumnHeads
from jobqueue_tui.console.widgets.job_list import JobList
from jobqueue_tui.console.widgets.job_tree import JobTree
from jobqueue_tui.console.widgets.keys_bar import KeysBar
from jobqueue_tui.console.widgets.log_tail import LogTail
from jobqueue_tui.console.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from jobqueue_tui.console.saving import Saving

_ROOM_FOR_WORDS: Final = 110
"""Cells of width from which on the top line says in words when it will be over."""


class TreeScreen(JobKeys, Filtered):
    """What hangs on what."""

    AUTO_FOCUS = "JobTree"
    place = "tree"
    has_panes = True
    not_in_footer = frozenset({"go.tree", "all.leave"})
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-usual")]  # noqa: RUF012 - Textual declares it as a plain list
    # Enter folds here; `2` opens the details
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.TREE, Where.JOBS, without=["jobs.details"])]

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        console = host(self)
        settings = console.settings
        self.status = StatusLine(
            console.engine, console.tally, embedded=settings.embedded, read_only=console.read_only, zone=settings.zone
        )
        self.tree_list = JobTree(console.engine, settings.monotonic)
        self.heads = ColumnHeads(self.tree_list, sortable=False)
        self.tail = LogTail(console.engine)
        yield self.status
        yield self.filter_bar
        yield self.heads
        yield self.tree_list
        yield self.tail
        yield KeysBar()

    def on_mount(self) -> None:
        """Begin where the user was."""
        wanted = host(self).current_job
        if wanted is not None:
            self.call_after_refresh(self.tree_list.select, wanted)

    def flush(self, changes: Changes) -> None:
        """Show what changed."""
        self.tree_list.flush(changes)
        self._say_count()
        self._say_view()
        self.status.flush(changed=bool(changes.jobs) or changes.resync)
        current = self.tree_list.current
        self.tail.flush(current)
        if current is not None:
            host(self).current_job = current.id

    def on_screen_suspend(self) -> None:
        """The same when it was moved after the last flush."""
        if (current := self.tree_list.current) is not None:
            host(self).current_job = current.id

    def aimed(self) -> Aimed | None:
        """The job under the cursor, once it has been there for a moment."""
        return self.tree_list.aimed if self.tree_list.settled else None

    @property
    def current_job(self) -> JobView | None:
        """The job under the cursor."""
        return self.tree_list.current

    def on_job_list_layout_changed(self, message: JobList.LayoutChanged) -> None:
        """The heads follow the columns."""
        message.stop()
        self.heads.refresh()

    def set_frozen(self, frozen: bool) -> None:
        """The tree keeps what it shows."""
        if frozen:
            self.tree_list.freeze()
        else:
            self.tree_list.thaw()
        self._say_view()

    def _say_view(self) -> None:
        console = host(self)
        notes = [("FROZEN", Role.WARN)] if console.frozen else []
        short = self.size.width < _ROOM_FOR_WORDS
        if text := self.tree_list.forecaster.summary(console.engine.now(), console.settings.zone, short=short):
            notes.append((text, Role.STRONG))
        self.status.note(*notes)

    def back(self) -> bool:
        """Esc shows all again: the filter first."""
        if super().back():
            return True
        outline = self.tree_list.outline
        if outline.facing is Facing.ALL:
            return False
        self.tree_list.face(Facing.ALL, None)
        self.heads.show_remark("")
        return True

    def sift(self) -> None:
        """Only jobs that pass, and those on the way to them."""
        self.tree_list.filter_by(self.filter)
        self._say_count()

    def _say_count(self) -> None:
        self.say_count(self.tree_list.passing, host(self).tally.jobs)

    def to_save(self) -> Saving | None:
        """The lines that are shown, without headings."""
        from jobqueue_tui.console.saved_rows import saved_tree  # noqa: PLC0415 - seldom needed

        tree = self.tree_list
        lines = [(line.depth, job) for row, line in enumerate(tree.lines) if (job := tree.job_at(row)) is not None]
        ends = tree.forecaster.cell
        return saved_tree([(depth, tree.still_of(job), ends(job.id, tree.at)) for depth, job in lines], tree.at)

    # ---- keys

    def action_fold(self) -> None:
        """Enter: the other way."""
        self.tree_list.turn()

    def action_fold_in(self) -> None:
        """Left: fold, else to what it hangs on."""
        if not self.tree_list.turn(folded=True):
            self.tree_list.to_parent()

    def action_fold_out(self) -> None:
        """Right: unfold, else to the first below."""
        line = self.tree_list.line
        if not self.tree_list.turn(folded=False) and line is not None and line.folded is False:
            self.tree_list.action_move(1)

    def action_fold_all(self) -> None:
        """`*`."""
        self.tree_list.turn_all()

    def action_only(self) -> None:
        """`o`: what follows, what is needed, all."""
        facing = self.tree_list.only()
        self.heads.show_remark("" if facing is Facing.ALL else f"only {facing.value}")
