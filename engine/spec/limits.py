"""What an attempt of a job may use (`limits:`): of memory and cores for its whole tree, of the rest for each of its processes."""

from __future__ import annotations

from dataclasses import fields
from enum import IntEnum, StrEnum
from typing import Final

from engine.values import sealed

LEAST_CPU: Final = 0.01
LEAST_MEMORY: Final = 1 << 20
NICEST: Final = 19
UNLIMITED: Final = -1
"""Of `core`: as the kernel writes it (RLIM_INFINITY)."""


class IoClass(IntEnum):
    """How the kernel serves a process' reads and writes (ioprio_set(2), whose numbers these are)."""

    REALTIME = 1
    BEST_EFFORT = 2
    IDLE = 3


@sealed(frozen=True, slots=True)
class IoNice:
    """A class and, but for idle, a level from 0 (first) to 7. ValueError for another level."""

    io_class: IoClass
    level: int = 4

    def __post_init__(self) -> None:
        if not 0 <= self.level <= 7:
            raise ValueError(f"limits.ionice: level {self.level} is outside 0 to 7")


class Remedy(StrEnum):
    """What becomes of a tree that is beyond its memory or its cores."""

    KILL = "kill"
    THROTTLE = "throttle"
    PAUSE = "pause"
    WARN = "warn"


@sealed(frozen=True, slots=True)
class OnExceed:
    """A remedy for each limit of the tree, and for how many seconds on end it must be beyond it (throttling begins at
    once). ValueError for memory that is to be throttled: what it has it has."""

    memory: Remedy = Remedy.KILL
    cpu: Remedy = Remedy.THROTTLE
    sustain: float = 0.0

    def __post_init__(self) -> None:
        if self.memory is Remedy.THROTTLE:
            raise ValueError("limits.on_exceed.memory: memory cannot be throttled: kill, pause or warn")
        if self.sustain < 0:
            raise ValueError("limits.on_exceed.sustain must not be negative")


ON_EXCEED: Final = OnExceed()


@sealed(frozen=True, slots=True)
class Limits:
    """`cpu` (cores) and `memory` (resident bytes) hold for the whole tree; `on_exceed` says what becomes of one that is beyond.

    The others are set before the program begins and hold for each process: `cpu_time` (whole seconds), `nofile`, `nproc`
    (of all that its user runs), `fsize` and `core` (bytes), `nice` (-20 to 19), `ionice`, `affinity` (numbers of
    processors). None: as the engine has it. ValueError for what no process could have.
    """

    cpu: float | None = None
    memory: int | None = None
    cpu_time: int | None = None
    nofile: int | None = None
    nproc: int | None = None
    fsize: int | None = None
    core: int | None = None
    nice: int | None = None
    ionice: IoNice | None = None
    affinity: tuple[int, ...] | None = None
    on_exceed: OnExceed = ON_EXCEED

    def __post_init__(self) -> None:
        if self.cpu is not None and self.cpu < LEAST_CPU:
            raise ValueError(f"limits.cpu is {self.cpu:g}, must be at least {LEAST_CPU:g}")
        if self.memory is not None and self.memory < LEAST_MEMORY:
            raise ValueError(f"limits.memory is {self.memory}, must be at least {LEAST_MEMORY} (1M)")
        for name, least in (("cpu_time", 1), ("nofile", 3), ("nproc", 1), ("fsize", 0), ("core", UNLIMITED)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"limits.{name} is {value}, must be at least {least}")
        if self.nice is not None and not -20 <= self.nice <= NICEST:
            raise ValueError(f"limits.nice is {self.nice}, outside -20 to {NICEST}")
        if self.affinity is not None and (not self.affinity or min(self.affinity) < 0):
            raise ValueError("limits.affinity must name at least one processor, by numbers from 0")

    def given(self) -> dict[str, object]:
        """What is limited, by name; `on_exceed` is no limit."""
        return {name: value for name in _LIMITED if (value := getattr(self, name)) is not None}


_LIMITED: Final = tuple(f.name for f in fields(Limits) if f.name != "on_exceed")


NO_LIMITS: Final = Limits()
