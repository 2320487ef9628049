"""resume: a paused tree goes on; a held or stopped job may start again."""

from __future__ import annotations

from engine.core.dispatch import offer_next
from engine.core.fates import plan_after_end
from engine.core.occurrences import plan_next, resume_schedule
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode
from engine.model.outcome import Because
from engine.model.states import RunPhase
from engine.ports.executor import Resume
from engine.spec.job import DelaySchedule


def resume_run(turn: Turn, run: Run) -> None:
    """Order that a paused run goes on. Refused: not paused."""
    if run.phase is not RunPhase.PAUSED:
        raise Refused(RefusedCode.STATE, f"{run.run_id} is {run.phase}, not paused")
    assert run.attempt is not None
    turn.fx.orders.append(Resume(run.attempt.id))


def release_job(turn: Turn, job: Job) -> None:
    """A held or stopped job may start again; what fell due meanwhile follows `catch_up`. Refused: neither held nor stopped."""
    if not (job.held or job.stopped):
        raise Refused(RefusedCode.STATE, f"{job.id} is neither paused nor stopped")
    job.held_since = job.hold_until = None
    job.stopped = False
    for run in job.queue:
        run.ages_from = turn.now  # it ages only while it may start
    resume_schedule(turn, job, Because.PAUSED)
    if isinstance(job.spec.schedule, DelaySchedule):
        plan_after_end(turn, job)
    elif job.next_due is None and job.planned_until is not None:
        plan_next(turn, job)
    offer_next(turn, job)
    turn.fx.save_job(job)
