"""What every decision is given: the state, the queue, a collector for effects, and the time of this tick."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from engine.clock import Instant
from engine.core.effects import Effects
from engine.core.ready import ReadyQueue
from engine.core.state import Run, State
from engine.ports.executor import AttemptId


@dataclass(slots=True)
class Pipeline:
    """Runs on their way from the ready queue to a process.

    `claimed`: their attempt is written (or being written) and not ordered yet, in order. `ordered`: the executor
    has them and has not said that they started. Both can be taken back.
    """

    claimed: deque[Run] = field(default_factory=deque)
    ordered: dict[AttemptId, Run] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.claimed) + len(self.ordered)


@dataclass(slots=True)
class Turn:
    """One tick's context. `now` is set by the loop at the start of each tick."""

    state: State
    ready: ReadyQueue
    pipeline: Pipeline
    fx: Effects
    chance: random.Random
    now: Instant = 0
