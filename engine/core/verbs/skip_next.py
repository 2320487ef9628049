"""skip_next: the next occurrence becomes `skipped(operator)` when its time comes."""

from __future__ import annotations

from engine.core.fates import set_next
from engine.core.occurrences import plan_next
from engine.core.state import Job
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode


def skip_next(turn: Turn, job: Job) -> None:
    """Kept over restarts. Refused: it has no next occurrence, or that one is to be skipped already."""
    if job.skip_at is not None:
        raise Refused(
            RefusedCode.STATE, f"the next run of {job.id} is to be skipped already", f"`skip-next {job.id} --undo`"
        )
    if job.unplanned:
        plan_next(turn, job)
    if job.next_run is None or job.next_planned is None:
        raise Refused(RefusedCode.STATE, f"{job.id} has no next run", f"`why {job.id}` says why")
    job.skip_at = job.next_planned
    set_next(turn, job, job.next_planned)
    turn.fx.save_job(job)


def undo_skip_next(turn: Turn, job: Job) -> None:
    """The next occurrence is an ordinary one again. Refused: none is to be skipped."""
    if job.skip_at is None:
        raise Refused(RefusedCode.STATE, f"no run of {job.id} is to be skipped")
    job.skip_at = job.after_skip = None
    turn.fx.save_job(job)
