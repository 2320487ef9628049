"""Ten thousand jobs that share sixty expressions ask sixty questions, not ten thousand."""

from __future__ import annotations

from dataclasses import field
from typing import Final

from engine.clock import Instant
from engine.schedule.plans import Plan
from engine.values import mutable

_MAX_ENTRIES: Final = 4096


@mutable(slots=True)
class NextMemo:
    """Remembers, per meaning of a plan, one stretch of time in which the answer is the same.

    If the next time after `since` is `at`, it is `at` for every instant in between as well. That is exact for seconds, for zones
    whose offset is no whole minute, and for answers far ahead, where a key of expression and minute would miss or,
    with seconds, lie. Owned by who asks; not shared between threads. Bounded: emptied at 4,096 plans.
    """

    _stretches: dict[str, tuple[Instant, Instant]] = field(default_factory=dict)

    def next_after(self, plan: Plan, after: Instant) -> Instant | None:
        """As `plan.next_after(after)`."""
        key = plan.key
        if key is None:
            return plan.next_after(after)
        known = self._stretches.get(key)
        if known is not None and known[0] <= after < known[1]:
            return known[1]
        at = plan.next_after(after)
        if at is not None:
            if len(self._stretches) >= _MAX_ENTRIES:
                self._stretches.clear()
            self._stretches[key] = (after, at)
        return at

    def __len__(self) -> int:
        return len(self._stretches)
