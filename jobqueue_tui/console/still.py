"""What a row shows of a job, and a copy of that which stands still: a frozen view can be drawn in any width and order of columns."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from itertools import islice
from typing import Final, Protocol

from engine.api import JobView
from engine.clock import Instant
from engine.model.outcome import Outcome
from engine.model.record import Counters
from engine.model.states import JobStatus, RunPhase
from engine.model.stats import JobStats
from engine.values import lean

SAMPLES: Final = 45
"""Of each curve: as many as the widest column shows."""


class ShownRun(Protocol):
    """An active run, as far as the row of its job shows it."""

    @property
    def phase(self) -> RunPhase: ...
    @property
    def started_at(self) -> Instant | None: ...
    @property
    def cpu_percent(self) -> float | None: ...
    @property
    def rss_bytes(self) -> int | None: ...


class Shown(Protocol):
    """What columns draw of a job: of a `JobView`, or of a `Still`."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def schedule_text(self) -> str: ...
    @property
    def status(self) -> JobStatus: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def held(self) -> bool: ...
    @property
    def suspended(self) -> bool: ...
    @property
    def priority(self) -> int: ...
    @property
    def effective_priority(self) -> float: ...
    @property
    def next_run(self) -> Instant | None: ...
    @property
    def last_ended_at(self) -> Instant | None: ...
    @property
    def last_outcome(self) -> Outcome | None: ...
    @property
    def last_seconds(self) -> float | None: ...
    @property
    def counters(self) -> Counters: ...
    @property
    def active(self) -> Sequence[ShownRun]: ...
    @property
    def queued(self) -> Sized: ...
    @property
    def cpu_ring(self) -> Sequence[float]: ...
    @property
    def rss_ring(self) -> Sequence[int]: ...
    def stats(self) -> JobStats | None: ...


@lean(frozen=True, slots=True)
class StillRun:
    """See `ShownRun`."""

    phase: RunPhase
    started_at: Instant | None
    cpu_percent: float | None
    rss_bytes: int | None


@lean(frozen=True, slots=True)
class Still:
    """A job as it was. See `Shown`."""

    id: str
    title: str
    tags: tuple[str, ...]
    schedule_text: str
    status: JobStatus
    enabled: bool
    held: bool
    suspended: bool
    priority: int
    effective_priority: float
    next_run: Instant | None
    last_ended_at: Instant | None
    last_outcome: Outcome | None
    last_reason: str | None
    last_seconds: float | None
    counters: Counters
    active: tuple[StillRun, ...]
    queued: range
    cpu_ring: Sequence[float]
    rss_ring: Sequence[int]
    kept_stats: JobStats | None

    @classmethod
    def of(cls, job: JobView) -> Still:
        """As it is now."""
        active = job.active
        return cls(
            job.id,
            job.title,
            job.tags,
            job.schedule_text,
            job.status,
            job.enabled,
            job.held,
            job.suspended,
            job.priority,
            job.effective_priority,
            job.next_run,
            job.last_ended_at,
            job.last_outcome,
            job.last_reason,
            job.last_seconds,
            job.counters,
            tuple([StillRun(run.phase, run.started_at, run.cpu_percent, run.rss_bytes) for run in active]),
            range(len(job.queued)),
            [*islice(reversed(job.cpu_ring), SAMPLES)][::-1],
            [*islice(reversed(job.rss_ring), SAMPLES)][::-1],
            job.stats() if active else None,  # what is usual is compared with what runs, and is costly to work out
        )

    def stats(self) -> JobStats | None:
        """See `Shown`."""
        return self.kept_stats
