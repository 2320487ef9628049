"""From what a tick changed to what is told of it.

A run may go through several states in one tick (a short one is queued, started and over in a single packet), and the
core says only that it changed. What has been told of each run is remembered, and everything between that and its state
now is told in order: the core needs no second list of its transitions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any, Final

from engine.clock import Instant
from engine.core.state import Job, Run
from engine.core.stopping import wall_seconds
from engine.model.events import (
    JobChanged,
    RunEnded,
    RunPaused,
    RunQueued,
    RunResumed,
    RunRetrying,
    RunStarted,
    RunStopping,
)
from engine.model.record import Json
from engine.model.states import Ended, Paused, Retrying, Running, RunPhase, Stopping
from engine.runtime.events import Telling
from engine.values import mutable


@mutable(slots=True)
class _Told:
    phase: RunPhase = RunPhase.QUEUED
    started: int = 0
    """Attempts whose start was told."""


@mutable(slots=True)
class Teller:
    """Remembers what was told of runs that are not over, and of jobs that an operator changed."""

    _runs: dict[int, _Told] = field(default_factory=dict)
    _jobs: dict[str, tuple[Json, ...]] = field(default_factory=dict)

    def know(self, runs: Iterable[Run], jobs: Iterable[Job]) -> None:
        """These are nothing new."""
        for run in runs:
            self._runs[run.no] = _Told(run.phase, run.attempts_made if run.pid is not None else len(run.past))
        for job in jobs:
            self._jobs[job.id] = _set_by_operators(job)

    def runs(self, changed: Iterable[Run], now: Instant) -> list[Telling]:
        """What is new about these runs."""
        tellings: list[Telling] = []
        for run in changed:
            self._run(run, now, tellings)
        return tellings

    def jobs(self, changed: Iterable[Job], now: Instant) -> list[Telling]:
        """What operators changed about these jobs."""
        tellings: list[Telling] = []
        for job in changed:
            is_now = _set_by_operators(job)
            before = self._jobs.get(job.id)
            if before == is_now:
                continue
            self._jobs[job.id] = is_now
            if before is not None:
                changes = {name: new for name, old, new in zip(_NAMES, before, is_now, strict=True) if old != new}
                tellings.append((JobChanged, {"at": now, "job": job.id, "changes": changes}))
        return tellings

    def _run(self, run: Run, now: Instant, tellings: list[Telling]) -> None:
        phase, past = run.state.phase, run.past
        told = self._runs.get(run.no)
        if told is None:
            if phase is RunPhase.ENDED and run.attempts_made:
                return  # a run that started was told of before it ended: only its record was written anew
            told = self._runs[run.no] = _Told()
            queued = {"at": run.queued_at, "job": run.job.id, "run_id": run.run_id, "kind": run.kind}
            tellings.append((RunQueued, {**queued, "planned_at": run.planned_at}))
        while told.started < len(past):
            attempt = past[told.started]
            told.started += 1
            if attempt.started_at is not None:
                told.phase = RunPhase.RUNNING
                tellings.append(_begun(run, attempt.started_at, attempt.attempt_id, told.started, attempt.pid))
        current = run.attempt if run.attempt is not None and run.attempt.step.main else None
        if current is not None and current.started_at is not None and current.number > told.started:
            told.started = current.number
            told.phase = RunPhase.RUNNING
            tellings.append(_begun(run, current.started_at, current.id, current.number, current.pid))
        if phase is told.phase or phase is RunPhase.STARTING:
            return
        attempt_id = current.id if current is not None else past[-1].attempt_id if past else None
        about: dict[str, Any] = {"job": run.job.id, "run_id": run.run_id, "attempt_id": attempt_id}
        match run.state:
            case Ended(at=at, outcome=outcome, reason=why_ended):
                about["at"] = at
                about["outcome"] = outcome
                about["reason"] = None if why_ended is None else str(why_ended)
                about["exit_code"] = run.exit_code
                about["signal"] = run.signal
                about["wall_seconds"] = wall_seconds(run, now)
                about["count"] = run.count
                tellings.append((RunEnded, about))
                del self._runs[run.no]
                return
            case Paused(since=since, until=until):
                tellings.append((RunPaused, {"at": since, **about, "until": until}))
            case Running(since=since) if told.phase is RunPhase.PAUSED:
                tellings.append((RunResumed, {"at": since, **about}))
            case Stopping(since=since, reason=reason):
                tellings.append((RunStopping, {"at": since, **about, "reason": str(reason)}))
            case Retrying(since=since, until=until):
                last = past[-1] if past else None
                why = {"outcome": last and last.outcome, "reason": last and last.reason}
                tellings.append((RunRetrying, {"at": since, **about, "until": until, **why}))
            case _:
                return  # starting, or queued again: told when there is a process
        told.phase = phase


def _begun(run: Run, at: Instant, attempt_id: str, number: int, pid: int | None) -> Telling:
    about = {"at": at, "job": run.job.id, "run_id": run.run_id}
    return RunStarted, {**about, "attempt_id": attempt_id, "attempt": number, "pid": pid}


_NAMES: Final = ("held", "stopped", "priority", "suspended", "enabled", "timeout")


def _set_by_operators(job: Job) -> tuple[Json, ...]:
    return job.held_since is not None, job.stopped, job.priority, job.suspended, job.enabled, job.timeout
