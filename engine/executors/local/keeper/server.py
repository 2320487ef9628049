"""The engine comes, speaks and goes."""

from __future__ import annotations

import os
import socket
import struct
import sys
import time
from functools import partial

from .link import PROTOCOL, Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from .attempts import Attempts
    from .groups import Groups
    from .loop import Loop
    from .reports import Reports

FIRST_CALL: Final = 10.0
"""Seconds that a new keeper waits for its engine before its idle time begins to count."""
OWN: Final = frozenset({"launch", "limit", "adopt"})
"""What only an engine of the same version may say; the rest is `wire.SHARED`."""


class Server:
    """One engine at a time; `orders` carries out what it says after its greeting."""

    __slots__ = ("alone_since", "attempts", "goodbye", "groups", "listener", "loop", "orders", "reports")

    def __init__(
        self, listener: socket.socket, loop: Loop, attempts: Attempts, reports: Reports, groups: Groups,
        orders: dict[str, Callable[..., None]],
    ) -> None:  # fmt: skip
        self.listener = listener
        self.loop = loop
        self.attempts = attempts
        self.reports = reports
        self.groups = groups
        self.orders: dict[str, Callable[..., None]] = {**orders, "hello": self.hello, "goodbye": self.part}
        self.alone_since = time.monotonic() + FIRST_CALL
        self.goodbye = False
        loop.watch(listener.fileno(), self.accept)

    def accept(self) -> None:
        try:
            connection = self.listener.accept()[0]
        except OSError:  # it went away again, or there is no descriptor left: it will try again
            return
        uid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
        if self.reports.engine is not None:
            self.hear()  # it may have died just before
        if uid != os.geteuid():
            connection.close()
            return
        link = Link(connection)
        if self.reports.engine is None:
            self.reports.engine = link
            self.loop.watch(link.fd, self.hear)
        else:
            link.send([["refused", "another engine is connected"]])
            self.loop.watch(link.fd, partial(self.see_off, link))

    def see_off(self, link: Link) -> None:
        """Hang up on the refused when they have: closing first, with their greeting unread, would eat our answer."""
        try:
            while link.receive() is not None:
                pass
        except (BlockingIOError, ValueError):
            return
        self.loop.unwatch(link.fd)
        link.close()

    def hear(self) -> None:
        """Carry out all packets that are there."""
        link = self.reports.engine
        try:
            while link is not None and link is self.reports.engine:
                packet = link.receive()
                if packet is None:
                    self.lose_engine()
                    break
                for verb, *arguments in packet:
                    if not link.greeted and verb != "hello":
                        raise ValueError(f"{verb} before hello")
                    if link.foreign and verb in OWN:
                        raise ValueError(f"{verb} by an engine of another version")
                    self.orders[str(verb)](*arguments)
        except BlockingIOError:
            if link is not None:
                link.push()
        except (ValueError, TypeError, KeyError) as error:  # no engine of this protocol speaks so
            sys.stderr.write(f"keeper: connection dropped: {error!r}\n")
            sys.stderr.flush()
            self.lose_engine()

    def hello(self, protocol: int) -> None:
        engine = self.reports.engine
        if engine is None:
            return
        engine.greeted = True
        # one of another version hears of what runs here and may end it; new runs are its own keeper's
        engine.foreign = protocol != PROTOCOL
        attempts, groups = self.attempts, self.groups
        # what the last engine left in line starts when this one has seen it and said how many may run
        attempts.limit = 0
        self.reports.pending.clear()  # all of it is in what follows
        living = [[*run.started()[1:], run.paused, run.pidfd < 0] for run in attempts.alive.values()]
        kept, waiting = list(attempts.kept.values()), list(attempts.waiting)
        found = [groups.path, sorted(groups.controllers), groups.why]
        engine.send([["welcome", PROTOCOL, os.getpid(), living, kept, waiting, found]])

    def part(self) -> None:
        self.goodbye = True

    def lose_engine(self) -> None:
        if self.reports.engine is not None:
            self.loop.unwatch(self.reports.engine.fd)
            self.reports.engine.close()
            self.reports.engine = None
            self.alone_since = time.monotonic()
