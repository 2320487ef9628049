"""What the keeper waits for: the clock, descriptors, and the ends of its children."""

from __future__ import annotations

import heapq
import os
import select
import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Timer:
    """A call at a monotonic time (which stands still in suspend, as timeouts should)."""

    __slots__ = ("call", "when")

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self.call: Callable[[], None] | None = call

    def __lt__(self, other: Timer) -> bool:
        return self.when < other.when

    def cancel(self) -> None:
        self.call = None


class Loop:
    """Calls by time and by descriptor. Children that end ring a bell, which only wakes it."""

    __slots__ = ("alarm", "epoll", "ready", "timers")

    def __init__(self) -> None:
        self.timers: list[Timer] = []
        self.ready: dict[int, Callable[[], None]] = {}
        self.alarm, bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.epoll = select.epoll()
        self.epoll.register(self.alarm, select.EPOLLIN)

    def wait(self, patience: float) -> list[tuple[int, int]]:
        """The descriptors that have something, after at most `patience` seconds (-1: any time). The bell is empty then."""
        woken = self.epoll.poll(patience)
        try:
            os.read(self.alarm, 4096)
        except BlockingIOError:
            pass
        return woken

    def call_ready(self, woken: list[tuple[int, int]]) -> None:
        for fd, _ in woken:
            if fd in self.ready:
                self.ready[fd]()

    def first_due(self) -> float | None:
        """When the first timer is due; None: there is none."""
        while self.timers and self.timers[0].call is None:
            heapq.heappop(self.timers)
        return self.timers[0].when if self.timers else None

    def later(self, delay: float, call: Callable[[], None]) -> Timer:
        timer = Timer(time.monotonic() + delay, call)
        heapq.heappush(self.timers, timer)
        return timer

    def run_timers(self) -> None:
        now = time.monotonic()
        while self.timers and (self.timers[0].call is None or self.timers[0].when <= now):
            call = heapq.heappop(self.timers).call
            if call is not None:
                call()

    def watch(self, fd: int, call: Callable[[], None]) -> None:
        self.ready[fd] = call
        self.epoll.register(fd, select.EPOLLIN)

    def unwatch(self, fd: int) -> None:
        del self.ready[fd]
        self.epoll.unregister(fd)

    def await_room(self, fd: int, wanted: bool) -> None:
        """Call also when the socket takes more, or only when it has something."""
        self.epoll.modify(fd, select.EPOLLIN | (select.EPOLLOUT if wanted else 0))
