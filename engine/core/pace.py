"""How fast runs start: how far claims and orders go ahead of free slots.

While runs last for milliseconds, the commit of a claim and a wake of the loop would stand between one and the next, so
dozens are claimed and handed over ahead. While they last for minutes nothing is gained, and what is claimed when the
machine loses its power is `lost` for certain: then hardly any are.
"""

from __future__ import annotations

from collections import deque
from dataclasses import field
from typing import Final

from engine.clock import SECOND, Instant
from engine.values import mutable

LEAST: Final = 4
MOST: Final = 48
"""With `/bin/true`, 8 at once: windows of 48 and 64 and reports held for 6 ms gave 1.24 times the runs a second of 16, 16 and
2 ms (medians of 4 in turns); 96 gave no more than 48."""

WINDOW: Final = SECOND // 32
"""What counts as lately: a few commits."""


@mutable(slots=True)
class Pace:
    """The newest starts."""

    _starts: deque[Instant] = field(default_factory=lambda: deque(maxlen=MOST))

    def note(self, now: Instant) -> None:
        """A run starts."""
        self._starts.append(now)

    def ahead(self, now: Instant) -> int:
        """Runs that may be under way to a slot which is not free yet: twice what started lately."""
        starts = self._starts
        while starts and not now - WINDOW < starts[0] <= now:  # later than now: the clock was put back
            starts.popleft()
        return max(LEAST, min(MOST, 2 * len(starts)))
