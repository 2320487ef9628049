"""A run comes to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.clock import Instant
from engine.core.ageing import stands_since
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.model.record import RunKind
from engine.model.states import Queued
from engine.spec.matrix import Shard, shards_of
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

    One record for the whole occurrence: for what never runs, and for jobs without a matrix. The job's row goes with it:
    it holds the number that is never used again.
    """
    job.seq += 1
    turn.fx.save_job(job)
    run = _make(turn, job, kind, planned_at, given=given)
    if first is not None:
        run.first_planned_at = first
    return run


def new_runs(
    turn: Turn,
    job: Job,
    kind: RunKind,
    planned_at: Instant,
    *,
    given: Given | None = None,
    bypass: bool = False,
    only: str | None = None,
) -> list[Run]:
    """The runs of an occurrence that is to run: one, or one for each shard (`only`: the one of that label), under one number."""
    job.seq += 1
    turn.fx.save_job(job)
    runs = [_make(turn, job, kind, planned_at, given=given, shard=shard) for shard in _wanted(job, only)]
    for run in runs:
        run.bypass = bypass
    return runs


def _wanted(job: Job, only: str | None) -> Iterable[Shard | None]:
    shards = shards_of(job.spec.matrix)
    if not shards:
        return (None,)
    return shards if only is None else (shard for shard in shards if shard.label == only)


def _make(
    turn: Turn, job: Job, kind: RunKind, planned_at: Instant, *, given: Given | None, shard: Shard | None = None
) -> Run:
    run = draft_run(turn, job, kind, planned_at, job.seq, given=given, shard=shard)
    enter(turn, run)
    return run


def draft_run(
    turn: Turn,
    job: Job,
    kind: RunKind,
    planned_at: Instant,
    occurrence: int,
    *,
    given: Given | None = None,
    shard: Shard | None = None,
) -> Run:
    """A run that the state knows nothing of until it enters."""
    run_id = f"{job.id}:{occurrence}" if shard is None else f"{job.id}[{shard.label}]:{occurrence}"
    # not by keyword, which costs 0.2 us each where a class is called (CPython 3.11)
    run = Run(0, run_id, job, kind, planned_at, turn.now, Queued(turn.now))
    run.first_planned_at = planned_at
    run.priority = job.priority
    run.given = defaults(job.spec.params) if given is None else given
    run.shard = shard
    return run


def enter(turn: Turn, run: Run) -> None:
    """It is a run from now on: numbered, and in its job's queue."""
    state, trail = turn.state, run.job.trail
    run.no = state.next_no
    state.next_no += 1
    replayed = trail.replay_until is not None and run.planned_at <= trail.replay_until
    run.seq = 0 if run.kind in PLANNED and not replayed else run.no
    run.queued_at = run.ages_from = turn.now
    run.stands_since = stands_since(turn, run)
    state.enqueue(run)
    turn.fx.save(run)
