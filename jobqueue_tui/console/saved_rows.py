"""What the screens list as rows of a file: the same keys as in the JSON of the interface, text made harmless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from engine.clock import Instant
from engine.model.record import RunRecord, iso
from jobqueue_tui.console.columns import cpu_of, memory_of, run_seconds
from jobqueue_tui.console.entries import COLUMNS, Entry
from jobqueue_tui.console.heat import HeatRow
from jobqueue_tui.console.saving import Saving, Value
from jobqueue_tui.console.signs import sign_of
from jobqueue_tui.console.still import Still
from jobqueue_tui.console.timeline import Lane, Window
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


def saved_tree(lines: Sequence[tuple[int, Still, str]], now: Instant) -> Saving:
    """Lines of the tree: how deep each is, its job, when that will be over."""
    return Saving(
        "tree",
        ("depth", *_JOB, "ends_in"),
        len(lines),
        lambda: ({"depth": depth, **_job_row(job, now), "ends_in": end} for depth, job, end in lines),
    )


_SPAN: Final = (
    "job", "planned_at", "due_at", "run_id", "started_at", "ended_at", "outcome", "reason", "usual_seconds", "note",
)  # fmt: skip


def saved_timeline(lanes: Mapping[str, Lane], jobs: Sequence[str], window: Window) -> Saving:
    """What ran and what is to come of these jobs within the window: a row each, in order of time for each job."""
    rows = [row for job in jobs for row in _lane_rows(job, lanes[job], window)]
    return Saving("timeline", _SPAN, len(rows), lambda: rows)


def _lane_rows(job: str, lane: Lane, window: Window) -> Iterator[Mapping[str, Value]]:
    common: Mapping[str, Value] = {"job": one_line(job), "usual_seconds": lane.usual}
    for run in reversed(lane.runs):
        start = run.planned_at if run.started_at is None else run.started_at
        if start < window.end and (run.ended_at is None or run.ended_at >= window.start):
            facts = run.to_json()
            names = ("planned_at", "run_id", "started_at", "ended_at", "outcome", "reason")
            yield {**common, **{name: _value(facts[name]) for name in names}}
    for one in lane.coming:
        if window.start <= one.due < window.end:
            skipped = {"outcome": "skipped", "reason": one.skipped} if one.skipped else {}
            yield {**common, "planned_at": iso(one.at), "due_at": iso(one.due), **skipped, "note": one_line(one.note)}


_HEAT: Final = ("job", "from", "to", "bad", "runs", "missed", "percent", "days")


def saved_heat(rows: Sequence[HeatRow], first: int) -> Saving:
    """Failures by job, from the day of that number (since 1970) on; `days` has a sign for each."""
    return Saving("failures", _HEAT, len(rows), lambda: (_heat_row(row, first) for row in rows))


def _heat_row(row: HeatRow, first: int) -> Mapping[str, Value]:
    start = date(1970, 1, 1) + timedelta(days=first)
    return {
        "job": one_line(row.job),
        "from": start.isoformat(),
        "to": (start + timedelta(days=len(row.cells) - 1)).isoformat(),
        "bad": row.bad,
        "runs": row.runs,
        "missed": row.missed,
        "percent": round(100 * row.share, 1),
        "days": row.cells,
    }


def saved_entries(name: str, entries: Sequence[Entry]) -> Saving:
    """Lines of the audit, the events or the warnings."""
    columns = COLUMNS[name]
    return Saving(name, columns, len(entries), lambda: (dict(zip(columns, one.row, strict=True)) for one in entries))
