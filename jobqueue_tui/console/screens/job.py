"""One job: facts, why it is not running, its last runs."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.strip import Strip

from engine.api import Changes, JobView
from engine.clock import SECOND
from engine.errors import EngineError
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.aiming import Aimed
from jobqueue_tui.console.host import host
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.screens.job_keys import JobKeys
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.facts import Facts
from jobqueue_tui.console.widgets.keys_bar import KeysBar
from jobqueue_tui.console.widgets.painted import Painted
from jobqueue_tui.console.widgets.run_list import HEAD, RunList
from jobqueue_tui.terminal import one_line

MOST_RUNS = 50


class Line(Painted):
    """One line of fixed text on a bar."""

    def __init__(self, text: str, more: str = "", *, id: str) -> None:
        super().__init__(id=id)
        self._text, self._more = text, more

    def render_line(self, y: int) -> Strip:
        """The one line."""
        head = self.id == "runs-head"
        parts = [(self._text, Role.HEAD if head else Role.TITLE), (self._more, Role.MUTED)]
        return text_strip(parts, self.palette.head if head else self.palette.bar, self.size.width)


class JobScreen(JobKeys):
    """Details of a job."""

    AUTO_FOCUS = "RunList"
    place = "job"
    # Enter opens the run under the cursor, and so does l: it is the log that is wanted here
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Where.JOBS, without=["jobs.details", "jobs.log", "jobs.rerun"]),
        *bindings(Where.RUNS),
    ]

    def __init__(self, job: JobView) -> None:
        super().__init__()
        self.job = job
        self._aimed = Aimed.now(job)
        self._seen: Hashable = None
        self._second = -1

    @property
    def about(self) -> str:
        """The job."""
        return self.job.id

    def compose(self) -> ComposeResult:
        """Name, facts, runs, keys."""
        console = host(self)
        job = self.job
        self.facts = Facts(console.engine, job, console.settings.zone)
        self.runs = RunList(console.settings.monotonic, console.settings.zone)
        title = "" if job.title == job.id else f"  {one_line(job.title)}"
        yield Line(f" {one_line(job.id)}", title, id="job-title")
        yield self.facts
        yield Line(HEAD, id="runs-head")
        yield self.runs
        yield KeysBar()

    def flush(self, changes: Changes) -> None:
        """Show what changed."""
        engine = host(self).engine
        if changes.resync:
            try:
                self.job = engine.job(self.job.id)
            except KeyError:
                self.notify(f"{one_line(self.job.id)} is no longer in the job file.", markup=False)
                self.app.pop_screen()
                return
        second = engine.now() // SECOND
        if changes.resync or self.job.id in changes.jobs or second != self._second:
            self._second = second
            self.facts.flush()
            self._aimed = Aimed.now(self.job)
            phases = tuple((run.run_id, run.phase) for run in (*self.job.active, *self.job.queued))
            seen = (self.job.last_run_id, self.job.last_ended_at, phases)
            if seen != self._seen:
                self._seen = seen
                self.run_worker(self._read(), group="history", exclusive=True)
            elif phases:
                self.runs.show(self.runs.runs, engine.now())

    async def _read(self) -> None:
        engine = host(self).engine
        try:
            runs = await engine.history(job=self.job.id, limit=MOST_RUNS)
        except (EngineError, OSError) as error:
            self.notify(one_line(str(error)), title="The history cannot be read", severity="error", markup=False)
            return
        self.runs.show(runs, engine.now())

    def aimed(self) -> Aimed | None:
        """The job, and what of it was last drawn."""
        return self._aimed

    def action_rerun(self) -> None:
        """`r`: the run under the cursor once more."""
        from jobqueue_tui.console.screens.job_forms import ask_rerun  # noqa: PLC0415 - seldom needed

        run = self.runs.current
        ask_rerun(self, self._aimed, self.job.last_run_id if run is None else run.run_id)

    def action_open_run(self) -> None:
        """Enter, l: the log of the run under the cursor."""
        run = self.runs.current
        if run is not None:
            host(self).show_log(run.run_id)
        else:
            self.action_log()
