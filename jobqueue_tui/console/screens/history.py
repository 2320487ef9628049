"""All runs, newest first, with a filter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.widget import Widget

from engine.api import Changes
from engine.model.record import RunRecord
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.filtering import passing_runs
from jobqueue_tui.console.host import host
from jobqueue_tui.console.screens.filtered import RUN_GRAMMAR
from jobqueue_tui.console.screens.records import Records
from jobqueue_tui.console.screens.run_keys import RunKeys
from jobqueue_tui.console.widgets.heads import Heads
from jobqueue_tui.console.widgets.run_list import RunList
from jobqueue_tui.console.words import grouped

FIRST: Final = 200
"""Runs that are read at first; more come when the cursor nears their end."""
MOST: Final = 2000
"""Runs that are read at the most; a filter looks at these."""
_NEAR: Final = 50


class HistoryScreen(Records, RunKeys):
    """History."""

    AUTO_FOCUS = "RunList"
    place = "history"
    grammar = RUN_GRAMMAR
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.RUNS)]

    def body(self) -> Iterable[Widget]:
        """Names, filter, heads, list."""
        settings = host(self).settings
        self.runs = RunList(settings.monotonic, settings.zone)
        self.heads = Heads(lambda: self.runs.layout_head)
        self._all: list[RunRecord] = []
        self._limit = self._asked = FIRST
        return self.tabs, self.filter_bar, self.heads, self.runs

    async def read(self) -> None:
        """The newest runs."""
        self._asked = MOST if self.filter else self._limit
        self._all = list(await host(self).engine.history(limit=self._asked))
        self._show_passing()
        await super().read()

    def failed(self, why: str) -> None:
        """Say so where the runs would be."""
        self.runs.fail(why)

    def show(self, changes: Changes, *, tick: bool) -> None:
        """Runs under way grow older."""
        super().show(changes, tick=tick)
        if tick and self.runs.loaded:
            self.runs.at = host(self).engine.now()
            self.runs.refresh_changed()

    def note(self) -> str:
        """How many there are."""
        count = grouped(len(self._all))
        return f"the last {count} runs" if len(self._all) >= min(self._limit, MOST) else f"{count} runs"

    def on_run_list_moved(self, message: RunList.Moved) -> None:
        """More are read before their end is reached."""
        message.stop()
        if self.runs.cursor >= self._limit - _NEAR and self._limit < MOST and len(self._all) >= self._limit:
            self._limit = min(MOST, self._limit * 3)
            self.refresh_record()

    def on_run_list_layout_changed(self, message: RunList.LayoutChanged) -> None:
        """The heads follow."""
        message.stop()
        self.heads.refresh()

    # ---- filter

    def sift(self) -> None:
        """Only runs that pass; more are looked at for a filter."""
        self._show_passing()
        if self.filter and self._asked < MOST:
            self._asked = MOST
            self.refresh_record()

    def _show_passing(self) -> None:
        engine = host(self).engine
        passing = passing_runs(self.filter, self._all, engine.jobs)
        self.runs.show(passing, engine.now(), of=len(self._all))
        self.say_count(len(passing), len(self._all))
