"""Which jobs need somebody's attention, and why, in a word."""

from __future__ import annotations

from typing import Final

from engine.api import JobView
from engine.clock import Instant
from engine.model.outcome import Outcome
from engine.model.states import JobStatus
from jobqueue_tui.console.columns import is_slow

_BAD: Final = {
    Outcome.FAILED: "failed",
    Outcome.TIMED_OUT: "timed out",
    Outcome.LOST: "lost",
}


def problem_of(job: JobView, now: Instant) -> str:
    """What is wrong with it; empty for nothing."""
    if job.last_run_outcome in _BAD:
        return _BAD[job.last_run_outcome]
    if job.last_outcome is Outcome.MISSED:
        return "missed"
    if job.status is JobStatus.ERROR:
        return "error"
    return "slow" if is_slow(job, now) else ""
