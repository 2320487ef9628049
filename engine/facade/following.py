"""Following the job file: when it was written again, what is in it is taken, and what came of that is said.

What needs somebody's yes waits for it: it is shown until the file is taken, or says again what the engine has.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from engine.clock import Clock
from engine.errors import BadJobFile, EngineError, Refused, RefusedCode
from engine.model.actor import acting_as
from engine.model.file_changes import FileChanges
from engine.model.record import FileNews
from engine.spec.config import JobFile
from engine.spec.watch import Watch

_LOG: Final = logging.getLogger(__name__)

QUIET: Final = 2.0
"""Seconds without a change after which a file counts as written (50-cli-server, Reload)."""


def watch_of(file: JobFile) -> Watch:
    """What the job file depends on."""
    return Watch(file.read_from, QUIET)


async def logged(reload: Awaitable[FileChanges]) -> FileChanges | EngineError | OSError:
    """What came of a reload, which the log has, too."""
    try:
        changes = await reload
    except BadJobFile as bad:
        for line in (str(bad), *bad.text.splitlines()):
            _LOG.error("%s", line)
        return bad
    except (EngineError, OSError) as refused:
        _LOG.error("not reloaded: %s", refused)
        return refused
    _LOG.info("%s reloaded: %s", changes.path, changes.summary())
    for key in changes.after_restart:
        _LOG.warning("%s holds from the next start of the engine on", key)
    return changes


class Following:
    """Reloads when it is told that the file was written."""

    def __init__(self, reload: Callable[[], Coroutine[Any, Any, FileChanges]], clock: Clock) -> None:
        self._reload = reload
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self.news: FileNews | None = None
        """Of the last time that the file was written; None once somebody has taken it otherwise."""

    @property
    def waits(self) -> bool:
        """The file says what the engine does not go by."""
        return self.news is not None and self.news.waits

    def written(self) -> None:
        """To be called on the loop."""
        task = asyncio.get_running_loop().create_task(self._take())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self) -> None:
        with acting_as("watch"):
            outcome = await logged(self._reload())
        self.news = self._told(outcome)

    def _told(self, outcome: FileChanges | EngineError | OSError) -> FileNews | None:
        now = self._clock.now()
        match outcome:
            case FileChanges():
                return self.news if outcome.nothing else FileNews(now, f"taken: {outcome.summary()}", waits=False)
            case Refused(code=RefusedCode.SHUTTING_DOWN):
                return None
            case Refused(code=RefusedCode.CONFIRM):
                return FileNews(now, f"changed, not taken yet: {outcome.message}", waits=True)
            case _:
                return FileNews(now, f"changed, cannot be taken: {outcome}", waits=True)

    async def close(self) -> None:
        """Nothing is taken any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
