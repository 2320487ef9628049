"""Ending a live run's process tree. The order goes out at once: nothing durable stands between an operator and a stop."""

from __future__ import annotations

from signal import Signals

from engine.clock import SECOND
from engine.core.state import Run
from engine.core.turn import Turn
from engine.model.outcome import Because, Reason
from engine.model.states import Paused, Running, Starting, Stopping
from engine.ports.executor import Cause, Stop


def end_tree(turn: Turn, run: Run, reason: Reason, grace: float | None, *, kill: bool = False) -> None:
    """Order the end of a live run; what is over or stopping already is left alone.

    Where there is no pid yet (it starts, or is between two steps) it is stopped when it reports one (`reports`). `kill`:
    at once, without its stop signal; this one is ordered of a run that is stopping, too.
    """
    match run.state:
        case Starting():
            run.wish = reason
            run.wish_kill = kill
            order_end(turn, run, reason, grace, kill=kill)
        case Stopping() if kill:
            order_end(turn, run, run.state.reason, grace, kill=True)
        case Running(pid=pid) | Paused(pid=pid):
            count_pause(run, turn.now)
            run.go(Stopping(turn.now, pid, reason))
            order_end(turn, run, reason, grace, kill=kill)
            turn.fx.save(run)
        case _:
            pass


def order_end(turn: Turn, run: Run, reason: Reason, grace: float | None, *, kill: bool = False) -> None:
    """Tell the executor to end the run's current attempt, if that has a process."""
    if run.attempt is None or run.attempt.pid is None:
        return
    policy = run.spec.stop
    turn.fx.orders.append(
        Stop(
            run.attempt.id,
            int(Signals.SIGKILL if kill else policy.signal),
            0.0 if kill else policy.grace if grace is None else grace,
            Cause.SHUTDOWN if reason.because is Because.SHUTDOWN else Cause.STOP,
        )
    )


def count_pause(run: Run, now: int) -> None:
    """A pause is over: add its length."""
    if run.paused_since is not None:
        run.paused_us += max(0, now - run.paused_since)
        run.paused_since = None
        run.paused_for = None


def paused_until(run: Run, now: int) -> int:
    """Microseconds in which it was paused, until its end, or now. A clock that was put back since makes it less, as it does what
    passed since the start: the difference stands still."""
    if run.paused_since is None:
        return run.paused_us
    return run.paused_us + (now if run.ended_at is None else run.ended_at) - run.paused_since


def wall_seconds(run: Run, now: int) -> float | None:
    """Seconds from the first start to the end (or now), pauses left out."""
    if run.started_at is None:
        return None
    end = now if run.ended_at is None else run.ended_at
    return max(0, end - run.started_at - paused_until(run, now)) / SECOND
