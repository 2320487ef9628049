"""The keeper's children: leaders of runs, and orphans of their trees that came to it as their subreaper."""

from __future__ import annotations

import os

from .kernel import wall
from .processes import tag_of
from .usage import peak_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .run import Run

SECTOR: Final = 512
FLOOR_SLACK: Final = 512 * 1024
"""The kernel counts resident pages per CPU and sums them loosely; closer to the keeper's own peak says nothing."""


class Children:
    """Who they are, and how they ended."""

    __slots__ = ("floor", "leaders", "listing", "orphans")

    def __init__(self) -> None:
        self.leaders: dict[int, Run] = {}
        self.orphans: dict[int, int | None] = {}  # children that no order made, and their tags; ours until reaped
        self.floor = peak_of("self")
        self.listing = os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY)

    def reap(self) -> list[tuple[Run, bool]]:
        """Runs whose leader has ended, and whether something of its tree may be left."""
        over: list[Run] = []
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            run = self.leaders.pop(pid, None)
            if run is None:
                self.orphans.pop(pid, None)
                continue
            code = os.waitstatus_to_exitcode(status)
            cpu = usage.ru_utime + usage.ru_stime
            run.over = [
                wall(),
                code if code >= 0 else None,
                -code if code < 0 else None,
                cpu,
                self.peak(usage.ru_maxrss),
            ]
            run.disk = [usage.ru_inblock * SECTOR, usage.ru_oublock * SECTOR]
            over.append(run)
        orphaned = self.orphaned_tags() if over else ()
        return [(run, run.tag in orphaned) for run in over]

    def peak(self, max_rss: int) -> int | None:
        """A child's peak in bytes, unless it is hidden below the keeper's own, from which wait4 counts."""
        peak = max_rss * 1024
        if peak > self.floor + FLOOR_SLACK:
            self.floor = peak_of("self")
        return peak if peak > self.floor + FLOOR_SLACK else None

    def orphaned_tags(self) -> set[int | None]:
        """Tags of children that are no leaders. After a leader's end all that is left of its tree hangs below such a
        child, so one read of a short file per wake tells that nothing was left behind; a sweep per run would double its cost."""
        known: dict[int, int | None] = {}
        offset = 0
        while chunk := os.pread(self.listing, 4096, offset):
            offset += len(chunk)
            for pid in map(int, chunk.split()):
                if pid not in self.leaders:
                    known[pid] = self.orphans[pid] if pid in self.orphans else tag_of(pid)
        self.orphans = known
        return set(known.values())

    def signal_group(self, run: Run, number: int) -> bool:
        """Signal the process group of the run's leader at one blow; whether that could be done. A sweep may miss who moves on
        by forking all the time, but nobody can fork out of this: fork(2) begins anew when a signal comes in between.

        Only while a child of ours in that group is not reaped, the leader or an orphan: the group's number is taken by it
        and cannot be a stranger's.
        """
        ours = run.pid in self.leaders or (
            run.tag in self.orphaned_tags()
            and any(tag == run.tag and os.getpgid(pid) == run.pid for pid, tag in self.orphans.items())
        )
        if ours:
            try:
                os.killpg(run.pid, number)
            except OSError:  # all of them are another user's
                return False
        return ours
