"""A `python:` job as the engine sees it: the command that calls its function, and what it leaves behind.

The child is an ordinary process under the keeper, so everything that holds for commands holds for it. What its context
saved, and the exception that ended it, lie beside its log until its end is taken.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Final

from engine.executors.call import runner
from engine.ports.executor import AttemptId, Calling, DataSaved, Failure

RESULT: Final = ".result"
"""What is added to the log's path for the file that the child leaves."""

_MOST: Final = 4 * 1024 * 1024
"""Bytes of such a file that are read: twice the data limit and a traceback fit many times over."""


def child_argv(function: str) -> tuple[str, ...]:
    """The interpreter of the engine on the runner. `-P`: nothing in the folder of the run shadows what the runner imports."""
    return (sys.executable, "-P", "-u", runner.__file__, function)


def child_env(calling: Calling | None, log_path: str) -> dict[str, str]:
    """What the runner is told beside the usual variables."""
    if calling is None or calling.function is not None:
        return {}
    data = {"run": dict(calling.data), "job": dict(calling.job_data), "params": dict(calling.params)}
    return {"JOB_DATA": json.dumps(data, separators=(",", ":")), "JOB_RESULT": log_path + RESULT}


def drop_result(log_path: str) -> None:
    """The result is on record: remove it."""
    with contextlib.suppress(OSError):
        Path(log_path + RESULT).unlink()


def read_result(attempt: AttemptId, log_path: str) -> tuple[DataSaved | None, Failure | None]:
    """What the child left; nothing when it left nothing or what it left cannot be read."""
    path = Path(log_path + RESULT)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None, None
    with os.fdopen(fd, "rb") as file:
        raw = file.read(_MOST + 1)
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None, None
    match found:
        case {"run": dict(run), "job": dict(job)}:
            saved = DataSaved(attempt, run, job) if run or job else None
            return saved, _failure(found)
        case _:
            return None, None


def _failure(found: object) -> Failure | None:
    match found:
        case {"summary": str(summary), "traceback": str(traceback)}:
            return Failure(summary, traceback)
        case _:
            return None
