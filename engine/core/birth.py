"""A run comes to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.clock import Instant
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
    state = turn.state
    replayed = job.trail.replay_until is not None and planned_at <= job.trail.replay_until
    run_id = f"{job.id}:{job.seq}" if shard is None else f"{job.id}[{shard.label}]:{job.seq}"
    # not by keyword, which costs 0.2 us each where a class is called (CPython 3.11)
    run = Run(state.next_no, run_id, job, kind, planned_at, turn.now, Queued(turn.now))
    run.first_planned_at = planned_at
    run.seq = 0 if kind in PLANNED and not replayed else run.no
    run.ages_from = turn.now
    run.priority = job.priority
    run.given = defaults(job.spec.params) if given is None else given
    run.shard = shard
    state.next_no += 1
    state.enqueue(run)
    turn.fx.save(run)
    return run
