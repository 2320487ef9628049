"""A copy of what a row shows of a job, which stands still: a frozen view can be drawn in any width and order of columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from engine.clock import Instant
from engine.model.facts import JobFacts
from engine.model.outcome import Outcome
from engine.model.record import Counters
from engine.model.states import JobStatus, RunPhase
from engine.model.stats import JobStats
from engine.values import lean

SAMPLES: Final = 45
"""Of each curve: as many as the widest column shows."""


@lean(frozen=True, slots=True)
class StillRun:
    """See `RunFacts`."""

    phase: RunPhase
    started_at: Instant | None
    paused_us: int
    cpu_percent: float | None
    rss_bytes: int | None


@lean(frozen=True, slots=True)
class Still:
    """A job as it was. See `JobFacts`."""

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
    def of(cls, job: JobFacts) -> Still:
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
            tuple(
                [StillRun(run.phase, run.started_at, run.paused_us, run.cpu_percent, run.rss_bytes) for run in active]
            ),
            range(len(job.queued)),
            [*islice(reversed(job.cpu_ring), SAMPLES)][::-1],
            [*islice(reversed(job.rss_ring), SAMPLES)][::-1],
            job.stats() if active else None,  # what is usual is compared with what runs, and is costly to work out
        )

    def stats(self) -> JobStats | None:
        """See `JobFacts`."""
        return self.kept_stats
