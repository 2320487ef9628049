"""What changed since somebody last looked: one set of ids per subscriber."""

from __future__ import annotations

from collections.abc import Callable

from engine.api import Changes


class Feed:
    """Implements `engine.api.ChangeFeed`. Bounded by the number of jobs, so that a slow reader harms nothing."""

    def __init__(self, forget: Callable[[Feed], None]) -> None:
        self._jobs: set[str] = set()
        self._resync = True
        self._forget = forget

    def add(self, jobs: set[str], resync: bool) -> None:
        """Collect."""
        self._jobs |= jobs
        self._resync |= resync

    def take(self) -> Changes:
        """See `engine.api`."""
        changes = Changes(frozenset(self._jobs), self._resync)
        self._jobs.clear()
        self._resync = False
        return changes

    def close(self) -> None:
        """See `engine.api`."""
        self._forget(self)
