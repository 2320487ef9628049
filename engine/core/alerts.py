"""What is worth telling a person: decided here on changes of state, delivered elsewhere once the change is durable.

A failure is told when a job begins to fail, and again only when `cooldown` is over; a recovery when it has ended. An
alert that came up stays what it was: it lies in the store until its notifier has it.
"""

from __future__ import annotations

from typing import Final

from engine.clock import micros
from engine.core.state import Job, Run
from engine.core.stopping import wall_seconds
from engine.core.turn import Turn
from engine.model.alert import Alert
from engine.model.outcome import Because, Outcome, Reason
from engine.spec.notify import BY_DEFAULT, Notify, When
from engine.spec.units import format_duration

FAILURES: Final = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST})
_QUIET: Final = frozenset({Because.CALENDAR, Because.OPERATOR})
"""Skips that somebody wanted."""

STUCK_OVERLAPS: Final = 3
SLOW_FACTOR: Final = 2.0
"""A run that took so many times the p95 of the ones before it was slow, if there were `ENOUGH` of them."""
ENOUGH: Final = 5
SLOW_LEAST: Final = 1.0
"""Seconds below which nothing is slow."""


def notify_of(turn: Turn, job: Job) -> Notify | None:
    """What is told of this job; jobs that say nothing use the engine's notifier. None: nothing."""
    spec, default = job.spec.notify, turn.state.spec.notify
    if spec is not None:
        return spec if spec.to else Notify(spec.when, default, spec.cooldown) if default else None
    return Notify(BY_DEFAULT, default) if default else None


def wants(turn: Turn, job: Job, when: When) -> bool:
    """Would anybody be told of this."""
    notify = notify_of(turn, job)
    return notify is not None and when in notify.when


def tell(turn: Turn, job: Job, when: When, text: str, run: Run | None = None, *, always: bool = False) -> None:
    """Raise an alert, if somebody wants to know (`always`: whatever the job's `when` says) and has not just been told."""
    notify = notify_of(turn, job)
    if notify is None or not (always or when in notify.when):
        return
    last = job.told.get(when)
    if last is not None and notify.cooldown and turn.now - last < micros(notify.cooldown):
        return
    job.told[when] = turn.now
    turn.fx.alerts.append(
        Alert(
            when=when,
            job=job.id,
            run_id=None if run is None else run.run_id,
            at=turn.now,
            text=text,
            to=notify.to,
            outcome=None if run is None else run.outcome,
            exit_code=None if run is None else run.exit_code,
            log_path=None if run is None else run.log_path,
        )
    )
    turn.fx.save_job(job)


def tell_end(turn: Turn, run: Run, outcome: Outcome, reason: Reason | None) -> None:
    """A run has its fate. Called with the job as it was before."""
    job = run.job
    if notify_of(turn, job) is None and job.spec.timeout.min is None:
        _count_overlaps(job, outcome, reason)
        return
    what = f"{run.run_id} {outcome}" + (f": {reason}" if reason is not None and outcome is not Outcome.SUCCESS else "")
    match outcome:
        case Outcome.SUCCESS:
            if job.failing:
                tell(turn, job, When.RECOVERY, f"{run.run_id} succeeded; the job had failed before", run)
            tell(turn, job, When.SUCCESS, what, run)
            job.failing = False
        case _ if outcome in FAILURES:
            notify = notify_of(turn, job)
            if not job.failing or (notify is not None and notify.cooldown):
                tell(turn, job, When.FAILURE, what, run)
            job.failing = True
        case Outcome.MISSED:
            count = f" ({run.count} times)" if run.count > 1 else ""
            tell(turn, job, When.MISSED, what + count, run)
        case Outcome.SKIPPED if reason is None or reason.because not in _QUIET:
            tell(turn, job, When.SKIPPED, what, run)
        case _:
            pass
    _count_overlaps(job, outcome, reason)
    if job.overlaps == STUCK_OVERLAPS:
        tell(
            turn,
            job,
            When.STUCK,
            f"{STUCK_OVERLAPS} occurrences in a row were skipped: a run of it is still going",
            run,
        )
    if run.printed:
        tell(turn, job, When.OUTPUT, f"{run.run_id} printed something", run)
    if run.started_at is not None and outcome is Outcome.SUCCESS:
        _tell_length(turn, run)


def _count_overlaps(job: Job, outcome: Outcome, reason: Reason | None) -> None:
    overlap = outcome is Outcome.SKIPPED and reason is not None and reason.because is Because.OVERLAP
    job.overlaps = job.overlaps + 1 if overlap else 0


def _tell_length(turn: Turn, run: Run) -> None:
    job = run.job
    seconds = wall_seconds(run, turn.now)
    assert seconds is not None
    shortest = job.spec.timeout.min
    if shortest is not None and seconds < shortest:
        run.short = True
        took = format_duration(round(seconds, 3))
        tell(turn, job, When.SHORT, f"{run.run_id} took {took}, less than {format_duration(shortest)}", run)
    longest = job.p95 if job.tracked is not None and len(job.tracked.took) >= ENOUGH else None
    if longest is not None and seconds > max(SLOW_LEAST, SLOW_FACTOR * longest):
        took, usual = format_duration(round(seconds, 3)), format_duration(round(longest, 3))
        tell(turn, job, When.SLOW, f"{run.run_id} took {took}, its p95 is {usual}", run)


def wants_pings(turn: Turn, job: Job) -> bool:
    """Does one of the job's notifiers want to know of starts and of every end."""
    notify = notify_of(turn, job)
    return notify is not None and not turn.state.pings.isdisjoint(notify.to)


def ping(turn: Turn, run: Run, suffix: str) -> None:
    """Tell the job's dead-man's switches: `start`, or the exit code of a run that is over."""
    notify = notify_of(turn, run.job)
    assert notify is not None
    to = tuple(name for name in notify.to if name in turn.state.pings)
    turn.fx.alerts.append(Alert(when=None, job=run.job.id, run_id=run.run_id, at=turn.now, text=suffix, to=to))
