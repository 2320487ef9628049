"""A job may start again, or follow its schedule again: what fell due meanwhile gets its fate, and the next time is planned."""

from __future__ import annotations

from engine.core.ageing import age_or_stand
from engine.core.boot import begin_job
from engine.core.dispatch import offer_next
from engine.core.fates import plan_after_end, set_next
from engine.core.settling import resume_schedule
from engine.core.state import Job
from engine.core.turn import Turn
from engine.model.outcome import Because
from engine.spec.job import DelaySchedule


def go_on(turn: Turn, job: Job) -> None:
    """After a hold, a stop or a suspension. Does nothing that something else still forbids."""
    if not job.may_start:
        turn.fx.touch(job)
        return
    age_or_stand(turn, job)
    if job.planned_until is None:
        begin_job(turn, job, campaign=False)  # it was held before its first time
    elif job.follows_schedule:
        resume_schedule(turn, job, Because.PAUSED)
        if isinstance(job.spec.schedule, DelaySchedule):
            plan_after_end(turn, job)
        elif job.plan is None and job.next_planned is not None:
            set_next(turn, job, job.next_planned)  # a one-shot whose `start_at` came meanwhile
    offer_next(turn, job)
    turn.fx.touch(job)
