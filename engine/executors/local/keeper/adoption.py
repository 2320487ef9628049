"""Taking over the runs of a keeper that was lost."""

from __future__ import annotations

import os
import time
from functools import partial

from .groups import freeze, group_mount, group_of
from .kernel import TICKS, boot_ticks, wall
from .processes import described, sweep
from .run import Run
from .usage import cpu_total

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from .attempts import Attempts
    from .ends import Ends
    from .forking import Asked
    from .loop import Loop
    from .processes import Member
    from .reports import Reports
    from .starts import Starts

    Reference: TypeAlias = tuple[
        str, int, int | None, int | None, bool, float | None, int, float, Asked, float | None, str, bool
    ]
    """Attempt, tag, pid, ticks, slot, timeout, stop signal, grace, what it asks for, idle, log path, paused."""


class Adoption:
    """The order `adopt`."""

    __slots__ = ("attempts", "ends", "loop", "reports", "starts")

    def __init__(self, loop: Loop, attempts: Attempts, reports: Reports, starts: Starts, ends: Ends) -> None:
        self.loop = loop
        self.attempts = attempts
        self.reports = reports
        self.starts = starts
        self.ends = ends

    def adopt(self, references: list[Reference]) -> None:
        """Take over what still runs of the attempts named; answered in one message.

        Each answer is `[attempt, started or null, paused, what is left of its tree without a leader]`.
        """
        found = sweep({reference[1] for reference in references})
        answers: list[object] = []
        for attempt, tag, pid, ticks, slot, timeout, stop_signal, grace, asked, idle, log_path, paused in references:
            leader = leader_among(found[tag], pid, ticks)
            if leader is None or attempt in self.attempts.alive:
                answers.append([attempt, None, False, described(found[tag])])
                continue
            age = (boot_ticks() - leader.ticks) / TICKS
            run = Run(attempt, tag, wall() - int(age * 1_000_000), leader.pid, leader.ticks, 1, slot)
            run.held_since = run.began
            run.held_up = leader.state == "T" and asked is not None and "cpu" in asked and not paused
            run.paused = leader.state == "T" and not run.held_up
            run.paused_at = run.began
            run.began -= age  # pauses under the lost keeper count as running: nobody knows them any more
            try:
                run.pidfd = os.pidfd_open(leader.pid)
            except ProcessLookupError:
                answers.append([attempt, None, False, []])
                continue
            self.loop.watch(run.pidfd, partial(self.ends.leader_of_another_over, run))
            mount, shown = group_mount() if asked is not None else ("", "")
            if mount and os.path.basename(group := group_of(leader.pid)) == f"{tag:x}":
                run.group = f"{mount}{group.removeprefix(shown)}"
                freeze(run.group, False)
            run.used = cpu_total(found[tag], run.group)
            run.looked_at = time.monotonic()
            whole = None if timeout is None else age + timeout
            self.starts.admit(run, whole, stop_signal, grace, idle, log_path, asked)
            answers.append([attempt, run.started(), run.paused, []])
        self.reports.add(["adopted", answers])


def leader_among(found: list[Member], pid: int | None, ticks: int | None) -> Member | None:
    """The leader on record, or where no start is on record the first that leads a session (as every leader does).

    The recorded ticks are a lower bound from before the spawn: two seconds of a stalled machine are allowed for.
    """
    if pid is not None and ticks is not None:
        return next((m for m in found if m.pid == pid and ticks <= m.ticks <= ticks + 2 * TICKS), None)
    return min((m for m in found if m.session == m.pid), key=lambda m: m.ticks, default=None)
