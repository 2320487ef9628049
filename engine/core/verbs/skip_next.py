"""skip_next: the next occurrence, or a later one that is named, becomes `skipped(operator)` when its time comes."""

from __future__ import annotations

from engine.clock import Instant
from engine.core.explain import full_time
from engine.core.fates import set_next
from engine.core.marks import mark
from engine.core.state import Job
from engine.core.turn import Turn
from engine.core.verbs.aiming import find_occurrence
from engine.errors import Refused, RefusedCode, typed


def skip_next(turn: Turn, job: Job, at: Instant | None = None) -> None:
    """`at`: the planned time of the one that is meant. Kept over restarts. Refused: there is none, or one is to be skipped already."""
    if job.skip_at is not None:
        raise Refused(
            RefusedCode.STATE,
            f"the run of {job.id} at {full_time(job.skip_at)} is to be skipped already",
            f"one at a time; {typed('skip-next', job.id, '--undo')} lets it come",
        )
    job.skip_at = find_occurrence(turn, job, at)
    mark(turn, job, "skip")
    set_next(turn, job, job.next_planned)
    turn.fx.save_job(job)


def undo_skip_next(turn: Turn, job: Job) -> Instant:
    """What was to be skipped, whose planned time this returns, is an ordinary occurrence again. Refused: none is."""
    skipped = job.skip_at
    if skipped is None:
        raise Refused(RefusedCode.STATE, f"no run of {job.id} is to be skipped")
    job.skip_at = job.after_skip = None
    mark(turn, job, "skip")
    turn.fx.save_job(job)
    return skipped
