"""An occurrence that is planned and not due yet, as it is shown and sent."""

from __future__ import annotations

from engine.clock import Instant
from engine.model.record import Json, iso
from engine.values import sealed


@sealed(frozen=True, slots=True)
class Coming:
    """`at` is its planned time, `due` when it may start (its jitter added). `skipped` is the reason why it will not run, in
    the words of an outcome (`operator`, `calendar`), else empty; `note` what a change of the clock does to it, else empty."""

    job: str
    at: Instant
    due: Instant
    skipped: str = ""
    note: str = ""

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {
            "job": self.job,
            "at": iso(self.at),
            "due": iso(self.due),
            "skipped": self.skipped or None,
            "note": self.note or None,
        }
