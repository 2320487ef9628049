"""Frozen copies of live objects, as they are shown and sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from engine.clock import SECOND, Instant
from engine.core.explain import status_of, why_idle
from engine.core.idle import is_inactive
from engine.core.state import Job, Run, State
from engine.core.stats import Tracker
from engine.core.stopping import wall_seconds
from engine.model.record import AttemptRecord, JobRecord, Json, RunRecord, StateError, iso
from engine.spec.params import described


def run_record(run: Run, now: Instant, host: str) -> RunRecord:
    """All facts of a run that is queued, active or just over."""
    return RunRecord(
        run_id=run.run_id,
        job=run.job.id,
        kind=run.kind,
        planned_at=run.planned_at,
        first_planned_at=run.first_planned_at,
        queued_at=run.queued_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        state=run.phase,
        outcome=run.outcome,
        reason=None if run.reason is None else str(run.reason),
        exit_code=run.exit_code,
        signal=run.signal,
        pid=run.pid if run.attempt else (run.past[-1].pid if run.past else None),
        peak_rss_bytes=run.peak_rss,
        cpu_seconds=run.cpu_seconds,
        wall_seconds=wall_seconds(run, now),
        paused_seconds=run.paused_us / SECOND,
        cpu_percent=run.cpu_percent,
        rss_bytes=run.rss,
        attempts=tuple(run.past) + _current(run),
        count=run.count,
        count_exact=run.count_exact,
        priority=run.priority,
        executor=run.home.value,
        host=host,
        log_path=run.log_path,
        left_behind=tuple((one.pid, one.command) for one in run.left_behind),
        data=cast("dict[str, Json]", dict(run.data)),
        facts=cast("dict[str, Json]", dict(run.facts)),
        error=StateError(run.error, {k: tuple(v) for k, v in run.course.errors.items()} if run.has_course else {}),
        recovered=run.recovered,
        outputs=dict(run.outputs),
        params=run.given.shown(),
        matrix={} if run.shard is None else dict(run.shard.values),
        may_still_run=run.may_still_run,
        read_bytes=None if (disk := run.disk_in_all) is None else disk.read,
        written_bytes=None if disk is None else disk.written,
        throttled_seconds=run.throttled,
        usage={} if run.usage is None else run.usage.to_json(),
        exceeded={limit.value: seen for limit, seen in (run.exceeded or {}).items()},
    )


def _current(run: Run) -> tuple[AttemptRecord, ...]:
    attempt = run.attempt
    if attempt is None or not run.live:
        return ()
    return (
        AttemptRecord(
            attempt_id=attempt.id,
            started_at=attempt.started_at,
            ended_at=None,
            outcome=None,
            reason=None,
            exit_code=None,
            signal=None,
            pid=attempt.pid,
            peak_rss_bytes=run.peak_rss,
            cpu_seconds=None,
        ),
    )


NO_STATS: Final = Tracker().frozen().to_json()


def job_record(state: State, job: Job, now: Instant, host: str) -> JobRecord:
    """All facts of a job."""
    first = job.queue[0] if job.queue else None
    return JobRecord(
        id=job.id,
        name=job.spec.title,
        description=job.spec.description,
        tags=job.spec.tags,
        status=status_of(state, job),
        enabled=job.enabled,
        suspended=job.suspended,
        paused=job.held,
        priority=job.priority,
        effective_priority=job.priority if first is None else round(state.effective_priority(first, now), 3),
        schedule=job.schedule_text,
        needs=tuple(need.job for need in job.spec.needs),
        next_run=job.next_run,
        last_run=job.last_started_at,
        last_outcome=job.last_outcome,
        last_reason=job.last_reason,
        counters=job.tally.frozen(),
        active=tuple(run_record(run, now, host) for run in job.active),
        queued=len(job.queue),
        reason=why_idle(state, job, now),
        changed=job.changed,
        stats=NO_STATS if job.tracked is None else job.tracked.frozen().to_json(),
        inactive=is_inactive(state, job, now),
        metadata={name: _json(value) for name, value in job.spec.metadata.items()},
        params={name: cast("Json", described(one)) for name, one in job.spec.params.items()},
    )


def _json(value: object) -> Json:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return {str(name): _json(one) for name, one in value.items()}
        case tuple() | list():
            return [_json(one) for one in value]
        case _:
            return str(value)


def runs_log_line(run: Run) -> str:
    """One line of `runs.log`, readable with tail: run, pid, start, end, exit code or signal, peak memory, outcome."""
    last = run.past[-1] if run.past else None
    how = f"exit={run.exit_code}" if run.exit_code is not None else f"signal={run.signal}" if run.signal else "exit=?"
    memory = "?" if run.peak_rss is None else str(run.peak_rss)
    return (
        f"{run.run_id} pid={last.pid if last and last.pid else '-'} start={iso(run.started_at) or '-'} "
        f"end={iso(run.ended_at) or '-'} {how} memory={memory} outcome={run.outcome} reason={run.reason}\n"
    )
