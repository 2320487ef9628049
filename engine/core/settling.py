"""What fell due while nothing could start: engine down, job held, clock stepped. In slices, whatever the stretch.

To count what a job missed in ten years takes a tenth of a second, and thousands of jobs may have to; so each is an
iterator that the loop drives for a few milliseconds at a time, others first. Jobs with equal schedules share the count.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final, TypeAlias

from engine.clock import SECOND, Instant, micros
from engine.core.birth import new_run, new_runs
from engine.core.dispatch import offer_next
from engine.core.fates import due_at, settle
from engine.core.lateness import late_grace
from engine.core.occurrences import arise, plan_next, skip, skips, watch_deadline
from engine.core.state import Job, Settling, Stretch
from engine.core.turn import Turn
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import RunKind
from engine.schedule import Plan
from engine.spec.job import CatchUp

COUNT_LIMIT: Final = 10_000
"""Missed occurrences are counted exactly up to here."""

CATCH_UP_LIMIT: Final = 1_000
"""`catch_up: all` starts at most so many, the newest."""

_CHUNK: Final = 100
"""Occurrences that are looked for without a pause: a millisecond of work."""

_Found: TypeAlias = tuple[list[Instant], bool]
_Walk: TypeAlias = Generator[None, None, _Found]


def resume_schedule(turn: Turn, job: Job, why: Because) -> None:
    """Nothing could start between `planned_until` and now: what fell due gets its fate soon, then the next one is planned."""
    if job.plan is None or job.planned_until is None or not job.follows_schedule or not job.listed or job.settling:
        return
    job.settling = True
    turn.state.settling.append(
        Settling(job, _settled(turn, job, job.plan, after=job.planned_until, now=turn.now, why=why))
    )


def give_up(turn: Turn, job: Job) -> None:
    """The job has no plan any more that could owe something."""
    for one in [one for one in turn.state.settling if one.job is job]:
        turn.state.settling.remove(one)
    job.settling = False


def settle_some(turn: Turn) -> bool:
    """Do a millisecond's work on the first that waits; is there more?"""
    waiting = turn.state.settling
    first = waiting[0]
    if next(first.steps, first) is first:
        waiting.popleft()
        first.job.settling = False
        if not waiting:
            turn.state.stretches.clear()
    return bool(waiting)


def _settled(turn: Turn, job: Job, plan: Plan, *, after: Instant, now: Instant, why: Because) -> Iterator[None]:
    """The newest within `late_grace` starts as if on time; the others follow `catch_up`: one `missed` record for all
    of them, or runs of kind `catch_up` within `catch_up_window` (20-engine)."""
    due, exact = yield from _due(turn, plan, after, now)
    if not job.follows_schedule or not job.listed:
        return
    while due and due_at(job, due[-1]) > now:
        due.pop()  # its jitter lies ahead
    newest = due[-1] if due else None
    if job.limits.days is not None:
        due = [at for at in due if not job.limits.excludes(at)]
    if job.trail.ahead:
        due = [at for at in due if job.trail.beyond(at) is None]
    if (skipped := next((at for at in due if skips(job, at)), None)) is not None:
        due.remove(skipped)
        skip(turn, job, skipped)
    left = job.runs_left
    on_time: list[Instant] = []
    if due and left != 0 and now - due_at(job, due[-1]) <= late_grace(job, due[-1]):
        on_time = [due.pop()]
    caught = _caught(job, due, now, on_time)
    missed = due[: len(due) - len(caught)] if left != 0 else []
    if missed:
        run = new_run(turn, job, RunKind.SCHEDULE, missed[-1], first=missed[0])
        run.count = len(missed)
        run.count_exact = exact
        settle(turn, run, Outcome.MISSED, Reason(why))
    for at in caught:
        new_runs(turn, job, RunKind.CATCH_UP, at)
    offer_next(turn, job)
    if newest is not None:
        if len(missed) > 1:
            job.trail = job.trail.broken(after, missed[-1])
        job.planned_until = max(newest, job.planned_until or newest)
        turn.fx.save_job(job)
    for at in on_time:
        if caught:  # it follows those before it, whatever `overlap` says of runs that meet
            for run in new_runs(turn, job, RunKind.SCHEDULE, at):
                watch_deadline(turn, run)
            offer_next(turn, job)
        else:
            arise(turn, job, RunKind.SCHEDULE, at)
    plan_next(turn, job)


def _caught(job: Job, due: list[Instant], now: Instant, on_time: list[Instant]) -> list[Instant]:
    """Those of `due`, the newest, that `catch_up` runs."""
    window = now - micros(job.spec.catch_up_window)
    match job.spec.catch_up:
        case CatchUp.NONE:
            caught: list[Instant] = []
        case CatchUp.LATEST:
            caught = [] if on_time else [at for at in due[-1:] if at >= window]
        case CatchUp.ALL:
            caught = [at for at in due if at >= window][-CATCH_UP_LIMIT:]
    if job.limits.end is not None and now > job.limits.end:
        caught = []  # no start after `end_at`
    left = job.runs_left
    return caught if left is None else caught[max(0, len(caught) + len(on_time) - left) :]


def _due(turn: Turn, plan: Plan, after: Instant, now: Instant) -> _Walk:
    """What the plan has in (after, now]; if that is too much, the oldest and the newest of it."""
    known = turn.state.stretches
    key = None if plan.key is None else Stretch(plan.key, after, now)
    if key is not None and key in known:
        due, exact = known[key]
        return [*due], exact
    due, exact = yield from _walk(plan, after, now, COUNT_LIMIT)
    if not exact:
        due += yield from _recent(plan, due[-1], now)
    if key is not None:
        known[key] = ([*due], exact)
    return due, exact


def _recent(plan: Plan, after: Instant, now: Instant) -> Generator[None, None, list[Instant]]:
    """Those of the last stretch before now; at least half of CATCH_UP_LIMIT where there are.

    Its length is found by doubling, and by halving from there: a window may hold thousands within an hour, and none before it.
    """
    few, many = 0, now - after
    span = SECOND
    recent: list[Instant] = []
    while span < many and many - few > SECOND:
        found, exact = yield from _walk(plan, now - span, now, CATCH_UP_LIMIT)
        if exact:
            few, recent = span, found
            if len(found) >= CATCH_UP_LIMIT // 2:
                break
        else:
            many = span
        span = few * 2 if few * 2 < many else (few + many) // 2
    return recent


def _walk(plan: Plan, after: Instant, until: Instant, limit: int) -> _Walk:
    found: list[Instant] = []
    at = plan.next_after(after)
    while at is not None and at <= until:
        if len(found) == limit:
            return found, False
        found.append(at)
        if len(found) % _CHUNK == 0:
            yield
        at = plan.next_after(at)
    return found, True
