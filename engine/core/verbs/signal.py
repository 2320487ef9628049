"""signal: one signal to every process of a run's tree. What it does to the run is the job's own business."""

from __future__ import annotations

from signal import Signals

from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode, typed
from engine.model.states import RunPhase
from engine.ports.executor import Home, Signal

_RUNS = frozenset({RunPhase.RUNNING, RunPhase.PAUSED, RunPhase.STOPPING})


def signal_run(turn: Turn, run: Run, number: int) -> None:
    """Order it. Refused: no process, or a signal that a verb of its own stands for."""
    _check_number(run, number)
    if run.home is Home.CALL:
        raise Refused(
            RefusedCode.STATE,
            f"{run.job.id} is a function, which takes no signals",
            f"{typed('stop', run.job.id)} cancels it",
        )
    if run.phase not in _RUNS:
        raise Refused(RefusedCode.STATE, f"{run.run_id} is {run.phase}: it has no process yet")
    assert run.attempt is not None
    turn.fx.orders.append(Signal(run.attempt.id, number))


def signal_runs(turn: Turn, job: Job, number: int) -> list[Run]:
    """To all that the job has running, which it returns. Refused: nothing runs."""
    runs = [run for run in job.active if run.phase in _RUNS]
    if not runs:
        raise Refused(RefusedCode.STATE, f"nothing of {job.id} runs")
    for run in runs:
        _check_number(run, number)
    for run in runs:
        signal_run(turn, run, number)
    return runs


def _check_number(run: Run, number: int) -> None:
    """The engine must know of a run that stands still or was killed by us: those signals are verbs."""
    match number:
        case Signals.SIGKILL:
            verb = "kill"
        case Signals.SIGSTOP:
            verb = "pause"
        case Signals.SIGCONT if run.phase is RunPhase.PAUSED:
            verb = "resume"
        case _:
            return
    raise Refused(
        RefusedCode.STATE,
        f"signal {Signals(number).name} is not sent by itself",
        f"{typed(verb, run.job.id)} does that",
    )
