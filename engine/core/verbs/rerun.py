"""rerun: a run that is over once more, for the same planned time and with the same parameters."""

from __future__ import annotations

from engine.clock import Instant
from engine.core.state import Run
from engine.core.turn import Turn
from engine.core.verbs.aiming import find_job
from engine.core.verbs.trigger import check_by_hand, start_by_hand
from engine.errors import Refused, RefusedCode
from engine.model.record import RunKind


def rerun(turn: Turn, run_id: str, job_id: str, planned_at: Instant) -> Run:
    """A new run of kind `rerun` for the planned time of `run_id`. Refused: not over yet, and what refuses a trigger."""
    if run_id in turn.state.runs:
        raise Refused(
            RefusedCode.STATE, f"{run_id} is {turn.state.runs[run_id].phase}", "wait until it is over, or stop it"
        )
    job = find_job(turn, job_id)
    check_by_hand(turn, job)
    return start_by_hand(turn, job, RunKind.RERUN, planned_at, bypass=True)
