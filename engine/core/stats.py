"""What a job's runs took: kept with the job, so that nothing has to be looked up to judge what is usual."""

from __future__ import annotations

import json
from dataclasses import field
from statistics import median
from typing import Final

from engine.model.outcome import Outcome
from engine.model.stats import JobStats, Spread
from engine.values import mutable

RECENT: Final = 32
"""Runs whose durations and waits are kept one by one."""

_COMPACT: Final = json.JSONEncoder(separators=(",", ":")).encode
"""Made once: `dumps` makes an encoder at every call that asks for separators."""


@mutable(slots=True)
class Tracker:
    """Grows with every run that started and is over."""

    took: list[int] = field(default_factory=list)
    """Milliseconds of the last runs that ended by themselves: whole numbers, which are written in a quarter of the time of others.
    Lists, of which the newest are kept: a deque takes half a KiB each."""
    waited: list[int] = field(default_factory=list)
    """Milliseconds from queued to started."""
    outcomes: list[str] = field(default_factory=list)
    cpu_seconds: float = 0.0
    peak_rss: int = 0
    _frozen: JobStats | None = field(default=None, compare=False)
    """The copy for the outside, until the next run ends: screens ask for it with every row they paint."""
    _text: str | None = field(default=None, compare=False)
    """As kept in the store, until the next run ends: a job is stored three times for each run, and stays the same twice."""

    def add(self, outcome: str, took: int | None, waited: int | None, cpu_seconds: float, peak_rss: int) -> None:
        """One more run that is over. Milliseconds, seconds, bytes; None: not known, or not to be counted."""
        self._frozen = self._text = None
        self.cpu_seconds += cpu_seconds
        self.peak_rss = max(self.peak_rss, peak_rss)
        self.outcomes.append(outcome)
        if took is not None:
            self.took.append(took)
        if waited is not None:
            self.waited.append(waited)
        if len(self.outcomes) > RECENT:
            del self.outcomes[:-RECENT], self.took[:-RECENT], self.waited[:-RECENT]

    def usual(self) -> float | None:
        """The median duration in seconds; None before the first."""
        return median(self.took) / 1_000 if self.took else None

    def p95(self) -> float | None:
        """The seconds that 95 of 100 runs stay below; None before the first."""
        return _spread(self.took).p95

    def frozen(self) -> JobStats:
        """A copy for the outside."""
        if self._frozen is None:
            self._frozen = JobStats(
                seconds=_spread(self.took),
                waits=_spread(self.waited),
                outcomes=tuple(Outcome(one) for one in self.outcomes),
                cpu_seconds=self.cpu_seconds,
                peak_rss_bytes=self.peak_rss or None,
            )
        return self._frozen

    def to_text(self) -> str:
        """As kept in the store."""
        if self._text is None:
            kept = [self.took, self.waited, self.outcomes, round(self.cpu_seconds, 3), self.peak_rss]
            self._text = _COMPACT(kept)
        return self._text

    @classmethod
    def from_text(cls, text: str) -> Tracker:
        """The inverse."""
        took, waited, outcomes, cpu_seconds, peak_rss = json.loads(text)
        return cls([*map(_millis, took)], [*map(_millis, waited)], outcomes, float(cpu_seconds), peak_rss)


def _millis(kept: float) -> int:
    """What stands in a state: seconds, as numbers with a point, where it was written by an engine before this one."""
    return kept if isinstance(kept, int) else round(kept * 1_000)


def in_millis(micros: int) -> int:
    """The nearest one."""
    return (micros + 500) // 1_000


def _spread(millis: list[int]) -> Spread:
    if not millis:
        return Spread()
    ordered = sorted(millis)
    return Spread(
        average=sum(ordered) / len(ordered) / 1_000,
        p50=median(ordered) / 1_000,
        p95=ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)] / 1_000,
        longest=ordered[-1] / 1_000,
    )
