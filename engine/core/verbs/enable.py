"""enable, disable: a disabled job is as if absent; kept over restarts, and shown as differing from the file."""

from __future__ import annotations

from engine.core.dispatch import take_out
from engine.core.fates import cancel_queued, set_next
from engine.core.going_on import go_on
from engine.core.marks import mark
from engine.core.state import Job
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode
from engine.model.outcome import Because, Outcome, Reason


def enable(turn: Turn, job: Job) -> None:
    """It follows its schedule from now on; what was due meanwhile was no occurrence. Refused: enabled already."""
    if job.enabled:
        raise Refused(RefusedCode.STATE, f"{job.id} is enabled already")
    job.enabled_set = None if job.spec.enabled else True
    switch_on(turn, job)


def switch_on(turn: Turn, job: Job) -> None:
    """It is enabled now."""
    if job.planned_until is not None:
        job.planned_until = max(job.planned_until, turn.now)
    mark(turn, job, "enabled")
    turn.fx.offs_changed = True
    go_on(turn, job)
    turn.fx.save_job(job)


def disable(turn: Turn, job: Job) -> None:
    """Nothing of it starts, what waits becomes `skipped(operator)`, what runs goes on. Refused: disabled already."""
    if not job.enabled:
        raise Refused(RefusedCode.STATE, f"{job.id} is disabled already")
    job.enabled_set = False if job.spec.enabled else None
    switch_off(turn, job)


def switch_off(turn: Turn, job: Job) -> None:
    """It is disabled now."""
    for run in list(job.queue):
        cancel_queued(turn, run, Outcome.SKIPPED, Reason(Because.OPERATOR))
    take_out(turn, job)
    job.skip_at = job.after_skip = None
    set_next(turn, job, None)
    mark(turn, job, "enabled")
    turn.fx.offs_changed = True
    turn.fx.save_job(job)
