"""What only callable jobs do: save data, and go on after a stop that they ignore."""

from __future__ import annotations

from engine.core.admission import release
from engine.core.dispatch import offer_next
from engine.core.state import Run
from engine.core.turn import Turn
from engine.ports.executor import DataSaved, Freed


def save_data(turn: Turn, run: Run, report: DataSaved) -> None:
    """Merge what the function saved into the records of its run and its job."""
    run.data = {**run.data, **report.run}
    if report.job:
        merged = {**run.job.data, **report.job}
        run.job.data = {name: value for name, value in merged.items() if value is not None}
        turn.fx.save_job(run.job)
    turn.fx.save(run)


def linger(turn: Turn, run: Run) -> None:
    """Its outcome is known while its function goes on: what the run took stays taken, its job counts it as a run."""
    assert run.attempt is not None
    run.may_still_run = True
    run.job.lingering += 1
    turn.state.lingering[run.attempt.id] = run


def freed(turn: Turn, report: Freed) -> None:
    """The function is over after all."""
    run = turn.state.lingering.pop(report.attempt, None)
    if run is None:
        return
    run.may_still_run = False
    run.job.lingering -= 1
    if not run.live:  # else its hooks go on in the slot
        turn.state.taken -= 1
        release(turn, run)
    turn.fx.save(run)
    offer_next(turn, run.job)
