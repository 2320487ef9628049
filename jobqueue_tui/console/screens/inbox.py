"""Runs that ended badly and that nobody has acknowledged yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.widget import Widget

from engine.model.record import RunRecord
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.filtering import passing_runs
from jobqueue_tui.console.host import host
from jobqueue_tui.console.screens.filtered import RUN_GRAMMAR
from jobqueue_tui.console.screens.records import Records
from jobqueue_tui.console.screens.run_keys import RunKeys
from jobqueue_tui.console.widgets.heads import Heads
from jobqueue_tui.console.widgets.run_list import RunList

MOST: Final = 1000


class InboxScreen(Records, RunKeys):
    """Inbox."""

    AUTO_FOCUS = "RunList"
    place = "inbox"
    grammar = RUN_GRAMMAR
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Where.INBOX, Where.RUNS, without=["runs.stop"])  # what stands there is over
    ]

    def body(self) -> Iterable[Widget]:
        """Names, filter, heads, list."""
        self._all: list[RunRecord] = []
        settings = host(self).settings
        self.runs = RunList(settings.monotonic, settings.zone, empty="No bad end that nobody has seen. Well done.")
        self.heads = Heads(lambda: self.runs.layout_head)
        return self.tabs, self.filter_bar, self.heads, self.runs

    async def read(self) -> None:
        """What nobody has acknowledged."""
        self._all = list(await host(self).engine.inbox(limit=MOST))
        self.sift()
        await super().read()

    def sift(self) -> None:
        """Only runs that pass."""
        engine = host(self).engine
        passing = passing_runs(self.filter, self._all, engine.jobs)
        self.runs.show(passing, engine.now(), of=len(self._all))
        self.say_count(len(passing), len(self._all))

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
