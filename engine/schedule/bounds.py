"""`start_at` and `end_at`: the first and the last instant at which anything may be due."""

from __future__ import annotations

from dataclasses import field

from engine.clock import Instant
from engine.schedule.plans import Plan
from engine.values import lean


@lean(frozen=True, slots=True)
class BoundedPlan:
    """The times of `base` from `start` to `end`, both included; None: no bound."""

    base: Plan
    start: Instant | None
    end: Instant | None
    key: str | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        base = self.base.key
        object.__setattr__(self, "key", None if base is None else f"{base}\nbounds {self.start} {self.end}")

    def next_after(self, after: Instant) -> Instant | None:
        """See `Plan`."""
        at = self.base.next_after(after if self.start is None else max(after, self.start - 1))
        return None if at is None or (self.end is not None and at > self.end) else at
