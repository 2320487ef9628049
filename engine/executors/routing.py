"""One executor made of two: attempts go to the machine's processes or to the engine's own functions.

Both share the one limit of runs. The keeper starts its waiting launches by itself, so it is given what functions leave
of the limit; a function starts when everything ordered before it has, or will have, its slot. While one waits, later
launches wait behind it here: the order of the ready queue holds across both kinds.
"""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from engine.clock import Clock
from engine.executors.call.child import drop_result, read_result
from engine.executors.guarding import Guard, OnFault
from engine.ports.executor import (
    Acknowledge,
    AttemptId,
    AttemptRef,
    Ended,
    Executor,
    Freed,
    Home,
    Launch,
    Limit,
    Order,
    Pause,
    Prepares,
    Recovered,
    Report,
    Resume,
    SetTimeout,
    Signal,
    Sink,
    SpawnFailed,
    Stop,
    Withdraw,
    Withdrawn,
)


@runtime_checkable
class Guarded(Protocol):
    """An executor whose callbacks are guarded; one that a program brings along need not be."""

    guard: Guard


class Router:
    """`Executor` over a `local` and a `call` one. `lazy`: `local` is opened when the first process is to start."""

    def __init__(self, local: Executor, call: Executor, clock: Clock, *, lazy: bool = False) -> None:
        self._local = local
        self._call = call
        self._clock = clock
        self._lazy = lazy
        self._opened = False
        self._opening: asyncio.Task[None] | None = None
        self._unopened: list[Order] = []
        self._sink: Sink = lambda _: None
        self.guard = Guard()
        self._limit: int | None = None
        self._given: set[AttemptId] = set()
        """With `local`, and taking a slot: waiting there or alive."""
        self._functions: dict[AttemptId, bool] = {}
        """With `call`: alive, or ended on record and still running; does it take a slot."""
        self._slots = 0
        """How many of them do."""
        self._queue: deque[Launch] = deque()
        self._children: dict[AttemptId, str] = {}
        """Attempts that may leave a result, with the path of their log."""
        self._results: dict[AttemptId, str] = {}
        """Those whose result was read and is not on record yet: a crash until then must find it again."""

    @property
    def name(self) -> str:
        """Of the executor for processes."""
        return self._local.name

    def on_fault(self, told: OnFault) -> None:
        """Call `told` with an exception that escaped a callback, here or in one of the two: reports may be lost then."""
        for one in (self, self._local, self._call):
            if isinstance(one, Guarded):
                one.guard.on_fault = told

    async def open(self, known: Sequence[AttemptRef], sink: Sink) -> Sequence[Recovered]:
        """See `Executor`."""
        self._sink = sink
        functions = [ref for ref in known if ref.home is Home.CALL]
        processes = [ref for ref in known if ref.home is not Home.CALL]
        answers = list(await self._call.open(functions, self._from_call))
        self._given = {ref.attempt for ref in processes}
        # of what ran before nobody here knows whether it is a function's child: each may have left a result
        self._children = {ref.attempt: ref.log_path for ref in processes if ref.log_path}
        if processes or not self._lazy:
            self._opened = True
            for found in await self._local.open(processes, self._from_local):
                answers += self._noted(found)
        return answers

    def _noted(self, found: Recovered) -> list[Recovered]:
        match found:
            case Ended():
                self._given.discard(found.attempt)
                return [self._with_result(found)]
            case SpawnFailed(attempt=attempt):
                self._given.discard(attempt)
        return [found]

    def submit(self, orders: Sequence[Order]) -> None:
        """See `Executor`."""
        if self._results:
            self._drop_results(orders)
        if not self._queue and not self._functions and not any(_concerns_calls(order) for order in orders):
            # the common case: nothing but processes, passed on as they are
            for order in orders:
                if isinstance(order, Launch):
                    self._note_launch(order)
                elif isinstance(order, Limit):
                    self._limit = order.running
            self._to_local(list(orders))
            return
        local: list[Order] = []
        withdrawn: list[AttemptId] = []
        for order in orders:
            match order:
                case Launch(waits=True):
                    self._queue.append(order)
                case Launch():
                    local += self._pass_on((order,))
                case Limit(running=running):
                    self._limit = running
                    local.append(self._local_limit())
                case Withdraw(attempts=attempts):
                    held = {launch.attempt for launch in self._queue} & set(attempts)
                    self._queue = deque(launch for launch in self._queue if launch.attempt not in held)
                    withdrawn += held
                    local.append(Withdraw(tuple(attempt for attempt in attempts if attempt not in held)))
                case Stop(attempt=attempt) | Pause(attempt=attempt) | Resume(attempt=attempt):
                    if attempt in self._functions:
                        self._call.submit([order])
                    elif isinstance(order, Stop) and any(launch.attempt == attempt for launch in self._queue):
                        self._queue = deque(launch for launch in self._queue if launch.attempt != attempt)
                        withdrawn.append(attempt)
                    else:
                        local.append(order)
                case SetTimeout(attempt=attempt, seconds=seconds):
                    if attempt in self._functions:
                        self._call.submit([order])
                    elif any(launch.attempt == attempt for launch in self._queue):
                        self._queue = deque(
                            replace(launch, timeout=seconds) if launch.attempt == attempt else launch
                            for launch in self._queue
                        )
                    else:
                        local.append(order)
                case Acknowledge() | Signal():
                    local.append(order)
        self._to_local(local)
        self._advance()
        if withdrawn:
            asyncio.get_running_loop().call_soon(self._sink, [Withdrawn(tuple(withdrawn))])

    def prepare(self, launches: Sequence[Launch]) -> None:
        """See `Prepares`: of functions."""
        if isinstance(self._call, Prepares):
            self._call.prepare(launches)

    def _drop_results(self, orders: Sequence[Order]) -> None:
        for order in orders:
            if isinstance(order, Acknowledge):
                for attempt in order.attempts:
                    if (path := self._results.pop(attempt, None)) is not None:
                        drop_result(path)

    async def close(self) -> None:
        """See `Executor`."""
        if self._opening is not None:
            await self._opening
        await self._call.close()
        if self._opened:
            await self._local.close()

    # -- launches ------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Pass on what stands first, as far as it may go."""
        if self._queue:
            self._to_local(self._pass_on(self._first_of_queue()))

    def _first_of_queue(self) -> Iterator[Launch]:
        """For as long as there is a slot for what stands first; a process waits for its own with the keeper."""
        while self._queue:
            if self._queue[0].home is Home.CALL:
                taken = len(self._given) + self._slots
                if self._limit is None or taken >= self._limit:
                    return
            yield self._queue.popleft()

    def _pass_on(self, launches: Iterable[Launch]) -> list[Order]:
        """Have functions called; returns what the executor for processes is to be told, which is how many slots they leave before
        what comes after them."""
        local: list[Order] = []
        calls: list[Launch] = []
        leave_less = False
        for launch in launches:
            if launch.home is Home.CALL:
                self._slots += launch.slot - self._functions.get(launch.attempt, False)
                self._functions[launch.attempt] = launch.slot
                calls.append(launch)
                leave_less = True
                continue
            if leave_less:
                local.append(self._local_limit())
                leave_less = False
            self._note_launch(launch)
            local.append(launch)
        if leave_less:
            local.append(self._local_limit())
        if calls:
            self._call.submit(calls)
        return local

    def _local_limit(self) -> Limit:
        return Limit(max(0, (self._limit or 0) - self._slots))

    def _note_launch(self, launch: Launch) -> None:
        if launch.slot:
            self._given.add(launch.attempt)
        if launch.calling is not None:
            self._children[launch.attempt] = launch.log_path

    def _to_local(self, orders: list[Order]) -> None:
        if not orders:
            return
        if self._opened:
            self._local.submit(orders)
            return
        self._unopened += orders
        if self._opening is None and any(isinstance(order, Launch) for order in orders):
            self._opening = self.guard.watch(asyncio.get_running_loop().create_task(self._open_local()))

    async def _open_local(self) -> None:
        try:
            await self._local.open([], self._from_local)
        except OSError as error:
            launches = [order for order in self._unopened if isinstance(order, Launch)]
            self._unopened = [*(order for order in self._unopened if isinstance(order, Limit))]
            self._opening = None
            code, now = error.errno or errno.ECONNREFUSED, self._clock.now()
            self._from_local([SpawnFailed(launch.attempt, now, code, "keeper") for launch in launches])
            return
        self._opened = True
        orders, self._unopened = self._unopened, []
        self._local.submit(orders)

    # -- reports -------------------------------------------------------------------------------------------------

    def _from_call(self, reports: Sequence[Report]) -> None:
        self._sink(reports)
        before = len(self._functions)
        for report in reports:
            match report:
                case Freed(attempt=attempt) | SpawnFailed(attempt=attempt):
                    self._slots -= self._functions.pop(attempt, False)
                case Ended(attempt=attempt, may_still_run=False):
                    self._slots -= self._functions.pop(attempt, False)
        if len(self._functions) != before:
            self._to_local([self._local_limit()])
            self._advance()

    def _from_local(self, reports: Sequence[Report]) -> None:
        out: list[Report] = []
        for report in reports:
            match report:
                case Ended(attempt=attempt):
                    self._given.discard(attempt)
                    out.append(self._with_result(report))
                case SpawnFailed(attempt=attempt):
                    self._given.discard(attempt)
                    out.append(report)
                case Withdrawn(attempts=attempts):
                    self._given.difference_update(attempts)
                    out.append(report)
                case _:
                    out.append(report)
        self._sink(out)
        if self._queue:
            self._advance()

    def _with_result(self, end: Ended) -> Ended:
        """The end of an attempt with what its function saved, and the exception that ended it."""
        path = self._children.pop(end.attempt, None)
        if path is None:
            return end
        self._results[end.attempt] = path
        saved, failure = read_result(end.attempt, path)
        return replace(end, saved=saved, failure=failure if end.cause is None else None)


def _concerns_calls(order: Order) -> bool:
    return isinstance(order, Launch) and order.home is Home.CALL
