"""pause: a running tree stands still; a job with nothing running is held."""

from __future__ import annotations

from engine.clock import micros
from engine.core.dispatch import take_out
from engine.core.marks import mark
from engine.core.state import Job, Run
from engine.core.timers import ResumeAt
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode, typed
from engine.model.states import RunPhase
from engine.ports.executor import Pause


def pause_run(turn: Turn, run: Run, for_seconds: float | None) -> None:
    """Order the pause of a running run; it is `paused` when the executor says so. Refused: not running, not pausable."""
    if run.phase is not RunPhase.RUNNING:
        raise Refused(RefusedCode.STATE, f"{run.run_id} is {run.phase}, not running")
    if not run.spec.pausable:
        raise Refused(RefusedCode.NOT_PAUSABLE, f"{run.job.id} says pausable: false")
    if run.attempt is None or run.attempt.pid is None:
        raise Refused(RefusedCode.STATE, f"{run.run_id} is between two processes", "try again")
    run.pause_until = None if for_seconds is None else turn.now + micros(for_seconds)
    mark(turn, run)
    turn.fx.orders.append(Pause(run.attempt.id))


def pause_runs(turn: Turn, job: Job, for_seconds: float | None, *, by: str) -> list[Run]:
    """All of the job's running runs, which it returns; where nothing runs the job is held. Refused as each of them is."""
    running = [run for run in job.active if run.phase is RunPhase.RUNNING]
    if not running:
        hold_job(turn, job, for_seconds, by=by)
    for run in running:
        pause_run(turn, run, for_seconds)
    return running


def hold_job(turn: Turn, job: Job, for_seconds: float | None, *, by: str = "operator", reason: str = "") -> None:
    """Nothing of the job starts until it is resumed or released, over restarts too. Refused: held already."""
    if job.held_since is not None:
        raise Refused(RefusedCode.STATE, f"{job.id} is paused already", f"{typed('resume', job.id)} lets it go on")
    job.held_since = turn.now
    mark(turn, job, "hold")
    job.hold_by, job.hold_reason = by, reason
    job.hold_until = None if for_seconds is None else turn.now + micros(for_seconds)
    if job.hold_until is not None:
        turn.fx.timers.add(job.hold_until, ResumeAt(job))
    take_out(turn, job)
    turn.fx.offs_changed = True
    turn.fx.save_job(job)
