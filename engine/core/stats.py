"""What a job's runs took: kept with the job, so that nothing has to be looked up to judge what is usual."""

from __future__ import annotations

from dataclasses import field
from statistics import median
from typing import Final

from engine.model.outcome import Outcome
from engine.model.stats import JobStats, Spread
from engine.values import mutable

RECENT: Final = 32
"""Runs whose durations and waits are kept one by one."""


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

    def add(self, outcome: str, seconds: float | None, waited: float | None, cpu_seconds: float, peak_rss: int) -> None:
        """One more run that is over; None: not known, or not to be counted."""
        self._frozen = None
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

    def to_json(self) -> list[object]:
        """As kept in the store."""
        return [self.seconds, self.waits, self.outcomes, round(self.cpu_seconds, 3), self.peak_rss]

    @classmethod
    def from_json(cls, kept: list[list[float]]) -> Tracker:
        """The inverse."""
        seconds, waits, outcomes, cpu_seconds, peak_rss = kept
        found = cls(cpu_seconds=float(str(cpu_seconds)), peak_rss=int(str(peak_rss)))
        found.seconds.extend(seconds)
        found.waits.extend(waits)
        found.outcomes.extend(str(one) for one in outcomes)
        return found


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
