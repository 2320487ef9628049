"""An occurrence gets its fate or becomes a run: due times, calendars, overlap, deadlines.

What fell due while nothing could start is in `settling`.
"""

from __future__ import annotations

from typing import Final

from engine.clock import Instant, micros
from engine.core.birth import new_run, new_runs
from engine.core.dispatch import offer, offer_next
from engine.core.fates import cancel_queued, due_at, set_next, settle
from engine.core.shards import occurrences
from engine.core.state import Job, Run, concurrency
from engine.core.stopping import end_tree
from engine.core.timers import DeadlineAt
from engine.core.turn import Turn
from engine.core.watching import watch
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import RunKind
from engine.model.states import RunPhase
from engine.spec.job import DelaySchedule, Overlap
from engine.spec.matrix import size_of
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
    has_come(turn, job, planned)
    if skips(job, planned):
        skip(turn, job, planned)
    else:
        arise(turn, job, RunKind.SCHEDULE, planned)


def has_come(turn: Turn, job: Job, planned: Instant) -> None:
    """The occurrence planned then has its fate or its run; the one after it is to be planned."""
    job.planned_until = planned
    job.unplanned = True
    turn.state.unplanned.append(job)
    turn.fx.save_job(job)


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
    turn: Turn,
    job: Job,
    kind: RunKind,
    planned: Instant,
    *,
    bypass: bool = False,
    given: Given | None = None,
    only: str | None = None,
) -> Run:
    """A run for an occurrence (the first of its shards); it is over at once when the overlap policy or a limit says so.

    `only`: the label of the one shard that is meant.
    """
    if (fate := _fate(turn, job, kind, planned)) is not None:
        run = new_run(turn, job, kind, planned, given=given)
        run.bypass = bypass
        settle(turn, run, *fate)
        return run
    runs = new_runs(turn, job, kind, planned, given=given, bypass=bypass, only=only)
    if job.spec.overlap is Overlap.REPLACE:
        _replace(turn, job, runs)
    for run in runs:
        watch_deadline(turn, run)
    if job.spec.matrix:
        offer_next(turn, job)
    else:
        offer(turn, runs[0])
    watch(turn, job)
    return runs[0]


def _fate(turn: Turn, job: Job, kind: RunKind, planned: Instant) -> tuple[Outcome, Reason] | None:
    """What an occurrence that must not run ends with."""
    if turn.state.waiting + size_of(job.spec.matrix) > QUEUE_LIMIT:
        return Outcome.MISSED, Reason(Because.LIMIT, str(QUEUE_LIMIT))
    if kind in {RunKind.SCHEDULE, RunKind.WATCH} and job.limits.excludes(planned):
        return Outcome.SKIPPED, Reason(Because.CALENDAR)
    if not has_place(job):
        return Outcome.SKIPPED, Reason(Because.OVERLAP)
    return None


def watch_deadline(turn: Turn, run: Run) -> None:
    """Let a queued run of the schedule, or of a change, be missed when it has not started `start_deadline` after it was due."""
    deadline = run.spec.start_deadline
    if deadline is not None and run.kind in {RunKind.SCHEDULE, RunKind.WATCH}:
        turn.fx.timers.add(due_at(run.job, run.planned_at) + micros(deadline), DeadlineAt(run))


def has_place(job: Job) -> bool:
    """Does the overlap policy let one more occurrence become a run, or its shards.

    Runs of a backfill do not count: for as long as one takes, the schedule would be skipped. The new run goes before the
    rest of them.
    """
    limit = _at_once(job)
    if limit is None:
        return True
    others = occurrences(job, _rivals(job.active) + _rivals(job.queue)) if job.active or job.queue else 0
    others += job.lingering
    if others < limit:
        return True
    match job.spec.overlap:
        case Overlap.SKIP | Overlap.ALLOW:
            return False
        case Overlap.QUEUE:
            return others < limit + job.spec.max_queued
        case Overlap.REPLACE:
            return True


def _at_once(job: Job) -> int | None:
    """Occurrences that may be under way beside each other; those of a matrix are one, whatever its concurrency says of shards."""
    if job.spec.matrix:
        return None if job.spec.overlap is Overlap.ALLOW else 1
    return concurrency(job.spec)


def _rivals(runs: list[Run]) -> list[Run]:
    return [run for run in runs if run.kind is not RunKind.BACKFILL]


def _replace(turn: Turn, job: Job, new: list[Run]) -> None:
    limit, active, queue = _at_once(job), _rivals(job.active), _rivals(job.queue)
    if limit is None or occurrences(job, active + queue) <= limit:
        return
    for other in queue:
        if other not in new:
            cancel_queued(turn, other, Outcome.SKIPPED, Reason(Because.OVERLAP))
    surplus = active if job.spec.matrix else active[: len(active) + 1 - limit]
    for other in surplus:
        end_tree(turn, other, Reason(Because.REPLACED, new[0].run_id), None)


def miss_deadline(turn: Turn, run: Run) -> None:
    """The start deadline of a queued run has come; if its start is under way, the start wins (`reports`)."""
    if run.phase is RunPhase.QUEUED:
        cancel_queued(turn, run, Outcome.MISSED, Reason(Because.DEADLINE))
