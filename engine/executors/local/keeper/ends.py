"""How runs end: by themselves, or because somebody ends them."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

from .groups import freeze, kill
from .kernel import figure, read_file, wall
from .processes import described, members, signal_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .attempts import Attempts
    from .children import Children
    from .groups import Groups
    from .loop import Loop
    from .pauses import Pauses
    from .processes import Member
    from .run import Run

HOLD_LOOK: Final = 0.5
"""Seconds between two looks at a tree that has outlived its leader, at most."""
KILL_PATIENCE: Final = 10.0
"""Seconds of KILL after which what still lives (other users', stuck in the kernel) is reported instead of awaited."""


class Ends:
    """From the end of a leader, or the wish for it, to the report that nobody of its tree is left."""

    __slots__ = ("attempts", "children", "groups", "loop", "pauses")

    def __init__(self, loop: Loop, attempts: Attempts, children: Children, groups: Groups, pauses: Pauses) -> None:
        self.loop = loop
        self.attempts = attempts
        self.children = children
        self.groups = groups
        self.pauses = pauses

    def leader_over(self, run: Run, maybe_left: bool) -> None:
        if run.cause is None and run.group and figure(read_file(f"{run.group}/memory.events"), "oom_kill"):
            # the kernel was quicker than our look
            run.exceeded = int(read_file(f"{run.group}/memory.peak") or 0) or run.memory
            self.end(run, signal.SIGKILL, 0.0, "memory")
            run.late = False
        if run.cause is not None:
            self.end_tree(run)
            return
        left = members(run.tag) if maybe_left else []
        if maybe_left and run.left != "release":
            run.behind = described(left)
            if run.left == "kill":
                self.end(run, run.stop_signal, run.grace, "rest")
            else:
                if run.paused or run.pausing_until is not None:  # killed from outside: nobody would continue the rest
                    self.pauses.continue_tree(run)
                self.hold(run, 0.01)
            return
        # a leader that is stopped was killed from outside: nobody would ever continue the rest
        if run.paused or run.held_up or run.pausing_until is not None:
            signal_all(left, run.tag, signal.SIGCONT)
        self.finish(run, left)

    def hold(self, run: Run, wait: float) -> None:
        """Its leader has ended: the run goes on until nobody of its tree is left. Limits, deadlines and stops hold for those as well."""
        if run.cause is not None:
            return  # being ended
        if not members(run.tag) and not self.maybe_left(run):
            self.finish(run, [])
        else:
            run.next_step(self.loop, wait, partial(self.hold, wait=min(wait * 2, HOLD_LOOK)))

    def maybe_left(self, run: Run) -> bool:
        """Whether a sweep that found nobody of a tree without a leader may be wrong: by another one, and for who forks faster than
        that by our own children, below whom all of it hangs."""
        return bool(members(run.tag)) or run.tag in self.children.orphaned_tags()

    def leader_of_another_over(self, run: Run) -> None:
        self.drop_pidfd(run)
        run.over = [wall(), None, None, None, None]
        self.leader_over(run, True)

    def drop_pidfd(self, run: Run) -> None:
        self.loop.unwatch(run.pidfd)
        os.close(run.pidfd)

    def finish(self, run: Run, left: list[Member]) -> None:
        for timer in (run.deadline, run.step, run.quiet):
            if timer is not None:
                timer.cancel()
        self.attempts.remove(run)
        # said here, where nothing else waits: most runs hand nothing on, and the engine need not look for it
        handed_on = os.access(run.output, os.F_OK, follow_symlinks=False) if run.output else None
        run.hold_up(False)
        throttled = round(run.throttled + self.drop_group(run), 3)
        cause = None if run.late else run.cause
        what = [*(run.over or ()), cause, described(left) or run.behind, handed_on, run.exceeded, *run.disk, throttled]
        self.attempts.keep(run.attempt, ["ended", run.attempt, *what])

    def drop_group(self, run: Run) -> float:
        """Seconds for which the kernel held the run up."""
        if not run.group:
            return 0.0
        held = figure(read_file(f"{run.group}/cpu.stat"), "throttled_usec") / 1e6
        self.groups.drop(run.group)
        return held

    # -- orders, and ends that we bring about

    def signal(self, attempt: str, number: int) -> None:
        run = self.attempts.alive.get(attempt)
        if run is not None:
            self.signal_tree(run, number)

    def signal_tree(self, run: Run, number: int) -> list[Member]:
        """Signal the leader's process group at one blow, then each of the others; who was found."""
        struck = self.children.signal_group(run, number)
        found = members(run.tag)
        signal_all((one for one in found if not struck or one.pgrp != run.pid), run.tag, number)
        return found

    def stop(self, attempt: str, number: int, grace: float, cause: str) -> None:
        run = self.attempts.alive.get(attempt)
        if run is not None:
            self.end(run, number, grace, cause)
        elif attempt in self.attempts.waiting:
            self.attempts.withdraw([attempt])

    def end(self, run: Run, number: int, grace: float, cause: str) -> None:
        """Signal the tree now, KILL it after `grace`; the first cause stays, a later stop may only hasten it."""
        if run.cause is None:
            run.cause, run.late = cause, run.over is not None
        run.kill_at = min(run.kill_at, time.monotonic() + (0.0 if number == signal.SIGKILL else grace))
        run.backoff = 0.001
        if run.deadline is not None:
            run.deadline.cancel()
        found = self.signal_tree(run, number)
        if run.paused or run.held_up or run.pausing_until is not None:  # a stopped process takes no signal but KILL
            freeze(run.group, False)
            run.hold_up(False)
            run.paused = False
            run.pausing_until = None
            signal_all(found, run.tag, signal.SIGCONT)
        # the leader's end wakes us; where it has ended already the others have to be looked at
        wait = run.kill_at - time.monotonic()
        run.next_step(self.loop, min(wait, run.backoff) if run.over is not None else wait, self.end_tree)

    def end_tree(self, run: Run) -> None:
        """One look at a tree that has its signal: KILL when its grace is over, the end when nobody is left."""
        gone = run.over is not None
        now = time.monotonic()
        killing = now >= run.kill_at
        if killing:
            kill(run.group)
            left = self.signal_tree(run, signal.SIGKILL)
        else:
            left = members(run.tag)
        if gone and (now >= run.kill_at + KILL_PATIENCE or not (left or self.maybe_left(run))):
            self.finish(run, left)
            return
        delay = run.backoff = min(run.backoff * 2, 0.1)
        if not killing:  # the leader's end wakes us, that of the others does not
            delay = min(delay, run.kill_at - now) if gone else run.kill_at - now
        run.next_step(self.loop, delay, self.end_tree)
