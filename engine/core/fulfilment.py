"""Did a needed job end as required."""

from __future__ import annotations

from typing import Final

from engine.model.outcome import Outcome
from engine.spec.job import Need, Required

_FAILURES: Final = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST})
_DONE: Final = _FAILURES | {Outcome.SUCCESS, Outcome.STOPPED}


def fulfils(need: Need, outcome: Outcome) -> bool:
    """Did the needed job end as required."""
    match need.required:
        case Required.SUCCESS:
            return outcome is Outcome.SUCCESS
        case Required.FAILURE:
            return outcome in _FAILURES
        case Required.DONE:
            return outcome in _DONE
        case Required.SKIPPED:
            return outcome is Outcome.SKIPPED
