"""What the keeper knows of an attempt."""

from __future__ import annotations

import signal
import time
from functools import partial  # in memory already, by way of re and enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from .loop import Loop, Timer

REMEDIES: Final = ("kill", "throttle")


class Run:
    """An attempt that lives, or whose tree is being ended."""

    __slots__ = (
        "answered",
        "at",
        "attempt",
        "backoff",
        "began",
        "behind",
        "beyond",
        "budget",
        "cause",
        "cpu",
        "deadline",
        "disk",
        "exceeded",
        "grace",
        "group",
        "held_since",
        "held_up",
        "kill_at",
        "late",
        "left",
        "log_path",
        "looked_at",
        "memory",
        "output",
        "over",
        "paused",
        "paused_at",
        "pausing_until",
        "pid",
        "pidfd",
        "quiet",
        "remedies",
        "seen",
        "slot",
        "span",
        "spent",
        "step",
        "stop_signal",
        "sustain",
        "swept_at",
        "tag",
        "throttled",
        "ticks",
        "timeout",
        "used",
        "waited",
    )  # fmt: skip

    def __init__(self, attempt: str, tag: int, at: int, pid: int, ticks: int, span: int, slot: bool) -> None:
        self.attempt = attempt
        self.tag = tag
        self.at = at
        self.pid = pid
        self.ticks = ticks
        self.span = span
        self.slot = slot
        self.stop_signal: int = signal.SIGTERM
        self.grace = 10.0
        self.pidfd = -1  # of a leader that is not the keeper's child: how it ends cannot be known
        self.began = time.monotonic()  # moved on by each pause: the timeout counts from here
        self.timeout: float | None = None
        self.deadline: Timer | None = None
        self.log_path = ""
        self.output = ""  # the file for what the run hands on
        self.quiet: Timer | None = None  # the next look for output
        self.paused_at = 0.0
        self.step: Timer | None = None  # the next look at a tree that is being paused or ended
        self.backoff = 0.0
        self.pausing_until: float | None = None
        self.seen: set[int] = set()
        self.paused = False
        self.cause: str | None = None  # why it is being ended; `rest`: its leader has, and the others are
        self.late = False  # its leader had ended by itself before somebody ended the others
        self.left = "release"  # what becomes of those who outlive the leader
        self.behind: list[list[object]] = []  # who did
        self.kill_at = float("inf")
        self.memory: int | None = None  # bytes that its tree may have
        self.exceeded: float | None = None  # bytes that it had, or cores that it used, when it was killed for them
        self.cpu: float | None = None  # cores that its tree may use
        self.used = 0.0  # CPU seconds of its tree, at the last look
        self.looked_at = self.began
        self.budget = 0.0  # CPU seconds that it may still use
        self.held_up = False  # stopped, because it has used more than its budget
        self.held_since = 0.0
        self.throttled = 0.0  # seconds that it was, in spans that are over
        self.remedies = REMEDIES  # what becomes of it beyond its memory, beyond its cores
        self.sustain = 0.0  # seconds on end that it must be beyond them
        self.beyond: dict[str, float] = {}  # since when it is
        self.answered: set[str] = set()  # beyond what it has been paused, or told, already
        self.group = ""  # its control group
        self.swept_at = 0.0  # when all processes were last looked through for those of its tree
        self.spent = self.waited = 0.0  # CPU seconds in a window of so many seconds
        self.disk: list[int | None] = [None, None]  # bytes read and written by the leader and whom it waited for
        self.over: list[object] | None = None  # at, exit code, signal, CPU seconds, peak bytes of the ended leader

    def started(self) -> list[object]:
        return ["started", self.attempt, self.at, self.pid, self.ticks, self.span]

    def hold_up(self, held: bool) -> None:
        """Note that the limit of cores stops the tree, or that it does no more."""
        now = time.monotonic()
        if self.held_up:
            self.throttled += now - self.held_since
        self.held_up, self.held_since = held, now

    def next_step(self, loop: Loop, delay: float, step: Callable[[Run], None]) -> None:
        """Look at its tree again after `delay` seconds, instead of at any other time."""
        if self.step is not None:
            self.step.cancel()
        self.step = loop.later(delay, partial(step, self))
