"""When a run is ended for its time: too long, or too long without output."""

from __future__ import annotations

import os
import time
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from .attempts import Attempts
    from .loop import Loop
    from .run import Run

TIMEOUT_PLACE: Final = 7
"""Of the timeout among the arguments of `start`, behind the attempt."""


class Deadlines:
    """`expire` ends a run for the cause named."""

    __slots__ = ("attempts", "expire", "loop")

    def __init__(self, loop: Loop, attempts: Attempts, expire: Callable[[Run, str], None]) -> None:
        self.loop = loop
        self.attempts = attempts
        self.expire = expire

    def set(self, run: Run) -> None:
        """By the run's timeout; none while it is paused or being ended."""
        if run.deadline is not None:
            run.deadline.cancel()
            run.deadline = None
        if run.timeout is not None and not run.paused and run.cause is None:
            left = run.began + run.timeout - time.monotonic()
            run.deadline = self.loop.later(max(0.0, left), partial(self.expire, run, "timeout"))

    def set_timeout(self, attempt: str, seconds: float | None) -> None:
        """The order."""
        run = self.attempts.alive.get(attempt)
        if run is not None:
            run.timeout = seconds
            self.set(run)
        elif attempt in self.attempts.waiting:
            self.attempts.waiting[attempt][TIMEOUT_PLACE] = seconds

    def look_for_output(self, run: Run, idle: float, seen: tuple[int, int] | None, since: float) -> None:
        """End a run that has been silent for `idle` seconds; its log tells, looked at four times as often. `seen`: the log's
        size and time at the last look, unchanged since `since`. Pauses do not count."""
        if run.attempt not in self.attempts.alive or run.cause is not None:
            return
        now = time.monotonic()
        try:
            facts = os.stat(run.log_path)
            found = facts.st_size, facts.st_mtime_ns
        except OSError:  # removed while it runs: the job writes on into a file without a name
            found = 0, 0
        if found != seen or run.paused or run.pausing_until is not None:
            seen, since = found, now
        elif now - since >= idle:
            self.expire(run, "idle")
            return
        wait = min(max(idle / 4, 0.05), max(0.0, since + idle - now) + 0.001)
        run.quiet = self.loop.later(wait, partial(self.look_for_output, run, idle, seen, since))
