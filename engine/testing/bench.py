"""A whole engine on a bench: virtual clock, no processes, rows in memory, no event loop. A year runs in seconds."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from engine.clock import Instant, micros
from engine.core.boot import begin
from engine.core.state import Job, Run, State
from engine.core.turn import Turn
from engine.errors import EngineFault
from engine.ports.executor import Launch, Limit
from engine.runtime.launching import Launcher
from engine.runtime.loop import Loop
from engine.runtime.starting import build_turn, restore, under_way
from engine.spec.config import JobFile
from engine.testing.clock import VirtualClock
from engine.testing.executor import Act, FakeExecutor
from engine.testing.store import MemoryStore

T = TypeVar("T")

NOWHERE = Path("/nonexistent")

REST = 10_000
"""Ticks within one instant that are more than any rule explains."""


def _raised(fault: EngineFault) -> None:
    """A test is to see what the engine would end for."""
    raise fault


class Bench:
    """An engine whose every step the test takes. `crash` throws the loop away and begins anew on the same store."""

    def __init__(
        self,
        job_file: JobFile,
        *,
        script: Callable[[Launch], Act] | None = None,
        store: MemoryStore | None = None,
        clock: VirtualClock | None = None,
        campaign: bool = False,
        zone: str = "UTC",
        logs: Path = NOWHERE,
        foretells: bool = True,
    ) -> None:
        self.boot_id = "boot"
        self.clock = clock or VirtualClock()
        self.store = store or MemoryStore()
        self.executor = FakeExecutor(self.clock, script)
        self.free_memory = 4 << 30
        """Bytes that the machine has available."""
        self._zone = zone
        self._logs = logs
        self._foretells = foretells
        self._soon: deque[Callable[[], None]] = deque()
        self.begin(job_file, campaign=campaign)

    def begin(self, job_file: JobFile, *, campaign: bool = False) -> None:
        """Start an engine on the store as it is; what the executor has goes on."""
        self._soon.clear()
        self._file = job_file
        stored = self.store.load({spec.id: spec.was for spec in job_file.jobs if spec.was})
        chance = random.Random(7)  # noqa: S311 - repeatable
        turn = build_turn(job_file, chance, boot_id=self.boot_id, now=self.clock.now(), cpus=4.0, memory=8 << 30)
        self.loop = Loop(
            turn,
            clock=self.clock,
            store=self.store,
            executor=self.executor,
            launcher=Launcher(self._logs, {}, self._zone),
            soon=self._soon.append,
            free_memory=lambda: self.free_memory,
            foretells=self._foretells,
        )
        self.loop.on_fault = _raised
        restore(turn, job_file, stored)
        recovered = self.executor.reopen(under_way(turn.state), self.loop.report)
        self.executor.submit([Limit(job_file.engine.max_running)])
        self.loop.first_tick(lambda turn: begin(turn, self._zone, campaign=campaign), recovered)
        self.settle()

    def crash(self, job_file: JobFile | None = None) -> None:
        """The engine dies without a word and the next one begins; what was not committed is lost."""
        self.begin(job_file or self._file)

    # -- time ----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let everything happen that needs no time. RuntimeError if that never ends."""
        for _ in range(REST):
            if not self._soon:
                if self.clock.alarm is None or self.clock.alarm > self.clock.now():
                    return
                self.clock.advance(self.clock.now())
                continue
            self._soon.popleft()()
        raise RuntimeError("the engine does not come to rest")

    def die_when(self, moment: Callable[[], bool], *, seconds: float) -> None:
        """Let time pass until this is so, and not one turn of the loop more. TimeoutError if it never is."""
        until = self.clock.now() + micros(seconds)
        while not moment():
            if self._soon:
                self._soon.popleft()()
                continue
            coming = [at for at in (self.clock.alarm, self.executor.next_end) if at is not None and at <= until]
            if not coming:
                raise TimeoutError(f"not within {seconds:g} s")
            self.clock.advance(min(coming))
            self.executor.play()

    def run_for(self, seconds: float) -> None:
        """Let so much time pass, stopping at everything that happens in between."""
        until = self.clock.now() + micros(seconds)
        while True:
            self.settle()
            coming = [at for at in (self.clock.alarm, self.executor.next_end) if at is not None and at <= until]
            if not coming:
                self.clock.advance(until)
                self.settle()
                return
            self.clock.advance(min(coming))
            self.executor.play()

    # -- looking and acting --------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The engine's state."""
        return self.loop.turn.state

    @property
    def now(self) -> Instant:
        """Its time."""
        return self.clock.now()

    def job(self, job_id: str) -> Job:
        """A job by id."""
        return self.state.jobs[job_id]

    def do(self, act: Callable[[Turn], T]) -> T:
        """Perform a verb; raises what it raises."""
        results: list[T] = []
        failures: list[Exception] = []
        self.loop.act(act, results.append, failures.append)
        self.settle()
        if failures:
            raise failures[0]
        return results[0]

    def fates(self, job_id: str) -> list[str]:
        """The job's runs in order: `success`, `failed exit(3)`, `skipped overlap`, `queued` …"""
        live = self.state.runs
        return [
            " ".join(filter(None, (row.outcome, row.reason if row.outcome != "success" else None)))
            if row.outcome or row.run_id not in live
            else live[row.run_id].phase
            for row in sorted(self.store.runs.values())
            if row.job == job_id
        ]

    def active(self, job_id: str) -> list[Run]:
        """The job's active runs."""
        return list(self.job(job_id).active)
