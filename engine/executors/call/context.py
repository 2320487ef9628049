"""`JobContext` inside the engine's process: what a function sees, and the engine's side of the same object.

A function may live in the loop or in a thread. Everything it does here is a message to the loop; what it reads is its
own copy. The locks can be taken again by the thread that has them: garbage that is collected meanwhile, or a signal's handler, may
call here as well. The loop waits for the one of the data, which is held for some steps, and never for that of the log.

Events, and the log, are made when they are first wanted. Most functions never wait, are never cancelled and log nothing,
and a file takes longer to make (80-600 us) than all else of a start: of a hundred that are due at one moment the last one
would wait for a hundred files.
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


class _Pause:
    """Somebody asked for a pause, until both are set."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.resumed = asyncio.Event()


class CallContext:
    """Implements `engine.spec.context.JobContext`. `saved(run, job)` and `paused()` are called on the loop."""

    def __init__(
        self,
        calling: Calling,
        log_path: str,
        *,
        loop: asyncio.AbstractEventLoop,
        saved: Callable[[Mapping[str, object], Mapping[str, object]], None],
        paused: Callable[[], None],
    ) -> None:
        self._calling = calling
        self._log_path = log_path
        self._log_lock = threading.RLock()
        self._log_fd: int | None = None
        self._log_closed = False
        self._loop = loop
        self._saved = saved
        self._paused = paused
        self._lock = threading.RLock()
        self._run: dict[str, Any] = dict(calling.data)
        self._job: dict[str, Any] = dict(calling.job_data)
        self._unsent: tuple[dict[str, object], dict[str, object]] = ({}, {})
        self._cancelled: threading.Event | None = None
        self.is_cancelled = False
        self._pause: _Pause | None = None

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
        return self._pause is not None

    @property
    def cancelled(self) -> threading.Event:
        """See `JobContext`."""
        with self._lock:
            if self._cancelled is None:
                self._cancelled = threading.Event()
                if self.is_cancelled:
                    self._cancelled.set()
            return self._cancelled

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
        pause = self._pause
        if pause is not None:
            self._paused()
            await pause.resumed.wait()

    def checkpoint_sync(self) -> None:
        """See `JobContext`."""
        # again for a pause that was asked for when this one had just been given up: it may have been granted for our word
        while (pause := self._pause) is not None and not self.is_cancelled:
            self._loop.call_soon_threadsafe(self._paused)
            pause.may_go_on.wait()
        if self.is_cancelled:
            raise JobCancelled("the run is told to end")

    def log(self, text: str) -> None:
        """See `JobContext`."""
        line = (text if text.endswith("\n") else text + "\n").encode("utf-8", "backslashreplace")
        try:
            with self._log_lock:  # a file that is closed in between may be another one by then
                if not self._log_closed:
                    os.write(self._open_log(), line)
        finally:
            if self._log_closed:
                self._let_log_go()

    # -- the engine's side ---------------------------------------------------------------------------------------

    def ask_to_pause(self) -> None:
        """The next checkpoint waits."""
        self._pause = _Pause()

    def let_go_on(self) -> None:
        """Whoever waits at a checkpoint goes on, and nobody is asked to wait any more."""
        pause, self._pause = self._pause, None
        if pause is not None:
            pause.may_go_on.set()
            pause.resumed.set()

    def cancel(self) -> None:
        """The run is told to end; a paused one goes on to do so."""
        with self._lock:
            self.is_cancelled = True
            if self._cancelled is not None:
                self._cancelled.set()
        self.let_go_on()

    def flush(self) -> None:
        """Hand over what was saved. On the loop."""
        with self._lock:
            unsent, self._unsent = self._unsent, ({}, {})
        if any(unsent):
            self._saved(*unsent)

    def close_log(self) -> None:
        """What the function logs from here on is lost: its run is over on record. The loop waits for no thread that writes."""
        self._log_closed = True
        self._let_log_go()

    def make_no_log(self) -> None:
        """The engine is gone, and its folders may be: a log that is not there yet is not made any more."""
        if self._log_fd is None:
            self.close_log()

    def _let_log_go(self) -> None:
        """Unless somebody writes: that thread does it then, having seen that it is closed."""
        if self._log_lock.acquire(blocking=False):
            try:
                if self._log_fd is not None:
                    os.close(self._log_fd)
                    self._log_fd = None
            finally:
                self._log_lock.release()

    def _open_log(self) -> int:
        if self._log_fd is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            try:
                self._log_fd = os.open(self._log_path, flags, 0o600)
            except FileNotFoundError:  # the folder was removed while the engine ran
                os.makedirs(os.path.dirname(self._log_path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 - as the launcher
                self._log_fd = os.open(self._log_path, flags, 0o600)
        return self._log_fd

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
