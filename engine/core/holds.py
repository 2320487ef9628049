"""Holds: nothing starts, for one job, for all of a tag, or for the whole engine, until they are released or their time is up.

A job's own hold is its `held_since` and what goes with it; those of its tags and of the engine are its `covers`. All of
them must be gone before anything of it starts.
"""

from __future__ import annotations

from typing import Final

from engine.clock import Instant
from engine.values import lean

EVERYTHING: Final = ""
"""The scope of a hold of the whole engine; other scopes are tags."""


def named(scope: str) -> str:
    """A scope as the verbs `hold` and `release` are told it."""
    return "--all" if scope == EVERYTHING else f"tag:{scope}"


@lean(frozen=True, slots=True)
class Hold:
    """Since when, until when (None: until released), by whom and why nothing of `scope` starts."""

    scope: str
    since: Instant
    until: Instant | None
    by: str
    reason: str

    @property
    def of(self) -> str:
        """What it holds, in words."""
        return "all jobs" if self.scope == EVERYTHING else f"tag {self.scope}"
