"""stop: a run's tree is ended; `job` also keeps the job stopped until it is resumed."""

from __future__ import annotations

from engine.api import Aim
from engine.core.fates import cancel_queued
from engine.core.marks import mark
from engine.core.shards import waiting_of_begun
from engine.core.state import Job, Run
from engine.core.stopping import end_tree
from engine.core.turn import Turn
from engine.core.verbs.aiming import check_shown
from engine.errors import Refused, RefusedCode, typed
from engine.model.outcome import Because, Outcome, Reason
from engine.model.states import RunPhase


def stop_run(turn: Turn, run: Run, grace: float | None) -> None:
    """End one run: a queued one becomes `skipped(operator)`, a retrying one `stopped`, a live one is told to end.

    Refused: it is stopping already.
    """
    reason = Reason(Because.OPERATOR)
    match run.phase:
        case RunPhase.QUEUED:
            cancel_queued(turn, run, Outcome.SKIPPED, reason)
        case RunPhase.RETRYING:
            cancel_queued(turn, run, Outcome.STOPPED, reason)
        case RunPhase.STOPPING:
            remedy = f"{typed('kill', run.job.id)} does not wait for its grace"
            raise Refused(RefusedCode.STATE, f"{run.run_id} is stopping already", remedy)
        case _:
            end_tree(turn, run, reason, grace)


def stop_job(turn: Turn, job: Job, grace: float | None, aim: Aim | None = None) -> list[Run]:
    """End all its runs, which it returns, and keep the job stopped until resumed, over restarts too.

    Refused: stopped, and nothing left; a run that `aim` has not seen.
    """
    if job.stopped and not job.active and not job.queue:
        raise Refused(RefusedCode.STATE, f"{job.id} is stopped already", f"{typed('resume', job.id)} lets it go on")
    runs = [run for run in (*job.queue, *job.active) if run.phase is not RunPhase.STOPPING]
    check_shown(job, runs, aim)
    job.stopped = True
    mark(turn, job, "hold")
    turn.fx.offs_changed = True
    for run in runs:
        stop_run(turn, run, grace)
    turn.fx.save_job(job)
    return runs


def stop_runs(turn: Turn, job: Job, grace: float | None, aim: Aim | None = None) -> list[Run]:
    """End what the job has running or retrying, with the shards that wait for their turn: those it returns; the schedule goes on.

    Refused: nothing runs; a run that `aim` has not seen.
    """
    runs = [run for run in job.active if run.phase is not RunPhase.STOPPING] or [
        run for run in job.queue if not job.active
    ]
    if not runs:
        raise Refused(
            RefusedCode.STATE,
            f"nothing of {job.id} runs",
            f"{typed('stop', '--job', job.id)} keeps it from starting again",
        )
    runs = waiting_of_begun(job) + runs
    check_shown(job, runs, aim)
    for run in runs:
        stop_run(turn, run, grace)
    return runs
