"""What the end of a run means for the jobs that need its job.

A job with `needs` and no schedule of its own runs once each time all (`join: any`: one) of its needed jobs have ended
as required since its own last run was made. A needed run that ends otherwise makes it `skipped(upstream)`, once per
round, and that skip is in turn an end for its dependants. What was met stays met until the job runs: rerunning the
failed one revives its dependants. A round ends with a run of the dependant, or when a needed job ends a second time.
"""

from __future__ import annotations

from typing import Final

from engine.core import shards
from engine.core.birth import new_run
from engine.core.cascade import follow, part_of
from engine.core.dispatch import offer_next
from engine.core.fates import settle
from engine.core.fulfilment import fulfils
from engine.core.gates import too_old
from engine.core.occurrences import arise
from engine.core.state import Job
from engine.core.turn import Turn
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import RunKind
from engine.spec.job import Join

_SILENT: Final = frozenset({Because.OVERLAP, Because.LIMIT})
"""Skips that say nothing about the job's work: another run of it is under way."""


def spread(turn: Turn) -> None:
    """Tell the dependants of every run that ended in this tick, of shards when the last one did.

    The list grows while chains of skips are followed.
    """
    told = 0
    while told < len(turn.fx.over):
        run = turn.fx.over[told]
        told += 1
        outcome, reason = shards.over(run), run.reason
        for dependant in run.job.needed_by:
            offer_next(turn, dependant)  # its gate may have opened
        listeners = [
            job for job in run.job.needed_by if job.spec.schedule is None and not part_of(turn.state, run, job)
        ]
        if run.cascade is not None and outcome is not None:
            follow(turn, run, outcome)
        if outcome is None or outcome is Outcome.MISSED or (reason is not None and reason.because in _SILENT):
            continue
        for dependant in listeners:
            _hear(turn, dependant, run.job.id, outcome)


def _hear(turn: Turn, job: Job, source: str, outcome: Outcome) -> None:
    if job.runs_left == 0 or job.limits.first(turn.now) != turn.now:
        return  # outside `start_at` … `end_at`, or its `max_runs` is used up: no occurrence
    if source in job.heard:
        job.heard.clear()
        job.round_skipped = False
    job.heard.add(source)
    job.met[source] = outcome
    turn.fx.save_job(job)
    needs = job.spec.needs
    good = sum(
        need.job in job.met and fulfils(need, job.met[need.job]) and not too_old(need, needed, turn.now)
        for need, needed in zip(needs, job.needed, strict=True)
    )
    match job.spec.join:
        case Join.ALL:
            fires = good == len(needs)
            fails = not all(fulfils(need, outcome) for need in needs if need.job == source)
        case Join.ANY:
            fires = good > 0
            fails = not good and len(job.met) == len(needs)
    if fires:
        job.met.clear()
        job.heard.clear()
        job.round_skipped = False
        arise(turn, job, RunKind.NEEDS, turn.now)
    elif fails and not job.round_skipped:
        job.round_skipped = True
        settle(turn, new_run(turn, job, RunKind.NEEDS, turn.now), Outcome.SKIPPED, Reason(Because.UPSTREAM, source))
