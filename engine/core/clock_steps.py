"""The wall clock was set, or the machine slept. Bounded work whatever the step; nothing runs twice for it.

Forward, and after a suspend: what fell due in between follows `catch_up`, as if the engine had been down. Back: times of
day wait until the clock shows later ones than those on record; what was counted in elapsed time goes on counting.
"""

from __future__ import annotations

from dataclasses import replace

from engine.clock import Instant, micros
from engine.core.ageing import keep_age
from engine.core.blackouts import take_edge
from engine.core.fates import set_next
from engine.core.occurrences import plan_next
from engine.core.ready import order_key
from engine.core.settling import resume_schedule
from engine.core.state import Job, Run
from engine.core.timers import DrainEnd, ResumeAt, RetryAt, Timer
from engine.core.turn import Turn
from engine.model.outcome import Because
from engine.model.states import Paused, Queued, Retrying
from engine.planning import plan_of
from engine.spec.job import DelaySchedule, EverySchedule


def take_step(turn: Turn, by: int) -> None:
    """The wall clock moved by so many microseconds more than time passed."""
    _keep_ages(turn, by)
    take_edge(turn)
    if by > 0:
        for job in turn.state.jobs.values():
            if job.plan is not None and job.next_due is not None and job.next_due <= turn.now:
                resume_schedule(turn, job, Because.ENGINE_DOWN)
        return
    turn.fx.timers.move(lambda at, timer: by if _moves(turn, at, timer, by) else 0)
    for job in turn.state.jobs.values():
        if job.listed and not job.settling:
            if job.unplanned and job.plan is not None:
                plan_next(turn, job)  # what is put back is the time after the one that was taken
            put_back(turn, job, by)


def _keep_ages(turn: Turn, by: int) -> None:
    """Nothing has waited longer or shorter for a step; a machine that sleeps lets nothing age."""
    turn.state.blackout_since += by
    for run in turn.state.runs.values():
        keep_age(turn, run, by)
        if run.live:
            continue
        _keep_passed(turn, run, by)
        if run.entry:
            turn.ready.push(run)
        else:
            run.key = order_key(run, turn.ready.ageing, turn.ready.pools)


def _keep_passed(turn: Turn, run: Run, by: int) -> None:
    """A wait that is over stays over when the clock is put back: the run was held, and its timer is gone."""
    before = turn.now - by
    match run.state:
        case Retrying(until=until) as state if by < 0 and until <= before:
            run.state = replace(state, until=until + by)
            turn.fx.save(run)
        case Queued() if by < 0 and 0 < run.not_before <= before:
            run.not_before += by
            turn.fx.save(run)
        case _:
            pass


def _moves(turn: Turn, at: Instant, timer: Timer, by: int) -> bool:
    """Is it the end of a length of time rather than a time of day; its owner, if it still expects it, is told when."""
    match timer:
        case RetryAt(run=Run(state=Retrying(until=until) as state) as run) if until == at:
            # a wait shortened by what the clock lost, not a step of the run
            run.state = replace(state, until=until + by)
        case RetryAt(run=Run(state=Queued()) as run) if run.not_before == at:
            run.not_before = at + by
            if run.course.checked_since is not None:
                run.course.checked_since += by
        case ResumeAt(target=Run(state=Paused(until=int(until)) as state) as run) if until == at:
            run.pause_until = until + by
            run.state = replace(state, until=until + by)
        case ResumeAt(target=Job(hold_until=int(until)) as job) if until == at:
            job.hold_until = until + by
            turn.fx.save_job(job)
            return True
        case DrainEnd():
            return True
        case _:
            return False
    turn.fx.save(run)
    return True


def put_back(turn: Turn, job: Job, by: int) -> None:
    """The clock shows a time before the newest occurrence with a fate (`by` < 0), also at a start of the engine (`by` 0)."""
    if isinstance(job.spec.schedule, DelaySchedule):
        _keep_delay(turn, job)
        if job.next_planned is not None and by:
            set_next(turn, job, job.limits.first(max(turn.now, job.next_planned + by)))
        return
    if job.plan is None or job.planned_until is None or not job.follows_schedule:
        return
    if isinstance(job.spec.schedule, EverySchedule) and _keeps_its_rate(job):
        period = micros(job.spec.schedule.seconds)
        following = turn.now + period if not by or job.next_planned is None else job.next_planned + by
        if by or job.planned_until > turn.now:
            _keep_rate(turn, job, period, following)
        return
    if job.planned_until <= turn.now:
        return
    job.trail, job.planned_until = job.trail.put_back(job.planned_until, turn.now)
    turn.fx.save_job(job)
    plan_next(turn, job)


def _keep_delay(turn: Turn, job: Job) -> None:
    """Ends to count from come at times that have been before: their key needs the run's number."""
    if job.planned_until is None or job.planned_until <= turn.now:
        return
    replay = max(job.planned_until, job.trail.replay_until or job.planned_until)
    job.trail = replace(job.trail, replay_until=replay)
    job.planned_until = turn.now
    turn.fx.save_job(job)


def _keeps_its_rate(job: Job) -> bool:
    """A rate that began with the engine has no times of its own; one with `start_at` or `align` has, and they are on record."""
    schedule = job.spec.schedule
    return isinstance(schedule, EverySchedule) and not schedule.align and job.spec.start_at is None


def _keep_rate(turn: Turn, job: Job, period: int, following: Instant) -> None:
    """The next run comes when it would have; the rate has another phase from here on."""
    assert job.planned_until is not None
    replay = max(job.planned_until, job.trail.replay_until or job.planned_until)
    job.trail = replace(job.trail, before=None, since=None, replay_until=replay)
    job.planned_until = following - period
    job.plan = plan_of(job.spec, turn.state.zone, job.planned_until, turn.state.calendars)
    turn.fx.save_job(job)
    plan_next(turn, job)
