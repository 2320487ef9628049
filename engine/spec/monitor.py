"""How a job's runs are watched (`monitor:`)."""

from __future__ import annotations

from typing import Final

from engine.values import sealed

SHORTEST_LOOK: Final = 1.0
"""Seconds: all runs are looked at together, once a second."""


@sealed(frozen=True, slots=True)
class Monitor:
    """CPU and memory of a run are looked at every so many seconds; `children` False: of its first process only.

    ValueError for less than a second.
    """

    every: float = 1.0
    children: bool = True

    def __post_init__(self) -> None:
        if self.every < SHORTEST_LOOK:
            raise ValueError(f"monitor.every is {self.every:g}, must be at least {SHORTEST_LOOK:g}")


EACH_SECOND: Final = Monitor()
