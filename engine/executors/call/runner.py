"""Runs `module:function` in a child process: `python -P -u runner.py module:function`.

The run's folder comes LAST on the path: a file there named like a module of Python or of the engine shadows nothing.
Only the standard library is used before the function's own module is imported, so that a start stays cheap.

TERM sets `cancelled`. A coroutine is then cancelled; a plain function that has never looked at `cancelled` is
interrupted by `JobCancelled`, as by Ctrl-C, and one that has looked is trusted to end by itself.
"""

# ruff: noqa: PTH100, PTH105, PTH109, PTH120, PTH123 - a child should not load pathlib for one rename

from __future__ import annotations

import json
import os
import signal
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from types import FrameType
    from typing import Any

DATA_LIMIT = 64 * 1024  # as engine.spec.context.DATA_LIMIT


class ChildContext:
    """`engine.spec.context.JobContext` in a child process."""

    def __init__(self, result: str, given: Mapping[str, Any], cancelled_error: type[Exception]) -> None:
        self.job_id = os.environ["JOB_ID"]
        self.run_id = os.environ["RUN_ID"]
        self.attempt = int(os.environ["ATTEMPT"])
        self.params: Mapping[str, str] = dict(given.get("params", {}))
        self.pause_requested = False  # a pause stops the process: the function never sees it
        self.watches = False
        self._cancelled = threading.Event()
        self._error = cancelled_error
        self._result = result
        self._run: dict[str, Any] = dict(given.get("run", {}))
        self._job: dict[str, Any] = dict(given.get("job", {}))
        self._kept: dict[str, dict[str, Any]] = {"run": {}, "job": {}}
        self._lock = threading.Lock()

    @property
    def scheduled_at(self) -> datetime:
        from datetime import datetime  # noqa: PLC0415 - most functions never ask

        return datetime.fromisoformat(os.environ["SCHEDULED_AT"])

    @property
    def cancelled(self) -> threading.Event:
        self.watches = True
        return self._cancelled

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def save_data(self, data: Mapping[str, object] | str, value: object = None) -> None:
        self._save("run", self._run, {data: value} if isinstance(data, str) else data)

    def get_data(self) -> dict[str, Any]:
        with self._lock:
            return dict(self._run)

    def save_job_data(self, data: Mapping[str, object] | str, value: object = None) -> None:
        self._save("job", self._job, {data: value} if isinstance(data, str) else data)

    def get_job_data(self) -> dict[str, Any]:
        with self._lock:
            return {name: value for name, value in self._job.items() if value is not None}

    async def checkpoint(self) -> None:
        """A pause stops the whole process, so there is nothing to wait for."""

    def checkpoint_sync(self) -> None:
        if self._cancelled.is_set():
            raise self._error("the run is told to end")

    def log(self, text: str) -> None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")

    def _save(self, where: str, known: dict[str, Any], data: Mapping[str, object]) -> None:
        copied = json.loads(json.dumps(data, allow_nan=False))
        with self._lock:
            merged = {**known, **copied}
            if len(json.dumps(merged)) > DATA_LIMIT:
                raise ValueError(f"the data of a {where} may have {DATA_LIMIT} bytes as JSON")
            known.update(copied)
            self._kept[where].update(copied)
            self.leave({})

    def leave(self, more: Mapping[str, str]) -> None:
        """Write what the engine takes when the run is over; whole or not at all."""
        partial = self._result + ".new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        with open(os.open(partial, flags, 0o600), "w") as file:
            json.dump({**self._kept, **more}, file)
        os.replace(partial, self._result)


def find(name: str) -> Any:
    """The object that `module:function` names. ImportError, AttributeError."""
    from importlib import import_module  # noqa: PLC0415 - each child loads what it needs, and no more

    module, _, path = name.partition(":")
    found: Any = import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def call(function: Any, context: ChildContext) -> None:
    """Call it, with the context unless it takes nothing."""
    from inspect import iscoroutine, signature  # noqa: PLC0415 - as above

    value = function(*(() if not signature(function).parameters else (context,)))
    if iscoroutine(value):
        import asyncio  # noqa: PLC0415 - as above

        async def run() -> None:
            task = asyncio.ensure_future(value)
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop, task)
            try:
                await task
            except asyncio.CancelledError:
                if not context.is_cancelled:
                    raise

        def stop(task: asyncio.Future[object]) -> None:
            context.cancel()
            task.cancel()

        asyncio.run(run())


def main(name: str) -> int:
    """The exit code: 0, or 1 after an exception."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    if root not in sys.path:
        sys.path.append(root)
    sys.path.append(os.getcwd())
    from engine.errors import JobCancelled  # noqa: PLC0415 - its home was unknown until here

    context = ChildContext(os.environ["JOB_RESULT"], json.loads(os.environ.get("JOB_DATA", "{}")), JobCancelled)

    def told_to_end(_signal: int, _frame: FrameType | None) -> None:
        context.cancel()
        if not context.watches:
            raise JobCancelled("the run is told to end")

    signal.signal(signal.SIGTERM, told_to_end)
    try:
        call(find(name), context)
    except JobCancelled:
        return 1
    except Exception as error:  # noqa: BLE001 - whatever a user's function raises ends the run and stands on its record
        import traceback  # noqa: PLC0415 - as above

        text = traceback.format_exc()
        sys.stderr.write(text)
        context.leave({"summary": f"{type(error).__name__}: {error}"[:500], "traceback": text[-20_000:]})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
