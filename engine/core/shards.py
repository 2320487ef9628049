"""Runs that are one occurrence together: the shards of a job with a matrix.

Everything else in the engine sees plain runs of one job. What concerns them as a whole is here: which belong together,
whose turn it is, and what the occurrence ended with once the last of them is over.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain
from typing import Final

from engine.core.state import Job, Run
from engine.model.outcome import Outcome, Reason
from engine.spec.job import Overlap

_WORSE: Final = (
    Outcome.SUCCESS,
    Outcome.SKIPPED,
    Outcome.MISSED,
    Outcome.STOPPED,
    Outcome.LOST,
    Outcome.TIMED_OUT,
    Outcome.FAILED,
)
"""What an occurrence ended with is the worst that one of its shards did."""


def siblings(run: Run) -> list[Run]:
    """The runs of the same occurrence that are not over, itself among them while it is not."""
    if run.shard is None:
        return [run] if run.outcome is None else []
    job = run.job
    return [one for one in (*job.active, *job.queue) if one.occurrence == run.occurrence]


def waiting_of_begun(job: Job) -> list[Run]:
    """Shards that wait while others of their occurrence are under way: who ends those means all of it."""
    begun = {run.occurrence for run in job.active} if job.spec.matrix else set()
    return [run for run in job.queue if run.occurrence in begun]


def occurrences(job: Job, runs: Sequence[Run]) -> int:
    """Of how many occurrences these runs of the job are."""
    return len({run.occurrence for run in runs}) if job.spec.matrix else len(runs)


def gather(run: Run, outcome: Outcome, reason: Reason | None) -> tuple[Outcome, str | None]:
    """What the occurrence of a run that ends has come to so far, to be kept with the job until all of it is over."""
    text = None if reason is None else str(reason)
    if run.shard is None:
        return outcome, text
    before = run.job.gathered.get(run.occurrence)
    if before is not None and _WORSE.index(before[0]) >= _WORSE.index(outcome):
        return before
    run.job.gathered[run.occurrence] = outcome, text
    return outcome, text


def over(run: Run) -> Outcome | None:
    """What the occurrence of a run that has ended came to; None while other shards of it go on."""
    if run.shard is None:
        return run.outcome
    if any(one.occurrence == run.occurrence for one in chain(run.job.active, run.job.queue)):
        return None
    gathered = run.job.gathered.pop(run.occurrence, None)
    return run.outcome if gathered is None else gathered[0]


def in_turn(job: Job, busy: Collection[Run], waiting: list[Run]) -> list[Run]:
    """Those of the waiting runs, in order, whose occurrence may be under way beside the `busy` ones.

    One occurrence after the other, unless the job says `overlap: allow`: its shards may overlap, occurrences do not.
    """
    if not job.spec.matrix or job.spec.overlap is Overlap.ALLOW or not waiting:
        return waiting
    current = {run.occurrence for run in busy} or {waiting[0].occurrence}
    return [run for run in waiting if run.occurrence in current]
