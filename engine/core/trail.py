"""Which planned instants of a job have a record of their own, as far as a clock that is put back needs to know.

Usually all up to `planned_until`. Where many were missed at once they share one record: a stretch without records of
its own. A clock that went to 2036 by mistake and comes back must not keep a job silent for ten years, nor run again
what has run: so the last such break is remembered, and what lies ahead of the clock once it is put back.
"""

from __future__ import annotations

from dataclasses import replace

from engine.clock import Instant
from engine.values import lean


@lean(frozen=True, slots=True)
class Trail:
    """See the module. `before`: records reach up to here without a break; `since`: and again from here to `planned_until`.

    `ahead`: spans with records that lie in the future since the clock was put back. `replay_until`: instants up to
    here may have been planned before, in another phase of the rate; their key needs the run's number.
    """

    before: Instant | None = None
    since: Instant | None = None
    ahead: tuple[tuple[Instant, Instant], ...] = ()
    replay_until: Instant | None = None

    def broken(self, before: Instant, since: Instant) -> Trail:
        """After `before` the next instant with a record of its own is `since`."""
        return replace(self, before=before, since=since)

    def put_back(self, planned_until: Instant, now: Instant) -> tuple[Trail, Instant]:
        """The clock shows `now`, earlier than `planned_until`: the new trail, and how far fates reach now."""
        if self.since is None or self.before is None or now >= self.since:
            return self, planned_until
        return Trail(ahead=(*self.ahead, (self.since, planned_until)), replay_until=self.replay_until), max(
            now, self.before
        )

    def beyond(self, at: Instant) -> Instant | None:
        """The end of the span with records that holds `at`; None if none does."""
        return next((end for start, end in self.ahead if start <= at <= end), None)

    def behind(self, now: Instant) -> Trail:
        """Without the spans that the clock has passed."""
        if not self.ahead:
            return self
        return replace(self, ahead=tuple(span for span in self.ahead if span[1] > now))


UNBROKEN = Trail()
"""Each instant up to `planned_until` has a record of its own."""
