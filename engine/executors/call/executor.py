"""Functions of the program that holds the engine, as attempts.

A coroutine is a task of the engine's loop, a plain function gets a daemon thread. Python can end neither by force:
a stop sets `cancelled` and cancels a task; whoever has not ended when its grace is over gets its outcome all the same,
and is said to `may_still_run` until it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import traceback
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from inspect import iscoroutine, iscoroutinefunction, signature
from types import CodeType, FunctionType
from typing import Final, cast
from weakref import WeakKeyDictionary

from engine.clock import SECOND, Clock, Instant
from engine.errors import JobCancelled
from engine.executors.call.context import CallContext
from engine.executors.guarding import Guard
from engine.ports.executor import (
    AttemptId,
    AttemptRef,
    Cause,
    DataSaved,
    Ended,
    Failure,
    Freed,
    Launch,
    Missing,
    NotFound,
    Order,
    Pause,
    Paused,
    PauseRefused,
    Recovered,
    Report,
    Resume,
    Resumed,
    SetTimeout,
    Sink,
    Started,
    Stop,
)
from engine.values import lean

_SUMMARY: Final = 500
"""Characters of an exception's text that stand in a reason."""

_TRACEBACK: Final = 20_000
"""... and of its traceback that stand on the record, the end of it; the log has it whole."""


@lean(frozen=True, slots=True)
class _Kind:
    """How a function is to be called."""

    takes_nothing: bool
    is_coroutine: bool

    @classmethod
    def of(cls, function: Callable[..., object]) -> _Kind:
        """With the context, unless it says that it takes nothing."""
        try:
            takes_nothing = not signature(function).parameters
        except (TypeError, ValueError):  # built-in functions may not say what they take
            takes_nothing = False
        return cls(takes_nothing, iscoroutinefunction(function))


class _Attempt:
    """A function that runs, on the loop."""

    def __init__(self, launch: Launch, context: CallContext, kind: _Kind, bound: Callable[[], object]) -> None:
        assert launch.calling is not None
        self.id: AttemptId = launch.attempt
        self.launch = launch
        self.context = context
        self.kind = kind
        self.bound = bound
        self.pause_timeout = launch.calling.pause_timeout
        self.task: asyncio.Task[None] | None = None
        self.cause: Cause | None = None
        self.pausing: asyncio.TimerHandle | None = None
        self.paused = False
        self.deadline: asyncio.TimerHandle | None = None
        self.timeout = launch.timeout
        self.counting = False
        self.counted_from = 0.0
        self.ran = 0.0
        """Seconds before `counted_from`, pauses left out."""
        self.given_up: asyncio.TimerHandle | None = None
        self.told = False
        """Its end is reported; when it really ends, that it is freed."""


