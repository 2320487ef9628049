"""Feeds a `Monitoring` off the loop."""

from __future__ import annotations

import queue
import threading
from typing import Final

from engine.model.record import RunRecord
from engine.ports.monitoring import Monitoring

WAITING: Final = 10_000
"""Records that may wait for a slow sink; further ones are dropped, and counted."""

PATIENCE: Final = 5.0
"""Seconds at the end in which the sink may take what waits."""


class Monitor:
    """One thread between the loop and the sink."""

    def __init__(self, sink: Monitoring) -> None:
        self._sink = sink
        self._records: queue.Queue[RunRecord | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self.dropped = 0
        self.failures = 0

    def give(self, record: RunRecord) -> None:
        """On the loop; never waits."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="monitoring", daemon=True)
            self._thread.start()
        try:
            self._records.put_nowait(record)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Let the sink take what waits, for a while."""
        if self._thread is None:
            return
        try:
            self._records.put(None, timeout=PATIENCE)
        except queue.Full:
            return  # the sink hangs: its thread is a daemon
        self._thread.join(PATIENCE)

    def _work(self) -> None:
        while (record := self._records.get()) is not None:
            try:
                self._sink.save_metrics(record)
            except Exception:  # noqa: BLE001 - a sink is not ours, and no fault of its may reach the engine
                self.failures += 1
