"""A whole engine on a clock that jumps: a program's own jobs, a week of them in a moment."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from engine.clock import Instant, instant, micros
from engine.core.state import Run
from engine.facade.engine import Engine
from engine.model.states import RunPhase
from engine.ports.executor import Home, Launch
from engine.runtime.launching import Launcher
from engine.spec.job import JobSpec
from engine.spec.library import Duration, seconds
from engine.spec.matrix import job_of
from engine.testing.clock import START, VirtualClock
from engine.testing.executor import Act, FakeExecutor

PATIENCE: Final = 10.0
"""Real seconds that functions may take before `run_for` gives up."""

_RUNS: Final = frozenset({RunPhase.STARTING, RunPhase.RUNNING, RunPhase.STOPPING})

_QUIET: Final = 3
"""Turns of the loop without anything new after which the engine is at rest: a thread's report takes two."""


class VirtualEngine(Engine):
    """An engine for tests: time passes only in `run_for`, processes are made believe, functions are really called.

    `exits` says how the processes of a job go: one exit code (or `Act`, which also says how long they take) for each
    attempt in turn, the last for all further ones; 0 at once by default. While a function runs, time stands still.
    """

    def _make_launcher(self, logs: Path) -> Launcher:
        """Nothing is run, so no secret is read: tests need none."""
        return Launcher(logs, os.environ, self._zone, secrets=False)

    def __init__(
        self,
        specs: Iterable[JobSpec] = (),
        *,
        start: datetime | str | None = None,
        zone: str = "UTC",
        exits: Mapping[str, int | Act | Sequence[int | Act]] | None = None,
        max_running: int | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """`start` is an aware datetime or its ISO 8601 text; by default a Monday, midnight. `zone` is the engine's time zone."""
        at = datetime.fromisoformat(start) if isinstance(start, str) else start
        self.clock = VirtualClock(START if at is None else instant(at))
        self._exits = {job: [how] if isinstance(how, int | Act) else list(how) for job, how in (exits or {}).items()}
        self.processes = FakeExecutor(self.clock, self._play)
        self._patience = patience
        super().__init__(
            specs, max_running=max_running, clock=self.clock, executors={"local": self.processes}, zone=zone
        )
        self._turn.chance = random.Random(7)  # noqa: S311 - the same draws in each run of a test

    def _play(self, launch: Launch) -> Act:
        acts = self._exits.get(job_of(launch.attempt))
        if not acts:
            return Act()
        how = acts.pop(0) if len(acts) > 1 else acts[0]
        return how if isinstance(how, Act) else Act(exit_code=how)

    async def run_for(self, duration: Duration) -> None:
        """Let so much time pass, stopping at everything that happens in between.

        TimeoutError when a function goes on for longer than `patience` real seconds: time stands still for it.
        """
        until = self.clock.now() + micros(seconds(duration))
        while True:
            await self.settle()
            coming = [at for at in (self.clock.alarm, self.processes.next_end) if at is not None and at <= until]
            self._move(min(coming, default=until))
            if not coming:
                await self.settle()
                return

    async def run_until(self, at: datetime | str) -> None:
        """Let time pass until an instant."""
        there = datetime.fromisoformat(at) if isinstance(at, str) else at
        await self.run_for(timedelta(microseconds=max(0, instant(there) - self.clock.now())))

    async def shutdown(self, drain: float | None = None, *, leave: bool = False) -> Sequence[str]:
        """See `Engine`: the clock moves by as much as what runs is given to end."""
        ending = asyncio.create_task(super().shutdown(drain, leave=leave))
        while not ending.done():
            await asyncio.sleep(0.001 if self._functions else 0)
            coming = [at for at in (self.clock.alarm, self.processes.next_end) if at is not None]
            if coming and self._turn.state.draining and self._loop.at_rest:
                self._move(min(coming))
        return await ending

    def _move(self, to: Instant) -> None:
        self.clock.advance(to)
        self.processes.play()

    async def settle(self) -> None:
        """Let everything happen that needs no time, functions included."""
        quiet = 0
        try:
            async with asyncio.timeout(self._patience):
                while quiet < _QUIET:
                    busy = not self._loop.at_rest or bool(self._functions)
                    quiet = 0 if busy else quiet + 1
                    # a function in a thread has no turn of the loop to end in
                    await asyncio.sleep(0.001 if self._functions else 0)
        except TimeoutError:
            names = ", ".join(run.run_id for run in self._functions) or "the engine"
            raise TimeoutError(f"{names} did not come to rest within {self._patience:g} s") from None

    @property
    def _functions(self) -> list[Run]:
        """Functions that run now; one that stands at a checkpoint waits for the test."""
        runs = self._turn.state.runs.values()
        return [run for run in runs if run.home is Home.CALL and run.phase in _RUNS]
