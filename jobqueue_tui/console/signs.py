"""One sign, one word and one role for each state: no state is told apart by colour alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from engine.model.facts import JobFacts
from engine.model.outcome import Outcome
from engine.model.states import JobStatus, RunPhase
from engine.values import lean


class Role(StrEnum):
    """What a piece of text is, for the palette. The value is the name of the theme's variable (`role-…`)."""

    TEXT = "text"
    MUTED = "muted"
    STRONG = "strong"
    TITLE = "title"
    HEAD = "head"
    KEY = "key"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    WAITING = "waiting"
    QUEUED = "queued"
    OK = "ok"
    FAILED = "failed"
    WARN = "warn"
    CPU = "cpu"
    MEMORY = "memory"
    MATCH = "match"


@lean(frozen=True, slots=True)
class Sign:
    """How a state is drawn: a glyph of one cell, a word of at most nine, a role."""

    glyph: str
    word: str
    role: Role


OF_STATUS: Final = {
    JobStatus.RUNNING: Sign("●", "running", Role.RUNNING),
    JobStatus.PAUSED: Sign("‖", "paused", Role.PAUSED),
    JobStatus.STOPPED: Sign("■", "stopped", Role.STOPPED),
    JobStatus.WAITING: Sign("○", "waiting", Role.WAITING),
    JobStatus.COMPLETED: Sign("✓", "completed", Role.OK),
    JobStatus.ERROR: Sign("✗", "error", Role.FAILED),
    JobStatus.ENDED: Sign("–", "ended", Role.MUTED),
}
OF_PHASE: Final = {
    RunPhase.QUEUED: Sign("◷", "queued", Role.QUEUED),
    RunPhase.STARTING: Sign("●", "starting", Role.RUNNING),
    RunPhase.RUNNING: OF_STATUS[JobStatus.RUNNING],
    RunPhase.PAUSED: OF_STATUS[JobStatus.PAUSED],
    RunPhase.RETRYING: Sign("↻", "retrying", Role.WARN),
    RunPhase.STOPPING: Sign("◢", "stopping", Role.WARN),
    RunPhase.ENDED: OF_STATUS[JobStatus.ENDED],
}
OF_OUTCOME: Final = {
    Outcome.SUCCESS: Sign("✓", "success", Role.OK),
    Outcome.FAILED: Sign("✗", "failed", Role.FAILED),
    Outcome.TIMED_OUT: Sign("!", "timed out", Role.FAILED),
    Outcome.STOPPED: Sign("■", "stopped", Role.STOPPED),
    Outcome.SKIPPED: Sign("↷", "skipped", Role.MUTED),
    Outcome.MISSED: Sign("?", "missed", Role.WARN),
    Outcome.LOST: Sign("?", "lost", Role.FAILED),
}
HELD: Final = Sign("‖", "held", Role.PAUSED)
SUSPENDED: Final = Sign("◌", "suspended", Role.MUTED)
DISABLED: Final = Sign("·", "disabled", Role.MUTED)

_TELLING: Final = (RunPhase.STOPPING, RunPhase.PAUSED, RunPhase.RETRYING, RunPhase.STARTING)
"""Phases that say more than `running`, the most telling first."""


def sign_of(job: JobFacts) -> Sign:
    """The sign of a job now: its status, or what its runs do where that says more."""
    if not job.enabled:
        return DISABLED
    status = job.status
    match status:
        case JobStatus.RUNNING:
            phases = {run.phase for run in job.active}
            if RunPhase.RUNNING in phases and RunPhase.STOPPING not in phases:
                return OF_STATUS[status]
            return next((OF_PHASE[phase] for phase in _TELLING if phase in phases), OF_STATUS[status])
        case JobStatus.WAITING if job.held:
            return HELD
        case JobStatus.WAITING if job.queued:
            return OF_PHASE[RunPhase.QUEUED]
        case JobStatus.WAITING if job.suspended:
            return SUSPENDED
        case _:
            return OF_STATUS[status]
