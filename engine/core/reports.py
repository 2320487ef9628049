"""What an executor reports, applied to the run. Reports about attempts that are not known (any more) change nothing."""

from __future__ import annotations

import errno
from collections.abc import Callable

from engine.clock import SECOND
from engine.core.admission import release
from engine.core.callables import freed, linger, save_data
from engine.core.dispatch import enter_starting, withdrawn
from engine.core.fates import forget_claim, settle
from engine.core.retry import wait_before
from engine.core.state import Run
from engine.core.stopping import count_pause, end_tree
from engine.core.timers import ResumeAt, RetryAt
from engine.core.turn import Turn
from engine.errors import PauseTimeout, Refused, RefusedCode
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import AttemptRecord
from engine.model.states import Paused as PausedState
from engine.model.states import Retrying, Running, RunPhase, Stopping
from engine.ports.executor import (
    Cause,
    DataSaved,
    Ended,
    Freed,
    Paused,
    PauseRefused,
    Report,
    Resumed,
    Sampled,
    SpawnFailed,
    Started,
    Withdrawn,
)
from engine.spec.job import JobSpec


def take_report(turn: Turn, report: Report, answer: Callable[[Run, Refused | None], None]) -> None:
    """Apply one report. `answer(run, why)` tells who waits for a pause: None = done, else why it was refused."""
    if isinstance(report, Withdrawn):
        for doomed in withdrawn(turn, report.attempts):
            forget_claim(turn, doomed)
            assert doomed.wish is not None
            settle(turn, doomed, _unstarted_outcome(doomed, doomed.wish), doomed.wish)
        return
    if isinstance(report, Freed):
        freed(turn, report)
        return
    run = turn.state.by_attempt.get(report.attempt)
    if run is None:
        if isinstance(report, Ended):
            turn.fx.ends.append(report.attempt)  # its end is on record: let the executor forget it
        return
    match report:
        case Sampled():
            _sampled(turn, run, report)
        case Started():
            _started(turn, run, report)
        case Ended():
            _ended(turn, run, report)
        case SpawnFailed():
            _spawn_failed(turn, run, report)
        case Paused():
            _paused(turn, run, report)
            answer(run, None)
        case PauseRefused(why=why, timeout=timeout):
            refusal = PauseTimeout(why) if timeout else Refused(RefusedCode.STATE, why, "stop it instead, or try again")
            answer(run, refusal)
        case Resumed():
            _resumed(turn, run, report)
            answer(run, None)
        case DataSaved():
            save_data(turn, run, report)


def _unstarted_outcome(run: Run, wish: Reason) -> Outcome:
    """Of a run whose launch was taken back so that it ends; a retry was started before, so it is `stopped`."""
    if run.attempts_made:
        return Outcome.STOPPED
    return Outcome.MISSED if wish.because is Because.DEADLINE else Outcome.SKIPPED


def _started(turn: Turn, run: Run, report: Started) -> None:
    attempt = run.attempt
    assert attempt is not None
    if attempt.pid is not None:
        return  # told again after a reconnect
    turn.pipeline.leave(attempt.id)
    attempt.pid, attempt.ticks, attempt.started_at = report.pid, report.ticks, report.at
    if run.phase in {RunPhase.QUEUED, RunPhase.RETRYING}:
        enter_starting(turn, run)
    run.go(Running(report.at, report.pid))
    if run.started_at is None:
        run.started_at = report.at
    job = run.job
    job.last = run
    job.last_no, job.last_run_id, job.last_started_at = run.no, run.run_id, report.at
    turn.fx.note(run)
    if run.wish is not None:
        wish, run.wish = run.wish, None
        if wish.because is not Because.DEADLINE:  # it started just in time
            end_tree(turn, run, wish, None, kill=run.wish_kill)


def _ended(turn: Turn, run: Run, report: Ended) -> None:
    attempt = run.attempt
    assert attempt is not None
    turn.fx.ends.append(attempt.id)
    turn.pipeline.leave(attempt.id)
    if not run.live:
        enter_starting(turn, run)  # it started and ended before anything was heard of it
    count_pause(run, report.at)
    outcome, reason = judge(run.job.spec, report, run.state.reason if isinstance(run.state, Stopping) else None)
    run.exit_code, run.signal = report.exit_code, report.signal
    run.left_behind = report.left_behind
    run.error = None if report.failure is None else report.failure.traceback
    if report.peak_rss is not None:
        run.peak_rss = max(report.peak_rss, run.peak_rss or 0)
    if report.cpu is not None:
        run.cpu_seconds = (run.cpu_seconds or 0.0) + report.cpu
    run.ended_at = report.at
    _attempt_over(turn, run, outcome, reason, report)


