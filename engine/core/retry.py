"""When the next attempt comes."""

from __future__ import annotations

import random

from engine.model.outcome import Outcome
from engine.spec.job import Retry

RETRIED = frozenset({Outcome.FAILED, Outcome.TIMED_OUT})
"""Outcomes that are tried again; a stopped or lost run never is by itself."""


def wait_before(retry: Retry, made: int, outcome: Outcome, chance: random.Random) -> float | None:
    """Seconds until the next attempt after `made` attempts; None: no further one."""
    if outcome not in RETRIED or (retry.limit is not None and made > retry.limit):
        return None
    try:
        wait = retry.delay * retry.backoff ** (made - 1)
    except OverflowError:
        wait = retry.max_delay
    wait = min(wait, retry.max_delay)
    if retry.jitter:
        wait *= 1 + chance.uniform(-retry.jitter, retry.jitter)
    return max(0.0, wait)
