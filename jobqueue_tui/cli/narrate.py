"""What happens in an engine, as one line per change of a run's state.

Seen through `EngineView`, ten times a second: a feed says which jobs changed, and their runs are compared with what was
told last. A run that begins and ends between two looks is told from what its job remembers or, when several did, from
the history; it has its lines all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Final

from engine.api import EngineView, JobView
from engine.clock import Instant
from engine.model.outcome import STARTED_OUTCOMES, Outcome
from engine.model.record import Counters, Json, RunRecord, iso
from engine.model.states import RunPhase
from engine.values import lean, mutable
from jobqueue_tui.cli.show.cells import one_line
from jobqueue_tui.cli.show.values import duration

_REMEMBERED: Final = 256
"""Ends per job that are not told twice; also how many are told at most between two looks."""

_NOT_BEGUN: Final = frozenset({RunPhase.QUEUED, RunPhase.STARTING})
"""A run last seen in one of these has no line for its beginning yet."""

_PATIENCE: Final = 50
"""Looks after which a fate that the history does not show is given up."""


NO_RUNS: Final[Mapping[str, RunPhase]] = MappingProxyType({})
_NONE: Final = Counters()


@lean(frozen=True, slots=True)
class Line:
    """One change. `outcome`, `reason` and `seconds` belong to an end."""

    at: Instant
    job: str
    run_id: str
    state: RunPhase
    pid: int | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    seconds: float | None = None

    def text(self) -> str:
        """For people."""
        facts: list[str] = [self.outcome or self.state]
        if self.reason and self.reason != "exit(0)":
            facts.append(one_line(self.reason))
        if self.pid is not None:
            facts.append(f"pid {self.pid}")
        if self.seconds is not None:
            facts.append(duration(self.seconds))
        return f"{iso(self.at - self.at % 1_000_000)} {self.run_id} {' '.join(facts)}"

    def to_json(self) -> dict[str, Json]:
        """For programs: `at type job run_id data`, as events have it."""
        data: dict[str, Json] = {"state": self.state}
        if self.outcome is not None:
            data |= {"outcome": self.outcome, "reason": self.reason, "wall_seconds": self.seconds}
        elif self.pid is not None:
            data["pid"] = self.pid
        return {"at": iso(self.at), "type": self.state, "job": self.job, "run_id": self.run_id, "data": data}


@mutable(slots=True)
class _Told:
    """What was told of one job. `counters`: up to where all ends are told; `since`: ends told beyond that."""

    counters: Counters
    since: int = 0
    missed: bool = False
    live: Mapping[str, RunPhase] = field(default_factory=lambda: NO_RUNS)
    ends: tuple[str, ...] = ()
    looks: int = 0
    job: JobView | None = None
    """As it was last seen: a job that was removed is off the list before its last run has ended."""


class Narrator:
    """Make it right after the engine has started: from then on every change has its line."""

    def __init__(self, view: EngineView) -> None:
        self._view = view
        self._feed = view.changes()
        self._since = view.now()
        # only jobs with a past or with runs: ten thousand that wait cost nothing here
        self._told = {job.id: _Told(job.counters) for job in view.jobs if job.counters != _NONE}
        self._owing: set[str] = set()

    async def lines(self) -> list[Line]:
        """What is new since the last call, in the order of time."""
        changes = self._feed.take()
        if changes.resync:
            jobs = [*dict.fromkeys([job.id for job in self._view.jobs] + [*self._told])]
        else:
            jobs = sorted(changes.jobs | self._owing)
        found = [line for job_id in jobs if (job := self._seen(job_id)) is not None for line in await self._job(job)]
        return sorted(found, key=lambda line: line.at)

    def _seen(self, job_id: str) -> JobView | None:
        try:
            return self._view.job(job_id)
        except KeyError:
            told = self._told.get(job_id)
            return None if told is None else told.job

    def close(self) -> None:
        """Stop looking."""
        self._feed.close()

    async def _job(self, job: JobView) -> list[Line]:
        told = self._told.get(job.id)
        if told is None:
            if job.counters == _NONE and not job.active and not job.queued:
                return []
            told = self._told[job.id] = _Told(_NONE)
        told.job = job
        lines = await self._ends(job, told)
        runs = {run.run_id: run for run in (*job.active, *job.queued) if run.run_id not in told.ends}
        now = self._view.now()
        for run_id, run in runs.items():
            if told.live.get(run_id) is not run.phase:
                lines.append(Line(now, job.id, run_id, run.phase, run.pid))
        told.live = {run_id: run.phase for run_id, run in runs.items()}
        return lines

    async def _ends(self, job: JobView, told: _Told) -> list[Line]:
        counters = job.counters
        ended = _ended(counters) - _ended(told.counters)
        missed = counters.missed > told.counters.missed and not told.missed
        owed = ended - told.since
        if owed <= 0 and not missed:
            return []
        lines = self._remembered(job, told) if owed == 1 and ended == 1 and not missed else []
        skipped = counters.skipped > told.counters.skipped
        if not lines or skipped:
            lines = await self._recorded(job.id, told, owed)
        found = [line for line in lines if line.outcome is not None]
        told.ends = (*told.ends, *(line.run_id for line in found))[-_REMEMBERED:]
        told.since += sum(line.outcome is not Outcome.MISSED for line in found)
        told.missed |= any(line.outcome is Outcome.MISSED for line in found)
        told.looks += 1
        if (told.since >= ended and (told.missed or not missed)) or told.looks > _PATIENCE:
            # what the history had beyond `counters` has been told ahead of its time
            told.since = max(0, told.since - ended)
            told.counters, told.missed, told.looks = counters, False, 0
            self._owing.discard(job.id)
        else:
            self._owing.add(job.id)  # not yet on record: look again, also if nothing else changes
        return lines

    def _remembered(self, job: JobView, told: _Told) -> list[Line]:
        run_id, outcome = job.last_run_id, job.last_outcome
        if run_id is None or outcome not in STARTED_OUTCOMES or run_id in told.ends:
            return []
        if any(run.run_id == run_id for run in job.active):
            return []
        end = Line(
            job.last_ended_at or self._view.now(),
            job.id,
            run_id,
            RunPhase.ENDED,
            outcome=outcome,
            reason=job.last_reason,
            seconds=job.last_seconds,
        )
        return [*_begin(job.id, run_id, job.last_started_at, told), end]

    async def _recorded(self, job_id: str, told: _Told, owed: int) -> list[Line]:
        most = min(_REMEMBERED, owed + len(told.live) + 16)
        records = await self._view.history(job=job_id, limit=most)
        lines: list[Line] = []
        for run in reversed(records):
            new = run.run_id not in told.ends and max(run.ended_at or 0, run.queued_at) >= self._since
            if run.outcome is not None and new:
                lines += _begin(job_id, run.run_id, run.started_at, told)
                lines.append(_end(run))
        return lines


def _begin(job_id: str, run_id: str, started_at: Instant | None, told: _Told) -> list[Line]:
    """A run that came and went between two looks has a line for its beginning as well."""
    if started_at is None or told.live.get(run_id, RunPhase.QUEUED) not in _NOT_BEGUN:
        return []
    return [Line(started_at, job_id, run_id, RunPhase.RUNNING)]


def _end(run: RunRecord) -> Line:
    return Line(
        run.ended_at or run.queued_at,
        run.job,
        run.run_id,
        RunPhase.ENDED,
        outcome=run.outcome,
        reason=run.reason,
        seconds=run.wall_seconds,
    )


def _ended(counters: Counters) -> int:
    """Runs that are over; `missed` counts occurrences, of which one record may stand for many."""
    return counters.success + counters.failed + counters.timed_out + counters.stopped + counters.lost + counters.skipped
