"""What an executor reports, applied to the run. Reports about attempts that are not known (any more) change nothing."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable
from dataclasses import replace

from engine.core.alerts import ping, wants_pings
from engine.core.beyond import exceed, exceeded
from engine.core.callables import freed, linger, save_data
from engine.core.course import StepKind
from engine.core.dispatch import enter_starting, forget_claim, withdrawn
from engine.core.fates import settle
from engine.core.sides import attempt_of, begin_side, side_over
from engine.core.state import Attempt, Run, add_disk
from engine.core.steps import main_over, step_over
from engine.core.stopping import count_pause, end_tree, order_end
from engine.core.timers import ResumeAt
from engine.core.turn import Turn
from engine.core.watching import watch
from engine.errors import PauseTimeout, Refused, RefusedCode
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import AttemptRecord
from engine.model.states import Paused as PausedState
from engine.model.states import Running, RunPhase, Stopping
from engine.model.usage import Usage
from engine.ports.executor import (
    Cause,
    DataSaved,
    Disk,
    Ended,
    Exceeded,
    Failure,
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
        if isinstance(report, Ended | SpawnFailed):
            turn.fx.ends.append(report.attempt)  # its end is on record: let the executor forget it
        return
    attempt = attempt_of(run, report.attempt)
    match report:
        case Sampled() if attempt is run.attempt:
            _sampled(turn, run, report)
        case Started():
            _started(turn, run, attempt, report)
        case Ended():
            _ended(turn, run, attempt, report)
        case SpawnFailed():
            _spawn_failed(turn, run, attempt, report)
        case Paused():
            _paused(turn, run, report)
            answer(run, None)
        case PauseRefused(why=why, timeout=timeout):
            run.paused_for = None
            refusal = PauseTimeout(why) if timeout else Refused(RefusedCode.STATE, why, "stop it instead, or try again")
            answer(run, refusal)
        case Exceeded():
            exceeded(turn, run, report)
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


def _begin_unasked(turn: Turn, run: Run, attempt: Attempt) -> None:
    """It runs, or ran, before it was `starting` here: ahead of its slot, or begun undurably by an engine that died."""
    if not attempt.ordered and run in turn.pipeline.claimed:
        turn.pipeline.claimed.remove(run)
    enter_starting(turn, run)


def _started(turn: Turn, run: Run, attempt: Attempt, report: Started) -> None:
    if attempt.pid is not None:
        return  # told again after a reconnect
    turn.pipeline.leave(attempt.id)
    attempt.pid, attempt.ticks, attempt.started_at = report.pid, report.ticks, report.at
    if attempt is not run.attempt:
        return  # a hook beside the run
    if run.phase in {RunPhase.QUEUED, RunPhase.RETRYING}:
        _begin_unasked(turn, run, attempt)
    turn.fx.note(run)
    if attempt.step.kind is StepKind.IF:  # it has not started yet, it is being asked whether it may
        if run.wish is not None:
            order_end(turn, run, run.wish, None)
        return
    if isinstance(run.state, Stopping):
        run.go(replace(run.state, pid=report.pid))
        if attempt.step.main:
            order_end(turn, run, run.state.reason, None)
    else:
        run.go(Running(report.at, report.pid))
    if run.started_at is None:
        run.started_at = report.at
        job = run.job
        job.last = run
        job.last_no, job.last_run_id, job.last_started_at = run.no, run.run_id, report.at
        watch(turn, job)
        if wants_pings(turn, job):
            ping(turn, run, "start")
    if run.wish is not None:
        wish, run.wish = run.wish, None
        if wish.because is not Because.DEADLINE:  # it started just in time
            end_tree(turn, run, wish, None, kill=run.wish_kill)


def _ended(turn: Turn, run: Run, attempt: Attempt, report: Ended) -> None:
    turn.fx.ends.append(attempt.id)
    turn.pipeline.leave(attempt.id)
    if report.saved is not None:
        save_data(turn, run, report.saved)
    if attempt is not run.attempt:
        side_over(turn, run, attempt, _hook_error(report))
        return
    if not run.live:
        _begin_unasked(turn, run, attempt)  # it started and ended before anything was heard of it
    count_pause(run, report.at)
    run.left_behind += report.left_behind
    if report.exceeded is not None and report.cause is not None:
        exceed(run, report.cause, report.exceeded)
    if report.throttled:
        run.throttled = (run.throttled or 0.0) + report.throttled
    run.peak_rss = max(report.peak_rss or 0, run.peak_rss or 0) or None
    if report.cpu is not None:
        run.cpu_seconds = (run.cpu_seconds or 0.0) + report.cpu
    if report.disk is not None or run.disk_now is not None:
        _count_disk(run, report)
    if not attempt.step.main:
        _leave(turn, run, attempt)
        step_over(turn, run, attempt.step, _hook_error(report))
        return
    outcome, reason = judge(run.spec, report, run.state.reason if isinstance(run.state, Stopping) else None)
    run.exit_code, run.signal = report.exit_code, report.signal
    run.error = None if report.failure is None else report.failure.traceback
    run.ended_at = report.at
    if report.may_still_run:
        linger(turn, run)
    _main_over(turn, run, attempt, (outcome, reason), report)


def _count_disk(run: Run, report: Ended) -> None:
    """The end counts who was waited for, the last sample who lived then: whichever saw more."""
    one, two = report.disk, run.disk_now
    if one is not None and two is not None:
        one = Disk(max(one.read, two.read), max(one.written, two.written))
    run.disk, run.disk_now = add_disk(run.disk, one or two), None


def _hook_error(report: Ended) -> str | None:
    """What is wrong with the end of a hook or precondition; None: nothing."""
    if report.unstarted:
        return report.unstarted
    match report:
        case Ended(exit_code=0, cause=None, failure=None):
            return None
        case Ended(cause=Cause() as cause):
            return cause.value
        case Ended(failure=Failure(summary=summary)):
            return f"exception({summary})"
        case Ended(exit_code=int(code)):
            return f"exit({code})"
        case Ended(signal=int(number)):
            return f"signal({number})"
        case _:
            return "exit_unknown"


def judge(spec: JobSpec, report: Ended, stopping: Reason | None) -> tuple[Outcome, Reason]:
    """What an end means. Only what is known counts: a signal that nobody here sent stays `signal(N)`."""
    match report.cause:
        case None:
            pass
        case Cause.TIMEOUT:
            return Outcome.TIMED_OUT, Reason(Because.TIMEOUT)
        case Cause.IDLE:
            return Outcome.TIMED_OUT, Reason(Because.IDLE_TIMEOUT)
        case Cause.MEMORY:
            return Outcome.FAILED, Reason(Because.MEMORY_LIMIT, str(report.exceeded or 0))
        case Cause.CPU:
            return Outcome.FAILED, Reason(Because.CPU_LIMIT, f"{report.exceeded or 0.0:g}")
        case Cause.STOP:
            return Outcome.STOPPED, stopping or Reason(Because.OPERATOR)
        case Cause.SHUTDOWN:
            return Outcome.STOPPED, stopping or Reason(Because.SHUTDOWN)
    if report.unstarted:
        return Outcome.FAILED, Reason.parse(report.unstarted)
    if report.failure is not None:
        return Outcome.FAILED, Reason(Because.EXCEPTION, report.failure.summary)
    if report.exit_code is not None:
        reason = Reason(Because.EXIT, str(report.exit_code))
        if report.exit_code in spec.success_codes:
            return Outcome.SUCCESS, reason
        if report.exit_code in spec.skip_codes:
            return Outcome.SKIPPED, Reason(Because.SKIP_CODE, str(report.exit_code))
        return Outcome.FAILED, reason
    if report.signal == signal.SIGXCPU and _used_up(spec.limits.cpu_time, report.cpu):
        return Outcome.FAILED, Reason(Because.CPU_TIME)
    if report.signal is not None:
        return Outcome.FAILED, Reason(Because.SIGNAL, str(report.signal))
    return Outcome.LOST, Reason(Because.EXIT_UNKNOWN)


def _used_up(limit: int | None, cpu: float | None) -> bool:
    """Has a process used the CPU seconds that it was allowed: anybody may send SIGXCPU at any time. The kernel's limit counts
    ticks, and the time on record what was really used: 0.88 of the limit was seen on a busy machine."""
    return limit is not None and (cpu is None or cpu > 0.5 * limit)


def _spawn_failed(turn: Turn, run: Run, attempt: Attempt, report: SpawnFailed) -> None:
    turn.fx.ends.append(attempt.id)
    turn.pipeline.leave(attempt.id)
    name = errno.errorcode.get(report.errno, str(report.errno))
    reason = Reason(Because.SPAWN, f"{report.step}: {name}")
    if report.secret:
        reason = Reason(Because.SECRET, report.secret)
    if attempt is not run.attempt:
        side_over(turn, run, attempt, str(reason))
        return
    if not run.live:
        _begin_unasked(turn, run, attempt)
    if attempt.step.main:
        run.ended_at = report.at
        _main_over(turn, run, attempt, (Outcome.FAILED, reason), None)
    else:
        _leave(turn, run, attempt)
        step_over(turn, run, attempt.step, str(reason))


def lose(turn: Turn, run: Run, attempt: Attempt, reason: Reason) -> None:
    """The attempt is gone and nobody knows how it ended."""
    if not run.live:
        _begin_unasked(turn, run, attempt)
    if attempt.step.main:
        run.ended_at = turn.now
        _main_over(turn, run, attempt, (Outcome.LOST, reason), None)
    else:
        _leave(turn, run, attempt)
        step_over(turn, run, attempt.step, str(reason))


def _main_over(turn: Turn, run: Run, attempt: Attempt, verdict: tuple[Outcome, Reason], report: Ended | None) -> None:
    outcome, reason = verdict
    run.past.append(
        AttemptRecord(
            attempt.id,
            attempt.started_at,
            run.ended_at,
            outcome,
            str(reason),
            report.exit_code if report else None,
            report.signal if report else None,
            attempt.pid,
            report.peak_rss if report else None,
            report.cpu if report else None,
        )
    )
    _leave(turn, run, attempt)
    main_over(turn, run, attempt.step, outcome, reason)


def _leave(turn: Turn, run: Run, attempt: Attempt) -> None:
    turn.state.by_attempt.pop(attempt.id, None)
    run.attempt = None
    run.cpu_percent = run.rss = run.disk_now = None


def _paused(turn: Turn, run: Run, report: Paused) -> None:
    match run.state:
        case Running(pid=pid):
            until = run.pause_until
            run.go(PausedState(report.at, pid, until))
            run.paused_since = report.at
            if until is not None:
                turn.fx.timers.add(until, ResumeAt(run))
            turn.fx.save(run)
            begin_side(turn, run, StepKind.PAUSE)
        case _:
            pass


def _resumed(turn: Turn, run: Run, report: Resumed) -> None:
    match run.state:
        case PausedState(pid=pid):
            count_pause(run, report.at)
            run.go(Running(report.at, pid))
            turn.fx.save(run)
            begin_side(turn, run, StepKind.RESUME)
        case _:
            pass


def _sampled(turn: Turn, run: Run, report: Sampled) -> None:
    run.cpu_percent, run.rss, run.disk_now = report.cpu_percent, report.rss, report.disk
    run.peak_rss = max(run.peak_rss or 0, report.peak_rss)
    if run.usage is None:
        run.usage = Usage()
    run.usage.add(report.cpu_percent, report.rss, report.processes)
    job = run.job
    if job.active and job.active[-1] is run:  # the newest run's sample closes the round: one point for the whole job
        job.sample(sum(one.cpu_percent or 0.0 for one in job.active), sum(one.rss or 0 for one in job.active))
    turn.fx.touch(job)
