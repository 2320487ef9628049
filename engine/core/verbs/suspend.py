"""suspend, unsuspend: the schedule alone stands still; what a person triggers, and what other jobs trigger, is started."""

from __future__ import annotations

from engine.core.going_on import go_on
from engine.core.marks import mark
from engine.core.state import Job
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode, typed


def suspend(turn: Turn, job: Job) -> None:
    """No occurrence becomes a run until `unsuspend`, over restarts too. Refused: suspended already, no schedule."""
    if job.suspended:
        raise Refused(
            RefusedCode.STATE, f"{job.id} is suspended already", f"{typed('unsuspend', job.id)} lets it go on"
        )
    if job.spec.schedule is None and job.spec.watch is None and not job.spec.one_shot:
        raise Refused(
            RefusedCode.STATE, f"{job.id} has no schedule", f"{typed('hold', job.id)} lets nothing of it start"
        )
    job.suspended = True
    mark(turn, job, "schedule")
    turn.fx.offs_changed = True
    turn.fx.save_job(job)


def unsuspend(turn: Turn, job: Job) -> None:
    """The schedule goes on; what fell due meanwhile follows `catch_up`. Refused: not suspended."""
    if not job.suspended:
        raise Refused(RefusedCode.STATE, f"{job.id} is not suspended")
    job.suspended = False
    mark(turn, job, "schedule")
    turn.fx.offs_changed = True
    go_on(turn, job)
    turn.fx.save_job(job)
