"""set_timeout: how long an attempt may run, from now on and for the runs in progress."""

from __future__ import annotations

from engine.core.marks import mark
from engine.core.retry import attempt_timeout
from engine.core.state import Job
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode
from engine.ports.executor import SetTimeout


def set_timeout(turn: Turn, job: Job, seconds: float) -> None:
    """Kept over restarts; 0 = none. It counts from the start of an attempt: one that has run longer is ended now."""
    if seconds < 0:
        raise Refused(RefusedCode.OUT_OF_RANGE, f"timeout {seconds:g} s is below 0", "0 means none")
    same_as_file = (seconds or None) == job.spec.timeout.run
    job.timeout_set = None if same_as_file else seconds
    mark(turn, job, "timeout")
    for run in (*job.active, *job.queue):
        if run.attempt is not None and run.attempt.step.main and (run.attempt.ordered or run.live):
            turn.fx.orders.append(SetTimeout(run.attempt.id, attempt_timeout(run)))
    turn.fx.save_job(job)
