"""Runs that wait for the jobs they need: those of a schedule, and those that a person started without `bypass`.

The gate is open when the latest run of each needed job (`join: any`: of one) has ended as required, not longer ago
than `within`. A needed run that waits or runs is the latest one: two jobs due at the same instant run in order. A run
whose gate stays closed waits until its `start_deadline`, or for ever: its reason says for whom.
"""

from __future__ import annotations

from typing import Final

from engine.clock import Instant, micros, moment
from engine.core.fulfilment import fulfils
from engine.core.state import Job, Run
from engine.model.record import RunKind
from engine.spec.job import Join, Need

_GATED: Final = frozenset(
    {RunKind.SCHEDULE, RunKind.CATCH_UP, RunKind.BACKFILL, RunKind.MANUAL, RunKind.RERUN, RunKind.WATCH}
)


def closed_by(run: Run, now: Instant) -> str | None:
    """For what the run waits, in one line; None when its gate is open or it has none."""
    job = run.job
    if not job.needed or run.bypass or run.attempts_made or run.kind not in _GATED:
        return None
    lines = [_closed(need, needed, now) for need, needed in zip(job.spec.needs, job.needed, strict=True)]
    closed = [line for line in lines if line is not None]
    if not closed or (job.spec.join is Join.ANY and len(closed) < len(lines)):
        return None
    return "waits for " + " and ".join(closed[:3])


def _closed(need: Need, needed: Job, now: Instant) -> str | None:
    if needed.active:
        return f"{needed.id} (running since {_clock(needed.active[-1].started_at or now)})"
    if needed.queue:
        return f"{needed.id} (queued)"
    if needed.last_outcome is None:
        return f"{needed.id} (has not run)"
    if not fulfils(need, needed.last_outcome):
        return f"{needed.id} to end with {need.required} (last: {needed.last_outcome})"
    if too_old(need, needed, now):
        return f"{needed.id} (its last run is too old)"
    return None


def too_old(need: Need, needed: Job, now: Instant) -> bool:
    """Did the needed job's last run end longer ago than `within`."""
    at = needed.last_ended_at
    return need.within is not None and (at is None or now - at > micros(need.within))


def _clock(at: Instant) -> str:
    return moment(at).astimezone().strftime("%H:%M:%S")
