"""The machine as a whole, for a header: asked at most once a second, since a screen may ask ten times."""

from __future__ import annotations

import os

import psutil

from engine.clock import SECOND
from engine.model.machine import MachineLoad


def total_memory() -> int:
    """Bytes of memory that the machine has."""
    return psutil.virtual_memory().total


def free_memory() -> int:
    """Bytes that can be had without swapping."""
    return psutil.virtual_memory().available


class Machine:
    """Totals by psutil."""

    def __init__(self) -> None:
        self._asked = -SECOND
        self._known = MachineLoad(0.0, 0, 0, 0.0)

    def load(self, monotonic: int) -> MachineLoad:
        """CPU since the last asking, memory and load now; `monotonic` in microseconds."""
        if monotonic - self._asked >= SECOND:
            self._asked = monotonic
            memory = psutil.virtual_memory()
            self._known = MachineLoad(
                cpu_percent=psutil.cpu_percent(interval=None),
                memory_used=memory.total - memory.available,
                memory_total=memory.total,
                load=os.getloadavg()[0],
            )
        return self._known
