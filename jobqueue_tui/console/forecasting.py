"""What the tree says of the time to come: when each job that is still to run will be over, and the chain that takes longest."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Final

from engine.api import Changes, JobView
from engine.clock import SECOND, Instant, moment
from engine.model.critical_path import NOTHING_TO_RUN, Forecast, Step, forecast_in_slices
from engine.model.states import JobStatus, RunPhase
from engine.spec.job import Join
from jobqueue_tui.console import words
from jobqueue_tui.console.outline import Facing, Graph, Outline
from jobqueue_tui.console.widgets.line_list import Monotonic

MARK: Final = "»"
"""Stands before the end of a job on the critical path."""

_SHARE: Final = 50
"""A forecast is made anew when fifty times as long has passed as the last one took, and never more than once a second."""

_MOST_SECONDS: Final = 30.0
"""One that is not ready after that is given up for the next."""

_BURST: Final = 0.001
_PAUSE: Final = 0.004
"""Seconds that a forecast takes at a stretch, and then leaves to others. A key goes through some twenty turns of the loop:
with a slice in each of them it came 50 to 200 ms late (30,000 jobs)."""


class Forecaster:
    """Keeps which jobs are under way, and the last forecast, with ends as instants."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._due: set[str] = set()
        self._again_at = 0.0
        self._made_at: Instant = 0
        self._found = NOTHING_TO_RUN
        self.on_path: frozenset[str] = frozenset()

    def note(self, changes: Changes, jobs: Mapping[str, JobView]) -> None:
        """Take in which jobs run or wait now; after a resync all of them are asked."""
        if changes.resync:
            self._due = {name for name, job in jobs.items() if _is_due(job)}
            self._again_at = 0.0
            return
        for name in changes.jobs:
            job = jobs.get(name)
            if job is not None and _is_due(job):
                self._due.add(name)
            else:
                self._due.discard(name)

    @property
    def is_old(self) -> bool:
        """Whether it is time for another look."""
        return self._monotonic() >= self._again_at

    async def look(self, outline: Outline, jobs: Mapping[str, JobView], now: Instant) -> None:
        """Make the forecast for what the outline shows, in slices beside whatever else is to be done."""
        began = self._monotonic()
        self._again_at = began + _MOST_SECONDS
        work = forecast_in_slices(_steps(outline, set(self._due), jobs, now))
        took, found = 0.0, None
        while found is None:
            since = self._monotonic()
            found = self._burst(work, since)
            took += self._monotonic() - since
            if found is None:
                await asyncio.sleep(_PAUSE)
        self._made_at, self._found, self.on_path = now, found, frozenset(found.path)
        self._again_at = self._monotonic() + took * _SHARE

    def _burst(self, work: Generator[None, None, Forecast], since: float) -> Forecast | None:
        try:
            while self._monotonic() - since < _BURST:
                next(work)
        except StopIteration as done:
            found: Forecast = done.value
            return found
        return None

    @property
    def path(self) -> tuple[str, ...]:
        """The chain that takes longest, first to last."""
        return self._found.path

    def cell(self, job_id: str, now: Instant) -> str:
        """How long until a job is over, in at most eight cells; empty where it is not to run."""
        end = self._end_of(job_id)
        if end is None:
            return ""
        mark = MARK if job_id in self.on_path else ""
        if job_id in self._found.unsure:
            return f"{mark}≥{words.countdown(end, now)}" if end > now else f"{mark}?"
        return f"{mark}{words.countdown(end, now)}"

    def _end_of(self, job_id: str) -> Instant | None:
        # reckoned when it is asked for: a screen shows fifty of thirty thousand
        seconds = self._found.ends.get(job_id)
        return None if seconds is None else self._made_at + int(seconds * SECOND)

    def summary(self, now: Instant, zone: tzinfo | None, *, short: bool) -> str:
        """The critical path in a few words, `short` in at most 20 cells; empty where there is none."""
        last = self.path[-1] if self.path else None
        end = None if last is None else self._end_of(last)
        if end is None:
            return ""
        unsure = last in self._found.unsure
        left = f"{MARK} {words.grouped(len(self.path))} left"
        if unsure and end <= now:
            return f"{left} ≥?" if short else f"{left}, end unknown"
        at = moment(end).astimezone(zone)
        same = at.date() == moment(now).astimezone(zone).date()
        if short:
            return f"{left} {'≥' if unsure else '→'}{at:{'%H:%M' if same else '%a %d'}}"
        return f"{left}, ends {'after ' if unsure else ''}{at:{'%H:%M:%S' if same else '%a %d %H:%M'}}"


def _is_due(job: JobView) -> bool:
    return bool(job.active or job.queued)


def _steps(outline: Outline, due: set[str], jobs: Mapping[str, JobView], now: Instant) -> Iterator[Step]:
    """The jobs under way that others hang on or that hang on others, and what follows them, within what is shown."""
    graph = outline.graph
    shown = _shown(outline)
    seen: set[str] = set()
    todo = [name for name in due if name in jobs and (graph.needs.get(name) or graph.followers.get(name))]
    todo.sort()
    for name in todo:  # grows while it is walked
        if name in seen or (shown is not None and name not in shown):
            continue
        job = jobs[name]
        is_due = name in due
        if not is_due and not (job.triggered and job.enabled and not job.held and job.status is not JobStatus.STOPPED):
            continue
        seen.add(name)
        todo.extend(graph.followers.get(name, ()))
        yield _step(job, now, due=is_due)


def _step(job: JobView, now: Instant, *, due: bool) -> Step:
    active = job.active
    started = [run.started_at for run in active if run.started_at is not None]
    stats = job.stats()
    usual = None if stats is None else stats.seconds.p50
    if any(run.phase is RunPhase.PAUSED for run in active) or (due and not active and job.held):
        usual = None  # until somebody lets it go on
    # a run that waits has what triggered it; one that a schedule started waits for what it needs
    waits = not active if not job.triggered else not due
    return Step(
        id=job.id,
        follows=job.follows if waits else (),
        any_of=job.join is Join.ANY,
        due=due,
        usual=usual,
        ran=(now - max(started)) / SECOND if started else None,
    )


def _shown(outline: Outline) -> set[str] | None:
    """The jobs that the outline shows; None for all."""
    graph: Graph = outline.graph
    match outline.facing:
        case Facing.ALL:
            return None
        case Facing.DOWN:
            below: Mapping[str, Sequence[str]] = graph.followers
        case Facing.UP:
            below = graph.needs
    todo = [] if outline.centre is None else [outline.centre]
    found = set(todo)
    for name in todo:
        for one in below.get(name, ()):
            if one not in found:
                found.add(one)
                todo.append(one)
    return found
