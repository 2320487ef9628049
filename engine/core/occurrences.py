"""An occurrence gets its fate or becomes a run: due times, overlap, lateness, what fell due while nothing could start."""

from __future__ import annotations

from typing import Final

from engine.clock import SECOND, Instant, micros
from engine.core.birth import new_run
from engine.core.dispatch import offer, offer_next
from engine.core.fates import cancel_queued, due_at, set_next, settle
from engine.core.state import Job, Run, concurrency
from engine.core.stopping import end_tree
from engine.core.timers import DeadlineAt
from engine.core.turn import Turn
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import RunKind
from engine.model.states import RunPhase
from engine.schedule import occurrences
from engine.spec.job import CatchUp, DelaySchedule, Overlap

COUNT_LIMIT: Final = 10_000
"""Missed occurrences are counted exactly up to here."""

CATCH_UP_LIMIT: Final = 1_000
"""`catch_up: all` starts at most so many, the newest."""

QUEUE_LIMIT: Final = 100_000
"""Runs that wait, over all jobs; beyond it an occurrence is `missed(limit)`."""

GRACE_CAP: Final = 300 * SECOND


def take_due(turn: Turn, job: Job) -> None:
    """The job's next occurrence has come: give it to `arise`, then plan the next one."""
    planned = job.next_planned
    if planned is None or job.next_due is None or job.next_due > turn.now or not job.follows_schedule or not job.listed:
        return  # a stale timer: the job was held, stopped, suspended or planned anew
    job.planned_until = planned
    turn.fx.save_job(job)
    if skips(job, planned):
        skip(turn, job, planned)
    else:
        arise(turn, job, RunKind.SCHEDULE, planned)
    plan_next(turn, job)


def skips(job: Job, planned: Instant) -> bool:
    """Is this the occurrence that an operator wants skipped."""
    return job.skip_at is not None and planned >= job.skip_at


def skip(turn: Turn, job: Job, planned: Instant) -> None:
    """The occurrence becomes `skipped(operator)`; the one after it is an ordinary one again."""
    job.skip_at = job.after_skip = None
    settle(turn, new_run(turn, job, RunKind.SCHEDULE, planned), Outcome.SKIPPED, Reason(Because.OPERATOR))


def plan_next(turn: Turn, job: Job) -> None:
    """Set the next occurrence after the last one that has its fate.

    After a forward step of the clock the ones in between have theirs by `catch_up` (`resume_schedule`), so the walk
    is one step long whatever the step was.
    """
    if isinstance(job.spec.schedule, DelaySchedule) and not (job.active or job.queue):
        return  # it got its fate at once, and with it its next time
    if job.plan is None:
        set_next(turn, job, None)
    else:
        assert job.planned_until is not None
        set_next(turn, job, job.plan.next_after(job.planned_until))


def arise(turn: Turn, job: Job, kind: RunKind, planned: Instant, *, bypass: bool = False) -> Run:
    """A run for an occurrence; it is over at once when the overlap policy or a limit says so."""
    place = has_place(job)
    run = new_run(turn, job, kind, planned)
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


def late_grace(job: Job, planned: Instant) -> int:
    """Microseconds within which a late start counts as on time: as written, else min(5 minutes, half the period)."""
    if job.spec.late_grace is not None:
        return micros(job.spec.late_grace)
    if job.plan is None:
        return GRACE_CAP
    following = job.plan.next_after(planned)
    return GRACE_CAP if following is None else min(GRACE_CAP, (following - planned) // 2)


def resume_schedule(turn: Turn, job: Job, why: Because) -> None:
    """Nothing could start between `planned_until` and now (engine down, job held, clock stepped): give what fell due its fate.

    The newest within `late_grace` starts as if on time; the others follow `catch_up`: one `missed` record for all
    of them, or runs of kind `catch_up` within `catch_up_window`. Bounded work whatever the span (20-engine).
    """
    plan, after, left = job.plan, job.planned_until, job.runs_left
    if plan is None or after is None or not job.follows_schedule or not job.listed or left == 0:
        return
    due, exact = occurrences(plan, after, turn.now, COUNT_LIMIT)
    if not exact:
        due = _newest(turn, job, due)
    while due and due_at(job, due[-1]) > turn.now:
        due.pop()  # its jitter lies ahead
    newest = due[-1] if due else None
    due = [at for at in due if not job.limits.excludes(at)]
    if (skipped := next((at for at in due if skips(job, at)), None)) is not None:
        due.remove(skipped)
        skip(turn, job, skipped)
    on_time: list[Instant] = []
    if due and turn.now - due_at(job, due[-1]) <= late_grace(job, due[-1]):
        on_time = [due.pop()]
    window = turn.now - micros(job.spec.catch_up_window)
    match job.spec.catch_up:
        case CatchUp.NONE:
            caught: list[Instant] = []
        case CatchUp.LATEST:
            caught = [] if on_time else [at for at in due[-1:] if at >= window]
        case CatchUp.ALL:
            caught = [at for at in due if at >= window][-CATCH_UP_LIMIT:]
    if job.limits.end is not None and turn.now > job.limits.end:
        caught = []  # no start after `end_at`
    if left is not None:
        caught = caught[max(0, len(caught) + len(on_time) - left) :]
    missed = due[: len(due) - len(caught)]
    if missed:
        run = new_run(turn, job, RunKind.SCHEDULE, missed[-1], first=missed[0])
        run.count = len(missed)
        run.count_exact = exact
        settle(turn, run, Outcome.MISSED, Reason(why))
    for at in caught:
        new_run(turn, job, RunKind.CATCH_UP, at)
    offer_next(turn, job)
    if newest is not None:
        job.planned_until = newest
        turn.fx.save_job(job)
    for at in on_time:
        arise(turn, job, RunKind.SCHEDULE, at)
    plan_next(turn, job)


def _newest(turn: Turn, job: Job, oldest: list[Instant]) -> list[Instant]:
    """Too many to list: the oldest ones, and those of the last stretch before now, found by doubling its length."""
    assert job.plan is not None
    span = SECOND
    recent: list[Instant] = []
    while turn.now - span > oldest[-1]:
        found, exact = occurrences(job.plan, turn.now - span, turn.now, CATCH_UP_LIMIT)
        if not exact:
            break
        recent = found
        if len(found) >= CATCH_UP_LIMIT // 2:
            break
        span *= 2
    return oldest + [at for at in recent if at > oldest[-1]]
