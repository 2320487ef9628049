"""Events to subscribers: numbered, replayable for a while, each subscriber with a bounded queue of its own.

The loop says what happened (`telling`) when it decides it, and publishes it when it is durable. A number is given at
that moment, so numbers are in the order in which events are seen. They rise over restarts because the store remembers a
bound that is raised long before it is reached: a row a hundred thousand events instead of one each.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

from engine.clock import Instant
from engine.model.events import Event, Resync, RunSampled

KEPT: Final = 10_000
"""Events that can be replayed."""

WAITING: Final = 1_000
"""Events that may wait for one subscriber; samples only while half of that is free."""

BLOCK: Final = 100_000
"""By how much the remembered bound runs ahead."""

BOUND: Final = "events"
"""Fact in the store: no event has a number above it."""

Telling: TypeAlias = tuple[type[Event], dict[str, Any]]
"""An event without its number. Any: fields of many types, each checked where its class is."""

Numbered: TypeAlias = tuple[int, Telling]


class EventLog:
    """All that is published, and to whom. `remember(name, value)` keeps a fact in the store."""

    def __init__(self, remember: Callable[[str, str], None]) -> None:
        self._bound = 0
        self.last = 0
        """Number of the newest event."""
        self._ring: deque[Numbered] = deque(maxlen=KEPT)
        """Not yet made into events: mostly nobody ever asks for them."""
        self._subscribers: list[Subscription] = []
        self._remember = remember

    def go_on(self, known: str | None) -> None:
        """Number on from the bound that the store remembers."""
        self.last = self._bound = int(known) if known and known.isdigit() else 0

    @property
    def listening(self) -> bool:
        """Is anybody subscribed; samples are made for somebody only."""
        return bool(self._subscribers)

    def publish(self, tellings: Iterable[Telling]) -> None:
        """Number these and hand them out."""
        for telling in tellings:
            self.last += 1
            self._ring.append((self.last, telling))
            if self._subscribers:
                event = _made(self.last, telling)
                for subscriber in self._subscribers:
                    subscriber.put(event)
        if self.last + BLOCK // 2 > self._bound:
            self._bound = self.last + BLOCK
            self._remember(BOUND, str(self._bound))

    def sample(self, values: dict[str, Any]) -> None:
        """A sample, to those who have room for it."""
        event = RunSampled(seq=self.last, **values)
        for subscriber in self._subscribers:
            subscriber.put(event)

    def after(self, seq: int, now: Instant) -> Sequence[Numbered]:
        """The events after number `seq`, oldest first: 0: all that are kept, -100: the newest hundred.

        Resync alone when some of them are not kept any more, or never were.
        """
        kept = len(self._ring)
        if seq < 0:
            return list(islice(self._ring, max(0, kept + seq), None))
        first = self.last + 1 - kept
        if seq > self.last or 0 < seq < first - 1:
            return [(self.last, (Resync, {"at": now}))]
        return list(islice(self._ring, max(0, seq + 1 - first), None))

    def subscribe(self, after: int | None, now: Instant) -> Subscription:
        """A new subscriber; None: from now on."""
        subscription = Subscription(self, () if after is None else self.after(after, now))
        self._subscribers.append(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Nothing more to this one."""
        if subscription in self._subscribers:
            self._subscribers.remove(subscription)

    def close(self) -> None:
        """The engine is over: every subscriber comes to its end."""
        for subscription in list(self._subscribers):
            subscription.close()


def _made(seq: int, telling: Telling) -> Event:
    kind, values = telling
    return kind(seq=seq, **values)


class Subscription:
    """An `AsyncIterator[Event]`, to be closed (`async with` does) or left to the end of the engine.

    A reader that is too slow loses samples first. When its queue is full it gets one `Resync` in place of what waited.
    """

    def __init__(self, log: EventLog, replayed: Iterable[Numbered]) -> None:
        self._log = log
        self._replayed = deque(replayed)
        """Read before all else, and made into events as they are read: most readers have other work in between."""
        self._queue: deque[Event] = deque()
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None

    def put(self, event: Event) -> None:
        """Let the reader have it. Never waits."""
        waiting = len(self._queue)
        if isinstance(event, RunSampled):
            if waiting >= WAITING // 2:
                return
        elif waiting >= WAITING:
            self._make_room(event)
            self._wake()
            return
        self._queue.append(event)
        self._wake()

    def _make_room(self, event: Event) -> None:
        kept = [one for one in self._queue if not isinstance(one, RunSampled)]
        if len(kept) < len(self._queue):
            self._queue = deque([*kept, event])
        else:
            self._replayed.clear()
            self._queue = deque([Resync(seq=event.seq, at=event.at)])

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        while not (self._replayed or self._queue):
            if self._closed:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._next()

    def _next(self) -> Event:
        return _made(*self._replayed.popleft()) if self._replayed else self._queue.popleft()

    def take(self, most: int | None = None) -> list[Event]:
        """What waits now, without waiting for more; `most`: the oldest so many of it, the others go on waiting."""
        waiting = len(self._replayed) + len(self._queue)
        return [self._next() for _ in range(waiting if most is None else min(most, waiting))]

    def close(self) -> None:
        """What waits can still be read; then the iteration ends."""
        self._closed = True
        self._log.forget(self)
        self._wake()

    async def __aenter__(self) -> Subscription:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
