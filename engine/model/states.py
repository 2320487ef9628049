"""States of a run, each with the data that exists only in it, and the one table of what may follow what.

"Running without a start" cannot be written: `Running` needs a pid. An illegal step raises, names both states and
changes nothing (`step`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Final, TypeAlias

from engine.clock import Instant
from engine.model.outcome import Outcome, Reason
from engine.values import lean


class RunPhase(StrEnum):
    """The word for a run's state: on screens, in JSON, in the store."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    RETRYING = "retrying"
    STOPPING = "stopping"
    ENDED = "ended"


class JobStatus(StrEnum):
    """The word for a job's status, in the order of precedence that 20-engine gives."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    WAITING = "waiting"
    COMPLETED = "completed"
    ERROR = "error"
    ENDED = "ended"


@lean(frozen=True, slots=True)
class Queued:
    """Waits for its turn; why is asked for (`why`), not stored, since it changes without the run."""

    phase: ClassVar = RunPhase.QUEUED
    since: Instant


@lean(frozen=True, slots=True)
class Starting:
    """Its attempt is durable and ordered; no process is known yet."""

    phase: ClassVar = RunPhase.STARTING
    since: Instant


@lean(frozen=True, slots=True)
class Running:
    """A process exists."""

    phase: ClassVar = RunPhase.RUNNING
    since: Instant
    pid: int


@lean(frozen=True, slots=True)
class Paused:
    """Every process of the tree is stopped; `until` = automatic resume."""

    phase: ClassVar = RunPhase.PAUSED
    since: Instant
    pid: int
    until: Instant | None = None


@lean(frozen=True, slots=True)
class Retrying:
    """The last attempt failed; the next one comes at `until`, or later for want of a slot. Holds no slot."""

    phase: ClassVar = RunPhase.RETRYING
    since: Instant
    until: Instant


@lean(frozen=True, slots=True)
class Stopping:
    """Told to end, not over yet. `reason` is what the record will say."""

    phase: ClassVar = RunPhase.STOPPING
    since: Instant
    pid: int
    reason: Reason


@lean(frozen=True, slots=True)
class Ended:
    """Over, with its one fate."""

    phase: ClassVar = RunPhase.ENDED
    at: Instant
    outcome: Outcome
    reason: Reason | None


RunState: TypeAlias = Queued | Starting | Running | Paused | Retrying | Stopping | Ended

MAY_FOLLOW: Final[dict[RunPhase, frozenset[RunPhase]]] = {
    RunPhase.QUEUED: frozenset({RunPhase.STARTING, RunPhase.ENDED}),
    # back to queued: the executor never started it (withdrawn, or found so after a crash)
    RunPhase.STARTING: frozenset(
        {RunPhase.QUEUED, RunPhase.RUNNING, RunPhase.STOPPING, RunPhase.RETRYING, RunPhase.ENDED}
    ),
    # running again: the next process of the run, a hook or its failover; so for stopping
    RunPhase.RUNNING: frozenset(
        {RunPhase.RUNNING, RunPhase.PAUSED, RunPhase.STOPPING, RunPhase.RETRYING, RunPhase.ENDED}
    ),
    RunPhase.PAUSED: frozenset({RunPhase.RUNNING, RunPhase.STOPPING, RunPhase.RETRYING, RunPhase.ENDED}),
    RunPhase.RETRYING: frozenset({RunPhase.STARTING, RunPhase.ENDED}),
    RunPhase.STOPPING: frozenset({RunPhase.STOPPING, RunPhase.ENDED}),
    RunPhase.ENDED: frozenset(),
}

LIVE: Final = frozenset({RunPhase.STARTING, RunPhase.RUNNING, RunPhase.PAUSED, RunPhase.STOPPING})
"""Phases that take a slot."""

ACTIVE: Final = LIVE | {RunPhase.RETRYING}
"""Phases counted as `active`: started and not over."""


class IllegalStep(Exception):  # noqa: N818 - says what it is
    """A run cannot go from one state to the other; a fault of the engine, never of a user."""


def step(old: RunState, new: RunState) -> RunState:
    """`new`, if it may follow `old`; IllegalStep otherwise."""
    before, after = old.phase, new.phase
    if after not in MAY_FOLLOW[before]:
        raise IllegalStep(f"a run cannot go from {before} to {after}")
    return new
