"""reload: the jobs of a file that was written anew take the place of those that the engine has of it, in one turn.

What runs goes on by the spec that it began with, over its retries and hooks; what waits goes by the new one. State,
counters, and what operators changed stay. Times that a changed schedule names in the past were never to be; nor does a
job lose an occurrence because something else of it changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.boot import begin_delay, begin_plan, link_needs, plan_job, run_once
from engine.core.changes import FACT as CHANGES
from engine.core.dispatch import offer_next, renew, take_out
from engine.core.fates import set_next
from engine.core.occurrences import plan_next
from engine.core.state import Job
from engine.core.timers import OverAt
from engine.core.turn import Turn
from engine.core.verbs.add import begin_linked
from engine.core.verbs.enable import switch_off, switch_on
from engine.core.verbs.hold import cover
from engine.core.verbs.priority import set_priority
from engine.core.watching import watch
from engine.planning import schedule_mark, schedule_text
from engine.spec.job import DelaySchedule, JobSpec


def change(turn: Turn, specs: Sequence[JobSpec], new: Sequence[Job], zone: str) -> None:
    """Give jobs that are there other specs, and let the `new` ones, which stand among them, begin. All that any of them
    needs are there.

    `specs` that are the same as before are planned anew as well: a calendar that they name may be another.
    """
    before: list[tuple[Job, JobSpec, bool]] = []
    for spec in specs:
        job = turn.state.jobs[spec.id]
        before.append((job, job.spec, job.enabled))
        take_out(turn, job)
        job.spec = spec
        turn.state.memory_asked |= spec.reserve is not None and spec.reserve.memory > 0
    link_needs(turn.state.jobs)
    for job, old, was_enabled in before:
        _take_over(turn, job, old, zone, was_enabled=was_enabled)
    begin_linked(turn, new, zone)


def arrange(turn: Turn, order: Sequence[str]) -> None:
    """Jobs stand in the order of the file, those that it does not name behind them in the order that they have."""
    jobs = turn.state.jobs
    placed = [*order, *(job_id for job_id in jobs if job_id not in set(order))]
    turn.state.jobs = {job_id: jobs[job_id] for job_id in placed if job_id in jobs}
    for index, job in enumerate(turn.state.jobs.values()):
        job.index = index
    turn.fx.resync = True


def _take_over(turn: Turn, job: Job, old: JobSpec, zone: str, *, was_enabled: bool) -> None:
    spec = job.spec
    job.schedule_text = schedule_text(spec)
    needed = {need.job for need in spec.needs}
    job.met = {name: outcome for name, outcome in job.met.items() if name in needed}
    job.heard &= needed
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
        _watch_anew(turn, job)
    _plan_anew(turn, job, zone, forgiven=schedule_mark(old) != schedule_mark(spec))
    if job.enabled != was_enabled:
        (switch_on if job.enabled else switch_off)(turn, job)
    offer_next(turn, job)
    watch(turn, job)
    turn.fx.save_job(job)


def _watch_anew(turn: Turn, job: Job) -> None:
    """What other files looked like says nothing about these."""
    turn.fx.facts[CHANGES + job.id] = ""
    turn.state.facts.pop(CHANGES + job.id, None)
    turn.state.changed.pop(job.id, None)
    job.changes = None


def _plan_anew(turn: Turn, job: Job, zone: str, *, forgiven: bool) -> None:
    """`forgiven`: the schedule names other times, and owes none for the past."""
    if forgiven and job.planned_until is not None:
        job.planned_until = max(job.planned_until, turn.now)
    plan_job(turn, job, zone)
    job.planned_by = schedule_mark(job.spec)
    spec, end = job.spec, job.limits.end
    job.over = job.plan is None and end is not None and turn.now > end
    if job.plan is None and end is not None and not job.over:
        turn.fx.timers.add(end + 1, OverAt(job))
    if job.settling:
        return  # it plans when that is over
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
    elif job.plan is not None:
        plan_next(turn, job)
