"""Facts as they are shown and sent: frozen copies, with the stable JSON of the interface (snake_case, keys only added)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from enum import StrEnum
from typing import Final, TypeAlias

from engine.clock import SECOND, Instant, moment
from engine.model.outcome import Outcome
from engine.model.states import JobStatus, RunPhase
from engine.values import lean, sealed

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class RunKind(StrEnum):
    """What an occurrence came from."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    NEEDS = "needs"
    CATCH_UP = "catch_up"
    RERUN = "rerun"
    BACKFILL = "backfill"
    WATCH = "watch"


def iso(at: Instant | None) -> str | None:
    """ISO 8601 in UTC with offset; None stays None."""
    return None if at is None else moment(at).isoformat()


@lean(frozen=True, slots=True)
class AttemptRecord:
    """One start of the command within a run. Durations in seconds, sizes in bytes, None = unknown."""

    attempt_id: str
    started_at: Instant | None
    ended_at: Instant | None
    outcome: Outcome | None
    reason: str | None
    exit_code: int | None
    signal: int | None
    pid: int | None
    peak_rss_bytes: int | None
    cpu_seconds: float | None

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {
            "attempt_id": self.attempt_id,
            "started_at": iso(self.started_at),
            "ended_at": iso(self.ended_at),
            "outcome": self.outcome,
            "reason": self.reason,
            "exit_code": self.exit_code,
            "signal": self.signal,
            "pid": self.pid,
            "peak_rss_bytes": self.peak_rss_bytes,
            "cpu_seconds": self.cpu_seconds,
        }


@sealed(frozen=True, slots=True)
class StateError:
    """What went wrong in a run: the job's own error (a traceback where there is one), and those of its hooks by slot."""

    job_error: str | None = None
    hook_errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def is_empty(self) -> bool:
        """Nothing went wrong."""
        return self.job_error is None and not any(self.hook_errors.values())

    def hooks_json(self) -> dict[str, Json]:
        """The hooks' errors as JSON."""
        return {slot: list(texts) for slot, texts in self.hook_errors.items()}


