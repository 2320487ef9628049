"""What escapes a callback of an executor: told to the engine, which ends in order. Asyncio would log it and go on, and what
the callback had in hand would be lost without a word."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, ParamSpec

P = ParamSpec("P")

OnFault = Callable[[Exception], None]

_LOG: Final = logging.getLogger(__name__)


def log_fault(error: Exception) -> None:
    """For as long as nobody else wants to know."""
    _LOG.critical("an executor met a fault of its own", exc_info=error)


class Guard:
    """Wraps callbacks. `on_fault` is asked for when one fails, so that it may be set later than the callbacks are."""

    def __init__(self) -> None:
        self.on_fault: OnFault = log_fault

    def __call__(self, callback: Callable[P, None]) -> Callable[P, None]:
        """The callback, with nothing escaping from it but the end of the program."""

        def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                callback(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - whatever it is, the engine must not go on without what was lost
                self.on_fault(error)

        return guarded

    def watch(self, task: asyncio.Task[None]) -> asyncio.Task[None]:
        """The task, whose exception is told as that of a callback is."""
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self.on_fault(error)
