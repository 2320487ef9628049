"""What the trees of all running attempts use: one pass over /proc per second, while anything runs.

Membership is the tag, as in the keeper. Asking a process for it takes 0.7 us, so daemons that left their session are
counted as well, and only members' `stat` is read: 5 us each, against 60 for `psutil.Process.children`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from engine.clock import SECOND, Clock
from engine.executors.guarding import Guard
from engine.executors.local.keeper.kernel import TICKS, proc_file
from engine.executors.local.keeper.processes import tag_of
from engine.executors.local.keeper.usage import peak_of
from engine.ports.executor import AttemptId, Disk, Report, Sampled
from engine.spec.monitor import Monitor
from engine.values import mutable

PERIOD: Final = SECOND
FIRST: Final = SECOND // 4
"""Microseconds from a start to its first sample, so that a screen is live at once."""
TOO_SOON: Final = SECOND // 2
"""Sampled less than this ago: CPU time is told in ticks of 10 ms, a shorter span says little."""
PEAKS: Final = 8
"""Leaders per sweep whose high-water mark is read (25 us each); the others' turn comes in the next ones."""
DISKS: Final = 4
"""Of so many passes one reads what a tree's processes read and wrote: that costs nearly as much as CPU time and memory together."""
MEMORY: Final = 30
"""Passes after which untagged processes are asked again."""
PIECE: Final = 96
"""Processes, and samples, in one turn of the loop: some 2 ms. A thousand trees in one go held it up for 20."""
REST: Final = 4
"""Times as long as a piece took the loop is left to others after it. One piece in each turn would still stand in the way of
every step of a start that falls into the pass."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@mutable(slots=True)
class Usage:
    """What a tree uses at one instant.

    `ticks` is the CPU time of its living processes and of all children that those have waited for. It grows by what
    the tree uses, whoever uses it; it falls only when a process that nobody in the tree waited for is gone.
    """

    ticks: int = 0
    rss: int = 0
    processes: int = 0
    at: int = 0
    """When it was looked at last: monotonic microseconds."""
    with_disk: bool = True
    """Its processes' /proc/PID/io are read as well."""
    read: int = 0
    written: int = 0
    disk_told: bool = False
    """Some of its processes' /proc/PID/io could be read; by its own user only."""


class Sweep:
    """Passes over /proc; remembers for a while which processes carry no tag, since they never will.

    That spares an ordinary user the price of asking other users' processes (15 us each) in every pass.
    """

    def __init__(self) -> None:
        self._untagged: set[str] = set()
        self._passes = 0

    def forget(self, pid: int) -> None:
        """This pid is a new process."""
        self._untagged.discard(str(pid))

    def look(self, found: Mapping[int, Usage], now: Callable[[], int], piece: int = PIECE) -> Iterator[None]:
        """Add to `found` what all processes of each tag's tree use. A pass: it comes back after each `piece` of those it asked."""
        untagged: set[str] = set()
        asked, at = 0, now()
        self._passes += 1
        if self._passes % MEMORY == 0:  # a pid may have been used again within one pass
            self._untagged = untagged
        for name in os.listdir("/proc"):  # noqa: PTH208 - as text: a Path per process would double the sweep
            if not name.isdigit():
                continue
            if name in self._untagged:
                untagged.add(name)
                continue
            if asked and asked % piece == 0:
                yield
                at = now()
            asked += 1
            tag = tag_of(int(name))
            if tag is None:
                untagged.add(name)
            elif tag in found:
                found[tag].at = at
                _add(found[tag], name)
        self._untagged = untagged


def _add(usage: Usage, pid: int | str) -> None:
    """Add a process by its /proc/PID/stat (fields 14-17 and 24 of proc(5), counted behind the command) and /proc/PID/io,
    where what its children did is added once it has waited for them."""
    fields = proc_file(pid, "stat").rpartition(b")")[2].split(None, 22)
    if len(fields) > 21 and fields[0] != b"Z":
        usage.ticks += int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])
        usage.rss += int(fields[21]) * _PAGE
        usage.processes += 1
        if not usage.with_disk:
            return
        _, found, rest = proc_file(pid, "io").partition(b"\nread_bytes: ")
        if found:
            read, _, rest = rest.partition(b"\nwrite_bytes: ")
            usage.read += int(read)
            usage.written += int(rest.partition(b"\n")[0])
            usage.disk_told = True


@mutable(slots=True)
class _Watched:
    tag: int
    pid: int
    at: int
    """Monotonic microseconds of the last sample, before the first one of the start."""
    ticks: int | None
    """CPU time at the last sample; None: unknown, so that the next one tells no percentage."""
    every: int = PERIOD
    children: bool = True
    """False: only its first process counts."""
    peak: int = 0
    disk: Disk | None = None
    looks: int = 0
    """How often it was sampled."""

    def reads_disk(self) -> bool:
        """Whether what it read and wrote is looked up at the next sample: at its first one, and in its turn."""
        return not self.looks or self.due_in(DISKS)

    def due_in(self, rounds: int) -> bool:
        """Whether it is its turn, for what is read once in so many samples; others of the same age have theirs in other passes."""
        return (self.looks + self.tag) % rounds == 0


