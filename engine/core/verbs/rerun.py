"""rerun: a run that is over once more, for the same planned time and with the same parameters."""

from __future__ import annotations

from engine.clock import Instant
from engine.core.state import Run
from engine.core.turn import Turn
from engine.core.verbs.aiming import find_job
from engine.core.verbs.trigger import check_by_hand, start_by_hand, values_of
from engine.errors import Refused, RefusedCode, typed
from engine.model.record import RunKind
from engine.spec.matrix import label_of, shards_of
from engine.spec.params import NOTHING_GIVEN, Given


def rerun(turn: Turn, run_id: str, job_id: str, planned_at: Instant, given: Given = NOTHING_GIVEN) -> Run:
    """A new run of kind `rerun` for the planned time of `run_id`, with the values that it was `given`.

    What the job has no parameter for any more is left out, new ones have their defaults. Refused: not over yet, and what refuses
    a trigger.
    """
    if run_id in turn.state.runs:
        raise Refused(
            RefusedCode.STATE, f"{run_id} is {turn.state.runs[run_id].phase}", "wait until it is over, or stop it"
        )
    job = find_job(turn, job_id)
    check_by_hand(turn, job)
    label = label_of(run_id)
    if (label is not None or job.spec.matrix) and label not in {shard.label for shard in shards_of(job.spec.matrix)}:
        raise Refused(
            RefusedCode.STATE,
            f"the matrix of {job_id} has changed since {run_id}",
            f"{typed('trigger', job_id)} runs it",
        )
    same = {name: value for name, value in given.values.items() if name in job.spec.params}
    return start_by_hand(turn, job, RunKind.RERUN, planned_at, bypass=True, given=values_of(job, same), only=label)
