"""What is forgotten: runs beyond `keep_runs` of a job, and those older than `keep_days`.

It happens after a commit, in the writer's thread, at most `PRUNED` rows at a time, so that nothing waits for it long.
Runs that are not over stay, and so do, whatever their age, the newest run of each job and its newest failure.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from engine.clock import Instant
from engine.ports.store import Forget

PRUNED: Final = 1_000
"""Rows looked at or deleted with one commit at most."""

_OLD: Final = f"""
DELETE FROM runs WHERE no IN (SELECT no FROM (SELECT no, queued_at, outcome FROM runs WHERE no > ? ORDER BY no LIMIT {PRUNED})
WHERE queued_at < ? AND outcome IS NOT NULL)
AND no NOT IN (SELECT last_no FROM jobs WHERE last_no IS NOT NULL) AND no NOT IN (SELECT failed_no FROM jobs WHERE failed_no IS NOT NULL)
"""
_MANY: Final = f"""
DELETE FROM runs WHERE no IN (
    SELECT no FROM runs WHERE job = ? AND outcome IS NOT NULL ORDER BY planned_at DESC LIMIT {PRUNED} OFFSET ?
) AND no NOT IN (SELECT failed_no FROM jobs WHERE id = ? AND failed_no IS NOT NULL)
"""


class Retention:
    """Carries out what is asked, in bites. `more`: something is left for the next commit."""

    def __init__(self) -> None:
        self._jobs: dict[str, int] = {}
        self._before: Instant | None = None
        self._after_no = 0

    @property
    def more(self) -> bool:
        """Is there something left to do."""
        return bool(self._jobs) or self._before is not None

    def ask(self, forget: Forget) -> None:
        """Take a wish."""
        self._jobs |= dict.fromkeys(forget.jobs, forget.keep_runs)
        if forget.before is not None:
            self._before, self._after_no = forget.before, 0

    def bite(self, db: sqlite3.Connection) -> None:
        """Forget a little, in a transaction of its own. sqlite3.Error leaves everything as it was."""
        if self._jobs:
            job, keep = self._jobs.popitem()
            if db.execute(_MANY, (job, keep, job)).rowcount >= PRUNED:
                self._jobs[job] = keep
        elif self._before is not None:
            bite = db.execute(
                f"SELECT max(no), max(queued_at) FROM (SELECT no, queued_at FROM runs WHERE no > ? ORDER BY no LIMIT {PRUNED})",
                (self._after_no,),
            ).fetchone()
            db.execute(_OLD, (self._after_no, self._before))
            last, newest = bite
            # numbers rise with time: behind a bite whose newest row stays there is nothing old
            done = last is None or newest >= self._before
            self._after_no = 0 if done else last
            self._before = None if done else self._before
