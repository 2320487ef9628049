"""The usual columns of each kind of list, and the keys there are (50-cli-server, Stable JSON)."""

from __future__ import annotations

from typing import Final

JOB_COLUMNS: Final = (
    "id", "status", "priority", "next_run", "last_run", "last_outcome", "success", "failed", "reason",
)  # fmt: skip
JOB_KEYS: Final = (
    "id", "name", "description", "tags", "status", "enabled", "suspended", "paused", "priority", "effective_priority",
    "schedule", "needs", "next_run", "last_run", "last_outcome", "last_reason", "starts", "success", "failed",
    "timed_out", "stopped", "lost", "skipped", "missed", "active", "queued", "reason", "changed", "stats",
    "inactive", "metadata", "params",
)  # fmt: skip

RUN_COLUMNS: Final = (
    "run_id", "kind", "started_at", "wall_seconds", "state", "outcome", "reason", "peak_rss_bytes",
)  # fmt: skip
RUN_KEYS: Final = (
    "run_id", "job", "kind", "planned_at", "first_planned_at", "queued_at", "started_at", "ended_at", "state", "outcome",
    "reason", "exit_code", "signal", "pid", "peak_rss_bytes", "cpu_seconds", "read_bytes", "written_bytes", "wall_seconds",
    "paused_seconds", "throttled_seconds", "exceeded", "usage", "cpu_percent", "rss_bytes",
    "attempts", "count", "count_exact", "priority", "executor", "host", "log_path",
    "left_behind", "recovered", "hook_errors", "params", "matrix", "outputs", "may_still_run",
    "data", "facts", "error", "execution_time", "acked_at", "acked_by", "ack_reason",
)  # fmt: skip

QUEUE_COLUMNS: Final = ("run_id", "kind", "planned_at", "queued_at", "priority", "state")

AUDIT_KEYS: Final = (
    "no", "at", "who", "verb", "target", "arguments", "run_id", "state", "reason", "outcome", "code",
)  # fmt: skip
AUDIT_COLUMNS: Final = ("at", "who", "verb", "target", "run_id", "state", "reason", "outcome", "code")

RESULT_COLUMNS: Final = ("id", "ok", "run_id", "priority", "runs", "undo", "error")
