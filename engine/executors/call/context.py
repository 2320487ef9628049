"""`JobContext` inside the engine's process: what a function sees, and the engine's side of the same object.

A function may live in the loop or in a thread. Everything it does here is a message to the loop; what it reads is its
own copy, so that no lock is ever held by two.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from engine.errors import JobCancelled
from engine.ports.executor import Calling
from engine.spec.context import DATA_LIMIT


class CallContext:
    """Implements `engine.spec.context.JobContext`. `saved(run, job)` and `paused()` are called on the loop."""

    def __init__(
        self,
        calling: Calling,
        log_fd: int,
        *,
        loop: asyncio.AbstractEventLoop,
        saved: Callable[[Mapping[str, object], Mapping[str, object]], None],
        paused: Callable[[], None],
    ) -> None:
        self._calling = calling
        self._log_fd = log_fd
        self._loop = loop
        self._saved = saved
        self._paused = paused
        self._lock = threading.Lock()
        self._run: dict[str, Any] = dict(calling.data)
        self._job: dict[str, Any] = dict(calling.job_data)
        self._unsent: tuple[dict[str, object], dict[str, object]] = ({}, {})
        self.cancelled = threading.Event()
        self._may_go_on = threading.Event()
        self._may_go_on.set()
        self._resumed: asyncio.Event = asyncio.Event()

    @property
    def job_id(self) -> str:
        """See `JobContext`."""
        return self._calling.job_id

    @property
    def run_id(self) -> str:
        """See `JobContext`."""
        return self._calling.run_id

    @property
    def attempt(self) -> int:
        """See `JobContext`."""
        return self._calling.number

    @property
    def scheduled_at(self) -> datetime:
        """See `JobContext`."""
        return self._calling.scheduled_at

    @property
    def params(self) -> Mapping[str, str]:
        """See `JobContext`."""
        return self._calling.params

    @property
    def pause_requested(self) -> bool:
        """See `JobContext`."""
        return not self._may_go_on.is_set()

    def save_data(self, data: Mapping[str, object] | str, value: object = None) -> None:
        """See `JobContext`."""
        self._save(0, self._run, {data: value} if isinstance(data, str) else data)

    def get_data(self) -> dict[str, Any]:
        """See `JobContext`."""
        with self._lock:
            return dict(self._run)

    def save_job_data(self, data: Mapping[str, object] | str, value: object = None) -> None:
        """See `JobContext`."""
        self._save(1, self._job, {data: value} if isinstance(data, str) else data)

    def get_job_data(self) -> dict[str, Any]:
        """See `JobContext`."""
        with self._lock:
            return {name: value for name, value in self._job.items() if value is not None}

    async def checkpoint(self) -> None:
        """See `JobContext`."""
        if self.pause_requested:
            self._paused()
            await self._resumed.wait()

    def checkpoint_sync(self) -> None:
        """See `JobContext`."""
        if self.pause_requested and not self.cancelled.is_set():
            self._loop.call_soon_threadsafe(self._paused)
            self._may_go_on.wait()
        if self.cancelled.is_set():
            raise JobCancelled("the run is told to end")

    def log(self, text: str) -> None:
        """See `JobContext`."""
        if self._log_fd >= 0:
            os.write(self._log_fd, (text if text.endswith("\n") else text + "\n").encode("utf-8", "backslashreplace"))

    # -- the engine's side ---------------------------------------------------------------------------------------

    def ask_to_pause(self) -> None:
        """The next checkpoint waits."""
        self._resumed.clear()
        self._may_go_on.clear()

    def let_go_on(self) -> None:
        """Whoever waits at a checkpoint goes on, and nobody is asked to wait any more."""
        self._may_go_on.set()
        self._resumed.set()

    def cancel(self) -> None:
        """The run is told to end; a paused one goes on to do so."""
        self.cancelled.set()
        self.let_go_on()

    def flush(self) -> None:
        """Hand over what was saved. On the loop."""
        with self._lock:
            unsent, self._unsent = self._unsent, ({}, {})
        if any(unsent):
            self._saved(*unsent)

    def close_log(self) -> None:
        """What the function logs from here on is lost: its run is over on record."""
        if self._log_fd >= 0:
            fd, self._log_fd = self._log_fd, -1
            os.close(fd)

    def _save(self, where: int, known: dict[str, Any], data: Mapping[str, object]) -> None:
        copied = json.loads(json.dumps(data, allow_nan=False))
        with self._lock:
            if len(json.dumps({**known, **copied})) > DATA_LIMIT:
                raise ValueError(f"the data of a {('run', 'job')[where]} may have {DATA_LIMIT} bytes as JSON")
            known.update(copied)
            first = not any(self._unsent)
            self._unsent[where].update(copied)
        if first:
            self._loop.call_soon_threadsafe(self.flush)