def judge(spec: JobSpec, report: Ended, stopping: Reason | None) -> tuple[Outcome, Reason]:
    """What an end means. Only what is known counts: a signal that nobody here sent stays `signal(N)`."""
    match report.cause:
        case Cause.TIMEOUT:
            return Outcome.TIMED_OUT, Reason(Because.TIMEOUT)
        case Cause.STOP:
            return Outcome.STOPPED, stopping or Reason(Because.OPERATOR)
        case Cause.SHUTDOWN:
            return Outcome.STOPPED, stopping or Reason(Because.SHUTDOWN)
        case None:
            pass
    if report.failure is not None:
        return Outcome.FAILED, Reason(Because.EXCEPTION, report.failure.summary)
    if report.exit_code is not None:
        reason = Reason(Because.EXIT, str(report.exit_code))
        if report.exit_code in spec.success_codes:
            return Outcome.SUCCESS, reason
        if report.exit_code in spec.skip_codes:
            return Outcome.SKIPPED, Reason(Because.SKIP_CODE, str(report.exit_code))
        return Outcome.FAILED, reason
    if report.signal is not None:
        return Outcome.FAILED, Reason(Because.SIGNAL, str(report.signal))
    return Outcome.LOST, Reason(Because.EXIT_UNKNOWN)


def _spawn_failed(turn: Turn, run: Run, report: SpawnFailed) -> None:
    attempt = run.attempt
    assert attempt is not None
    turn.pipeline.leave(attempt.id)
    if not run.live:
        enter_starting(turn, run)
    name = errno.errorcode.get(report.errno, str(report.errno))
    reason = Reason(Because.SPAWN, f"{report.step}: {name}")
    run.ended_at = report.at
    _attempt_over(turn, run, Outcome.FAILED, reason, None)


def _attempt_over(turn: Turn, run: Run, outcome: Outcome, reason: Reason, report: Ended | None) -> None:
    """The slot is free; then the next attempt, or the run's fate."""
    attempt = run.attempt
    assert attempt is not None
    if report is not None and report.may_still_run:
        linger(turn, run)
    else:
        turn.state.taken -= 1
        release(turn, run)
    run.past.append(
        AttemptRecord(
            attempt_id=attempt.id,
            started_at=attempt.started_at,
            ended_at=run.ended_at,
            outcome=outcome,
            reason=str(reason),
            exit_code=report.exit_code if report else None,
            signal=report.signal if report else None,
            pid=attempt.pid,
            peak_rss_bytes=report.peak_rss if report else None,
            cpu_seconds=report.cpu if report else None,
        )
    )
    turn.state.by_attempt.pop(attempt.id, None)
    run.attempt = None
    run.cpu_percent = run.rss = None
    wait = None
    if not isinstance(run.state, Stopping) and not turn.state.draining:
        wait = wait_before(run.job.spec.retry, run.attempts_made, outcome, turn.chance)
    if wait is None:
        settle(turn, run, outcome, reason)
        return
    until = turn.now + round(wait * SECOND)
    run.go(Retrying(turn.now, until))
    run.ages_from = until
    run.ended_at = None
    turn.fx.timers.add(until, RetryAt(run))
    turn.fx.save(run)


def _paused(turn: Turn, run: Run, report: Paused) -> None:
    match run.state:
        case Running(pid=pid):
            until = run.pause_until
            run.go(PausedState(report.at, pid, until))
            run.paused_since = report.at
            if until is not None:
                turn.fx.timers.add(until, ResumeAt(run))
            turn.fx.save(run)
        case _:
            pass


def _resumed(turn: Turn, run: Run, report: Resumed) -> None:
    match run.state:
        case PausedState(pid=pid):
            count_pause(run, report.at)
            run.go(Running(report.at, pid))
            turn.fx.save(run)
        case _:
            pass


def _sampled(turn: Turn, run: Run, report: Sampled) -> None:
    run.cpu_percent, run.rss = report.cpu_percent, report.rss
    run.peak_rss = max(run.peak_rss or 0, report.peak_rss)
    job = run.job
    if job.active and job.active[-1] is run:  # the newest run's sample closes the round: one point for the whole job
        job.cpu_ring.append(sum(other.cpu_percent or 0.0 for other in job.active))
        job.rss_ring.append(sum(other.rss or 0 for other in job.active))
    turn.fx.touch(job)
