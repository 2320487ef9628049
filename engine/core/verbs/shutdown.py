"""shutdown: nothing new starts; what is on its way is taken back, what runs gets `drain` seconds or is left alone."""

from __future__ import annotations

from engine.clock import micros
from engine.core.dispatch import forget_claim
from engine.core.timers import DrainEnd
from engine.core.turn import Turn
from engine.ports.executor import Withdraw


def begin_shutdown(turn: Turn, drain: float | None) -> None:
    """Queued runs stay on record for the next engine. `drain` None: running ones are left to the keeper."""
    turn.state.draining = True
    for run in list(turn.ready.in_order()):
        turn.ready.drop(run)
    for run in turn.state.runs.values():
        if run.attempt is not None and not run.attempt.ordered and not run.live:
            # what stays claimed on record would be `lost` if the keeper has left by the next start and cannot be asked
            forget_claim(turn, run)
            turn.fx.save(run)
    waiting = tuple(turn.pipeline.ahead)
    if waiting:
        turn.fx.orders.append(Withdraw(waiting))
    if drain is not None:
        turn.fx.timers.add(turn.now + micros(drain), DrainEnd())
