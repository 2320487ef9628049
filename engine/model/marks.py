"""Marks of what operators have turned: who has seen one knows later whether anybody has touched it since."""

from __future__ import annotations

from typing import Final, NamedTuple


class Marks(NamedTuple):
    """Of each thing about a job the number of the last time that it was turned; 0: not since this engine began.

    Numbers rise over everything and over restarts. A mark says nothing but whether it is the same one.
    """

    hold: int = 0
    """Its own hold, and whether it is stopped."""
    schedule: int = 0
    """Suspended or not."""
    skip: int = 0
    postpone: int = 0
    enabled: int = 0
    priority: int = 0
    """Its own, and those of its waiting runs."""
    timeout: int = 0


UNTURNED: Final = Marks()
