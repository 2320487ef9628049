"""bump, priority: how early a job's runs start; what waits is re-ordered at once."""

from __future__ import annotations

from engine.core.dispatch import take_back
from engine.core.marks import mark
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode
from engine.model.states import RunPhase
from engine.spec.job import PRIORITY_MAX, PRIORITY_MIN


def set_priority(turn: Turn, job: Job, priority: int) -> int:
    """Set the job's priority (-100..100) and that of all its runs that wait, kept over restarts. Refused: out of range."""
    _check(priority)
    job.priority = priority
    mark(turn, job, "priority")
    for run in (*job.queue, *job.active):
        if run.phase in _WAITS:
            _re_key(turn, run, priority)
    turn.fx.save_job(job)
    return priority


def set_run_priority(turn: Turn, run: Run, priority: int) -> int:
    """Set the priority of one run that waits; its job keeps its own. Refused: it does not wait, out of range."""
    _check(priority)
    if run.phase not in _WAITS:
        raise Refused(RefusedCode.STATE, f"{run.run_id} is {run.phase}", "a priority orders what waits")
    mark(turn, run.job, "priority")
    _re_key(turn, run, priority)
    return priority


_WAITS = frozenset({RunPhase.QUEUED, RunPhase.RETRYING})


def _check(priority: int) -> None:
    if not PRIORITY_MIN <= priority <= PRIORITY_MAX:
        raise Refused(
            RefusedCode.OUT_OF_RANGE,
            f"priority {priority} is out of range",
            f"it goes from {PRIORITY_MIN} to {PRIORITY_MAX}",
        )


def _re_key(turn: Turn, run: Run, priority: int) -> None:
    run.priority = priority
    if run.entry:
        turn.ready.push(run)
    else:
        take_back(turn, run)
    turn.fx.save(run)
