"""What a job and its runs are at a moment: what can be shown of them, and copied. `engine.api` adds what can be asked and done."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Protocol

from engine.clock import Instant
from engine.model.outcome import Outcome
from engine.model.record import Counters
from engine.model.states import JobStatus, RunPhase
from engine.model.stats import JobStats


class RunFacts(Protocol):
    """Of a run that is active."""

    @property
    def phase(self) -> RunPhase: ...
    @property
    def started_at(self) -> Instant | None: ...
    @property
    def paused_us(self) -> int:
        """Microseconds since its start in which it was paused, until now."""

    @property
    def cpu_percent(self) -> float | None: ...
    @property
    def rss_bytes(self) -> int | None: ...


class JobFacts(Protocol):
    """Of a job."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def schedule_text(self) -> str:
        """The schedule in the words of the job file; `one-shot`, `needs`, `manual` where there is none."""

    @property
    def status(self) -> JobStatus: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def held(self) -> bool:
        """Nothing starts until resumed or released: by its own hold, or one of its tags or of the engine."""

    @property
    def suspended(self) -> bool:
        """Its schedule stands still."""

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
    def last_reason(self) -> str | None: ...
    @property
    def last_seconds(self) -> float | None:
        """Wall time of the last run that ended."""

    @property
    def counters(self) -> Counters: ...
    @property
    def cpu_ring(self) -> Sequence[float]:
        """CPU percent of the job's runs together, one sample a second, oldest first (at most 600)."""

    @property
    def rss_ring(self) -> Sequence[int]:
        """Resident bytes, likewise."""

    @property
    def active(self) -> Sequence[RunFacts]:
        """Runs that were started and are not over, oldest first."""

    @property
    def queued(self) -> Sized:
        """Runs that wait."""

    def stats(self) -> JobStats | None:
        """What its runs took; None before the first has ended."""
