"""Limits of memory and cores of whole trees: looked at, and answered as the job says."""

from __future__ import annotations

import signal
import time

from .kernel import wall
from .niceness import be_nice
from .processes import grouped, signal_all, sweep
from .usage import cpu_total, resident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from .attempts import Attempts
    from .ends import Ends
    from .groups import Groups
    from .loop import Loop, Timer
    from .pauses import Pauses
    from .processes import Member
    from .reports import Reports
    from .run import Run

CPU_WINDOW: Final = 1.0
"""Seconds over which the cores of a tree that is not throttled are counted."""
CPU_SLACK: Final = 1.02
"""A tree of busy loops on as many cores as it may use is not beyond them: clocks are read one after the other."""
LIMITS_LATE: Final = 0.25
LIMITS_SOON: Final = 0.02
"""Seconds between two looks at runs with limits, at most and at least."""
FILLING: Final = 4 << 30
"""Bytes a second at which memory is filled by who does nothing else, on two cores."""
BURST: Final = 0.1
"""Seconds whose worth of CPU time a run with a limit of cores may save up."""


class Limits:
    """One timer for all: at the first moment at which one of them could be beyond its limit."""

    __slots__ = ("attempts", "ends", "groups", "loop", "pauses", "reports", "timer")

    def __init__(
        self, loop: Loop, attempts: Attempts, reports: Reports, groups: Groups, ends: Ends, pauses: Pauses
    ) -> None:
        self.loop = loop
        self.attempts = attempts
        self.reports = reports
        self.groups = groups
        self.ends = ends
        self.pauses = pauses
        self.timer: Timer | None = None

    def set(self, run: Run, asked: dict[str, Any]) -> None:
        run.left = asked.get("left_behind", run.left)
        run.memory, run.cpu = asked.get("memory"), asked.get("cpu")
        if "on_memory" in asked:
            run.remedies, run.sustain = (asked["on_memory"], asked["on_cpu"]), asked["sustain"]
        if run.memory is not None or run.cpu is not None:
            self.attempts.limited[run.attempt] = run
            self.enforce_soon(LIMITS_SOON)
        if "nice" in asked:
            be_nice(self.loop, self.attempts, run, asked["nice"])

    def enforce_soon(self, delay: float) -> None:
        when = time.monotonic() + delay
        if self.timer is None or self.timer.call is None or when < self.timer.when:
            if self.timer is not None:
                self.timer.cancel()
            self.timer = self.loop.later(delay, self.enforce)

    def enforce(self) -> None:
        """Look at all runs with limits, and again when the first of them could be beyond its own.

        In one sweep, but of those that have a group only now and then: nobody but root can have left it.
        """
        self.timer = None
        now = time.monotonic()
        alone = {
            run.tag for run in self.attempts.limited.values() if not run.group or now - run.swept_at >= LIMITS_LATE
        }
        found = sweep(alone) if alone else {}
        for run in self.attempts.limited.values():
            if run.tag in found:
                run.swept_at = now
            else:
                found[run.tag] = grouped(run.group)
        delay = LIMITS_LATE
        for run in list(self.attempts.limited.values()):
            if run.cause is not None or (run.over is not None and run.left != "hold"):
                continue
            if run.memory is not None:
                delay = min(delay, self.enforce_memory(run, run.memory, found[run.tag]))
            if run.cpu is not None and run.cause is None:
                look = self.throttle if run.remedies[1] == "throttle" else self.enforce_cpu
                delay = min(delay, look(run, run.cpu, found[run.tag]))
        if self.attempts.limited:
            self.enforce_soon(delay)

    def enforce_memory(self, run: Run, limit: int, found: list[Member]) -> float:
        """Seconds until the tree could be beyond its limit, if it filled memory as fast as can be."""
        seen = sum(resident(member.pid) for member in found)
        if seen > limit:
            self.exceed(run, "memory", seen)
            return LIMITS_LATE
        self.keep_within(run, "memory")
        return max(LIMITS_SOON, (limit - seen) / FILLING)

    def enforce_cpu(self, run: Run, cores: float, found: list[Member]) -> float:
        """Count the cores that the tree uses, second by second; a pause counts as none. Seconds to the next look."""
        used, waited = self.cpu_used(run, found)
        run.spent += used
        run.waited += waited
        if run.waited >= CPU_WINDOW:
            seen = run.spent / run.waited
            if seen > cores * CPU_SLACK:
                run.beyond.setdefault("cpu", run.looked_at - run.waited)
                self.exceed(run, "cpu", round(seen, 2))
            else:
                self.keep_within(run, "cpu")
            run.spent = run.waited = 0.0
        return LIMITS_LATE

    def exceed(self, run: Run, limit: str, seen: float) -> None:
        """The tree is beyond a limit: when it has been for `sustain` seconds, do what the job says, once until it is back."""
        now = time.monotonic()
        remedy = run.remedies[limit == "cpu"]
        if now - run.beyond.setdefault(limit, now) < run.sustain or limit in run.answered:
            return
        if remedy == "kill":
            run.exceeded = seen
            self.ends.end(run, signal.SIGKILL, 0.0, limit)
        elif remedy == "pause":
            run.answered.add(limit)
            if not run.paused and run.pausing_until is None:
                self.reports.add(["exceeded", run.attempt, wall(), limit, seen, True])
                self.pauses.pause(run.attempt)
        elif self.reports.engine is not None:  # else it is told when there is one
            run.answered.add(limit)
            self.reports.add(["exceeded", run.attempt, wall(), limit, seen, False])

    def keep_within(self, run: Run, limit: str) -> None:
        run.beyond.pop(limit, None)
        run.answered.discard(limit)

    def cpu_used(self, run: Run, found: list[Member]) -> tuple[float, float]:
        """CPU seconds of the tree since the last look, and how long ago that was."""
        now, total = time.monotonic(), cpu_total(found, run.group)
        used, waited = max(0.0, total - run.used), now - run.looked_at
        run.used, run.looked_at = total, now
        return used, waited

    def throttle(self, run: Run, cores: float, found: list[Member]) -> float:
        """Stop the tree when it has used more CPU time than `cores` allow, until it has waited for that. Seconds to the next look.

        What it may use grows with time, up to BURST seconds' worth; a tree that was paused saves nothing.
        """
        if run.group and "cpu" in self.groups.controllers:
            return LIMITS_LATE  # the kernel does it
        used, waited = self.cpu_used(run, found)
        if run.paused or run.pausing_until is not None:
            return LIMITS_LATE
        run.budget = min(run.budget + cores * waited, cores * BURST) - used
        if run.held_up != (run.budget < 0):
            run.hold_up(not run.held_up)
            signal_all(found, run.tag, signal.SIGSTOP if run.held_up else signal.SIGCONT)
        elif run.held_up:  # who was just being forked is awake
            signal_all((member for member in found if member.state not in "Tt"), run.tag, signal.SIGSTOP)
        return min(BURST, max(LIMITS_SOON, -run.budget / cores)) if run.held_up else BURST / 2
