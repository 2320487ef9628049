"""How an engine begins: jobs from the file, what the store remembers, what became of the attempts that were under way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.clock import Instant, micros
from engine.core.admission import release, reserve
from engine.core.ageing import age_or_stand, restore_age
from engine.core.clock_steps import put_back
from engine.core.dispatch import begins_with, offer_next, undo_starting
from engine.core.fates import cancel_queued, set_next
from engine.core.occurrences import arise, plan_next, watch_deadline
from engine.core.ready import order_key
from engine.core.reports import lose, take_report
from engine.core.retry import longest_wait
from engine.core.settling import resume_schedule
from engine.core.state import Job, Run
from engine.core.timers import OverAt, ResumeAt, RetryAt
from engine.core.turn import Turn
from engine.core.watching import watch
from engine.errors import Refused
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import RunKind
from engine.model.states import Paused, Retrying, Running, RunPhase, Starting
from engine.planning import limits_of, plan_of, schedule_mark, schedule_text
from engine.ports.executor import Ended, Missing, NotFound, Recovered, SpawnFailed, StillRunning, StillWaiting
from engine.spec.job import Argv, AtSchedule, DelaySchedule, EverySchedule, JobSpec, Manual


def add_job(turn: Turn, spec: JobSpec) -> Job:
    """A new job at the end of the list, not yet planned."""
    job = Job(spec=spec, index=len(turn.state.jobs), schedule_text=schedule_text(spec), priority=spec.priority)
    turn.state.jobs[job.id] = job
    turn.state.memory_asked |= spec.reserve is not None and spec.reserve.memory > 0
    return job


def link_needs(jobs: Mapping[str, Job]) -> None:
    """Tell each job who needs it. A job that left the list, and lives on for its runs, needs nobody."""
    for job in jobs.values():
        job.needed_by.clear()
        job.needed.clear()
    for job in jobs.values():
        if not job.listed:
            continue
        for need in job.spec.needs:
            jobs[need.job].needed_by.append(job)
            job.needed.append(jobs[need.job])


def ghost(turn: Turn, job_id: str) -> Job:
    """Stands for a job that left the file while a run of it goes on; it starts nothing and is not listed."""
    spec = JobSpec(id=job_id, command=Argv(("false",)), manual=Manual.ONLY, enabled=False)
    job = Job(spec=spec, index=len(turn.state.jobs), listed=False)
    turn.state.jobs[job_id] = job
    return job


def adopt(turn: Turn, recovered: Iterable[Recovered]) -> None:
    """What the executor says of attempts that have no end on record.

    20-engine, After a crash: known to a living keeper or not -> as it says, or queued again; keeper gone and no process
    -> lost; another boot -> lost(reboot). Never tried again by itself.
    """
    for found in recovered:
        match found:
            case StillRunning(started=started, paused=paused):
                run = turn.state.by_attempt[started.attempt]
                _hold(turn, run)
                if run.attempt is not None and run.attempt.pid is None:
                    take_report(turn, started, _nobody)
                if paused and isinstance(run.state, Running):
                    run.go(Paused(turn.now, run.state.pid, run.pause_until))
                    run.paused_since = turn.now
            case StillWaiting(attempt=attempt):
                run = turn.state.by_attempt[attempt]
                assert run.attempt is not None
                _hold(turn, run)
                run.attempt.ordered = True
                run.key = order_key(run, turn.ready.ageing, turn.ready.pools)
                turn.pipeline.hand_over(attempt, run)
                if run.live:
                    turn.pipeline.ahead.pop(attempt)
            case Ended() | SpawnFailed():
                _hold(turn, turn.state.by_attempt[found.attempt])
                take_report(turn, found, _nobody)
            case NotFound(attempt=attempt, missing=missing):
                _not_found(turn, turn.state.by_attempt[attempt], missing)


def _nobody(_run: Run, _why: Refused | None) -> None:
    """Nobody waits for an answer at the start."""


def _hold(turn: Turn, run: Run) -> None:
    """It turns out to be on its way or running: it holds what it takes. (Live ones on record have it since `resettle`.)"""
    turn.ready.drop(run)  # the end of another run of its job, taken just now, may have offered it
    if not run.live:
        reserve(turn, run)


def _not_found(turn: Turn, run: Run, missing: Missing) -> None:
    attempt = run.attempt
    assert attempt is not None
    match missing:
        case Missing.NEVER_STARTED if not run.live:
            return
        case Missing.NEVER_STARTED if isinstance(run.state, Starting) and begins_with(run, attempt.step):
            release(turn, run)
            undo_starting(turn, run)
            return
        case Missing.NEVER_STARTED:
            attempt.waits = False
            turn.pipeline.in_slot.append((run, attempt))
            return
        case Missing.REBOOTED:
            reason = Reason(Because.REBOOT)
        case Missing.GONE:
            reason = Reason(Because.CLAIM if attempt.pid is None else Because.EXIT_UNKNOWN)
    _hold(turn, run)
    lose(turn, run, attempt, reason)


def resettle(turn: Turn, run: Run) -> None:
    """Put a run that the store remembers back in its place."""
    state = turn.state
    if run.phase is RunPhase.QUEUED:
        state.enqueue(run)
        watch_deadline(turn, run)
        if run.not_before:
            run.not_before = min(run.not_before, turn.now + micros(run.spec.on_false.retry_every or 0.0))
            turn.fx.timers.add(run.not_before, RetryAt(run))
    else:
        state.runs[run.run_id] = run
        run.job.active.append(run)
        run.job.last = run
    match run.state:
        case Retrying() as retrying:
            # the clock may have been put back meanwhile: no wait is longer than the longest of its kind
            until = min(retrying.until, turn.now + micros(longest_wait(run.spec.retry, run.attempts_made)))
            run.state = replace(retrying, until=until)
            turn.fx.timers.add(until, RetryAt(run))
        case Paused(until=int(until)):
            turn.fx.timers.add(until, ResumeAt(run))
        case _:
            pass
    restore_age(turn, run)
    if run.live:
        state.taken += 1
        state.staged += run.spec.staged
        reserve(turn, run)
    if run.attempt is not None:
        state.by_attempt[run.attempt.id] = run
    watch(turn, run.job)


def begin(turn: Turn, default_zone: str, *, campaign: bool) -> None:
    """Let every job go on from where the store says it was. `campaign`: one-shots that have run run again."""
    turn.state.zone = default_zone
    for job in turn.state.jobs.values():
        age_or_stand(turn, job)
        plan_job(turn, job, default_zone)
        if campaign:
            job.met.clear()
            job.heard.clear()
            job.round_skipped = False
    for job in list(turn.state.jobs.values()):
        if job.listed:
            begin_job(turn, job, campaign=campaign)
        else:
            _end_orphans(turn, job)


def _end_orphans(turn: Turn, job: Job) -> None:
    """The job left the file: what waits of it never starts. What runs ends by itself."""
    reason = Reason(Because.REMOVED)
    for run in [*job.queue]:
        cancel_queued(turn, run, Outcome.SKIPPED, reason)
    for run in [*job.active]:
        if run.phase is RunPhase.RETRYING:
            cancel_queued(turn, run, Outcome.STOPPED, reason)


def plan_job(turn: Turn, job: Job, default_zone: str) -> None:
    """What its schedule plans from now on. `every` goes on from the last occurrence on record: nothing starts early."""
    calendars = turn.state.calendars
    job.limits = limits_of(job.spec, default_zone, calendars)
    anchor = job.limits.first(turn.now) if job.planned_until is None else job.planned_until
    job.plan = plan_of(job.spec, default_zone, turn.now if anchor is None else anchor, calendars)


def begin_job(turn: Turn, job: Job, *, campaign: bool) -> None:
    """Let one job, whose plan is made, go on from where it was, or begin."""
    if job.hold_until is not None:
        turn.fx.timers.add(job.hold_until, ResumeAt(job))
    _forgive_changed_schedule(turn, job)
    first_time = job.planned_until is None
    spec = job.spec
    if (spec.needs or spec.watch) and spec.schedule is None and job.limits.end is not None:
        turn.fx.timers.add(job.limits.end + 1, OverAt(job))
    if job.changes is not None:
        turn.state.changed[job.id] = job
    if spec.one_shot:
        if (first_time or campaign) and not job.active and not job.queue and job.follows_schedule:
            run_once(turn, job)
    elif isinstance(spec.schedule, DelaySchedule):
        begin_delay(turn, job, spec.schedule)
    elif first_time and job.plan is not None:
        begin_plan(turn, job)
    elif job.plan is not None:
        put_back(turn, job, 0)
        resume_schedule(turn, job, Because.ENGINE_DOWN)
    if isinstance(spec.schedule, AtSchedule) and job.follows_schedule:
        _at_event(turn, job, spec.schedule)
    offer_next(turn, job)


def _forgive_changed_schedule(turn: Turn, job: Job) -> None:
    """Times that the schedule names since it was written anew, and that lie in the past, were never to be."""
    mark = schedule_mark(job.spec)
    if job.planned_by == mark:
        return
    if job.planned_by is not None and job.plan is not None and job.planned_until is not None:
        job.planned_until = max(job.planned_until, turn.now)
    job.planned_by = mark
    turn.fx.save_job(job)


def run_once(turn: Turn, job: Job) -> None:
    """A one-shot: now, or at its `start_at`."""
    soonest = _not_before(turn, job)
    planned = job.limits.first(soonest)
    if planned is None:
        job.over = True
    elif planned > soonest or (planned > turn.now and job.planned_until is None):
        set_next(turn, job, planned)
    else:
        _now(turn, job, planned)


def _at_event(turn: Turn, job: Job, schedule: AtSchedule) -> None:
    """`@start` is an occurrence now, `@reboot` the first time in a boot of the machine; if the job may be due now."""
    booted = schedule.at_reboot and turn.state.facts.get(f"reboot {job.id}") != turn.state.boot_id
    if booted:
        turn.fx.facts[f"reboot {job.id}"] = turn.state.boot_id
    if not (booted or schedule.at_start):
        return
    planned = _not_before(turn, job)
    if job.limits.first(planned) == planned and job.runs_left != 0:
        _now(turn, job, planned)


def _now(turn: Turn, job: Job, planned: Instant) -> None:
    job.planned_until = planned
    arise(turn, job, RunKind.SCHEDULE, planned)


def _not_before(turn: Turn, job: Job) -> Instant:
    """Now, but later than what has its fate: a clock that was put back must not name an occurrence twice."""
    return turn.now if job.planned_until is None else max(turn.now, job.planned_until + 1)


def begin_delay(turn: Turn, job: Job, schedule: DelaySchedule) -> None:
    """The next run comes so long after the end of the last one; the first one now."""
    put_back(turn, job, 0)
    if job.active or job.queue or not job.follows_schedule:
        return
    last, soonest = job.last_ended_at, _not_before(turn, job)
    due = soonest if last is None else max(soonest, min(last, turn.now) + micros(schedule.seconds))
    set_next(turn, job, job.limits.first(due))


def begin_plan(turn: Turn, job: Job) -> None:
    """A schedule seen for the first time owes nothing for the past. `every` runs at once, aligned at the next round time.

    With `start_at`, `every` keeps the rate that began there, and an occurrence at this very moment counts.
    """
    job.planned_until = turn.now - (job.spec.start_at is not None)
    match job.spec.schedule:
        case EverySchedule(seconds=seconds, align=False) if job.spec.start_at is None:
            first, period = job.limits.first(turn.now), micros(seconds)
            if first is not None:
                # on the rate itself: it is what the next engine counts from, should this one die before the first run
                job.planned_until = first - ((first - turn.now) // period + 1) * period
        case _:
            pass
    turn.fx.save_job(job)
    if job.follows_schedule:
        plan_next(turn, job)
