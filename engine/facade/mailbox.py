"""The one door for verbs: a coroutine puts a change to the loop and waits for what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from engine.core.state import Run
from engine.core.turn import Turn
from engine.errors import EngineError, Refused
from engine.model.audit import Deed
from engine.runtime.loop import Loop

T = TypeVar("T")


class Mailbox:
    """Runs changes on the loop, on behalf of handles."""

    def __init__(self) -> None:
        self._loop: Loop | None = None
        self._over: dict[int, list[asyncio.Future[None]]] = {}
        self._looking: list[asyncio.Future[None]] = []
        """Those who wait for a condition, until the next turn of the loop."""
        self._waiting: set[asyncio.Future[Any]] = set()
        """Everybody who waits here, for whatever."""
        self._closed: EngineError | None = None
        """Why nobody need wait any more."""

    @property
    def loop(self) -> Loop:
        """RuntimeError before the engine has started."""
        if self._loop is None:
            raise RuntimeError("the engine has not started: `async with engine`, or `await engine.start()`")
        return self._loop

    def open(self, loop: Loop) -> None:
        """The engine has started."""
        self._loop = loop

    def ended(self, runs: Sequence[Run]) -> None:
        """Release who waits for these runs."""
        for run in runs:
            for future in self._over.pop(run.no, ()):
                if not future.done():
                    future.set_result(None)

    async def until_over(self, run: Run) -> None:
        """Returns once the run's fate is durable."""
        if run.outcome is not None and self.loop.settled:
            return
        future: asyncio.Future[None] = self._future()
        self._over.setdefault(run.no, []).append(future)
        await future

    async def until(self, holds: Callable[[], bool]) -> None:
        """Look again after every turn of the loop until the condition holds."""
        while not holds():
            future: asyncio.Future[None] = self._future()
            self._looking.append(future)
            await future

    def turned(self) -> None:
        """A turn of the loop is over."""
        looking, self._looking = self._looking, []
        for future in looking:
            if not future.done():
                future.set_result(None)

    def close(self, why: EngineError) -> None:
        """The engine has ended: whoever waits, or comes to wait, is told why that is in vain."""
        self._closed = self._closed or why
        for future in self._waiting:
            if not future.done():
                future.set_exception(why)
                future.exception()  # whoever gave up waiting has not asked for it, and need not be warned

    def _future(self) -> asyncio.Future[Any]:
        if self._closed is not None:
            raise self._closed
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future

    async def change(self, act: Callable[[Turn], T], deed: Deed | None = None) -> T:
        """Let `act` change the state; returns its result once that is durable. Refused, KeyError, ValueError as `act` raises.

        `deed`: what the audit says of it.
        """
        future: asyncio.Future[T] = self._future()

        def done(result: T) -> None:
            if not future.done():
                future.set_result(result)

        def failed(error: Exception) -> None:
            if not future.done():
                future.set_exception(error)

        self.loop.act(act, done, failed, deed)
        return await future

    async def change_process(self, runs: Callable[[Turn], list[Run]], deed: Deed) -> None:
        """As `change`, for orders about processes; returns when the executor has answered for each of the runs.

        Refused `state` when one could not be carried out (a tree that keeps forking cannot be paused), PauseTimeout when
        a callable did not reach a checkpoint in time.
        """
        answers: list[asyncio.Future[Refused | None]] = []

        def act(turn: Turn) -> None:
            for run in runs(turn):
                answer: asyncio.Future[Refused | None] = self._future()
                answers.append(answer)
                self.loop.on_answer(run, partial(_resolve, answer))

        await self.change(act, deed)
        for why in await asyncio.gather(*answers):
            if why is not None:
                raise why


def _resolve(answer: asyncio.Future[Refused | None], why: Refused | None) -> None:
    if not answer.done():
        answer.set_result(why)
