"""What the executor remembers of each attempt in its hands, so that the loss of the keeper can be made good."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.clock import SECOND, Instant
from engine.executors.local.wire import Adoption, Reference, Welcome
from engine.ports.executor import (
    AttemptId,
    AttemptRef,
    Ended,
    Launch,
    Missing,
    NotFound,
    Pause,
    Paused,
    PauseRefused,
    Recovered,
    Report,
    Resume,
    Resumed,
    Started,
    StillRunning,
    StillWaiting,
    Stop,
)
from engine.values import mutable


def boot_id() -> str:
    """The id of this boot of the machine, as `AttemptRef` and `Missing.REBOOTED` mean it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


@mutable(slots=True)
class Held:
    """One attempt between its launch and its end."""

    order: Launch | AttemptRef
    started: Started | None = None
    unanswered: Stop | Pause | Resume | None = None
    """The last order about it that no report has answered yet; a new keeper must hear it again."""
    paused_at: Instant | None = None
    paused_for: int = 0
    """Microseconds spent in pauses that are over."""

    def __post_init__(self) -> None:
        if isinstance(self.order, AttemptRef):
            self.paused_at, self.paused_for = self.order.paused_since, self.order.paused_us

    @property
    def start_on_record(self) -> bool:
        """Whether somebody has seen it run."""
        return self.started is not None or (isinstance(self.order, AttemptRef) and self.order.pid is not None)

    def may_live(self, boot: str) -> bool:
        """Whether it is of this boot; a launch of ours always is."""
        return isinstance(self.order, Launch) or self.order.boot_id == boot

    def found(self, running: StillRunning, now: Instant) -> None:
        """It was found running (when a pause of it began is not known: it counts from now)."""
        self.started = running.started
        self.paused_at = (self.paused_at or now) if running.paused else None

    def note(self, report: Report) -> None:
        """Follow a report about this attempt."""
        match report:
            case Started():
                self.started = report
            case Paused(at=at):
                self.unanswered = None
                self.paused_at = at
            case PauseRefused():
                self.unanswered = None
            case Resumed(at=at):
                self.unanswered = None
                self._count_pause(at)
            case _:
                pass

    def set_timeout(self, seconds: float | None) -> None:
        """A new keeper is to enforce this one, which counts from the start of the run."""
        self.order = replace(self.order, timeout=seconds)

    def reference(self, now: Instant) -> Reference:
        """How to ask another keeper to take it over, its timeout shortened by the time it has run."""
        order, started = self.order, self.started
        pid, ticks = (None, None) if started is None else (started.pid, started.ticks)
        if isinstance(order, AttemptRef):
            pid, ticks = pid or order.pid, ticks or order.ticks
        left = None if order.timeout is None else max(0.0, order.timeout - self._ran(now))
        return Reference(
            attempt=order.attempt,
            tag=order.tag,
            pid=pid,
            ticks=ticks,
            slot=order.slot,
            timeout=left,
            stop_signal=order.stop_signal,
            grace=order.grace,
            limits=order.limits,
            paused=self.paused_at is not None,
            idle=order.idle,
            log_path=order.log_path,
            left_behind=order.left_behind,
        )

    def lost(self, now: Instant) -> Ended:
        """Its end, when all that is known is that it is over."""
        cause = self.unanswered.cause if isinstance(self.unanswered, Stop) else None
        return Ended(self.order.attempt, now, None, None, None, None, cause)

    def _ran(self, now: Instant) -> float:
        began = self.started.at if self.started is not None else None
        if began is None and isinstance(self.order, AttemptRef):
            began = self.order.started_at
        if began is None:
            return 0.0
        until = now if self.paused_at is None else self.paused_at
        return max(0, until - began - self.paused_for) / SECOND

    def _count_pause(self, until: Instant) -> None:
        if self.paused_at is not None:
            self.paused_for += max(0, until - self.paused_at)
            self.paused_at = None


def told(welcome: Welcome) -> dict[AttemptId, Recovered]:
    """What a keeper says of all it holds."""
    fates: dict[AttemptId, Recovered] = {attempt: StillWaiting(attempt) for attempt in welcome.waiting}
    for living in welcome.living:
        fates[living.started.attempt] = StillRunning(living.started, living.paused, living.exit_known)
    for end in welcome.kept:
        fates[end.attempt] = end
    return fates


def fate(adoption: Adoption, now: Instant, *, gone: bool) -> Recovered:
    """What a search for an attempt's processes says. `gone`: the keeper it was given to is, or it is known to have run."""
    attempt, living, left = adoption.attempt, adoption.living, adoption.left
    if living is not None:
        return StillRunning(living.started, living.paused, living.exit_known)
    if left:
        return Ended(attempt, now, None, None, None, None, None, left)
    return NotFound(attempt, Missing.GONE if gone else Missing.NEVER_STARTED)
