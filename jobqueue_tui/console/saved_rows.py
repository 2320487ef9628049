"""Jobs and runs as rows of a file: the same keys as in the JSON of the interface, text made harmless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.clock import Instant
from engine.model.record import RunRecord, iso
from jobqueue_tui.console.columns import cpu_of, memory_of, run_seconds
from jobqueue_tui.console.saving import Saving, Value
from jobqueue_tui.console.signs import sign_of
from jobqueue_tui.console.still import Still
from jobqueue_tui.terminal import one_line

_JOB: Final = (
    "id", "name", "status", "priority", "next_run", "last_outcome", "last_reason", "last_ended_at", "seconds",
    "cpu_percent", "rss_bytes", "starts", "success", "failed", "timed_out", "lost", "schedule", "tags",
)  # fmt: skip
_RUN: Final = (
    "run_id", "job", "kind", "planned_at", "queued_at", "started_at", "ended_at", "state", "outcome", "reason",
    "exit_code", "signal", "wall_seconds", "cpu_seconds", "peak_rss_bytes", "acked_by",
)  # fmt: skip


def saved_jobs(jobs: Sequence[Still], now: Instant) -> Saving:
    """Jobs in this order."""
    return Saving("jobs", _JOB, len(jobs), lambda: (_job_row(job, now) for job in jobs))


def _job_row(job: Still, now: Instant) -> Mapping[str, Value]:
    counters = job.counters
    seconds = run_seconds(job, now)
    return {
        "id": one_line(job.id),
        "name": one_line(job.title),
        "status": sign_of(job).word,
        "priority": job.priority,
        "next_run": iso(job.next_run),
        "last_outcome": job.last_outcome,
        "last_reason": one_line(job.last_reason or ""),
        "last_ended_at": iso(job.last_ended_at),
        "seconds": None if seconds is None else round(seconds, 3),
        "cpu_percent": cpu_of(job),
        "rss_bytes": memory_of(job),
        "starts": counters.starts,
        "success": counters.success,
        "failed": counters.failed,
        "timed_out": counters.timed_out,
        "lost": counters.lost,
        "schedule": one_line(job.schedule_text),
        "tags": one_line(" ".join(job.tags)),
    }


def saved_runs(name: str, runs: Sequence[RunRecord]) -> Saving:
    """Runs in this order."""
    return Saving(name, _RUN, len(runs), lambda: map(_run_row, runs))


def _run_row(run: RunRecord) -> Mapping[str, Value]:
    facts = run.to_json()
    return {column: _value(facts[column]) for column in _RUN}


def _value(fact: object) -> Value:
    return one_line(fact) if isinstance(fact, str) else fact if isinstance(fact, int | float) else None
