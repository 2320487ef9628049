"""Where the facts of every run that ends may be sent: a sink that a program brings along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engine.model.record import Json, RunRecord


class Monitoring(Protocol):
    """Called in a thread of its own, one record at a time: a slow sink holds up no job. What it raises is counted."""

    def save_metrics(self, record: RunRecord) -> None:
        """A run is over and on record."""

    def get_metrics(self) -> Mapping[str, Json]:
        """What was gathered, by name. Called by whoever wants it, in any thread."""
