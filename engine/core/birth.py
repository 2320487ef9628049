"""A run comes to be."""

from __future__ import annotations

from engine.clock import Instant
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.model.record import RunKind
from engine.model.states import Queued


def new_run(turn: Turn, job: Job, kind: RunKind, planned_at: Instant, *, first: Instant | None = None) -> Run:
    """A run in its job's queue, not offered yet. The job's row goes with it: it holds the number that is never used again."""
    state = turn.state
    job.seq += 1
    run = Run(
        no=state.next_no,
        run_id=f"{job.id}:{job.seq}",
        job=job,
        kind=kind,
        planned_at=planned_at,
        first_planned_at=planned_at if first is None else first,
        queued_at=turn.now,
        ages_from=turn.now,
        state=Queued(turn.now),
        priority=job.priority,
    )
    state.next_no += 1
    state.enqueue(run)
    turn.fx.save(run)
    turn.fx.save_job(job)
    return run
