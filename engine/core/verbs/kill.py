"""kill: a run's tree is ended at once, without its stop signal and its grace."""

from __future__ import annotations

from engine.api import Aim
from engine.core.shards import waiting_of_begun
from engine.core.state import Job, Run
from engine.core.stopping import end_tree
from engine.core.turn import Turn
from engine.core.verbs.aiming import check_shown
from engine.core.verbs.stop import stop_run
from engine.errors import Refused, RefusedCode, typed
from engine.model.outcome import Because, Reason


def kill_run(turn: Turn, run: Run) -> None:
    """KILL to every process of it, also while it is stopping; what has no process is ended as `stop` does."""
    if run.live:
        end_tree(turn, run, Reason(Because.OPERATOR), None, kill=True)
    else:
        stop_run(turn, run, None)


def kill_runs(turn: Turn, job: Job, aim: Aim | None = None) -> list[Run]:
    """All that the job has running or retrying, with the shards that wait for their turn: those it returns.

    Refused: nothing runs; a run that `aim` has not seen.
    """
    if not job.active:
        remedy = f"{typed('stop', job.id)} takes what waits out of the queue" if job.queue else ""
        raise Refused(RefusedCode.STATE, f"nothing of {job.id} runs", remedy)
    runs = waiting_of_begun(job) + job.active
    check_shown(job, runs, aim)
    for run in runs:
        kill_run(turn, run)
    return runs
