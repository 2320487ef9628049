"""Rows are made by position: every field must hold what its name says."""

from __future__ import annotations

import json
from itertools import count

from engine.core.state import Attempt, Changes, Job, Run
from engine.core.trail import Trail
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import RunKind
from engine.model.states import Ended, Queued
from engine.model.usage import Usage
from engine.ports.executor import Cause, Disk, LeftBehind
from engine.ports.store import ClaimRow, JobRow, RunRow
from engine.runtime.rows import claim_row, job_row, run_row
from engine.spec.matrix import Shard
from engine.spec.params import Given
from tests.unit.engine.making import spec


def _run() -> Run:
    """No two of its numbers are alike."""
    numbers = count(100)
    job = Job(spec("a"), 0)
    run = Run(next(numbers), "a:7", job, RunKind.CATCH_UP, next(numbers), next(numbers), Queued(1))
    for name in [
        "first_planned_at",
        "seq",
        "count",
        "attempts_made",
        "started_at",
        "ended_at",
        "exit_code",
        "signal",
        "priority",
        "paused_us",
        "paused_since",
        "pause_until",
        "peak_rss",
        "not_before",
        "ages_from",
        "stands_since",
    ]:
        setattr(run, name, next(numbers))
    run.count_exact, run.bypass, run.recovered, run.may_still_run = True, False, True, False
    run.cpu_seconds, run.disk = 0.25, Disk(next(numbers), next(numbers))
    run.throttled, run.exceeded = 0.75, {Cause.MEMORY: 8}
    run.usage = Usage(3, 0.5, 6.0, 4.0, 10, 60, 30, 2)
    run.log_path, run.error, run.cascade = "the log", "the error", "the cascade"
    run.data, run.facts, run.outputs = {"d": 1}, {"f": 2}, {"o": "3"}
    run.left_behind = (LeftBehind(5, "sleep"),)
    run.given, run.shard = Given({"p": "4"}), Shard({"m": "5"}, "the shard", True)
    run.course.rounds = 3
    run.attempt = Attempt("a:7.1", 1, next(numbers), "the boot")
    run.attempt.started_at, run.attempt.pid, run.attempt.ticks = next(numbers), next(numbers), next(numbers)
    return run


def test_every_field_of_a_runs_row_holds_what_its_name_says() -> None:
    """Two integers that change places would pass the type checker."""
    run, attempt = _run(), _run().attempt
    assert attempt is not None
    assert run_row(run) == RunRow(
        no=run.no,
        run_id="a:7",
        job="a",
        kind="catch_up",
        planned_at=run.planned_at,
        seq=run.seq,
        item="the shard",
        first_planned_at=run.first_planned_at,
        occurrences=run.count,
        occurrences_exact=1,
        queued_at=run.queued_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        state="queued",
        outcome=None,
        reason=None,
        exit_code=run.exit_code,
        signal=run.signal,
        priority=run.priority,
        bypass=0,
        attempts_made=run.attempts_made,
        attempt_id="a:7.1",
        tag=attempt.tag,
        boot_id="the boot",
        attempt_started_at=attempt.started_at,
        pid=attempt.pid,
        ticks=attempt.ticks,
        retry_at=run.not_before,
        ages_from=run.ages_from,
        stands_since=run.stands_since,
        paused_us=run.paused_us,
        paused_since=run.paused_since,
        pause_until=run.pause_until,
        peak_rss=run.peak_rss,
        cpu_seconds=0.25,
        read_bytes=run.disk.read if run.disk else None,
        written_bytes=run.disk.written if run.disk else None,
        throttled_seconds=0.75,
        exceeded='{"memory": 8}',
        usage="[3, 0.5, 6.0, 4.0, 10, 60, 30, 2]",
        log_path="the log",
        left_behind='[[5, "sleep"]]',
        past=None,
        executor="local",
        data='{"d": 1}',
        facts='{"f": 2}',
        error="the error",
        may_still_run=0,
        cascade="the cascade",
        step="command",
        course=run_row(run).course,
        recovered=1,
        outputs='{"o": "3"}',
        params=run.given.to_text(),
        matrix='[{"m": "5"}, true]',
    )
    assert json.loads(run_row(run).course or "")["rounds"] == 3
    run.state = Ended(9, Outcome.FAILED, Reason(Because.EXIT, "3"))
    ended = run_row(run)
    assert (ended.state, ended.outcome, ended.reason) == ("ended", "failed", "exit(3)")


def test_every_field_of_a_claims_row_holds_what_its_name_says() -> None:
    """As of a run's."""
    run = _run()
    assert run.attempt is not None
    assert claim_row(run, run.attempt) == ClaimRow(
        no=run.no,
        attempt_id="a:7.1",
        tag=run.attempt.tag,
        boot_id="the boot",
        step="command",
        executor="local",
        log_path="the log",
    )


def test_every_field_of_a_jobs_row_holds_what_its_name_says() -> None:
    """As of a run's."""
    numbers = count(100)
    job = Job(spec("a"), 0)
    tallied = [
        "starts",
        "success",
        "failed",
        "timed_out",
        "stopped",
        "lost",
        "skipped",
        "missed",
    ]
    for name in tallied:
        setattr(job.tally, name, next(numbers))
    same = [
        "seq",
        "priority",
        "held_since",
        "hold_until",
        "planned_until",
        "planned_by",
        "counted",
        "last_no",
        "last_run_id",
        "last_started_at",
        "last_ended_at",
        "last_reason",
        "last_seconds",
        "hold_by",
        "hold_reason",
        "skip_at",
        "parallel",
        "retries",
        "failed_no",
    ]
    for name in same:
        setattr(job, name, next(numbers))
    job.stopped, job.suspended, job.enabled_set, job.timeout_set, job.failing = True, False, False, 2.5, True
    job.trail, job.last_outcome, job.data = Trail(replay_until=7), Outcome.LOST, {"d": 1}
    job.last_run_outcome = Outcome.TIMED_OUT
    job.outputs, job.told, job.gathered = {"o": "2"}, {"t": 3}, {4: (Outcome.FAILED, None)}
    job.changes, job.heard, job.tracker.cpu_seconds = Changes(5, 6, 7, held=True), {"up"}, 1.5
    row = job_row(job)
    assert {name: getattr(row, name) for name in tallied} == {name: getattr(job.tally, name) for name in tallied}
    assert {name: getattr(row, name) for name in same} == {name: getattr(job, name) for name in same}
    others = JobRow(*row)._asdict()
    for name in (*tallied, *same):
        del others[name]
    assert json.loads(others.pop("trail"))["replay_until"] == 7
    assert json.loads(others.pop("stats"))[3] == 1.5
    assert others == {
        "id": "a",
        "is_stopped": 1,
        "last_outcome": "lost",
        "last_run_outcome": "timed_out",
        "needs": '{"met": {}, "heard": ["up"], "skipped": false}',
        "data": '{"d": 1}',
        "suspended": 0,
        "enabled": 0,
        "timeout": 2.5,
        "outputs": '{"o": "2"}',
        "told": '{"t": 3}',
        "failing": 1,
        "shards": '{"4": ["failed", null]}',
        "changes": "[5, 6, 7, true]",
    }
