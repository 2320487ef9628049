"""Runs that ended badly and that nobody has acknowledged yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.widget import Widget

from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.host import host
from jobqueue_tui.console.screens.records import Records
from jobqueue_tui.console.screens.run_keys import RunKeys
from jobqueue_tui.console.widgets.heads import Heads
from jobqueue_tui.console.widgets.run_list import RunList

MOST: Final = 1000


class InboxScreen(Records, RunKeys):
    """Inbox."""

    AUTO_FOCUS = "RunList"
    place = "inbox"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.INBOX, Where.RUNS)]

    def body(self) -> Iterable[Widget]:
        """Names, heads, list."""
        settings = host(self).settings
        self.runs = RunList(settings.monotonic, settings.zone, empty="No bad end that nobody has seen. Well done.")
        self.heads = Heads(lambda: self.runs.layout_head)
        return self.tabs, self.heads, self.runs

    async def read(self) -> None:
        """What nobody has acknowledged."""
        engine = host(self).engine
        self.runs.show(list(await engine.inbox(limit=MOST)), engine.now())
        await super().read()

    def failed(self, why: str) -> None:
        """Say so where the runs would be."""
        self.runs.fail(why)

    def on_run_list_layout_changed(self, message: RunList.LayoutChanged) -> None:
        """The heads follow."""
        message.stop()
        self.heads.refresh()

    def action_acknowledge(self) -> None:
        """`A`: the marked runs, else the one under the cursor; a reason is asked."""
        from jobqueue_tui.console.screens.job_forms import ask_acknowledge  # noqa: PLC0415 - seldom needed

        marked = [run.run_id for run in self.runs.runs if run.run_id in self.runs.marked]
        if not marked and self.runs.current is not None and self.runs.settled:
            marked = [self.runs.current.run_id]
        if marked:
            ask_acknowledge(self, marked)
