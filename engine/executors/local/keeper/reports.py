"""What the engine is told, while there is one."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .link import Link
    from .loop import Loop

HOLD: Final = 0.006
"""Seconds that reports may be held while launches wait here: the engine need not wake for each of many short runs."""


class Reports:
    """Reports of a wake, for the engine that is connected."""

    __slots__ = ("engine", "held_since", "loop", "pending")

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.engine: Link | None = None
        self.pending: list[list[object]] = []
        self.held_since: float | None = None

    def add(self, report: list[object]) -> None:
        self.pending.append(report)

    def due(self) -> float | None:
        """When those that are held must go; None: none is."""
        return self.held_since + HOLD if self.pending and self.held_since is not None else None

    def deliver(self, waiting: bool) -> None:
        """One packet for all reports of a wake; while launches wait here, for those of HOLD seconds."""
        engine = self.engine
        if engine is None or not engine.greeted:
            self.pending.clear()  # what matters is kept
        elif self.pending:
            now = time.monotonic()
            if self.held_since is None:
                self.held_since = now
            if not waiting or now >= self.held_since + HOLD:
                engine.send(self.pending)
                self.pending = []
                self.held_since = None
        if engine is not None and self.engine is engine:
            self.loop.await_room(engine.fd, bool(engine.unsent))
