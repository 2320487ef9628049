"""Between live objects and stored rows, both ways.

Rows are made by position, field under field as in `ports.store` (a test compares them name by name): by keyword a row of
50 fields takes 4.4 us instead of 1.9, and every run makes four.
"""

from __future__ import annotations

import json
from dataclasses import asdict, astuple

from engine.clock import Instant
from engine.core.beyond import paused_for
from engine.core.course import Step
from engine.core.state import Attempt, Changes, Job, Run
from engine.core.stats import Tracker
from engine.core.trail import UNBROKEN, Trail
from engine.errors import Refused
from engine.model.audit import Deed, Done
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import AttemptRecord, RunKind
from engine.model.states import Paused, Queued, Retrying, Running, RunPhase, RunState, Starting, Stopping
from engine.model.usage import Usage
from engine.ports.executor import Cause, Disk, Home, LeftBehind
from engine.ports.store import AuditRow, ClaimRow, JobRow, RunRow
from engine.spec.matrix import Shard
from engine.spec.params import Given


def run_row(run: Run) -> RunRow:
    """A snapshot of a run. The list of attempts is stored only when there was more than one."""
    attempt = run.attempt
    last = run.past[-1] if run.past else None
    return RunRow(
        run.no,
        run.run_id,
        run.job.id,
        str(run.kind),
        run.planned_at,
        run.seq,
        "" if run.shard is None else run.shard.label,
        run.first_planned_at,
        run.count,
        int(run.count_exact),
        run.queued_at,
        run.started_at,
        run.ended_at,
        str(run.phase),
        None if run.outcome is None else str(run.outcome),
        _reason(run),
        run.exit_code,
        run.signal,
        run.priority,
        int(run.bypass),
        run.attempts_made,
        attempt.id if attempt else last.attempt_id if last else None,
        attempt.tag if attempt else None,
        attempt.boot_id if attempt else None,
        attempt.started_at if attempt else last.started_at if last else None,
        attempt.pid if attempt else last.pid if last else None,
        attempt.ticks if attempt else None,
        run.state.until if isinstance(run.state, Retrying) else run.not_before or None,
        None if run.ages_from == run.queued_at else run.ages_from,
        run.stands_since,
        run.paused_us,
        run.paused_since,
        run.pause_until,
        run.peak_rss,
        run.cpu_seconds,
        None if run.disk is None else run.disk.read,
        None if run.disk is None else run.disk.written,
        run.throttled,
        json.dumps(run.exceeded) if run.exceeded else None,
        None if run.usage is None else run.usage.to_text(),
        run.log_path,
        json.dumps([[one.pid, one.command] for one in run.left_behind]) if run.left_behind else None,
        json.dumps([asdict(one) for one in run.past]) if _several(run) else None,
        str(run.home),
        json.dumps(run.data) if run.data else None,
        json.dumps(run.facts) if run.facts else None,
        run.error,
        int(run.may_still_run),
        run.cascade,
        None if attempt is None else str(attempt.step),
        _course(run),
        int(run.recovered),
        json.dumps(dict(run.outputs)) if run.outputs else None,
        run.given.to_text(),
        None if run.shard is None else json.dumps([dict(run.shard.values), run.shard.first]),
    )


def claim_row(run: Run, attempt: Attempt) -> ClaimRow:
    """What a claim changes in the row of a run that is otherwise stored as it is."""
    return ClaimRow(
        run.no,
        attempt.id,
        attempt.tag,
        attempt.boot_id,
        str(attempt.step),
        str(run.home),
        run.log_path,
    )


def _course(run: Run) -> str | None:
    if not run.has_course:
        return None
    course = run.course
    verdict = None if course.verdict is None else [course.verdict[0], str(course.verdict[1])]
    facts = (verdict, course.errors, course.wait, course.rounds, course.checked_since, course.beside)
    return json.dumps(dict(zip(_COURSE, facts, strict=True)))


def _restore_course(run: Run, text: str) -> None:
    kept = json.loads(text)
    course = run.course
    if kept["verdict"] is not None:
        course.verdict = Outcome(kept["verdict"][0]), Reason.parse(kept["verdict"][1])
    course.errors, course.wait, course.rounds = kept["errors"], kept["wait"], kept["rounds"]
    course.checked_since, course.beside = kept["checked_since"], kept["beside"]


_COURSE = ("verdict", "errors", "wait", "rounds", "checked_since", "beside")


