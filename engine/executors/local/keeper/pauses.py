"""Pause and resume of whole trees."""

from __future__ import annotations

import signal
import time

from .groups import freeze
from .kernel import wall
from .processes import members, send_signal, signal_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .attempts import Attempts
    from .deadlines import Deadlines
    from .loop import Loop
    from .reports import Reports
    from .run import Run

PAUSE_PATIENCE: Final = 2.0
"""Seconds that a tree may take to stand still."""


class Pauses:
    """The orders `pause` and `resume`."""

    __slots__ = ("attempts", "deadlines", "loop", "reports")

    def __init__(self, loop: Loop, attempts: Attempts, reports: Reports, deadlines: Deadlines) -> None:
        self.loop = loop
        self.attempts = attempts
        self.reports = reports
        self.deadlines = deadlines

    def pause(self, attempt: str) -> None:
        run = self.attempts.alive.get(attempt)
        if run is None:
            return  # its end is on the way
        if run.cause is not None:
            self.reports.add(["pause_refused", attempt, wall(), "it is being stopped"])
        elif run.over is not None:
            self.reports.add(["pause_refused", attempt, wall(), "its command has ended, others of its tree live on"])
        elif run.paused:
            self.reports.add(["paused", attempt, wall()])
        elif run.pausing_until is None:
            run.pausing_until = time.monotonic() + PAUSE_PATIENCE
            run.seen = set()
            if run.group:
                freeze(run.group, True)
                run.next_step(self.loop, 0.002, self.stop_frozen)
            else:
                self.still(run)

    def stop_frozen(self, run: Run) -> None:
        """Of a tree that stands still nobody forks between the look and the signal. It is let go at once: all stop before they
        do anything, and being stopped is what others see, and what a keeper that takes over finds."""
        signal_all(members(run.tag), run.tag, signal.SIGSTOP)
        freeze(run.group, False)
        self.still(run)

    def still(self, run: Run) -> None:
        """Stop who is awake, until two sweeps in a row find the same processes and all of them stopped.

        One such sweep is not enough: a process may fork between being listed and being stopped. And a parent in the
        middle of vfork (any posix_spawn) sleeps in state D until its child has called exec: a child stopped before
        that is let go for a moment, or neither would ever get further. Where nobody is left the end is near.
        """
        found = members(run.tag)
        awake = [member for member in found if member.state not in "Tt"]
        signal_all(awake, run.tag, signal.SIGSTOP)
        stuck = {member.pid for member in awake if member.state == "D"}
        for member in found:
            if member.parent in stuck and member.state == "T":
                send_signal(member, run.tag, signal.SIGCONT)
        pids = {member.pid for member in found}
        now = time.monotonic()
        if found and not awake and pids == run.seen:
            run.pausing_until = None
            run.hold_up(False)
            run.paused = True
            run.paused_at = now
            self.deadlines.set(run)
            self.reports.add(["paused", run.attempt, wall()])
        elif run.pausing_until is not None and now >= run.pausing_until:
            self.continue_tree(run)
            why = (
                f"process {awake[0].pid} does not stop"
                if pids <= run.seen and awake
                else "it forks faster than it stops"
                if found
                else "its processes cannot be found"
            )
            self.reports.add(["pause_refused", run.attempt, wall(), why])
            run.answered.clear()
        else:
            run.seen = pids
            run.next_step(self.loop, 0.002, self.still)

    def resume(self, attempt: str) -> None:
        run = self.attempts.alive.get(attempt)
        if run is None or run.cause is not None:
            return
        self.continue_tree(run)
        self.reports.add(["resumed", attempt, wall()])

    def continue_tree(self, run: Run) -> None:
        if run.step is not None:
            run.step.cancel()
        freeze(run.group, False)
        if run.paused:
            run.began += time.monotonic() - run.paused_at
        run.hold_up(False)
        run.paused = False
        run.pausing_until = None
        signal_all(members(run.tag), run.tag, signal.SIGCONT)
        self.deadlines.set(run)