class CallExecutor:
    """`engine.ports.executor.Executor` for functions. Keeps no queue: launches start at once (`Router` keeps the limit)."""

    name = "call"

    def __init__(self, clock: Clock, boot_id: str) -> None:
        self._clock = clock
        self._boot_id = boot_id
        self._sink: Sink = lambda _: None
        self._live: dict[AttemptId, _Attempt] = {}
        self._ready: dict[AttemptId, _Attempt] = {}
        """What was made ready last, as far as it was not ordered."""
        self._overs: list[tuple[_Attempt, Failure | None, Instant]] = []
        """Coroutines that have ended, with what ended them and when, and whose end is not told yet."""
        self._kinds: WeakKeyDictionary[FunctionType, tuple[CodeType, _Kind]] = WeakKeyDictionary()
        self._out: list[Report] = []
        self.guard = Guard()

    async def open(self, known: Sequence[AttemptRef], sink: Sink) -> Sequence[Recovered]:
        """Functions end with their process: each known attempt is gone, whether it ran or not nobody can tell."""
        self._loop = asyncio.get_running_loop()
        self._sink = sink
        return [
            NotFound(ref.attempt, Missing.GONE if ref.boot_id == self._boot_id else Missing.REBOOTED) for ref in known
        ]

    def submit(self, orders: Sequence[Order]) -> None:
        """See `Executor`."""
        for order in orders:
            match order:
                case Launch():
                    self._launch(order)
                case Stop():
                    self._stop(order)
                case Pause(attempt=attempt):
                    self._pause(attempt)
                case Resume(attempt=attempt):
                    self._resume(attempt)
                case SetTimeout(attempt=attempt, seconds=seconds):
                    self._set_timeout(attempt, seconds)
                case _:
                    pass  # nothing waits here, and nothing is kept

    def prepare(self, launches: Sequence[Launch]) -> None:
        """See `Prepares`."""
        self._ready = {launch.attempt: self._made(launch) for launch in launches}

    async def close(self) -> None:
        """Cancel what is left (`shutdown` has stopped it before; `close` alone lets go at once)."""
        self._sink = lambda _: None
        tasks = [attempt.task for attempt in self._live.values() if attempt.task is not None]
        for attempt in self._live.values():
            attempt.context.cancel()
            self._drop_timers(attempt)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
        self._take_overs()
        for attempt in self._live.values():
            attempt.context.make_no_log()

    # -- beginning -----------------------------------------------------------------------------------------------

    def _made(self, launch: Launch) -> _Attempt:
        """An attempt of it that has not begun."""
        assert launch.calling is not None
        function: Callable[..., object] | None = launch.calling.function
        assert function is not None
        context = CallContext(
            launch.calling,
            launch.log_path,
            loop=self._loop,
            saved=lambda run, job: self._report(DataSaved(launch.attempt, run, job)),
            paused=lambda: self._has_paused(launch.attempt),
        )
        kind = self._kind_of(function)
        return _Attempt(launch, context, kind, function if kind.takes_nothing else partial(function, context))

    def _launch(self, launch: Launch) -> None:
        attempt = self._ready.pop(launch.attempt, None)
        if attempt is None or attempt.launch is not launch:  # another one of that id was made ready
            attempt = self._made(launch)
        self._live[attempt.id] = attempt
        self._report(Started(attempt.id, self._clock.now(), os.getpid(), 0))
        self._count_time(attempt)
        if attempt.kind.is_coroutine:
            attempt.task = self.guard.watch(self._loop.create_task(self._await(attempt), name=attempt.id))
        else:
            threading.Thread(target=self._thread, args=(attempt,), name=attempt.id, daemon=True).start()

    def _kind_of(self, function: Callable[..., object]) -> _Kind:
        """Looked at once, for as long as it is the same code: the signature costs as much as all else of a start. Other callables are
        looked at each time: to remember them means to ask them for a hash, and whether they are equal."""
        if type(function) is not FunctionType:
            return _Kind.of(function)
        kept = self._kinds.get(function)
        if kept is None or kept[0] is not function.__code__:
            kept = self._kinds[function] = (function.__code__, _Kind.of(function))
        return kept[1]

    async def _await(self, attempt: _Attempt) -> None:
        failure: Failure | None = None
        try:
            await cast("Coroutine[object, object, object]", attempt.bound())
        except asyncio.CancelledError:
            if not attempt.context.is_cancelled:
                failure = Failure("CancelledError: the function cancelled itself", traceback.format_exc())
        except JobCancelled:
            pass
        except Exception as error:  # noqa: BLE001 - whatever a user's function raises ends its run and nothing else
            failure = _failure(error)
        # what its end takes is done when all functions that stand in line have been called
        self._live.pop(attempt.id, None)
        if not self._overs:
            self._loop.call_soon(self.guard(self._take_overs))
        self._overs.append((attempt, failure, self._clock.now()))

    def _thread(self, attempt: _Attempt) -> None:
        failure: Failure | None = None
        try:
            value = attempt.bound()
            if iscoroutine(value):  # a callable object or a partial that hides a coroutine function
                asyncio.run_coroutine_threadsafe(value, self._loop).result()
        except JobCancelled:
            pass
        except BaseException as error:  # noqa: BLE001 - SystemExit as well: a thread has nobody to hand it to
            failure = _failure(error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: the engine is gone
            self._loop.call_soon_threadsafe(self.guard(self._thread_over), attempt, failure)

    # -- ending --------------------------------------------------------------------------------------------------

    def _take_overs(self) -> None:
        overs, self._overs = self._overs, []
        for attempt, failure, at in overs:
            self._over(attempt, failure, at)

    def _thread_over(self, attempt: _Attempt, failure: Failure | None) -> None:
        self._live.pop(attempt.id, None)
        self._over(attempt, failure, self._clock.now())

    def _over(self, attempt: _Attempt, failure: Failure | None, at: Instant) -> None:
        if attempt.told:
            self._report(Freed(attempt.id))
        else:
            self._tell_end(attempt, failure, at, may_still_run=False)

    def _tell_end(self, attempt: _Attempt, failure: Failure | None, at: Instant, *, may_still_run: bool) -> None:
        self._drop_timers(attempt)
        attempt.told = True
        if attempt.pausing is not None or attempt.paused:
            attempt.context.let_go_on()
        attempt.context.flush()
        if failure is not None:
            with contextlib.suppress(OSError):  # a full disk: it stands on the record
                attempt.context.log(failure.traceback)
        attempt.context.close_log()
        code = 0 if failure is None and attempt.cause is None else None
        self._report(
            Ended(
                attempt.id,
                at,
                exit_code=code,
                signal=None,
                cpu=None,
                peak_rss=None,
                cause=attempt.cause,
                failure=failure and Failure(failure.summary, failure.traceback[-_TRACEBACK:]),
                may_still_run=may_still_run,
            )
        )

    def _stop(self, order: Stop) -> None:
        attempt = self._live.get(order.attempt)
        if attempt is None or attempt.told:
            return
        if attempt.cause is None:
            attempt.cause = order.cause
        if attempt.pausing is not None:
            self._refuse_pause(attempt, "it was told to end")
        self._end(attempt, order.grace)

    def _end(self, attempt: _Attempt, grace: float) -> None:
        attempt.context.cancel()
        if attempt.task is not None:
            attempt.task.cancel()
        if attempt.given_up is not None:
            attempt.given_up.cancel()
        attempt.given_up = self._loop.call_later(grace, self.guard(self._give_up), attempt)

    def _give_up(self, attempt: _Attempt) -> None:
        if attempt.id in self._live and not attempt.told:
            self._tell_end(attempt, None, self._clock.now(), may_still_run=True)

    # -- timeout -------------------------------------------------------------------------------------------------

    def _count_time(self, attempt: _Attempt) -> None:
        attempt.counted_from = self._clock.monotonic() / SECOND
        attempt.counting = True
        self._set_deadline(attempt)

    def _stop_counting(self, attempt: _Attempt) -> None:
        attempt.ran += self._clock.monotonic() / SECOND - attempt.counted_from
        attempt.counting = False
        self._set_deadline(attempt)

    def _set_deadline(self, attempt: _Attempt) -> None:
        if attempt.deadline is not None:
            attempt.deadline.cancel()
            attempt.deadline = None
        if attempt.timeout is not None and attempt.counting:
            ran = attempt.ran + self._clock.monotonic() / SECOND - attempt.counted_from
            attempt.deadline = self._loop.call_later(
                max(0.0, attempt.timeout - ran), self.guard(self._time_out), attempt
            )

    def _set_timeout(self, attempt_id: AttemptId, seconds: float | None) -> None:
        attempt = self._live.get(attempt_id)
        if attempt is not None and not attempt.told:
            attempt.timeout = seconds
            self._set_deadline(attempt)

    def _time_out(self, attempt: _Attempt) -> None:
        if attempt.id in self._live and attempt.cause is None:
            attempt.cause = Cause.TIMEOUT
            self._end(attempt, attempt.launch.grace)

    def _drop_timers(self, attempt: _Attempt) -> None:
        for timer in (attempt.deadline, attempt.given_up, attempt.pausing):
            if timer is not None:
                timer.cancel()

    # -- pause ---------------------------------------------------------------------------------------------------

    def _pause(self, attempt_id: AttemptId) -> None:
        attempt = self._live.get(attempt_id)
        if attempt is None or attempt.told:
            self._report(PauseRefused(attempt_id, self._clock.now(), f"{attempt_id} is over"))
        elif attempt.cause is not None:
            self._refuse_pause(attempt, "it was told to end")
        elif attempt.paused:
            self._report(Paused(attempt_id, self._clock.now()))
        elif attempt.pausing is None:
            attempt.context.ask_to_pause()
            attempt.pausing = self._loop.call_later(attempt.pause_timeout, self.guard(self._pause_timed_out), attempt)

    def _has_paused(self, attempt_id: AttemptId) -> None:
        attempt = self._live.get(attempt_id)
        if attempt is None or attempt.pausing is None or not attempt.context.pause_requested:
            return
        attempt.pausing.cancel()
        attempt.pausing = None
        attempt.paused = True
        self._stop_counting(attempt)
        self._report(Paused(attempt_id, self._clock.now()))

    def _pause_timed_out(self, attempt: _Attempt) -> None:
        attempt.pausing = None
        attempt.context.let_go_on()
        why = f"{attempt.launch.attempt.rpartition('.')[0]} reached no checkpoint within {attempt.pause_timeout:g} s"
        self._report(PauseRefused(attempt.id, self._clock.now(), why, timeout=True))

    def _refuse_pause(self, attempt: _Attempt, why: str) -> None:
        if attempt.pausing is not None:
            attempt.pausing.cancel()
            attempt.pausing = None
        attempt.context.let_go_on()
        self._report(PauseRefused(attempt.id, self._clock.now(), why))

    def _resume(self, attempt_id: AttemptId) -> None:
        attempt = self._live.get(attempt_id)
        if attempt is None or not attempt.paused:
            return
        attempt.paused = False
        attempt.context.let_go_on()
        self._count_time(attempt)
        self._report(Resumed(attempt_id, self._clock.now()))

    # -- reports -------------------------------------------------------------------------------------------------

    def _report(self, report: Report) -> None:
        """Never from within the engine's own tick: all reports of one turn of the loop in one batch."""
        if not self._out:
            self._loop.call_soon(self.guard(self._deliver))
        self._out.append(report)

    def _deliver(self) -> None:
        out, self._out = self._out, []
        self._sink(out)


def _failure(error: BaseException) -> Failure:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    # the first frame is ours and tells a user nothing
    lines = traceback.format_exception(type(error), error, error.__traceback__ and error.__traceback__.tb_next)
    return Failure(text[:_SUMMARY], "".join(lines))
