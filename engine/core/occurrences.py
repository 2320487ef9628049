"""An occurrence gets its fate or becomes a run: due times, calendars, overlap, deadlines.

What fell due while nothing could start is in `settling`.
"""

from __future__ import annotations

from typing import Final

from engine.clock import Instant, micros
from engine.core.birth import new_run
from engine.core.dispatch import offer
from engine.core.fates import cancel_queued, due_at, set_next, settle
from engine.core.state import Job, Run, concurrency
from engine.core.stopping import end_tree
from engine.core.timers import DeadlineAt
from engine.core.turn import Turn
from engine.core.watching import watch
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import RunKind
from engine.model.states import RunPhase
from engine.spec.job import DelaySchedule, Overlap
from engine.spec.params import Given

QUEUE_LIMIT: Final = 100_000
"""Runs that wait, over all jobs; beyond it an occurrence is `missed(limit)`."""


def take_due(turn: Turn, job: Job) -> None:
    """The job's next occurrence has come: give it to `arise`. The one after it is planned when time allows (`plan_some`)."""
    planned = job.next_planned
    if planned is None or job.next_due is None or job.next_due > turn.now or not job.follows_schedule or not job.listed:
        return  # a stale timer: the job was held, stopped, suspended or planned anew
    if job.unplanned or job.settling:
        return
    job.planned_until = planned
    job.unplanned = True
    turn.state.unplanned.append(job)
    turn.fx.save_job(job)
    if skips(job, planned):
        skip(turn, job, planned)
    else:
        arise(turn, job, RunKind.SCHEDULE, planned)


def plan_some(turn: Turn) -> bool:
    """Plan the next occurrence of one job; are there more that wait for it?"""
    waiting = turn.state.unplanned
    job = waiting.popleft()
    if job.unplanned:
        plan_next(turn, job)
    return bool(waiting)


def skips(job: Job, planned: Instant) -> bool:
    """Is this the occurrence that an operator wants skipped."""
    return job.skip_at is not None and planned >= job.skip_at


def skip(turn: Turn, job: Job, planned: Instant) -> None:
    """The occurrence becomes `skipped(operator)`; the one after it is an ordinary one again."""
    job.skip_at = job.after_skip = None
    settle(turn, new_run(turn, job, RunKind.SCHEDULE, planned), Outcome.SKIPPED, Reason(Because.OPERATOR))


def plan_next(turn: Turn, job: Job) -> None:
    """Set the next occurrence after the last one that has its fate.

    After a forward step of the clock the ones in between have theirs by `catch_up` (`settling`), so the walk is one step
    long whatever the step was.
    """
    job.unplanned = False
    if isinstance(job.spec.schedule, DelaySchedule) and not (job.active or job.queue):
        return  # it got its fate at once, and with it its next time
    if job.plan is None:
        set_next(turn, job, None)
        return
    assert job.planned_until is not None
    job.trail = job.trail.behind(job.planned_until)
    at = turn.memo.next_after(job.plan, job.planned_until)
    while at is not None and (end := job.trail.beyond(at)) is not None:
        at = turn.memo.next_after(job.plan, end)
    set_next(turn, job, at)


def arise(
    turn: Turn, job: Job, kind: RunKind, planned: Instant, *, bypass: bool = False, given: Given | None = None
) -> Run:
    """A run for an occurrence; it is over at once when the overlap policy or a limit says so."""
    place = has_place(job)
    run = new_run(turn, job, kind, planned, given=given)
    run.bypass = bypass
    if turn.state.waiting > QUEUE_LIMIT:
        settle(turn, run, Outcome.MISSED, Reason(Because.LIMIT, str(QUEUE_LIMIT)))
        return run
    if kind is RunKind.SCHEDULE and job.limits.excludes(planned):
        settle(turn, run, Outcome.SKIPPED, Reason(Because.CALENDAR))
        return run
    if not place:
        settle(turn, run, Outcome.SKIPPED, Reason(Because.OVERLAP))
        return run
    if job.spec.overlap is Overlap.REPLACE:
        _replace(turn, job, run)
    watch_deadline(turn, run)
    offer(turn, run)
    watch(turn, job)
    return run


def watch_deadline(turn: Turn, run: Run) -> None:
    """Let a queued run of the schedule be missed when it has not started `start_deadline` after it was due."""
    deadline = run.job.spec.start_deadline
    if deadline is not None and run.kind is RunKind.SCHEDULE:
        turn.fx.timers.add(due_at(run.job, run.planned_at) + micros(deadline), DeadlineAt(run))


def has_place(job: Job) -> bool:
    """Does the overlap policy let one more occurrence become a run.

    Runs of a backfill do not count: for as long as one takes, the schedule would be skipped. The new run goes before the
    rest of them.
    """
    limit = concurrency(job.spec)
    others = len(_rivals(job.active)) + job.lingering + len(_rivals(job.queue))
    if limit is None or others < limit:
        return True
    match job.spec.overlap:
        case Overlap.SKIP | Overlap.ALLOW:
            return False
        case Overlap.QUEUE:
            return others < limit + job.spec.max_queued
        case Overlap.REPLACE:
            return True


def _rivals(runs: list[Run]) -> list[Run]:
    return [run for run in runs if run.kind is not RunKind.BACKFILL]


def _replace(turn: Turn, job: Job, run: Run) -> None:
    limit, active, queue = concurrency(job.spec), _rivals(job.active), _rivals(job.queue)
    if limit is None or len(active) + len(queue) <= limit:
        return
    for other in queue:
        if other is not run:
            cancel_queued(turn, other, Outcome.SKIPPED, Reason(Because.OVERLAP))
    for other in active[: len(active) + 1 - limit]:
        end_tree(turn, other, Reason(Because.REPLACED, run.run_id), None)


def miss_deadline(turn: Turn, run: Run) -> None:
    """The start deadline of a queued run has come; if its start is under way, the start wins (`reports`)."""
    if run.phase is RunPhase.QUEUED:
        cancel_queued(turn, run, Outcome.MISSED, Reason(Because.DEADLINE))
