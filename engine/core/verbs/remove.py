"""remove: a job leaves; what runs of it ends first, its runs stay on record."""

from __future__ import annotations

from dataclasses import replace

from engine.core.changes import forget_seen
from engine.core.fates import cancel_queued, set_next
from engine.core.state import Job
from engine.core.stopping import end_tree
from engine.core.turn import Turn
from engine.core.verbs.aiming import find_job
from engine.core.verbs.postpone import forget_postponed
from engine.errors import Refused, RefusedCode
from engine.model.outcome import Because, Outcome, Reason
from engine.model.states import RunPhase


def remove_job(turn: Turn, job_id: str, *, stop: bool) -> Job:
    """Take it off the list. `stop` ends its runs, else they run to their end. Refused: unknown id, others need it."""
    job = find_job(turn, job_id)
    if job.needed_by:
        names = ", ".join(other.id for other in job.needed_by)
        raise Refused(RefusedCode.STATE, f"{job_id} is needed by {names}", "remove those first")
    reason = Reason(Because.REMOVED)
    job.listed, job.removing = False, True
    set_next(turn, job, None)
    for run in [*job.queue]:
        cancel_queued(turn, run, Outcome.SKIPPED, reason)
    for run in [*job.active]:
        if run.phase is RunPhase.RETRYING:
            cancel_queued(turn, run, Outcome.STOPPED, reason)
        elif stop:
            end_tree(turn, run, reason, None)
    for need in job.spec.needs:
        turn.state.jobs[need.job].needed_by.remove(job)
    if job.spec.watch is not None:
        forget_seen(turn, job)
    turn.fx.save_job(job)
    turn.fx.resync = True
    return job


def is_gone(job: Job) -> bool:
    """Nothing of it runs or waits."""
    return not (job.active or job.queue)


def forget_job(turn: Turn, job: Job) -> None:
    """The last of it is over: its id is free. Counters and numbers stay on record, for no run id is ever used twice."""
    job.removing = job.stopped = job.over = job.round_skipped = False
    if job.planned_until is not None:
        # a job of this id may be added while the clock shows times that have been planned before
        replay = max(job.planned_until, job.trail.replay_until or job.planned_until)
        job.trail = replace(job.trail, replay_until=replay)
    job.held_since = job.hold_until = job.planned_until = None
    job.priority = job.spec.priority
    job.suspended, job.skip_at, job.enabled_set, job.timeout_set = False, None, None, None
    job.changes = None
    forget_postponed(turn, job)
    job.met, job.heard, job.data = {}, set(), {}
    turn.state.jobs.pop(job.id, None)
    turn.fx.save_job(job)
