"""The keeper as a whole: its parts, and how long it lives."""

from __future__ import annotations

import os
import time

from .adoption import Adoption
from .attempts import Attempts
from .children import Children
from .deadlines import Deadlines
from .ends import Ends
from .groups import Groups
from .limits import Limits
from .loop import Loop
from .pauses import Pauses
from .reports import Reports
from .server import Server
from .starts import Starts

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Final

    from .run import Run

KEPT_FOR: Final = 7 * 86400.0


class Keeper:
    """All its parts. `serve` is the whole of its life."""

    def __init__(self, listener: socket.socket, path: str, idle: float) -> None:
        self.path = path
        self.inode = inode(path)
        self.idle = idle
        self.loop = loop = Loop()
        self.reports = reports = Reports(loop)
        self.attempts = attempts = Attempts(reports)
        self.groups = groups = Groups()
        self.children = Children()
        deadlines = Deadlines(loop, attempts, self.expire)
        pauses = Pauses(loop, attempts, reports, deadlines)
        self.ends = ends = Ends(loop, attempts, self.children, groups, pauses)
        limits = Limits(loop, attempts, reports, groups, ends, pauses)
        self.starts = starts = Starts(attempts, reports, groups, self.children, deadlines, limits)
        orders: dict[str, Callable[..., None]] = {
            "launch": starts.launch,
            "limit": attempts.set_limit,
            "withdraw": attempts.withdraw,
            "stop": ends.stop,
            "pause": pauses.pause,
            "resume": pauses.resume,
            "signal": ends.signal,
            "timeout": deadlines.set_timeout,
            "acknowledge": attempts.acknowledge,
            "adopt": Adoption(loop, attempts, reports, starts, ends).adopt,
        }
        self.server = Server(listener, loop, attempts, reports, groups, orders)

    def serve(self) -> None:
        """Until there is no more reason to live. Ends come first: they make room, and who asks is told the latest.

        The bell is emptied before children are reaped: one that ends in between rings again. The other way round its
        ring would be swallowed and its end wait for the next one's.
        """
        loop, starts = self.loop, self.starts
        while not self.may_leave():
            woken = loop.wait(self.patience())
            for run, maybe_left in self.children.reap():
                self.ends.leader_over(run, maybe_left)
            starts.start_waiting()
            loop.call_ready(woken)
            starts.start_waiting()
            loop.run_timers()
            self.reports.deliver(bool(self.attempts.waiting))
        self.leave()

    def expire(self, run: Run, cause: str) -> None:
        self.ends.end(run, run.stop_signal, run.grace, cause)

    def patience(self) -> float:
        """Seconds until something must be done; -1: nothing by the clock."""
        due = [when for when in (self.loop.first_due(), self.reports.due()) if when is not None]
        if self.reports.engine is None and not self.attempts.alive:
            leave = self.server.alone_since + self.idle
            now = time.monotonic()
            due.append(leave if leave > now else now + max(self.idle, 1.0))  # kept ends: look again now and then
        return max(0.0, min(due) - time.monotonic()) if due else -1

    def may_leave(self) -> bool:
        if self.reports.engine is not None or self.attempts.alive:
            return False
        alone = time.monotonic() - self.server.alone_since
        if not self.attempts.kept and not self.attempts.waiting:
            return self.server.goodbye or alone >= self.idle
        return alone >= self.idle and (alone >= KEPT_FOR or not self.place())

    def place(self) -> str:
        """Where an engine finds us: the usual place, or the one to which another version has moved us; empty: nowhere."""
        for path in (self.path, f"{self.path}.{os.getpid()}"):
            if inode(path) == self.inode:
                return path
        return ""

    def leave(self) -> None:
        """The path goes before the listener: whoever is reset while knocking finds the place free."""
        if place := self.place():
            os.unlink(place)
        self.server.listener.close()
        self.groups.close()


def inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0
