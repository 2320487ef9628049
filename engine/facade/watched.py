"""The files that jobs watch, and the job file where the engine follows it, from the thread that watches them to the loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final, TypeVar

from engine.core.changes import FACT, files_changed
from engine.core.state import State
from engine.runtime.file_watch import FileWatch, Seen
from engine.runtime.loop import Loop
from engine.spec.watch import Watch

T = TypeVar("T")

_JOB_FILE: Final = ""
"""In the place of a job's id."""


class Watched:
    """Watches what the jobs of an engine watch, and its job file; starts no thread while there is nothing to watch."""

    def __init__(self, loop: Loop, state: State) -> None:
        self._loop = loop
        self._state = state
        self._files: FileWatch | None = None
        self._closed = False
        self._job_file: tuple[Watch, str, Callable[[], None]] | None = None

    def follow(self, watch: Watch, known: str, written: Callable[[], None]) -> None:
        """Call `written` on the loop when something of this does not look as `known` any more, which is what `to_text` made of
        it ("": as it looks now)."""
        self._job_file = watch, known, written
        self.look_again()

    def look_again(self) -> None:
        """To be called when jobs have come, gone or changed."""
        wanted = {
            job.id: (job.spec.watch, self._state.facts.get(FACT + job.id, ""))
            for job in self._state.listed_jobs()
            if job.spec.watch is not None
        }
        if self._job_file is not None:
            watch, known, _ = self._job_file
            wanted[_JOB_FILE] = watch, known
        if not wanted and self._files is None:
            return
        if self._files is None:
            here = asyncio.get_running_loop()
            self._files = FileWatch(
                lambda seen: _soon(here, self._changed, seen), lambda fault: _soon(here, self._loop.fail, fault)
            )
        self._files.set(wanted)

    def _changed(self, seen: Seen) -> None:
        if self._closed:
            return
        if seen.job == _JOB_FILE and self._job_file is not None:
            # the first look at files that it was not read from before counts as well: they may have changed since
            _, _, written = self._job_file
            written()
            return
        job = self._state.jobs.get(seen.job)
        if job is not None and (seen.changed or not seen.gone):
            self._loop.act(
                lambda turn: files_changed(turn, job, seen.text, changed=seen.changed), lambda _: None, lambda _: None
            )

    async def close(self) -> None:
        """Nothing is told any more."""
        self._closed = True
        if self._files is not None:
            await asyncio.to_thread(self._files.close)


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[T], None], what: T) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is gone, and the engine with it
        loop.call_soon_threadsafe(call, what)
