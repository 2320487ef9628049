"""trigger: a run now; the schedule is untouched."""

from __future__ import annotations

from engine.core.occurrences import arise
from engine.core.state import Run
from engine.core.turn import Turn
from engine.core.verbs.aiming import check_open, find_job
from engine.errors import Refused, RefusedCode
from engine.model.outcome import Outcome
from engine.model.record import RunKind
from engine.spec.job import Manual


def trigger(turn: Turn, job_id: str, *, bypass: bool) -> Run:
    """A manual run. Refused: unknown id, `manual: deny`, disabled or stopped job, overlap policy, shutdown."""
    check_open(turn)
    job = find_job(turn, job_id)
    if job.spec.manual is Manual.DENY:
        raise Refused(
            RefusedCode.MANUAL_DENIED, f"{job.id} may not be started by hand", "the job file says manual: deny"
        )
    if not job.spec.enabled:
        raise Refused(RefusedCode.STATE, f"{job.id} is disabled", "set enabled: true in the job file")
    if job.stopped:
        raise Refused(RefusedCode.STATE, f"{job.id} is stopped", f"`resume {job.id}` first")
    planned = turn.now
    if any(run.planned_at == planned for run in (*job.queue, *job.active)):
        planned += 1  # two triggers within one tick are two occurrences
    run = arise(turn, job, RunKind.MANUAL, planned, bypass=bypass)
    if run.outcome is Outcome.SKIPPED:
        raise Refused(
            RefusedCode.OVERLAP,
            f"{job.id} is running already and its overlap policy is {job.spec.overlap}",
            f"the attempt is on record as {run.run_id}; wait, stop it, or set overlap: queue",
        )
    return run
