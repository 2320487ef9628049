"""When the next attempt comes."""

from __future__ import annotations

import random

from engine.clock import SECOND
from engine.core.state import Run
from engine.model.outcome import Because, Outcome, Reason
from engine.spec.job import Retry, RetryCauses


def wait_before(run: Run, outcome: Outcome, reason: Reason, chance: random.Random) -> float | None:
    """Seconds until the next attempt after one that ended so; None: no further one.

    A stopped run is never tried again, a lost one only if `retry.only` lists it (20-engine, After a crash).
    """
    if outcome is Outcome.SUCCESS:
        return None
    retry = run.spec.retry
    made = run.attempts_made if retry.reset_on_success else run.job.retries + 1
    if not _is_cause(retry.only, outcome, reason) or (retry.limit is not None and made > retry.limit):
        return None
    if (left := total_left(run)) is not None and left <= 0:
        return None
    wait = _unspread(retry, run.attempts_made)
    if retry.jitter:
        wait *= 1 + chance.uniform(-retry.jitter, retry.jitter)
    return max(0.0, wait)


def longest_wait(retry: Retry, attempts_made: int) -> float:
    """Seconds that a run waits at most after so many attempts."""
    return _unspread(retry, attempts_made) * (1 + retry.jitter)


def _unspread(retry: Retry, attempts_made: int) -> float:
    try:
        wait = retry.delay * retry.backoff ** (attempts_made - 1)
    except OverflowError:
        wait = retry.max_delay
    return min(wait, retry.max_delay)


def _is_cause(only: RetryCauses, outcome: Outcome, reason: Reason) -> bool:
    match outcome, reason.because:
        case Outcome.TIMED_OUT, _:
            return only.timeout
        case Outcome.LOST, _:
            return only.lost
        case Outcome.FAILED, Because.EXIT:
            return only.exit_codes is None or int(reason.value) in only.exit_codes
        case Outcome.FAILED, Because.SIGNAL | Because.CPU_TIME:
            return only.signals
        case Outcome.FAILED, _:
            return True
        case _:
            return False


def total_left(run: Run) -> float | None:
    """Seconds of `timeout.total` that the run's attempts have not used, pauses left out; None: no such limit."""
    total = run.spec.timeout.total
    if total is None:
        return None
    used = sum(
        one.ended_at - one.started_at for one in run.past if one.started_at is not None and one.ended_at is not None
    )
    return total - max(0, used - run.paused_us) / SECOND


def attempt_timeout(run: Run) -> float | None:
    """Seconds that the current attempt may run: the job's timeout, and what is left of `timeout.total`; None: any."""
    limits = [limit for limit in (run.timeout, total_left(run)) if limit is not None]
    return min(limits, default=None)
