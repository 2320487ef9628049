"""An engine for consoles that are measured: many jobs as plain objects, of which some change at a steady rate.

To be imported once the console has prepared its environment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from engine.model.record import EngineStatus
from tests.screens.engines import big_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.fake_job import FakeJob


class BusyEngine(FakeEngine):
    """As the real one: its list is there, and its counts are kept, not counted."""

    def __init__(self, count: int) -> None:
        super().__init__()
        plain = big_engine(count)
        self.by_id, self.logs = plain.by_id, plain.logs
        self._jobs = list(self.by_id.values())
        self._status: EngineStatus | None = None
        for job in self._jobs:
            job.engine = self

    @property
    def jobs(self) -> Sequence[FakeJob]:
        """In file order."""
        return self._jobs

    def status(self) -> EngineStatus:
        """As it was when it was first asked for."""
        if self._status is None:
            self._status = super().status()
        return self._status

    async def change(self, updates: int, chosen: Callable[[int], int]) -> None:
        """So many samples a second, for ever; `chosen`: the place of the job that gets the n-th."""
        number = 0
        began = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            due = int((time.monotonic() - began) * updates)
            while number < due:
                job = self._jobs[chosen(number)]
                if job.active:
                    job.active[0].cpu_percent = float(number % 100)
                job.cpu_ring = [*job.cpu_ring[-119:], float(number % 100)]
                job.touch()
                number += 1
            self.at += 10_000
