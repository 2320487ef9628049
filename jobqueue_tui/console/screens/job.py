"""One job: facts, why it is not running, its next times, its last runs, CPU and memory over time."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import suppress
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.strip import Strip

from engine.api import Changes, JobView
from engine.clock import SECOND
from engine.errors import EngineError
from engine.model.record import RunRecord
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.aiming import Aimed
from jobqueue_tui.console.filtering import passing_runs
from jobqueue_tui.console.host import host
from jobqueue_tui.console.notices import notices
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.screens.filtered import RUN_GRAMMAR, Filtered
from jobqueue_tui.console.screens.job_keys import JobKeys
from jobqueue_tui.console.screens.run_keys import RunKeys
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.facts import Facts
from jobqueue_tui.console.widgets.heads import Heads
from jobqueue_tui.console.widgets.keys_bar import KeysBar
from jobqueue_tui.console.widgets.painted import Painted
from jobqueue_tui.console.widgets.plot import Plot
from jobqueue_tui.console.widgets.run_list import RunList
from jobqueue_tui.console.widgets.run_strip import RunStrip
from jobqueue_tui.terminal import one_line

MOST_RUNS: Final = 50
_DEEDS: Final = 3
"""What was done to the job last; all of it is in System."""
_BESIDES: Final = 11
"""Lines of the screen that facts leave to all the others: three runs are always seen."""
_ROOM_FOR_PLOTS: Final = 110
"""Cells of width from which on the plots stand beside the facts."""


class Title(Painted):
    """The name of the job on a bar, and which of all jobs it is."""

    def __init__(self) -> None:
        super().__init__()
        self._parts = ("", "", "")

    def show(self, job: JobView, place: str) -> None:
        """Another job."""
        title = "" if job.title == job.id else f"  {one_line(job.title)}"
        self._parts = (f" {one_line(job.id)}", title, place)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The one line."""
        name, title, place = self._parts
        parts = [(name, Role.TITLE), (title, Role.TEXT), (f"   {place}", Role.MUTED)]
        console = host(self)
        parts += [(f"   {text}", role) for text, role in notices(console.engine, read_only=console.read_only)]
        if console.frozen:
            parts.append(("   FROZEN", Role.WARN))
        return text_strip(parts, self.palette.bar, self.size.width)


