"""A trigger with everything downstream: the jobs below follow in order, for this trigger, whatever else they need.

A job of the cascade runs once those of its needed jobs that are part of it have ended as required (`join: any`: one
has); other needs, and an own schedule, do not count here. One that cannot run any more is `skipped(upstream)`, and so are
those below it, unless they accept that. What is left of a cascade is a fact in the store: it goes on after a restart.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict
from typing import Final

from engine.core.birth import new_run
from engine.core.fates import settle
from engine.core.fulfilment import fulfils
from engine.core.occurrences import arise
from engine.core.shards import siblings
from engine.core.state import Cascade, Job, Run, State
from engine.core.turn import Turn
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import RunKind
from engine.spec.job import Join

FACT: Final = "cascades"


def begin_cascade(turn: Turn, root: Run) -> None:
    """Let everything downstream of the run's job follow it."""
    below: dict[str, None] = {}
    todo = deque(root.job.needed_by)
    while todo:
        job = todo.popleft()
        if job.id not in below:
            below[job.id] = None
            todo.extend(job.needed_by)
    if not below:
        return
    turn.state.cascades[root.run_id] = Cascade([root.job.id, *below], list(below))
    _join(turn, root, root.run_id)
    _keep(turn)


def _join(turn: Turn, run: Run, root: str | None) -> None:
    """The run, with all shards of its occurrence, belongs to the cascade."""
    run.cascade = root
    for one in siblings(run):
        one.cascade = root
        turn.fx.save(one)


def part_of(state: State, run: Run, dependant: Job) -> bool:
    """Does this dependant hear of the run's end through the cascade, instead of through its own needs."""
    cascade = state.cascades.get(run.cascade or "")
    return cascade is not None and dependant.id in cascade.jobs


def follow(turn: Turn, run: Run, outcome: Outcome) -> None:
    """A run of a cascade has ended: start or skip what needs its job."""
    cascade = turn.state.cascades.get(run.cascade or "")
    if cascade is None:
        return
    cascade.ended[run.job.id] = outcome
    for dependant in run.job.needed_by:
        if dependant.id not in cascade.left:
            continue
        verdict = _verdict(cascade, dependant)
        if verdict is None:
            continue
        cascade.left.remove(dependant.id)
        if verdict:
            _join(turn, arise(turn, dependant, RunKind.NEEDS, turn.now, bypass=True), run.cascade)
        else:
            skipped = new_run(turn, dependant, RunKind.NEEDS, turn.now)
            skipped.cascade = run.cascade
            settle(turn, skipped, Outcome.SKIPPED, Reason(Because.UPSTREAM, run.job.id))
    if len(cascade.ended) == len(cascade.jobs):
        del turn.state.cascades[run.cascade or ""]
    _keep(turn)


def _verdict(cascade: Cascade, job: Job) -> bool | None:
    """Run it (True), skip it (False), or wait for more ends (None)."""
    needs = [need for need in job.spec.needs if need.job in cascade.jobs]
    ended = [need for need in needs if need.job in cascade.ended]
    good = [need for need in ended if fulfils(need, cascade.ended[need.job])]
    over = len(ended) == len(needs)
    match job.spec.join:
        case Join.ALL:
            return False if len(good) < len(ended) else True if over else None
        case Join.ANY:
            return True if good else False if over else None


def _keep(turn: Turn) -> None:
    turn.fx.facts[FACT] = json.dumps({root: asdict(cascade) for root, cascade in turn.state.cascades.items()})


def restore_cascades(state: State, text: str | None) -> None:
    """Those of which a run is still to end; the others can never go on."""
    alive = {run.cascade for run in state.runs.values()}
    for root, fields in json.loads(text or "{}").items():
        if root in alive:
            ended = {job: Outcome(outcome) for job, outcome in fields["ended"].items()}
            state.cascades[root] = Cascade(fields["jobs"], fields["left"], ended)
