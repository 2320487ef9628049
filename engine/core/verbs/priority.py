"""bump, priority: how early a job's runs start; what waits is re-ordered at once."""

from __future__ import annotations

from engine.core.dispatch import take_back
from engine.core.state import Job
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode
from engine.spec.job import PRIORITY_MAX, PRIORITY_MIN


def set_priority(turn: Turn, job: Job, priority: int) -> int:
    """Set the job's priority (-100..100), kept over restarts. Refused: out of range."""
    if not PRIORITY_MIN <= priority <= PRIORITY_MAX:
        raise Refused(
            RefusedCode.OUT_OF_RANGE,
            f"priority {priority} is out of range",
            f"it goes from {PRIORITY_MIN} to {PRIORITY_MAX}",
        )
    job.priority = priority
    for run in job.queue:
        run.priority = priority
        if run.entry:
            turn.ready.push(run)
        else:
            take_back(turn, run)
    turn.fx.save_job(job)
    return priority
