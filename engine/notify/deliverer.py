"""Takes alerts that are durable and sees to it that each of their notifiers gets them, soon, once, and not too often.

A notifier that is dead or slow holds up nothing and nobody: each has a queue of its own, a message is sent by a child
process with a time limit, tried again a few times, and given up with a warning. Many alerts at once make one message.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import field
from typing import Any, Final

from engine.model.alert import Alert
from engine.notify.messages import Message, message_of
from engine.spec.notify import ByPing, Heartbeat, Notifier
from engine.values import mutable

COLLECT: Final = 1.0
"""Seconds from a notifier's first alert to its message: what comes meanwhile goes with it."""
PAUSE: Final = 5.0
"""Seconds between two messages to one notifier."""
PATIENCE: Final = 60.0
"""Seconds that sending may take."""
TRIES: Final = 3
AGAIN: Final = 20.0
"""Seconds until a message that could not be sent is tried again."""
WAITING: Final = 10_000
"""Alerts that may wait for one notifier; the oldest give way."""

_LOG: Final = logging.getLogger(__name__)


@mutable(slots=True)
class _Queue:
    name: str
    notifier: Notifier
    alerts: list[tuple[int, Alert]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    failing: str | None = None


class Deliverer:
    """`delivered(number)` is called when nobody waits for an alert any more. Use on one loop; `close` ends it."""

    def __init__(
        self, notifiers: Mapping[str, Notifier], heartbeat: Heartbeat | None, delivered: Callable[[int], None]
    ) -> None:
        self._queues: dict[str, _Queue] = {}
        self._delivered = delivered
        self._idle = asyncio.Event()
        self._idle.set()
        self._open: dict[int, int] = {}
        """Notifiers that do not have an alert yet, by its number."""
        self._tasks: list[asyncio.Task[None]] = []
        self._gone: Set[str] = frozenset()
        self.change(notifiers)
        if heartbeat is not None:
            self._tasks.append(asyncio.create_task(self._beat(heartbeat)))

    def change(self, notifiers: Mapping[str, Notifier]) -> None:
        """These are the notifiers from now on. What waits for one that is gone is still sent, by what it was."""
        for name, notifier in notifiers.items():
            if name in self._queues:
                self._queues[name].notifier = notifier
            else:
                queue = self._queues[name] = _Queue(name, notifier)
                self._tasks.append(asyncio.create_task(self._serve(queue)))
        self._gone = self._queues.keys() - notifiers.keys()

    @property
    def warnings(self) -> list[str]:
        """Notifiers whose last message could not be sent, and why."""
        queues = [queue for queue in self._queues.values() if queue.failing and queue.name not in self._gone]
        return [f"notifier {queue.name}: {queue.failing}" for queue in queues]

    def put(self, alerts: Sequence[tuple[int, Alert]]) -> None:
        """Take alerts that are durable. Never waits."""
        for number, alert in alerts:
            queues = [self._queues[name] for name in alert.to if name in self._queues and name not in self._gone]
            self._open[number] = len(queues)
            self._idle.clear()
            for queue in queues:
                queue.alerts.append((number, alert))
                queue.news.set()
                if len(queue.alerts) > WAITING:
                    self._over(queue.alerts.pop(0)[0])
            if not queues:
                self._over(number)

    async def idle(self) -> None:
        """Until nobody waits for an alert."""
        await self._idle.wait()

    async def close(self, patience: float = 5.0) -> None:
        """Send what waits, within so many seconds; the rest is told by the next engine."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.idle()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, queue: _Queue) -> None:
        while True:
            await queue.news.wait()
            if not isinstance(queue.notifier, ByPing):
                await asyncio.sleep(COLLECT)
            queue.news.clear()
            alerts, queue.alerts = queue.alerts, []
            for message in message_of(queue.notifier, [alert for _, alert in alerts]):
                await self._send(queue, message)
            for number, _ in alerts:
                self._over(number)
            if not isinstance(queue.notifier, ByPing):
                await asyncio.sleep(PAUSE)

    async def _send(self, queue: _Queue, message: Message) -> None:
        for number in range(TRIES):
            if number:
                await asyncio.sleep(AGAIN)
            queue.failing = await send(message.order)
            if queue.failing is None:
                return
            _LOG.warning("notifier %s: %s", queue.name, queue.failing)

    async def _beat(self, heartbeat: Heartbeat) -> None:
        """The engine's own dead-man's switch: what does not come any more is noticed elsewhere."""
        while True:
            problem = await send({"ping": heartbeat.ping})
            if problem is not None:
                _LOG.warning("heartbeat: %s", problem)
            await asyncio.sleep(heartbeat.every)

    def _over(self, number: int) -> None:
        self._open[number] = self._open.get(number, 1) - 1
        if self._open[number] <= 0:
            del self._open[number]
            self._delivered(number)
            if not self._open:
                self._idle.set()


async def send(order: Mapping[str, Any]) -> str | None:  # Any: JSON
    """Have a child carry out the order; why it could not, or None."""
    environ = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "engine.notify.child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=environ,
            start_new_session=True,
        )
    except OSError as error:
        return f"no process to send it: {error.strerror}"
    try:
        async with asyncio.timeout(PATIENCE):
            _, errors = await child.communicate(json.dumps(order).encode())
    except TimeoutError:
        return f"took longer than {PATIENCE:g} s"
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, 9)
            await child.wait()
    if child.returncode == 0:
        return None
    return errors.decode(errors="replace").strip().rpartition("\n")[2][:300] or f"exit {child.returncode}"
