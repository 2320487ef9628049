"""An engine that does not know what has run: its state was lost, or is a copy from earlier.

Recurring jobs owe nothing for the past and go on. Of one-shots and of jobs with `max_runs` nobody knows whether they ran:
they are held until somebody who knows resumes them. A copy from earlier knows nothing of what came after it, so all is
held (20-engine, Durability).
"""

from __future__ import annotations

from typing import Final

from engine.clock import Instant, moment
from engine.core.holds import EVERYTHING
from engine.core.turn import Turn
from engine.core.verbs.hold import hold
from engine.spec.config import OnLostState

BY: Final = "engine"
LOST: Final = "the state was lost: nobody knows whether it ran"


def hold_after_loss(turn: Turn) -> None:
    """Hold what may have run already, or all, as `engine.on_lost_state` says."""
    if turn.state.spec.on_lost_state is OnLostState.HOLD:
        _hold_all(turn, LOST)
        return
    for job in turn.state.listed_jobs():
        if (job.spec.one_shot or job.spec.max_runs is not None) and job.held_since is None:
            job.held_since, job.hold_by, job.hold_reason = turn.now, BY, LOST
            turn.fx.save_job(job)
    turn.fx.offs_changed = True


def hold_after_restore(turn: Turn, taken_at: Instant) -> None:
    """Hold all: the state is a copy of that time, and what ran since is not in it."""
    at = moment(taken_at).astimezone().isoformat(sep=" ", timespec="seconds")
    _hold_all(turn, f"the state is a copy from {at}; what ran since is not in it")


def _hold_all(turn: Turn, reason: str) -> None:
    if EVERYTHING not in turn.state.holds:
        hold(turn, EVERYTHING, None, by=BY, reason=reason)
