"""ack: somebody has seen how a run ended; it leaves the Inbox and stays on record."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.effects import Ack
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode
from engine.model.outcome import Outcome
from engine.model.record import RunRecord

IN_INBOX = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST, Outcome.MISSED})
"""Ends that somebody should see."""


def ack(turn: Turn, target: str, found: Sequence[RunRecord], *, by: str, reason: str) -> int:
    """Acknowledge the runs on record that `target` named. Refused: there are none that wait for it."""
    waiting = [run for run in found if run.outcome in IN_INBOX and run.acked_at is None]
    if not waiting:
        raise Refused(RefusedCode.STATE, _why_not(target, found))
    turn.fx.acks += [Ack(run.run_id, turn.now, by, reason) for run in waiting]
    for job in {run.job for run in waiting}:
        if job in turn.state.jobs:
            turn.fx.touch(turn.state.jobs[job])
    return len(waiting)


def _why_not(target: str, found: Sequence[RunRecord]) -> str:
    if len(found) != 1:
        return f"nothing of {target} waits to be acknowledged"
    run = found[0]
    if run.acked_at is not None:
        return f"{run.run_id} was acknowledged by {run.acked_by} already"
    return f"{run.run_id} is {run.outcome or run.state}: there is nothing to acknowledge"
