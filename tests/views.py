"""What the engines of tests have in common that are none."""

from __future__ import annotations

from engine.api import JobView
from engine.model.record import JobRecord


def job_record(job: JobView, reason: str | None) -> JobRecord:
    """The record of a job that says what its view says."""
    return JobRecord(
        id=job.id,
        name=job.title or job.id,
        description=job.description,
        tags=job.tags,
        status=job.status,
        enabled=job.enabled,
        suspended=False,
        paused=job.held,
        priority=job.priority,
        effective_priority=job.effective_priority,
        schedule=job.schedule_text,
        needs=job.needs,
        next_run=job.next_run,
        last_run=job.last_started_at,
        last_outcome=job.last_outcome,
        last_reason=job.last_reason,
        counters=job.counters,
        active=tuple(run.record() for run in job.active),
        queued=len(job.queued),
        reason=reason,
    )
