"""What a job's runs took, as it is shown and sent."""

from __future__ import annotations

from dataclasses import asdict

from engine.model.outcome import Outcome
from engine.model.record import Json
from engine.values import sealed


@sealed(frozen=True, slots=True)
class Spread:
    """Of the recent runs, in seconds; None before the first."""

    average: float | None = None
    p50: float | None = None
    p95: float | None = None
    longest: float | None = None


@sealed(frozen=True, slots=True, kw_only=True)
class JobStats:
    """Durations and waits of the recent runs, how they ended (oldest first), and what all runs used."""

    seconds: Spread
    waits: Spread
    outcomes: tuple[Outcome, ...]
    cpu_seconds: float
    peak_rss_bytes: int | None

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {
            "seconds": asdict(self.seconds),
            "waits": asdict(self.waits),
            "outcomes": [*self.outcomes],
            "cpu_seconds": round(self.cpu_seconds, 3),
            "peak_rss_bytes": self.peak_rss_bytes,
        }
