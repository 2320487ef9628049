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
    """Grows with every run that started and is over. Seconds and bytes."""

    seconds: list[float] = field(default_factory=list)
    """Of the last runs that ended by themselves. Lists, of which the newest are kept: a deque takes half a KiB each."""
    waits: list[float] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    cpu_seconds: float = 0.0
    peak_rss: int = 0
    _frozen: JobStats | None = field(default=None, compare=False)
    """The copy for the outside, until the next run ends: screens ask for it with every row they paint."""
    _text: str | None = field(default=None, compare=False)
    """As kept in the store, until the next run ends: a job is stored three times for each run, and stays the same twice."""

    def add(self, outcome: str, seconds: float | None, waited: float | None, cpu_seconds: float, peak_rss: int) -> None:
        """One more run that is over; None: not known, or not to be counted."""
        self._frozen = self._text = None
        self.cpu_seconds += cpu_seconds
        self.peak_rss = max(self.peak_rss, peak_rss)
        self.outcomes.append(outcome)
        if seconds is not None:
            self.seconds.append(seconds)
        if waited is not None:
            self.waits.append(waited)
        if len(self.outcomes) > RECENT:
            del self.outcomes[:-RECENT], self.seconds[:-RECENT], self.waits[:-RECENT]

    def usual(self) -> float | None:
        """The median duration; None before the first."""
        return median(self.seconds) if self.seconds else None

    def p95(self) -> float | None:
        """What 95 of 100 runs stay below; None before the first."""
        return _spread(self.seconds).p95

    def frozen(self) -> JobStats:
        """A copy for the outside."""
        if self._frozen is None:
            self._frozen = JobStats(
                seconds=_spread(self.seconds),
                waits=_spread(self.waits),
                outcomes=tuple(Outcome(one) for one in self.outcomes),
                cpu_seconds=self.cpu_seconds,
                peak_rss_bytes=self.peak_rss or None,
            )
        return self._frozen

    def to_text(self) -> str:
        """As kept in the store."""
        if self._text is None:
            kept = [self.seconds, self.waits, self.outcomes, round(self.cpu_seconds, 3), self.peak_rss]
            self._text = _COMPACT(kept)
        return self._text

    @classmethod
    def from_text(cls, text: str) -> Tracker:
        """The inverse."""
        seconds, waits, outcomes, cpu_seconds, peak_rss = json.loads(text)
        return cls(seconds, waits, outcomes, float(cpu_seconds), peak_rss)


def in_seconds(micros: int) -> float:
    """To the millisecond."""
    return (micros + 500) // 1_000 / 1_000  # `round` of a float to digits takes ten times as long


def _spread(values: list[float]) -> Spread:
    if not values:
        return Spread()
    ordered = sorted(values)
    return Spread(
        average=sum(ordered) / len(ordered),
        p50=median(ordered),
        p95=ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)],
        longest=ordered[-1],
    )
