"""`core.foretold` carried out: when a herd is looked at, its drafts and their orders made in slices, and the store told."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence

from engine.clock import Clock, Instant
from engine.core.foretold import (
    FORETOLD,
    LEAD,
    Foretold,
    begin_foretold,
    complete,
    draft_next,
    foretell,
    herd_ahead,
)
from engine.core.turn import Turn
from engine.ports.executor import Executor, Launch, Prepares
from engine.runtime.launching import Launcher


class Foretelling:
    """The loop's own. `on`: else nothing is foretold. `remember` keeps a fact in the store, and wakes the loop for it."""

    def __init__(
        self,
        turn: Turn,
        *,
        on: bool,
        clock: Clock,
        executor: Executor,
        launcher: Launcher,
        remember: Callable[[str, str], None],
    ) -> None:
        self._on = on
        self._turn = turn
        self._clock = clock
        self._executor = executor
        self._launcher = launcher
        self._remember = remember
        self._foretold: Foretold | None = None
        self._looked_at: Instant | None = None
        """The instant of the herd that was looked at last."""

    @property
    def look_at(self) -> Instant | None:
        """When to look at the next herd; None: there is none, or it was looked at, or it is too late for that."""
        at = herd_ahead(self._turn.fx.timers) if self._on and self._foretold is None else None
        if at is None or at == self._looked_at or self._turn.now >= at - LEAD // 2:
            return None
        return max(at - LEAD, self._turn.now)

    def go_on(self, until: int) -> bool:
        """Make drafts of a herd that is due soon, up to this monotonic time, and tell the store of them; is there more to do."""
        turn = self._turn
        if self._foretold is None:
            look_at, at = self.look_at, turn.fx.timers.head
            if look_at is None or at is None or look_at > turn.now:
                return False
            self._looked_at = at
            self._foretold = foretell(turn, at)
        foretold = self._foretold
        if foretold is None or foretold.fact:
            return False
        while foretold.left:
            if self._clock.monotonic() > until:
                return True
            if (draft := draft_next(turn, foretold)) is not None:
                self._launcher.give_log(draft.run)
                draft.launch = self._launcher.launch(draft.run, draft.attempt)
        complete(turn.state, foretold)
        self._remember(FORETOLD, foretold.fact)
        if isinstance(self._executor, Prepares):
            self._executor.prepare([draft.launch for draft in foretold.drafts if draft.launch is not None])
        return False

    def landed(self, facts: Mapping[str, str]) -> None:
        """These are durable."""
        if self._foretold is not None and self._foretold.fact and facts.get(FORETOLD) == self._foretold.fact:
            self._foretold.durable = True
            gc.collect(0)  # a look at what is young falls between two herds then, and not into the 3 ms of one

    @property
    def has_come(self) -> bool:
        """It is their instant, or the engine ends: they are to begin or to be forgotten."""
        turn = self._turn
        return self._foretold is not None and (turn.now >= self._foretold.at or turn.state.draining)

    def begin(self) -> Sequence[Launch]:
        """Some begin by their drafts: the orders for them. `forget` is to follow."""
        return () if self._foretold is None else begin_foretold(self._turn, self._foretold)

    def forget(self) -> None:
        """Nothing is foretold any more, for whatever reason."""
        if self._foretold is not None:
            self._foretold = None
            self._remember(FORETOLD, "")
