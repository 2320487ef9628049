"""A `Monitoring` that keeps its sums in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from engine.model.record import Json, RunRecord


class InMemoryMonitoring:
    """Per job: runs by outcome, the sum of their execution times in nanoseconds, and the last of each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, dict[str, Json]] = {}

    def save_metrics(self, record: RunRecord) -> None:
        """See `Monitoring`."""
        with self._lock:
            seen = self._jobs.setdefault(record.job, {"runs": 0, "execution_time": 0})
            seen["runs"] = _whole(seen["runs"]) + 1
            seen["execution_time"] = _whole(seen["execution_time"]) + (record.execution_time or 0)
            if record.outcome is not None:
                seen[record.outcome.value] = _whole(seen.get(record.outcome.value)) + 1
            seen["last"] = record.to_json()

    def get_metrics(self) -> Mapping[str, Json]:
        """See `Monitoring`: a copy, by job."""
        with self._lock:
            return {job: dict(seen) for job, seen in self._jobs.items()}


def _whole(value: Json) -> int:
    return value if isinstance(value, int) else 0
