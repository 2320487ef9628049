"""An executor without processes: runs last as long as the test says, on the test's clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

from engine.clock import Clock, Instant, micros
from engine.ports.executor import (
    Acknowledge,
    AttemptId,
    AttemptRef,
    Cause,
    Ended,
    Launch,
    Limit,
    Missing,
    NotFound,
    Order,
    Pause,
    Paused,
    Recovered,
    Report,
    Resume,
    Resumed,
    SetTimeout,
    Signal,
    Sink,
    SpawnFailed,
    Started,
    StillRunning,
    StillWaiting,
    Stop,
    Withdraw,
    Withdrawn,
)
from engine.values import mutable


@mutable(slots=True)
class Act:
    """How an attempt goes: seconds until it ends by itself (None: never) and with which exit code."""

    seconds: float | None = 0.0
    exit_code: int = 0
    cause: Cause | None = None
    """What ends it, by the executor's own doing (its timeout); None: it ends by itself."""
    errno: int = 0
    """Not 0: no process comes to be, for this reason."""


@mutable(slots=True)
class _Live:
    launch: Launch
    started: Started
    ends_at: int | None
    """On the monotonic clock: a run takes as long whatever happens to the wall clock."""
    act: Act
    paused: bool = False
    left: int | None = None
    """Microseconds left when it was paused; None: it never ends by itself."""
    signals: list[int] = field(default_factory=list)
    """What was sent to it without ending it."""
    timeout: float | None = None