def _several(run: Run) -> bool:
    return len(run.past) > 1 or (len(run.past) == 1 and run.outcome is None)


def _reason(run: Run) -> str | None:
    if isinstance(run.state, Stopping):
        return str(run.state.reason)
    return None if run.reason is None else str(run.reason)


def job_row(job: Job) -> JobRow:
    """A snapshot of a job."""
    tally = job.tally
    needs = None
    if job.met or job.heard:
        needs = json.dumps({"met": job.met, "heard": sorted(job.heard), "skipped": job.round_skipped})
    return JobRow(
        job.id,
        job.seq,
        tally.starts,
        tally.success,
        tally.failed,
        tally.timed_out,
        tally.stopped,
        tally.lost,
        tally.skipped,
        tally.missed,
        job.priority if job.priority != job.spec.priority else None,
        job.held_since,
        job.hold_until,
        int(job.stopped),
        job.planned_until,
        job.planned_by,
        job.counted,
        None if job.trail == UNBROKEN else json.dumps(asdict(job.trail)),
        job.last_no,
        job.last_run_id,
        job.last_started_at,
        job.last_ended_at,
        None if job.last_outcome is None else str(job.last_outcome),
        None if job.last_run_outcome is None else str(job.last_run_outcome),
        job.last_reason,
        job.last_seconds,
        needs,
        json.dumps(job.data) if job.data else None,
        job.hold_by,
        job.hold_reason,
        int(job.suspended),
        job.skip_at,
        None if job.enabled_set is None else int(job.enabled_set),
        job.timeout_set,
        job.parallel,
        job.retries,
        json.dumps(dict(job.outputs)) if job.outputs else None,
        None if job.tracked is None else job.tracked.to_text(),
        job.failed_no,
        json.dumps(job.told) if job.told else None,
        int(job.failing),
        json.dumps(job.gathered) if job.gathered else None,
        None if job.changes is None else json.dumps(astuple(job.changes)),
    )


def audit_row(at: Instant, deed: Deed, refused: Refused | None) -> AuditRow:
    """A verb and what became of it. Runs are named where the one of its target does not say it."""
    arguments = dict(deed.arguments)
    if deed.runs and deed.runs != [deed.run_id]:
        arguments["runs"] = [*deed.runs]
    return AuditRow(
        at=at,
        who=deed.who,
        verb=deed.verb,
        target=deed.target,
        arguments=json.dumps(arguments),
        run_id=deed.run_id,
        state=deed.state,
        reason=deed.reason,
        outcome=Done.DONE if refused is None else Done.REFUSED,
        code=None if refused is None else refused.code,
    )


def restore_job(job: Job, row: JobRow) -> None:
    """Give a job what the store remembers of it."""
    job.seq = row.seq
    tally = job.tally
    tally.starts, tally.success, tally.failed, tally.timed_out = row.starts, row.success, row.failed, row.timed_out
    tally.stopped, tally.lost, tally.skipped, tally.missed = row.stopped, row.lost, row.skipped, row.missed
    if row.priority is not None:
        job.priority = row.priority
    job.held_since, job.hold_until = row.held_since, row.hold_until
    job.stopped = bool(row.is_stopped)
    job.hold_by, job.hold_reason = row.hold_by, row.hold_reason
    job.suspended, job.skip_at = bool(row.suspended), row.skip_at
    job.enabled_set = None if row.enabled is None else bool(row.enabled)
    job.timeout_set, job.parallel = row.timeout, row.parallel
    job.planned_until = row.planned_until
    job.planned_by = row.planned_by
    job.counted = row.counted
    if row.trail is not None:
        trail = json.loads(row.trail)
        job.trail = Trail(**{**trail, "ahead": tuple((start, end) for start, end in trail["ahead"])})
    job.last_no, job.last_run_id = row.last_no, row.last_run_id
    job.last_started_at, job.last_ended_at = row.last_started_at, row.last_ended_at
    job.last_outcome = None if row.last_outcome is None else Outcome(row.last_outcome)
    job.last_run_outcome = None if row.last_run_outcome is None else Outcome(row.last_run_outcome)
    job.last_reason, job.last_seconds = row.last_reason, row.last_seconds
    job.data = json.loads(row.data or "{}")
    job.retries = row.retries
    job.outputs = json.loads(row.outputs or "{}")
    job.told = json.loads(row.told or "{}")
    job.failing = bool(row.failing)
    job.changes = None if row.changes is None else Changes(*json.loads(row.changes))
    job.tracked = None if row.stats is None else Tracker.from_text(row.stats)
    job.failed_no = row.failed_no
    job.gathered = {int(n): (Outcome(one[0]), one[1]) for n, one in json.loads(row.shards or "{}").items()}
    if row.needs is not None:
        needs = json.loads(row.needs)
        wanted = {need.job for need in job.spec.needs}
        job.met = {name: Outcome(value) for name, value in needs["met"].items() if name in wanted}
        job.heard = {name for name in needs["heard"] if name in wanted}
        job.round_skipped = bool(needs["skipped"])


