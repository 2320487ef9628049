"""Jobs that nothing happens to: shown as such, never removed."""

from __future__ import annotations

from engine.clock import Instant, micros
from engine.core.explain import may_run_again
from engine.core.state import Job, State


def is_inactive(state: State, job: Job, now: Instant) -> bool:
    """Nothing of it is due, and nothing has run for `engine.idle_timeout` (since the engine began, if nothing ever has)."""
    if may_run_again(state, job):
        return False
    newest = max(job.last_started_at or 0, job.last_ended_at or 0) or state.began_at
    return now - newest > micros(state.spec.idle_timeout)
