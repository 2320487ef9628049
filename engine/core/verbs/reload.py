"""reload: the jobs of a file that was written anew take the place of those that the engine has of it, in one turn.

What runs goes on by the spec that it began with, over its retries and hooks; what waits goes by the new one. State,
counters, and what operators changed stay. Times that a changed schedule names in the past were never to be; nor does a
job lose an occurrence because something else of it changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.ageing import age_or_stand
from engine.core.boot import begin_delay, begin_plan, link_needs, plan_job, run_once
from engine.core.changes import forget_seen
from engine.core.dispatch import offer_next, renew, take_out
from engine.core.fates import set_next
from engine.core.occurrences import plan_next
from engine.core.settling import give_up, resume_schedule
from engine.core.state import Job
from engine.core.timers import OverAt
from engine.core.turn import Turn
from engine.core.verbs.add import begin_linked
from engine.core.verbs.enable import switch_off, switch_on
from engine.core.verbs.hold import cover
from engine.core.verbs.postpone import forget_postponed
from engine.core.verbs.priority import set_priority
from engine.core.watching import watch
from engine.model.outcome import Because
from engine.planning import schedule_mark, schedule_text
from engine.spec.job import DelaySchedule, JobSpec
from engine.values import lean


@lean(frozen=True, slots=True)
class _Before:
    """What a job was before it had another spec."""

    job: Job
    spec: JobSpec
    enabled: bool
    followed: bool
    """It followed its schedule."""
    idle: bool
    """... and had no next time, as the schedule or `max_runs` was used up."""


def change(turn: Turn, specs: Sequence[JobSpec], new: Sequence[Job], zone: str) -> None:
    """Give jobs that are there other specs, and let the `new` ones, which stand among them, begin. All that any of them
    needs are there.

    `specs` that are the same as before are planned anew as well: a calendar that they name may be another.
    """
    before: list[_Before] = []
    for spec in specs:
        job = turn.state.jobs[spec.id]
        idle = job.follows_schedule and job.next_due is None and not (job.unplanned or job.settling)
        before.append(_Before(job, job.spec, job.enabled, job.follows_schedule, idle))
        take_out(turn, job)
        job.spec = spec
        turn.state.memory_asked |= spec.reserve is not None and spec.reserve.memory > 0
    link_needs(turn.state.jobs)
    for one in before:
        _take_over(turn, one, zone)
    begin_linked(turn, new, zone)


def arrange(turn: Turn, order: Sequence[str]) -> None:
    """Jobs stand in the order of the file, those that it does not name behind them in the order that they have."""
    jobs = turn.state.jobs
    named = set(order)
    placed = [*order, *(job_id for job_id in jobs if job_id not in named)]
    turn.state.jobs = {job_id: jobs[job_id] for job_id in placed if job_id in jobs}
    for index, job in enumerate(turn.state.jobs.values()):
        if job.index != index:
            job.index = index
            turn.fx.touch(job)
    turn.fx.resync = True


def _take_over(turn: Turn, before: _Before, zone: str) -> None:
    job, old, spec = before.job, before.spec, before.job.spec
    job.schedule_text = schedule_text(spec)
    needed = {need.job for need in spec.needs}
    job.met = {name: outcome for name, outcome in job.met.items() if name in needed}
    job.heard &= needed
    if (spec.needs, spec.join) != (old.needs, old.join):
        job.round_skipped = False
    cover(job, turn.state)
    for run in job.queue:
        if run.attempt is None or not run.attempt.ordered:  # else when the executor has given it back
            renew(turn, run)
    if job.priority == old.priority != spec.priority:
        set_priority(turn, job, spec.priority)
    if job.enabled_set == spec.enabled:
        job.enabled_set = None
    if job.timeout_set is not None and (job.timeout_set or None) == spec.timeout.run:
        job.timeout_set = None
    if spec.watch != old.watch:
        forget_seen(turn, job)
    age_or_stand(turn, job)
    _plan_anew(turn, before, zone)
    if job.enabled != before.enabled:
        (switch_on if job.enabled else switch_off)(turn, job)
    offer_next(turn, job)
    watch(turn, job)
    turn.fx.save_job(job)


def _plan_anew(turn: Turn, before: _Before, zone: str) -> None:
    """None is owed of the past where the schedule names other times, or where the job had none left, or was as if absent.

    Where it was held, and no hold covers it now, what fell due meanwhile follows `catch_up`.
    """
    job = before.job
    spec, other = job.spec, schedule_mark(before.spec) != schedule_mark(job.spec)
    if other and job.postponed is not None:
        forget_postponed(turn, job)
    if (other or before.idle or not before.enabled) and job.planned_until is not None:
        job.planned_until = max(job.planned_until, turn.now)
    plan_job(turn, job, zone)
    job.planned_by = schedule_mark(spec)
    end = job.limits.end
    job.over = job.plan is None and end is not None and turn.now > end
    if job.plan is None and end is not None and not job.over:
        turn.fx.timers.add(end + 1, OverAt(job))
    if job.settling:
        if job.plan is not None:
            return  # it plans when that is over
        give_up(turn, job)
    set_next(turn, job, None)
    if not job.follows_schedule:
        return
    if spec.one_shot:
        if job.planned_until is None and not job.active and not job.queue:
            run_once(turn, job)
    elif isinstance(spec.schedule, DelaySchedule):
        begin_delay(turn, job, spec.schedule)
    elif job.plan is not None and job.planned_until is None:
        begin_plan(turn, job)
    elif job.plan is not None and not before.followed:
        resume_schedule(turn, job, Because.PAUSED)
    elif job.plan is not None:
        plan_next(turn, job)