def restore_run(job: Job, row: RunRow) -> Run:
    """A run that is not over, as the store remembers it; it is not in any queue yet."""
    run = Run(
        no=row.no,
        run_id=row.run_id,
        job=job,
        kind=RunKind(row.kind),
        planned_at=row.planned_at,
        queued_at=row.queued_at,
        state=_state(row),
        first_planned_at=row.first_planned_at,
        seq=row.seq,
        count=row.occurrences,
        count_exact=bool(row.occurrences_exact),
        ages_from=row.queued_at if row.ages_from is None else row.ages_from,
        stands_since=row.stands_since,
        bypass=bool(row.bypass),
        attempts_made=row.attempts_made,
        started_at=row.started_at,
        ended_at=row.ended_at,
        exit_code=row.exit_code,
        signal=row.signal,
        peak_rss=row.peak_rss,
        cpu_seconds=row.cpu_seconds,
        disk=None if row.read_bytes is None else Disk(row.read_bytes, row.written_bytes or 0),
        throttled=row.throttled_seconds,
        usage=None if row.usage is None else Usage.from_text(row.usage),
        exceeded=None
        if row.exceeded is None
        else {Cause(limit): seen for limit, seen in json.loads(row.exceeded).items()},
        paused_us=row.paused_us,
        paused_since=row.paused_since,
        pause_until=row.pause_until,
        log_path=row.log_path,
        stored=True,
        priority=row.priority,
        home=Home(row.executor),
        data=json.loads(row.data or "{}"),
        facts=json.loads(row.facts or "{}"),
        error=row.error,
        cascade=row.cascade,
        given=Given.from_text(row.params),
        shard=_shard(row),
        left_behind=tuple(LeftBehind(pid, command) for pid, command in json.loads(row.left_behind or "[]")),
        past=[
            AttemptRecord(**{**fields, "outcome": fields["outcome"] and Outcome(fields["outcome"])})
            for fields in json.loads(row.past or "[]")
        ],
    )
    run.recovered = bool(row.recovered)
    run.outputs = json.loads(row.outputs) if row.outputs else run.outputs
    if isinstance(run.state, Paused):
        run.paused_for = paused_for(run)
    if isinstance(run.state, Queued):
        run.not_before = row.retry_at or 0
    if row.course is not None:
        _restore_course(run, row.course)
    if row.tag is not None and row.attempt_id is not None:
        run.attempt = Attempt(
            id=row.attempt_id,
            number=row.attempts_made if run.live else row.attempts_made + 1,
            step=Step.parse(row.step or "command"),
            tag=row.tag,
            boot_id=row.boot_id or "",
            durable=True,
            started_at=row.attempt_started_at,
            pid=row.pid,
            ticks=row.ticks,
        )
    return run


def _shard(row: RunRow) -> Shard | None:
    if row.matrix is None:
        return None
    values, first = json.loads(row.matrix)
    return Shard(values, row.item, first)


def _state(row: RunRow) -> RunState:
    pid = row.pid or 0
    since = row.attempt_started_at or row.queued_at
    match RunPhase(row.state):
        case RunPhase.QUEUED:
            return Queued(row.queued_at)
        case RunPhase.STARTING:
            return Starting(since)
        case RunPhase.RUNNING:
            return Running(since, pid)
        case RunPhase.PAUSED:
            return Paused(row.paused_since or since, pid, row.pause_until)
        case RunPhase.RETRYING:
            return Retrying(since, row.retry_at or since)
        case RunPhase.STOPPING:
            return Stopping(since, pid, Reason.parse(row.reason) if row.reason else Reason(Because.OPERATOR))
        case RunPhase.ENDED:
            raise ValueError(f"run {row.run_id} is over")
