"""What every decision is given: the state, the queue, a collector for effects, and the time of this tick."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import field

from engine.clock import Instant
from engine.core.effects import Effects
from engine.core.pace import Pace
from engine.core.ready import ReadyQueue
from engine.core.state import Attempt, Run, State
from engine.ports.executor import AttemptId
from engine.schedule import NextMemo
from engine.values import mutable


@mutable(slots=True)
class Pipeline:
    """Runs on their way from the ready queue to a process.

    `claimed`: their attempt is written (or being written) and not ordered yet, in order. `ordered`: the executor
    has them and has not said that they started; `ahead` are those of them for which no slot was free. All can be
    taken back.
    """

    claimed: deque[Run] = field(default_factory=deque)
    ordered: dict[AttemptId, Run] = field(default_factory=dict)
    ahead: dict[AttemptId, Run] = field(default_factory=dict)
    in_slot: deque[tuple[Run, Attempt]] = field(default_factory=deque)
    """Later steps of runs that have their slot, and hooks beside runs: ordered as soon as they are durable."""
    pace: Pace = field(default_factory=Pace)

    def hand_over(self, attempt: AttemptId, run: Run) -> None:
        """The executor has it; it is ahead of its slot until it enters `starting`."""
        self.ordered[attempt] = self.ahead[attempt] = run

    def leave(self, attempt: AttemptId) -> Run | None:
        """It started, failed to or came back; None when it was not on its way."""
        self.ahead.pop(attempt, None)
        return self.ordered.pop(attempt, None)

    def __len__(self) -> int:
        return len(self.claimed) + len(self.ordered)


@mutable(slots=True)
class Turn:
    """One tick's context. `now` is set by the loop at the start of each tick."""

    state: State
    ready: ReadyQueue
    pipeline: Pipeline
    fx: Effects
    chance: random.Random
    now: Instant = 0
    memo: NextMemo = field(default_factory=NextMemo)
    """Next times, shared by jobs with equal schedules."""
