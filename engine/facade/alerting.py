"""Alerts on their way from a running engine to its notifiers, and from the engine before it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.state import State
from engine.model.alert import Alert
from engine.notify.deliverer import Deliverer
from engine.runtime.commits import ALERT
from engine.runtime.loop import Loop
from engine.spec.notify import ByPing, Notifier


class Alerting:
    """The notifiers, and who hands alerts to them; nobody as long as there is nothing to hand over."""

    def __init__(self, loop: Loop, state: State) -> None:
        self._loop = loop
        self._state = state
        self._deliverer: Deliverer | None = None

    def begin(self, facts: Mapping[str, str], notifiers: Mapping[str, Notifier]) -> None:
        """First those alerts that the last engine could not hand over, as its `facts` say."""
        kept = {int(name.removeprefix(ALERT)): text for name, text in facts.items() if name.startswith(ALERT)}
        self._state.alert_no = max(kept, default=0)
        self.change(notifiers, needed=bool(kept or self._state.spec.heartbeat))
        if self._deliverer is not None:
            self._deliverer.put([(number, Alert.from_text(text)) for number, text in sorted(kept.items())])

    def change(self, notifiers: Mapping[str, Notifier], *, needed: bool = False) -> None:
        """These are the notifiers from now on. `needed`: somebody has to be there even for none."""
        self._state.pings = frozenset(name for name, one in notifiers.items() if isinstance(one, ByPing))
        if self._deliverer is not None:
            self._deliverer.change(notifiers)
        elif notifiers or needed:
            self._deliverer = Deliverer(notifiers, self._state.spec.heartbeat, self._delivered)
            self._loop.on_alerts = self._deliverer.put

    def _delivered(self, number: int) -> None:
        self._loop.remember(f"{ALERT}{number}", "")

    @property
    def warnings(self) -> list[str]:
        """Notifiers that cannot be reached."""
        return [] if self._deliverer is None else self._deliverer.warnings

    async def close(self) -> bool:
        """Hand over what waits, within a few seconds; whether there was somebody to do so."""
        if self._deliverer is None:
            return False
        await self._deliverer.close()
        return True
