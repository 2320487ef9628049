"""backfill: runs for the occurrences of a span, on demand, whatever became of them before."""

from __future__ import annotations

from typing import Final

from engine.clock import Instant, micros
from engine.core.birth import new_runs
from engine.core.dispatch import offer_next
from engine.core.occurrences import QUEUE_LIMIT
from engine.core.state import Job, Run, concurrency
from engine.core.turn import Turn
from engine.core.verbs.trigger import check_by_hand
from engine.errors import Refused, RefusedCode
from engine.model.record import RunKind
from engine.planning import plan_of
from engine.schedule import Plan, occurrences
from engine.spec.job import EverySchedule
from engine.spec.matrix import size_of

MOST: Final = 1_000
"""Runs of one backfill."""


def backfill(turn: Turn, job: Job, start: Instant, end: Instant, parallel: int) -> list[Run]:
    """Runs of kind `backfill` for what the schedule names from `start` to `end`, both included; at most `parallel` at once.

    Refused: no schedule with planned times, a span that is empty, too long or not over, more at once than `concurrency`
    allows, and what refuses a trigger.
    """
    check_by_hand(turn, job)
    if job.plan is None:
        raise Refused(RefusedCode.STATE, f"{job.id} has no planned times", "only schedule, every and at have")
    limit = concurrency(job.spec)
    if parallel < 1 or (limit is not None and parallel > limit):
        remedy = "set its concurrency" if parallel > 1 else "it is 1 or more"
        raise Refused(RefusedCode.OUT_OF_RANGE, f"parallel {parallel}: {job.id} runs {limit} at once", remedy)
    if start > end:
        raise Refused(RefusedCode.OUT_OF_RANGE, "the span ends before it begins", "exchange from and to")
    if end > turn.now:
        raise Refused(
            RefusedCode.OUT_OF_RANGE, "the span is not over yet", "let it end now, the schedule does the rest"
        )
    planned, all_of_them = occurrences(_reaching(turn, job, job.plan, start), start - 1, end, MOST)
    if not planned:
        raise Refused(RefusedCode.OUT_OF_RANGE, f"{job.id} has no occurrence in that span", "widen it")
    if not all_of_them:
        raise Refused(
            RefusedCode.OUT_OF_RANGE, f"{job.id} has more than {MOST} occurrences in that span", "do it in parts"
        )
    if turn.state.waiting + len(planned) * size_of(job.spec.matrix) > QUEUE_LIMIT:
        raise Refused(RefusedCode.STATE, f"more than {QUEUE_LIMIT} runs would wait", "do it in parts")
    job.parallel = parallel
    runs = [run for at in planned for run in new_runs(turn, job, RunKind.BACKFILL, at)]
    offer_next(turn, job)
    return runs


def _reaching(turn: Turn, job: Job, plan: Plan, start: Instant) -> Plan:
    """A plan that names times from `start` on. That of a rate begins with the newest occurrence that this engine found on record."""
    match job.spec.schedule:
        case EverySchedule(seconds=seconds, align=False) if job.spec.start_at is None and job.planned_until is not None:
            period = micros(seconds)
            anchor = job.planned_until - max(0, -((start - job.planned_until) // period)) * period
            return plan_of(job.spec, turn.state.zone, anchor, turn.state.calendars) or plan
        case _:
            return plan
