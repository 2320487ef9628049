"""All runs, newest first, with a filter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.widget import Widget

from engine.api import Changes
from engine.model.record import RunRecord
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.filtering import Filter, FilterError, RunFacet, parse
from jobqueue_tui.console.host import host
from jobqueue_tui.console.screens.records import Records
from jobqueue_tui.console.screens.run_keys import RunKeys
from jobqueue_tui.console.widgets.heads import Heads
from jobqueue_tui.console.widgets.input_bar import InputBar
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
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.RUNS, Where.FILTER)]

    def body(self) -> Iterable[Widget]:
        """Names, filter, heads, list."""
        settings = host(self).settings
        self.filter_bar = InputBar("regex   !x   -f fuzzy   tag:T   status:S   kind:K", host(self).filters)
        self.runs = RunList(settings.monotonic, settings.zone)
        self.heads = Heads(lambda: self.runs.layout_head)
        self._all: list[RunRecord] = []
        self._filter = Filter()
        self._limit = FIRST
        return self.tabs, self.filter_bar, self.heads, self.runs

    async def read(self) -> None:
        """The newest runs."""
        limit = MOST if self._filter else self._limit
        self._all = list(await host(self).engine.history(limit=limit))
        self._sift()
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

    def _sift(self) -> None:
        engine = host(self).engine
        tags = {job.id: job.tags for job in engine.jobs} if self._filter else {}
        passing = [run for run in self._all if self._filter.passes(RunFacet(run, tags.get(run.job, ())))]
        self.runs.show(passing, engine.now())
        if self._filter:
            self.filter_bar.say(f"{grouped(len(passing))} of {grouped(len(self._all))}")

    def action_filter(self) -> None:
        """`/`."""
        self.filter_bar.open()

    def back(self) -> bool:
        """Esc clears the filter."""
        if not (self._filter or self.filter_bar.display):
            return False
        self.filter_bar.close()
        self.runs.focus()
        return True

    def on_input_bar_typed(self, message: InputBar.Typed) -> None:
        """Each letter narrows; a filter that cannot be read is said so, and the last good one stays."""
        message.stop()
        begins = not self._filter
        try:
            self._filter = parse(message.text)
        except FilterError as error:
            self.filter_bar.say(str(error), bad=True)
            return
        self._sift()
        if begins and self._filter and self._limit < MOST:
            self.refresh_record()

    def on_input_bar_done(self, message: InputBar.Done) -> None:
        """Back to the runs; the filter stays."""
        message.stop()
        self.runs.focus()
