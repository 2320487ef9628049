"""What stands in for the outer world in a simulation: an executor, a store and a launcher without effects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from engine.clock import Clock, Instant
from engine.core.course import SIDES
from engine.core.state import Attempt, Run
from engine.ports.executor import (
    AttemptId,
    AttemptRef,
    Ended,
    Launch,
    Limit,
    Order,
    Recovered,
    Report,
    Sink,
    Started,
    Stop,
    Withdraw,
    Withdrawn,
)
from engine.ports.store import Batch, Done
from engine.runtime.launching import Launcher
from engine.testing.store import MemoryStore


class ImaginedExecutor:
    """Attempts end well, `run_time(attempt)` microseconds after their start. What takes no time is over within the call that
    started it: half the turns of the loop. Nobody pauses or signals anything in a simulation, and no end is told twice."""

    name = "imagined"

    def __init__(self, clock: Clock, run_time: Callable[[AttemptId], int]) -> None:
        self._clock = clock
        self._run_time = run_time
        self._sink: Sink = lambda _: None
        self._limit = 0
        self._pid = 100
        self._waiting: dict[AttemptId, Launch] = {}
        self._live: dict[AttemptId, Instant] = {}
        """When each attempt that runs ends."""
        self._beside: set[AttemptId] = set()
        """Those of them that take no slot."""

    async def open(self, known: Sequence[AttemptRef], sink: Sink) -> Sequence[Recovered]:
        """See `Executor`."""
        self.report_to(sink)
        return ()

    async def close(self) -> None:
        """See `Executor`."""

    def report_to(self, sink: Sink) -> None:
        """`open` of an executor that knows nothing, without a loop to await it on."""
        self._sink = sink

    def submit(self, orders: Sequence[Order]) -> None:
        """See `Executor`."""
        out: list[Report] = []
        for order in orders:
            match order:
                case Launch():
                    self._waiting[order.attempt] = order
                case Limit(running=running):
                    self._limit = running
                case Withdraw(attempts=attempts):
                    out.append(Withdrawn(tuple(one for one in attempts if self._waiting.pop(one, None) is not None)))
                case Stop(attempt=attempt, signal=signal, cause=cause):
                    if self._live.pop(attempt, None) is not None:
                        self._beside.discard(attempt)
                        out.append(Ended(attempt, self._clock.now(), None, signal, 0.0, None, cause))
                case _:
                    pass
        self._go_on(out)

    @property
    def next_end(self) -> Instant | None:
        """When the next attempt ends."""
        return min(self._live.values()) if self._live else None

    def play(self) -> None:
        """End what is over by now, and start what waited for that."""
        self._go_on([])

    def _go_on(self, out: list[Report]) -> None:
        now = self._clock.now()
        go_on = True
        while go_on:
            started = self._start_waiting(now, out)
            go_on = self._end(now, out) or started
        if out:
            self._sink(out)

    def _start_waiting(self, now: Instant, out: list[Report]) -> bool:
        if not self._waiting:
            return False
        starting = [one for one in self._waiting.values() if not one.waits]
        free = self._limit - len(self._live) + len(self._beside) - sum([one.slot for one in starting])
        if free > 0:
            starting += islice([one for one in self._waiting.values() if one.waits], free)
        for launch in starting:
            del self._waiting[launch.attempt]
            self._live[launch.attempt] = now + self._run_time(launch.attempt)
            if not launch.slot:
                self._beside.add(launch.attempt)
            self._pid += 1
            out.append(Started(launch.attempt, now, self._pid, self._pid))
        return bool(starting)

    def _end(self, now: Instant, out: list[Report]) -> bool:
        over = [attempt for attempt, ends_at in self._live.items() if ends_at <= now]
        for attempt in over:
            del self._live[attempt]
            self._beside.discard(attempt)
            out.append(Ended(attempt, now, 0, None, 0.0, None))
        return bool(over)


class ForgetfulStore(MemoryStore):
    """Takes everything and keeps nothing."""

    def write(self, batch: Batch, done: Done) -> None:
        """See `Store`."""
        done(None)


class ImaginedLauncher(Launcher):
    """Launches without a command, an environment, a folder or an output."""

    def launch(self, run: Run, attempt: Attempt) -> Launch:
        """See `Launcher`."""
        beside = attempt.step.kind in SIDES
        return Launch(attempt.id, (), {}, "/", "", attempt.tag, waits=attempt.step.main, slot=not beside)

    def give_log(self, run: Run) -> None:
        """See `Launcher`."""

    def outputs_file(self, run: Run, attempt: Attempt) -> str | None:
        """See `Launcher`."""
        return None
