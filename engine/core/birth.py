"""A run comes to be."""

from __future__ import annotations

from typing import Final

from engine.clock import Instant
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.model.record import RunKind
from engine.model.states import Queued
from engine.spec.params import Given, defaults

PLANNED: Final = frozenset({RunKind.SCHEDULE, RunKind.CATCH_UP})
"""Kinds of which a job has one run per planned instant."""


def new_run(
    turn: Turn,
    job: Job,
    kind: RunKind,
    planned_at: Instant,
    *,
    first: Instant | None = None,
    given: Given | None = None,
) -> Run:
    """A run in its job's queue, not offered yet; `given` None: the defaults of its parameters.

    The job's row goes with it: it holds the number that is never used again.
    """
    state = turn.state
    job.seq += 1
    replayed = job.trail.replay_until is not None and planned_at <= job.trail.replay_until
    run = Run(
        no=state.next_no,
        run_id=f"{job.id}:{job.seq}",
        job=job,
        kind=kind,
        planned_at=planned_at,
        first_planned_at=planned_at if first is None else first,
        seq=0 if kind in PLANNED and not replayed else state.next_no,
        queued_at=turn.now,
        ages_from=turn.now,
        state=Queued(turn.now),
        priority=job.priority,
        given=defaults(job.spec.params) if given is None else given,
    )
    state.next_no += 1
    state.enqueue(run)
    turn.fx.save(run)
    turn.fx.save_job(job)
    return run