class FakeExecutor:
    """Keeps the rules of the port: order of launches, the limit, ends repeated until acknowledged."""

    name = "fake"

    def __init__(self, clock: Clock, script: Callable[[Launch], Act] | None = None) -> None:
        self._clock = clock
        self._script = script or (lambda _: Act())
        self._sink: Sink = lambda _: None
        self._limit = 1_000_000
        self._pid = 100
        self._waiting: dict[AttemptId, Launch] = {}
        self._live: dict[AttemptId, _Live] = {}
        self._ended: dict[AttemptId, Ended | SpawnFailed] = {}
        self._missing = Missing.NEVER_STARTED
        self._dead: dict[AttemptId, Missing] = {}
        self.launched: list[Launch] = []
        """Every launch that started, in order."""
        self.most_live = 0

    async def open(self, known: Sequence[AttemptRef], sink: Sink) -> Sequence[Recovered]:
        """See `Executor`."""
        return self.reopen(known, sink)

    def reopen(self, known: Sequence[AttemptRef], sink: Sink) -> Sequence[Recovered]:
        """`open` without a loop to await it on."""
        self._sink = sink
        named = {ref.attempt for ref in known}
        # nobody will ask for these: as the keeper's connection does
        self._waiting = {attempt: launch for attempt, launch in self._waiting.items() if attempt in named}
        self._ended = {attempt: end for attempt, end in self._ended.items() if attempt in named}
        found = [self._recovered(ref.attempt) for ref in known]
        self._missing = Missing.NEVER_STARTED
        return found

    def die(self, missing: Missing = Missing.GONE) -> None:
        """All it has is gone, its memory too; the next `open` says `missing` of what it is asked for."""
        self._dead |= dict.fromkeys([*self._waiting, *self._live, *self._ended], missing)
        self._waiting.clear()
        self._live.clear()
        self._ended.clear()
        self._missing = missing

    def leave(self) -> bool:
        """As a keeper that the engine has said goodbye to: with nothing alive and no end unacknowledged it goes. Did it."""
        if self._live or self._ended or self._waiting:
            return False
        self.die()
        return True

    def _recovered(self, attempt: AttemptId) -> Recovered:
        if attempt in self._ended:
            return self._ended[attempt]
        if attempt in self._live:
            live = self._live[attempt]
            return StillRunning(live.started, paused=live.paused, exit_known=True)
        if attempt in self._waiting:
            return StillWaiting(attempt)
        return NotFound(attempt, self._dead.get(attempt, self._missing))

    def submit(self, orders: Sequence[Order]) -> None:
        """See `Executor`."""
        out: list[Report] = []
        for order in orders:
            match order:
                case Launch():
                    out += self._take(order)
                case Limit(running=running):
                    self._limit = running
                case Withdraw(attempts=attempts):
                    out.append(self._withdraw(attempts))
                case Stop(attempt=attempt, signal=signal, cause=cause):
                    out += self._end(attempt, None, signal, cause)
                case Pause(attempt=attempt):
                    out += self._pause(attempt)
                case Resume(attempt=attempt):
                    out += self._resume(attempt)
                case Signal(attempt=attempt, number=number):
                    if attempt in self._live:
                        self._live[attempt].signals.append(number)
                case SetTimeout(attempt=attempt, seconds=seconds):
                    if attempt in self._live:
                        self._live[attempt].timeout = seconds
                case Acknowledge(attempts=attempts):
                    for attempt in attempts:
                        self._ended.pop(attempt, None)
        out += self._start_waiting()
        if out:
            self._sink(out)

    async def close(self) -> None:
        """See `Executor`."""
        self._sink = lambda _: None

    @property
    def next_end(self) -> Instant | None:
        """When the next run ends by itself."""
        ends = [live.ends_at for live in self._live.values() if live.ends_at is not None]
        return self._clock.now() + min(ends) - self._clock.monotonic() if ends else None

    @property
    def live(self) -> list[AttemptId]:
        """Attempts that run."""
        return list(self._live)

    @property
    def in_slots(self) -> list[AttemptId]:
        """Those of them that take a slot: all but hooks beside a run."""
        return [attempt for attempt, live in self._live.items() if live.launch.slot]

    @property
    def kept(self) -> list[AttemptId]:
        """Attempts whose end waits to be acknowledged."""
        return list(self._ended)

    def signals(self, attempt: AttemptId) -> list[int]:
        """What `signal` sent to a living attempt."""
        return self._live[attempt].signals

    def timeout(self, attempt: AttemptId) -> float | None:
        """The timeout in force for a living attempt; this executor only notes it."""
        return self._live[attempt].timeout

    def play(self) -> None:
        """End what has come to its end by now."""
        now = self._clock.monotonic()
        out: list[Report] = []
        for attempt, live in list(self._live.items()):
            if live.ends_at is not None and live.ends_at <= now:
                by_itself = live.act.cause is None
                signal = None if by_itself else live.launch.stop_signal
                out += self._end(attempt, live.act.exit_code if by_itself else None, signal, live.act.cause)
        out += self._start_waiting()
        if out:
            self._sink(out)

    def _take(self, launch: Launch) -> list[Report]:
        """Known attempts are told again, never started again."""
        if launch.attempt in self._ended:
            return [self._ended[launch.attempt]]
        if launch.attempt in self._live:
            return [self._live[launch.attempt].started]
        self._waiting.setdefault(launch.attempt, launch)
        return []

    def _start_waiting(self) -> list[Report]:
        urgent = [launch for launch in self._waiting.values() if not launch.waits]
        out: list[Report] = [self._start(launch) for launch in urgent]
        free = self._limit - len(self.in_slots) if self._waiting else 0
        while free > 0 and self._waiting:
            launch = next(iter(self._waiting.values()))
            out.append(self._start(launch))
            free -= launch.slot and launch.attempt in self._live
        return out

    def _start(self, launch: Launch) -> Started | SpawnFailed:
        del self._waiting[launch.attempt]
        now, act = self._clock.now(), self._script(launch)
        if act.errno:
            failed = self._ended[launch.attempt] = SpawnFailed(launch.attempt, now, act.errno, "exec")
            return failed
        self._pid += 1
        started = Started(launch.attempt, now, self._pid, self._pid)
        ends_at = None if act.seconds is None else self._clock.monotonic() + micros(act.seconds)
        self._live[launch.attempt] = _Live(launch, started, ends_at, act, timeout=launch.timeout)
        self.launched.append(launch)
        self.most_live = max(self.most_live, len(self._live))
        return started

    def _withdraw(self, attempts: Sequence[AttemptId]) -> Withdrawn:
        kept = tuple(attempt for attempt in self._waiting if attempt in attempts)
        for attempt in kept:
            del self._waiting[attempt]
        return Withdrawn(kept)

    def _end(self, attempt: AttemptId, code: int | None, signal: int | None, cause: Cause | None) -> list[Report]:
        if self._live.pop(attempt, None) is None:
            return []
        ended = Ended(attempt, self._clock.now(), code, signal, 0.0, None, cause)
        self._ended[attempt] = ended
        return [ended]

    def _pause(self, attempt: AttemptId) -> list[Report]:
        live = self._live.get(attempt)
        if live is None:
            return []
        if not live.paused:
            live.paused = True
            live.left = None if live.ends_at is None else live.ends_at - self._clock.monotonic()
            live.ends_at = None
        return [Paused(attempt, self._clock.now())]

    def _resume(self, attempt: AttemptId) -> list[Report]:
        live = self._live.get(attempt)
        if live is None or not live.paused:
            return []
        live.paused = False
        live.ends_at = None if live.left is None else self._clock.monotonic() + live.left
        return [Resumed(attempt, self._clock.now())]