class JobScreen(RunKeys, JobKeys, Filtered):
    """Details of a job."""

    AUTO_FOCUS = "RunList"
    CSS_PATH = "job.tcss"
    place = "job"
    grammar = RUN_GRAMMAR
    has_panes = True
    has_items = True
    # Enter opens the run under the cursor, and so does l; r repeats it, d shows its record: it is what the cursor is on
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Where.JOBS, without=["jobs.details", "jobs.log", "jobs.rerun", "jobs.why"]),
        *bindings(Where.RUNS, Where.PLOTS, without=["runs.stop"]),
    ]

    def __init__(self, job: JobView) -> None:
        super().__init__()
        self.job = job
        self._aimed = Aimed.now(job)
        self._all: Sequence[RunRecord] = ()
        self._seen: Hashable = None
        self._next: Hashable = None
        self._stands: Hashable = None
        self._deeds_old = True
        self._second = -1

    @property
    def about(self) -> str:
        """The job."""
        return self.job.id

    def compose(self) -> ComposeResult:
        """Name, facts beside plots, bars, runs, keys."""
        console = host(self)
        settings = console.settings
        self.heading = Title()
        self.facts = Facts(console.engine, self.job, settings.zone)
        self.plots = (Plot(self.job, cpu=True), Plot(self.job, cpu=False))
        self.strip = RunStrip()
        self.runs = RunList(settings.monotonic, settings.zone)
        self.heads = Heads(lambda: self.runs.layout_head)
        yield self.heading
        with Horizontal(id="above"):
            yield self.facts
            with Vertical(id="plots"):
                yield from self.plots
        yield self.strip
        yield self.filter_bar
        yield self.heads
        yield self.runs
        yield KeysBar()

    def on_mount(self) -> None:
        """Say whose facts these are."""
        self._fit(self.app.size)
        self._say_name()

    def on_resize(self, event: events.Resize) -> None:
        """Plots stand beside the facts where there is room; else a line in them."""
        self._fit(event.size)
        self.facts.flush()

    def _fit(self, size: Size) -> None:
        wide = size.width >= _ROOM_FOR_PLOTS
        self.facts.styles.max_height = max(1, size.height - _BESIDES)
        self.set_class(wide, "-wide")
        self.facts.curves = not wide

    def _say_name(self) -> None:
        jobs = host(self).engine.jobs
        row = next((row for row, job in enumerate(jobs, 1) if job.id == self.job.id), 0)
        self.heading.show(self.job, f"{row} of {len(jobs)}")

    def flush(self, changes: Changes) -> None:
        """Show what changed."""
        engine = host(self).engine
        if changes.resync:
            try:
                self._take(engine.job(self.job.id))
            except KeyError:
                self.leave_for(self.job.id)
                return
        second = engine.now() // SECOND
        tick, self._second = second != self._second, second
        if changes.resync or (tick and self._deeds_old):
            self._look_at_deeds()
        if changes.resync or self.job.id in changes.jobs or tick:
            self._look()

    def _look(self) -> None:
        engine, job = host(self).engine, self.job
        self.heading.refresh()
        self.facts.flush()
        for plot in self.plots:
            plot.flush()
        self._aimed = Aimed.now(job)
        self.runs.at = engine.now()
        self.runs.refresh_changed()
        upcoming = (job.next_run, job.enabled, job.suspended, job.held, job.status)
        if upcoming != self._next:
            self._next = upcoming
            self.begin(self._read_coming, "coming")
        phases = tuple((run.run_id, run.phase) for run in (*job.active, *job.queued))
        seen = (job.last_run_id, job.last_ended_at, phases)
        if seen != self._seen:
            self._seen = seen
            self.begin(self._read, "history")
        stands = (phases, job.held, job.suspended, job.enabled, job.priority, job.changed)
        if stands != self._stands:
            # a verb is seen before it is on record, so what was done is read with the next second
            self._stands, self._deeds_old = stands, True

    def given(self) -> None:
        """Read anew what is on record: the runs, and what was done."""
        self.begin(self._read, "history")
        self._look_at_deeds()

    def _look_at_deeds(self) -> None:
        self._deeds_old = False
        self.begin(self._read_deeds, "deeds")

    async def _read_deeds(self) -> None:
        # what cannot be read is said of the runs
        with suppress(EngineError, OSError):
            self.facts.deeds = await host(self).engine.audit(job=self.job.id, limit=_DEEDS)
            self.facts.flush()

    async def _read(self) -> None:
        engine = host(self).engine
        try:
            runs = await engine.history(job=self.job.id, limit=MOST_RUNS)
        except (EngineError, OSError) as error:
            self.runs.fail(one_line(str(error)))
            return
        now = engine.now()
        self._all = runs
        self.sift()
        stats = self.job.stats()
        self.strip.show(runs, now, None if stats is None else stats.seconds)

    def sift(self) -> None:
        """Only runs that pass; the bars above are of all."""
        engine = host(self).engine
        passing = passing_runs(self.filter, self._all, engine.jobs)
        self.runs.show(passing, engine.now(), of=len(self._all))
        self.say_count(len(passing), len(self._all))

    async def _read_coming(self) -> None:
        # ten where there is room for them, three in the smallest usual terminal
        limit = 10 if self.size.height >= 40 else 3
        self.facts.coming = await self.job.coming(limit=limit)
        self.facts.flush()

    def _take(self, job: JobView) -> None:
        """Be about this job from now on."""
        self.job = self.facts.job = job
        self.facts.look_around()
        for plot in self.plots:
            plot.job = job

    def on_run_list_layout_changed(self, message: RunList.LayoutChanged) -> None:
        """The heads follow."""
        message.stop()
        self.heads.refresh()

    # ---- keys

    def aimed(self) -> Aimed | None:
        """The job, and what of it was last drawn."""
        return self._aimed

    @property
    def current_job(self) -> JobView | None:
        """The job."""
        return self.job

    @property
    def job_id(self) -> str | None:
        """Its id."""
        return self.job.id

    def action_plots(self, hours: bool) -> None:
        """`<` and `>`: the last hours, the last minutes."""
        for plot in self.plots:
            plot.hours = hours
            plot.flush()

    def action_item(self, by: int) -> None:
        """`[` and `]`: the job before it in the file, the next one."""
        jobs = host(self).engine.jobs
        row = next((row for row, job in enumerate(jobs) if job.id == self.job.id), -1)
        if not jobs:
            return
        self._take(jobs[(row + by) % len(jobs)])
        host(self).current_job = self.job.id
        self.facts.coming = self.facts.deeds = ()
        self._seen = self._next = None
        self._all = ()
        self.runs.show((), host(self).engine.now())
        self.runs.loaded = False
        self._say_name()
        self._look()
        self._look_at_deeds()

    def set_frozen(self, frozen: bool) -> None:
        """Said in the title."""
        self.heading.refresh()

    def copied(self) -> str:
        """The job."""
        return one_line(self.job.id)

    def action_open_run(self) -> None:
        """Enter, l: the log of the run under the cursor."""
        if self.runs.current is not None:
            super().action_open_run()
        else:
            self.action_log()

    def action_stop(self) -> None:
        """`x`: the run under the cursor where it is one of several; else the job and what runs of it."""
        from jobqueue_tui.console.screens.stop_menu import ask_stop_run  # noqa: PLC0415 - seldom needed

        at = self.aimed_run
        if at is not None and [run_id for run_id, _ in self._aimed.seen.runs] != [at.run_id]:
            ask_stop_run(self, at, self._aimed)
        else:
            JobKeys.action_stop(self)

    def action_rerun(self) -> None:
        """`r`: the run under the cursor once more; without one, the newest."""
        if self.runs.current is not None:
            super().action_rerun()
        else:
            JobKeys.action_rerun(self)