class Sampler:
    """Reports `Sampled` for every attempt it is told of, by timers of the running loop; idle while there is none.

    A pass over many trees is made in pieces, between which the loop is left to others.
    """

    def __init__(
        self, clock: Clock, report: Callable[[Sequence[Report]], None], guard: Guard, *, piece: int = PIECE
    ) -> None:
        self._clock = clock
        self._report = report
        self._guard = guard
        self._sweep = Sweep()
        self._watched: dict[AttemptId, _Watched] = {}
        self._new: dict[AttemptId, int] = {}
        """When (monotonic) an attempt's first sample is due; in order."""
        self._round_at = 0
        self._piece = piece
        self._pass: Iterator[list[Report]] | None = None
        """The one that is under way."""
        self._next: asyncio.Handle | None = None
        """Its next piece, or the next pass."""

    def add(self, attempt: AttemptId, tag: int, pid: int, monitor: Monitor | None, *, from_start: bool) -> None:
        """Watch a tree, as its job says. `from_start`: it has just begun, all its CPU time is new."""
        if monitor is None:
            return
        now = self._clock.monotonic()
        if not self._watched:
            self._round_at = now + PERIOD
        every = round(monitor.every * SECOND)
        self._watched[attempt] = _Watched(tag, pid, now, 0 if from_start else None, every, monitor.children)
        self._new[attempt] = now + FIRST
        self._sweep.forget(pid)
        if len(self._new) == 1:
            self._arm(now)

    def remove(self, attempt: AttemptId) -> int | None:
        """Watch it no longer; the highest resident memory seen in bytes, None if it was never sampled."""
        watched = self._watched.pop(attempt, None)
        self._new.pop(attempt, None)
        if not self._watched:
            self._pass = None
            if self._next is not None:
                self._next.cancel()
                self._next = None
        return None if watched is None else watched.peak or None

    def close(self) -> None:
        """Forget all."""
        for attempt in list(self._watched):
            self.remove(attempt)

    def _arm(self, now: int) -> None:
        if self._pass is not None:
            return  # at its end
        if self._next is not None:
            self._next.cancel()
        first = next(iter(self._new.values()), self._round_at)
        delay = max(0, min(first, self._round_at) - now) / SECOND
        self._next = asyncio.get_running_loop().call_later(delay, self._guard(self._tick))

    def _tick(self) -> None:
        """Sample those whose first sample is due, and once per period all."""
        now = self._clock.monotonic()
        if now >= self._round_at:
            self._round_at = now + PERIOD
            due = [a for a, one in self._watched.items() if a in self._new or now - one.at >= one.every - TOO_SOON]
        else:
            due = [a for a, at in self._new.items() if at <= now]
        for attempt in due:
            self._new.pop(attempt, None)
        self._pass = self._sample(due)
        self._go_on()

    def _go_on(self) -> None:
        """The next piece of the pass."""
        assert self._pass is not None
        began = self._clock.monotonic()
        samples = next(self._pass, None)
        if samples is None:
            self._pass = None
            self._arm(self._clock.monotonic())
            return
        if samples:
            self._report(samples)
        if self._pass is not None:  # nothing that hears of a sample has ended what is watched
            rest = (self._clock.monotonic() - began) * REST / SECOND
            self._next = asyncio.get_running_loop().call_later(rest, self._guard(self._go_on))

    def _sample(self, attempts: Sequence[AttemptId]) -> Iterator[list[Report]]:
        """A pass: nothing, or some samples, after each piece."""
        watched_now = [self._watched[attempt] for attempt in attempts]
        found = {one.tag: Usage(with_disk=one.reads_disk()) for one in watched_now if one.children}
        for _ in self._sweep.look(found, self._clock.monotonic, self._piece):
            yield []
        rounds = -(-len(attempts) // PEAKS)
        samples: list[Report] = []
        for attempt in attempts:
            watched = self._watched.get(attempt)
            if watched is None:
                continue  # it has ended since the pass began
            usage = found[watched.tag] if watched.children else self._of_one(watched)
            if not usage.processes:
                continue  # over; its end is on the way
            used = 0 if watched.ticks is None else max(0, usage.ticks - watched.ticks)
            percent = used / TICKS / max(1, usage.at - watched.at) * SECOND * 100
            leader = peak_of(watched.pid) if watched.due_in(rounds) else 0
            watched.peak = max(watched.peak, usage.rss, leader)
            watched.at, watched.ticks = usage.at, usage.ticks
            watched.looks += 1
            if usage.with_disk:
                watched.disk = Disk(usage.read, usage.written) if usage.disk_told else None
            at = self._clock.now()
            samples.append(Sampled(attempt, at, percent, usage.rss, usage.processes, watched.peak, watched.disk))
            if len(samples) == self._piece:
                yield samples
                samples = []
        yield samples

    def _of_one(self, watched: _Watched) -> Usage:
        """What its first process uses."""
        usage = Usage(at=self._clock.monotonic(), with_disk=watched.reads_disk())
        _add(usage, watched.pid)
        return usage
