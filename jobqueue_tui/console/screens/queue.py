"""What waits, in order, each with its reason and its aged priority; the keys of a job work on the job of the run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from engine.api import Changes, JobView
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.aiming import Aimed
from jobqueue_tui.console.host import host
from jobqueue_tui.console.saved_rows import saved_runs
from jobqueue_tui.console.saving import Saving
from jobqueue_tui.console.screens.filtered import RUN_GRAMMAR
from jobqueue_tui.console.screens.job_keys import JobKeys
from jobqueue_tui.console.screens.records import Records
from jobqueue_tui.console.widgets.heads import Heads
from jobqueue_tui.console.widgets.queue_list import QueueList


class QueueScreen(Records, JobKeys):
    """Queue."""

    AUTO_FOCUS = "QueueList"
    place = "queue"
    grammar = RUN_GRAMMAR
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.JOBS)]

    def body(self) -> Iterable[Widget]:
        """Names, filter, heads, list."""
        self.list = QueueList(host(self).engine, host(self).settings.monotonic)
        self.heads = Heads(lambda: self.list.head)
        return self.tabs, self.filter_bar, self.heads, self.list

    def show(self, changes: Changes, *, tick: bool) -> None:
        """The order changes with every run that starts."""
        super().show(changes, tick=tick)
        changed = bool(changes.jobs) or changes.resync
        self.list.flush(changed=changed, tick=tick)
        if changed:
            self.heads.refresh()
        self.say_count(self.list.row_count, self.list.waiting)

    def sift(self) -> None:
        """Only runs that pass; they keep their places."""
        self.list.narrow(self.filter)
        self.say_count(self.list.row_count, self.list.waiting)

    def note(self) -> str:
        """How many slots there are."""
        status = host(self).engine.status()
        return f"{status.running} of {status.max_running} slots taken"

    def aimed(self) -> Aimed | None:
        """The job of the run under the cursor, once it has been there for a moment."""
        return self.list.aimed if self.list.settled else None

    @property
    def current_job(self) -> JobView | None:
        """The job of that run."""
        return self.list.current

    def to_save(self) -> Saving | None:
        """What waits, in this order."""
        return saved_runs("queue", [run.record() for run in self.list.runs])
