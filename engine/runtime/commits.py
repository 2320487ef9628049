"""What waits for the store, and what is on its way there: one flight at a time, the next one collected meanwhile.

While the store fails everything waits, and nothing starts. What waits grows then, so that the store is tried with one row
first (`Flight.trial`): to make thousands of rows ready every second for nothing would be work that grows with the square.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from engine.clock import SECOND, Clock, Instant
from engine.core.effects import Effects
from engine.core.state import Run
from engine.core.turn import Turn
from engine.model.alert import Alert
from engine.model.events import Alerted
from engine.ports.store import AckRow, Batch, Done, Store
from engine.runtime.events import Telling
from engine.runtime.flight import Flight

PATIENCE: Final = SECOND
"""Until the store is tried again after it failed."""

LATER: Final = SECOND
"""What was only noted is written after this at the latest."""

FORGET_EACH: Final = 64
"""Runs of a job between two looks at how many are kept of it."""

TRIED: Final = "store_tried"
"""The fact that is written to try a store which failed."""

ALERT: Final = "alert:"
"""Facts in the store that begin so are alerts which their notifiers do not have yet."""


class Commits:
    """The loop's own; `done` is given to the store with each flight and is to hand its answer to `landed` or `failed`."""

    def __init__(self, turn: Turn, *, clock: Clock, store: Store, make: Callable[[Flight], Batch], done: Done) -> None:
        self.trouble: str | None = None
        """Why the store cannot be written, while it cannot: nothing starts meanwhile."""
        self.waiting = Flight()
        self._turn = turn
        self._clock = clock
        self._store = store
        self._make = make
        self._done = done
        self._flying: Flight | None = None
        self._retry_at: Instant | None = None
        self._tried = False
        """The store took one row after it had failed: it is to be given what waits."""
        self._noted_since: Instant | None = None

    @property
    def settled(self) -> bool:
        """Everything that was collected is durable."""
        return not (self.waiting or self._flying)

    def just_over(self) -> Sequence[Run]:
        """Runs that are over and whose fate is not durable yet."""
        return self.waiting.over if self._flying is None else [*self.waiting.over, *self._flying.over]

    def due(self) -> list[Instant]:
        """When there is something to do here though nothing happens."""
        noted_until = None if self._noted_since is None else self._noted_since + LATER
        return [at for at in (self._retry_at, noted_until) if at is not None]

    def clock_moved(self, by: int) -> None:
        """The wall clock was put on or back: patience is measured on it."""
        if self._retry_at is not None:
            self._retry_at += by

    # -- collecting ----------------------------------------------------------------------------------------------

    def collect(self, fx: Effects, tellings: Iterable[Telling]) -> None:
        """What a tick changed, and what is told of it once that is durable."""
        waiting = self.waiting
        waiting.add(fx.runs, fx.jobs, fx.claims)
        waiting.facts |= fx.facts
        waiting.ends += fx.ends
        if fx.over:
            waiting.over += fx.over
            waiting.forget.update([run.job.id for run in fx.over if run.job.seq % FORGET_EACH == 0])
        waiting.attached += fx.attached
        waiting.tellings += tellings
        for alert in fx.alerts:
            self._take_alert(alert)
        if fx.acks:
            waiting.acks += [AckRow(ack.run_id, ack.at, ack.by, ack.reason) for ack in fx.acks]
        waiting.offs_changed |= fx.offs_changed
        for run in fx.noted.values():
            waiting.noted.setdefault(run.job.id, {})[run.no] = run
        if waiting.noted:
            self._take_noted()
        else:
            self._noted_since = None

    def _take_alert(self, alert: Alert) -> None:
        """It is kept until its notifiers have it: a crash in between tells it late, and rarely twice."""
        state, waiting = self._turn.state, self.waiting
        state.alert_no += 1
        waiting.facts[f"{ALERT}{state.alert_no}"] = alert.to_text()
        waiting.alerts.append((state.alert_no, alert))
        if alert.when is not None:
            about = {"at": alert.at, "job": alert.job, "run_id": alert.run_id}
            waiting.tellings.append((Alerted, {**about, "when": alert.when, "text": alert.text}))

    def _take_noted(self) -> None:
        """With the next flight, or with one of its own when it has waited for long enough or the engine ends."""
        if self._noted_since is None:
            self._noted_since = self._turn.now
        overdue = not 0 <= self._turn.now - self._noted_since < LATER or self._turn.state.draining
        self.waiting.take_noted(all_of_it=overdue)
        if not self.waiting.noted:
            self._noted_since = None

    def after_what_waits(self, tellings: list[Telling]) -> bool:
        """Tell this behind what is told when a flight lands; False: nothing is to be told before it."""
        if self.waiting.tellings:
            self.waiting.tellings += tellings
        elif self._flying is not None and self._flying.tellings:
            self._flying.tellings += tellings
        else:
            return False
        return True

    # -- flying --------------------------------------------------------------------------------------------------

    def depart(self) -> None:
        """Give the store what waits, if none is on its way and the store is not just being left alone."""
        may_fly = self._flying is None and (self._retry_at is None or self._retry_at <= self._turn.now)
        if may_fly and self.trouble is not None and not self._tried:
            self._fly(Flight(trial=True, facts={TRIED: str(self._turn.now)}))
        elif may_fly and self.waiting:
            flight = self.waiting
            self.waiting = flight.take_herd()
            flight.take_noted(all_of_it=False)
            self.waiting.noted, flight.noted = flight.noted, {}
            self._fly(flight)
        elif self.trouble is not None:
            self.waiting.reply_all()

    def _fly(self, flight: Flight) -> None:
        self._flying, self._retry_at = flight, None
        self._store.write(self._make(flight), self._done)

    def failed(self, problem: OSError) -> bool:
        """Nothing of the flight is durable: all of it waits. Is this the first time since it went well."""
        flight, self._flying = self._flying, None
        assert flight is not None
        first = self.trouble is None
        self.trouble = str(problem)
        self._tried = False
        self._turn.state.store_fails = True
        flight.reply_all()
        if not flight.trial:
            flight.put_back(self.waiting)
            self.waiting = flight
        self._retry_at = self._clock.now() + PATIENCE
        return first

    def landed(self) -> tuple[Flight | None, bool]:
        """The flight that is durable now, and whether the store had failed before; None: it was a trial, and more waits."""
        flight, self._flying = self._flying, None
        assert flight is not None
        if flight.trial and self.waiting:
            self._tried = True
            return None, False
        recovered = self.trouble is not None
        self.trouble = None
        self._tried = False
        self._turn.state.store_fails = False
        for run in flight.runs.values():
            run.stored = True
        for _, attempt in flight.claims:
            attempt.durable = True
        return flight, recovered
