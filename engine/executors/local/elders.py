"""Keepers of another version: they keep the runs they have until those end, and take no new ones (80-security).

What is said with them is what all versions share: see `wire.SHARED`. After an upgrade the engine meets the keeper at the usual
place; it is moved aside, to a place that bears its pid, where the next engine finds it again, and a keeper of our own
version takes the place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from functools import partial
from pathlib import Path

from engine.executors.guarding import Guard
from engine.executors.local.connection import SOCKET, Connection, KeeperError
from engine.executors.local.held import told
from engine.executors.local.wire import Adopted, Welcome, encode
from engine.ports.executor import (
    Acknowledge,
    AttemptId,
    Launch,
    Limit,
    Missing,
    NotFound,
    Order,
    Recovered,
    Report,
    StillWaiting,
    Withdraw,
    Withdrawn,
)
from engine.values import mutable


@mutable(slots=True, eq=False)
class Elder:
    """One of them: its connection, what lives with it, and what it keeps until it is acknowledged."""

    connection: Connection
    place: Path
    living: set[AttemptId] = field(default_factory=set)
    kept: set[AttemptId] = field(default_factory=set)


class Elders:
    """Those that still have something. `on_lost` is called with the attempts of one whose connection ended."""

    def __init__(
        self,
        state_dir: Path,
        on_reports: Callable[[Sequence[Report | Adopted]], None],
        on_lost: Callable[[set[AttemptId]], None],
        guard: Guard,
    ) -> None:
        self._state_dir = state_dir
        self._on_reports = on_reports
        self._on_lost = on_lost
        self._guard = guard
        self._all: list[Elder] = []
        self._owner: dict[AttemptId, Elder] = {}
        self.fates: dict[AttemptId, Recovered] = {}
        """What they said of their attempts when they were found."""

    def __contains__(self, attempt: AttemptId) -> bool:
        return attempt in self._owner

    @property
    def any(self) -> bool:
        """Is there one with something left."""
        return bool(self._all)

    @property
    def living(self) -> int:
        """Their attempts that live: each holds a slot that no other keeper knows of."""
        return sum(len(elder.living) for elder in self._all)

    async def find(self) -> None:
        """Those that an earlier engine moved aside."""
        for place in sorted(self._state_dir.glob(f"{SOCKET}.*")):
            await self._meet(place)

    def move_aside(self, pid: int) -> Path:
        """The usual place is free then; the keeper stays reachable at its own."""
        place = self._state_dir / f"{SOCKET}.{pid}"
        (self._state_dir / SOCKET).rename(place)
        return place

    async def _meet(self, place: Path) -> None:
        try:
            connection, welcome = await Connection.open(
                self._state_dir, self._hear, partial(self._lose, place), self._guard, name=place.name
            )
        except (KeeperError, FileNotFoundError, ConnectionRefusedError, ConnectionResetError):
            _forget(place)
        else:
            self.take(connection, welcome, place)

    def take(self, connection: Connection, welcome: Welcome, place: Path) -> None:
        """Remember what it has. Launches that wait with it never start: they are taken back, and may start elsewhere."""
        connection.hand_over(self._hear, partial(self._lose, place))
        elder = Elder(connection, place)
        for attempt, fate in told(welcome).items():
            if isinstance(fate, StillWaiting):
                self.fates[attempt] = NotFound(attempt, Missing.NEVER_STARTED)
                continue
            self.fates[attempt] = fate
            self._owner[attempt] = elder
        elder.living.update(living.started.attempt for living in welcome.living)
        elder.kept.update(end.attempt for end in welcome.kept)
        self._all.append(elder)
        if welcome.waiting:
            connection.send([encode(Withdraw(welcome.waiting))])
        self._let_go(elder)

    def _hear(self, heard: Sequence[Report | Adopted]) -> None:
        """That launches were taken back was our own doing, and is said by `fates`."""
        self._on_reports([report for report in heard if not isinstance(report, Withdrawn)])

    def strangers(self, known: set[AttemptId]) -> tuple[AttemptId, ...]:
        """Ends that they keep and nobody will ask for."""
        return tuple(attempt for elder in self._all for attempt in elder.kept if attempt not in known)

    def ended(self, attempt: AttemptId) -> bool:
        """It is over, if it was one of theirs; whether that freed a slot."""
        elder = self._owner.get(attempt)
        if elder is None or attempt not in elder.living:
            return False
        elder.living.discard(attempt)
        elder.kept.add(attempt)
        return True

    def route(self, orders: Iterable[Order]) -> list[Order]:
        """Send them what is theirs; what is for the keeper of our own version is returned."""
        ours: list[Order] = []
        for order in orders:
            match order:
                case Acknowledge(attempts):
                    ours += [Acknowledge(rest)] if (rest := self._acknowledge(attempts)) else []
                case Withdraw() | Launch():
                    ours.append(order)
                case Limit(running):
                    ours.append(Limit(max(0, running - self.living)))
                case _ if (elder := self._owner.get(order.attempt)) is not None:
                    elder.connection.send([encode(order)])
                case _:
                    ours.append(order)
        return ours

    def _acknowledge(self, attempts: tuple[AttemptId, ...]) -> tuple[AttemptId, ...]:
        ours = tuple(attempt for attempt in attempts if attempt not in self._owner)
        for attempt in attempts:
            elder = self._owner.pop(attempt, None)
            if elder is not None:
                elder.connection.send([encode(Acknowledge((attempt,)))])
                elder.kept.discard(attempt)
                self._let_go(elder)
        return ours

    def _let_go(self, elder: Elder) -> None:
        """One that has nothing more may leave."""
        if not elder.living and not elder.kept:
            self._all.remove(elder)
            elder.connection.close(goodbye=True)

    def _lose(self, place: Path) -> None:
        for elder in [one for one in self._all if one.place == place]:
            self._all.remove(elder)
            _forget(place)
            lost = {attempt for attempt, owner in self._owner.items() if owner is elder}
            for attempt in lost:
                del self._owner[attempt]
                self.fates.pop(attempt, None)
            self._on_lost(lost)

    async def close(self) -> None:
        """Hang up; they go on with what they have."""
        for elder in self._all:
            await elder.connection.sent()
            elder.connection.close(goodbye=True)
        self._all.clear()


def _forget(place: Path) -> None:
    """Nobody listens there any more."""
    place.unlink(missing_ok=True)