@sealed(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run. Instants in microseconds, durations in seconds, sizes in bytes; None = unknown or not yet.

    `count` is the number of occurrences a `missed` record stands for (`planned_at` the newest of them,
    `first_planned_at` the oldest; `count_exact` False when it was too many to count).
    """

    run_id: str
    job: str
    kind: RunKind
    planned_at: Instant
    first_planned_at: Instant
    queued_at: Instant
    started_at: Instant | None
    ended_at: Instant | None
    state: RunPhase
    outcome: Outcome | None
    reason: str | None
    exit_code: int | None
    signal: int | None
    pid: int | None
    peak_rss_bytes: int | None
    cpu_seconds: float | None
    wall_seconds: float | None
    paused_seconds: float
    cpu_percent: float | None
    rss_bytes: int | None
    attempts: tuple[AttemptRecord, ...]
    count: int
    count_exact: bool
    priority: int
    executor: str
    host: str
    log_path: str | None
    left_behind: tuple[tuple[int, str], ...]
    data: Mapping[str, Json] = field(default_factory=dict)
    """What the run's function saved."""
    facts: Mapping[str, Json] = field(default_factory=dict)
    """What subscribers attached."""
    error: StateError = StateError()
    recovered: bool = False
    """Every attempt failed and the failover went well."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """What the run hands on to those that need it."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Values of the job's parameters; `***` for secret ones."""
    matrix: Mapping[str, str] = field(default_factory=dict)
    """Of a shard: its values."""
    may_still_run: bool = False
    """Over, but its function ignored the stop and still runs."""
    read_bytes: int | None = None
    """From disks; what the page cache served is not counted."""
    written_bytes: int | None = None
    throttled_seconds: float | None = None
    """For which its limit of cores held it up; None: not at all, or it is not over."""
    exceeded: Mapping[str, float] = field(default_factory=dict)
    """Limits of its tree that it was beyond (`memory`, `cpu`), with the most that was seen: bytes, cores."""
    usage: Mapping[str, float] = field(default_factory=dict)
    """What was sampled of it (`model.usage`); empty: it was over before the first sample, or is not watched."""
    acked_at: Instant | None = None
    """When an operator acknowledged how it ended."""
    acked_by: str | None = None
    ack_reason: str | None = None

    @property
    def execution_time(self) -> int | None:
        """Wall time without pauses, in nanoseconds."""
        return None if self.wall_seconds is None else round(self.wall_seconds * SECOND) * 1000

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object of a run."""
        plain: dict[str, Json] = {name: getattr(self, name) for name in _PLAIN_RUN}
        plain |= {name: iso(getattr(self, name)) for name in _RUN_TIMES}
        plain["attempts"] = [attempt.to_json() for attempt in self.attempts]
        plain["left_behind"] = [{"pid": pid, "command": command} for pid, command in self.left_behind]
        plain |= {"params": dict(self.params), "matrix": dict(self.matrix)}
        plain["outputs"] = dict(self.outputs)
        plain |= {"exceeded": dict(self.exceeded), "usage": dict(self.usage)}
        plain |= {"data": dict(self.data), "facts": dict(self.facts), "execution_time": self.execution_time}
        plain |= {"error": self.error.job_error, "hook_errors": self.error.hooks_json()}
        return plain


_RUN_TIMES: Final = ("planned_at", "first_planned_at", "queued_at", "started_at", "ended_at", "acked_at")
_BUILT_RUN: Final = {
    *_RUN_TIMES,
    "attempts",
    "left_behind",
    "data",
    "facts",
    "error",
    "outputs",
    "params",
    "matrix",
    "exceeded",
    "usage",
}
_PLAIN_RUN: Final = tuple(f.name for f in fields(RunRecord) if f.name not in _BUILT_RUN)


@sealed(frozen=True, slots=True, kw_only=True)
class Counters:
    """Per job, over its life: starts = success + failed + timed_out + stopped + lost + active, at any moment.

    `missed` counts occurrences.
    """

    starts: int = 0
    success: int = 0
    failed: int = 0
    timed_out: int = 0
    stopped: int = 0
    lost: int = 0
    skipped: int = 0
    missed: int = 0


@sealed(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """One job as listed."""

    id: str
    name: str
    description: str
    tags: tuple[str, ...]
    status: JobStatus
    enabled: bool
    suspended: bool
    paused: bool
    priority: int
    effective_priority: float
    schedule: str
    needs: tuple[str, ...]
    next_run: Instant | None
    last_run: Instant | None
    last_outcome: Outcome | None
    last_reason: str | None
    counters: Counters
    active: tuple[RunRecord, ...]
    queued: int
    reason: str | None
    """Why it is not running, in one line; None while it runs."""
    changed: tuple[str, ...] = ()
    """Keys of the job file whose value an operator has changed."""
    stats: Mapping[str, Json] = field(default_factory=dict)
    """What its runs took (`model.stats`), as JSON."""
    inactive: bool = False
    """Nothing is due, and nothing has run for `engine.idle_timeout`."""
    metadata: Mapping[str, Json] = field(default_factory=dict)
    """As written."""
    params: Mapping[str, Json] = field(default_factory=dict)
    """What a run may be given: for each name its default (`***` of a secret one), type, enum, description …"""

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object of a job."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "tags": list(self.tags),
            "status": self.status,
            "enabled": self.enabled,
            "suspended": self.suspended,
            "paused": self.paused,
            "priority": self.priority,
            "effective_priority": self.effective_priority,
            "schedule": self.schedule,
            "needs": list(self.needs),
            "next_run": iso(self.next_run),
            "last_run": iso(self.last_run),
            "last_outcome": self.last_outcome,
            "last_reason": self.last_reason,
            **{f.name: getattr(self.counters, f.name) for f in fields(Counters)},
            "active": [run.to_json() for run in self.active],
            "queued": self.queued,
            "reason": self.reason,
            "changed": list(self.changed),
            "stats": dict(self.stats),
            "inactive": self.inactive,
            "metadata": dict(self.metadata),
            "params": dict(self.params),
        }


@sealed(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a job is not running: one line, and more lines for who wants them."""

    id: str
    status: JobStatus
    reason: str
    details: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    """What holds it, each as `release` is told it: `--all`, `tag:T`, its own id."""
    bump_helps: bool = False
    """A run of it waits behind one of another job for the same: a higher priority would let it start earlier."""

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object of `ctl why`."""
        return {
            "id": self.id,
            "status": self.status,
            "reason": self.reason,
            "details": list(self.details),
            "holds": list(self.holds),
            "bump_helps": self.bump_helps,
        }


@sealed(frozen=True, slots=True)
class FileNews:
    """What came of it when the job file, which the engine follows, was written last."""

    at: Instant
    text: str
    waits: bool
    """The engine does not go by what the file says: somebody has to say yes, or to mend it."""

    def to_json(self) -> dict[str, Json]:
        """Stable JSON."""
        return {"at": iso(self.at), "text": self.text, "waits": self.waits}


@sealed(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """`ctl status`."""

    version: str
    pid: int
    uptime_seconds: float
    job_file: str
    jobs: int
    running: int
    queued: int
    max_running: int
    state_dir: str
    socket: str
    executors: tuple[str, ...]
    damaged_state: str | None
    warnings: tuple[str, ...]
    holds: tuple[str, ...] = ()
    """What is held as a whole, each as `release` is told it: `--all`, `tag:T`."""
    trouble: str | None = None
    """Why the state cannot be written, while it cannot; nothing starts meanwhile."""
    job_file_followed: bool = False
    """What is written to the job file is taken, where it needs nobody's yes."""
    job_file_news: FileNews | None = None

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object of the engine."""
        values: dict[str, Json] = {f.name: getattr(self, f.name) for f in fields(self)}
        news = None if self.job_file_news is None else self.job_file_news.to_json()
        return values | {
            "executors": list(self.executors),
            "warnings": list(self.warnings),
            "holds": list(self.holds),
            "job_file_news": news,
        }
