"""What the user wrote about the engine as a whole, and the job file as one value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType

from engine.spec.job import JobSpec
from engine.spec.notify import Heartbeat, Notifier
from engine.spec.when import Blackout, CalendarSpec
from engine.values import sealed


class OnTerm(StrEnum):
    """What SIGTERM does to running jobs: wait `drain` and stop them, or leave them to the keeper."""

    DRAIN = "drain"
    LEAVE = "leave"


class OnQuit(StrEnum):
    """What leaving the console does to running jobs."""

    ASK = "ask"
    STOP = "stop"
    LEAVE = "leave"


class OnFileChange(StrEnum):
    """What has the engine read its job file anew: HUP and verbs; that it was written, as well; or nothing."""

    SIGNAL = "signal"
    WATCH = "watch"
    OFF = "off"


class OnLostState(StrEnum):
    """What is held when the state was lost: jobs of which nobody knows whether they ran, or all."""

    GO_ON = "go_on"
    HOLD = "hold"


class PoolOrder(StrEnum):
    """Order in which a pool's slots are given."""

    PRIORITY = "priority"
    FIFO = "fifo"


def default_max_running(cpus: int) -> int:
    """Runs at once when the file does not say: max(8, 4 x usable CPUs)."""
    return max(8, 4 * cpus)


@sealed(frozen=True, slots=True)
class Ageing:
    """A queued run gains `step` priority for each `every` seconds that it waits."""

    every: float = 300.0
    step: float = 1.0


@sealed(frozen=True, slots=True)
class PoolSpec:
    """A named limit shared by jobs."""

    slots: int
    order: PoolOrder = PoolOrder.PRIORITY


@sealed(frozen=True, slots=True)
class History:
    """How much of the past is kept: runs per job and days."""

    keep_runs: int = 1000
    keep_days: float = 90.0


@sealed(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """`engine:` of a job file."""

    name: str | None = None
    timezone: str | None = None
    """None: the system's zone."""
    max_running: int = field(default_factory=lambda: default_max_running(len(os.sched_getaffinity(0))))
    ageing: Ageing = Ageing()
    min_ready_memory: int = 0
    """Nothing starts while fewer bytes are available."""
    notify: tuple[str, ...] = ()
    """Notifiers that are told of jobs which name none, and of the engine itself."""
    heartbeat: Heartbeat | None = None
    drain: float = 15.0
    on_term: OnTerm = OnTerm.DRAIN
    on_quit: OnQuit = OnQuit.ASK
    reload: OnFileChange | None = None
    """None: `watch` for an engine that a console runs, else `signal`."""
    state_dir: str | None = None
    on_lost_state: OnLostState = OnLostState.GO_ON
    idle_timeout: float = 360_000.0
    """Seconds after which a job with nothing due and nothing run is shown as inactive."""
    history: History = History()


@sealed(frozen=True, slots=True, kw_only=True)
class JobFile:
    """A whole job file: engine settings, pools, jobs in file order. `path` is absolute, "" when it came from elsewhere."""

    path: str = ""
    read_from: tuple[str, ...] = ()
    """All files that it depends on, and the patterns of its includes, as `Watch.paths`."""
    engine: EngineSpec = field(default_factory=EngineSpec)
    pools: Mapping[str, PoolSpec] = field(default_factory=lambda: MappingProxyType({}))
    notifiers: Mapping[str, Notifier] = field(default_factory=lambda: MappingProxyType({}))
    calendars: Mapping[str, CalendarSpec] = field(default_factory=lambda: MappingProxyType({}))
    blackouts: tuple[Blackout, ...] = ()
    """In order of their start."""
    jobs: tuple[JobSpec, ...] = ()
