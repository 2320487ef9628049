"""Orders of the job table: one letter each, the useful direction first, jobs without a value last either way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from engine.api import JobView
from engine.clock import Instant
from engine.model.outcome import Outcome
from engine.model.states import JobStatus
from engine.values import lean
from jobqueue_tui.console.columns import cpu_of, memory_of, run_seconds

Key: TypeAlias = Callable[[JobView, Instant], float | str | None]

_STATUS_RANK: Final = {status: rank for rank, status in enumerate(JobStatus)}
_OUTCOME_RANK: Final = {
    outcome: rank
    for rank, outcome in enumerate(
        (
            Outcome.FAILED, Outcome.LOST, Outcome.TIMED_OUT, Outcome.MISSED,
            Outcome.STOPPED, Outcome.SKIPPED, Outcome.SUCCESS,
        )
    )
}  # fmt: skip


def _by_status(job: JobView, _now: Instant) -> float:
    # among the waiting, those in the queue come first
    return _STATUS_RANK[job.status] - (0.5 if job.queued else 0.0)


def _by_outcome(job: JobView, _now: Instant) -> float | None:
    return None if job.last_outcome is None else _OUTCOME_RANK[job.last_outcome]


_KEYS: Final[dict[str, tuple[Key, bool]]] = {
    "N": (lambda job, _now: job.id, False),
    "S": (_by_status, False),
    "A": (lambda job, _now: job.last_ended_at, True),
    "D": (run_seconds, True),
    "C": (lambda job, _now: cpu_of(job), True),
    "M": (lambda job, _now: memory_of(job), True),
    "P": (lambda job, _now: job.effective_priority, True),
    "X": (lambda job, _now: job.next_run, False),
    "O": (_by_outcome, False),
}
"""Letter -> value, and whether the highest comes first."""

LETTERS: Final = tuple(_KEYS)
STEADY: Final = frozenset("N")
"""Letters whose order no event can change, only jobs that come and go."""


@lean(frozen=True, slots=True)
class Sort:
    """An order: a letter, and whether it is turned round. No letter: the order of the job file."""

    letter: str = ""
    reverse: bool = False

    def pressed(self, letter: str) -> Sort:
        """The order after `letter`: that column, or the same one the other way round."""
        return Sort(letter, not self.reverse) if letter == self.letter else Sort(letter)

    @property
    def descending(self) -> bool:
        """Whether the highest value stands first."""
        return bool(self.letter) and _KEYS[self.letter][1] != self.reverse

    def apply(self, jobs: Iterable[JobView], now: Instant) -> list[JobView]:
        """`jobs` in this order; equal ones stay in the order of the file."""
        if not self.letter:
            return list(jobs)
        key, _ = _KEYS[self.letter]
        valued: list[tuple[float | str, JobView]] = []
        rest: list[JobView] = []
        for job in jobs:
            value = key(job, now)
            if value is None:
                rest.append(job)
            else:
                valued.append((value, job))
        valued.sort(key=lambda pair: pair[0], reverse=self.descending)
        return [job for _, job in valued] + rest
