"""Counts over all jobs, kept up to date from what changed: with 10,000 jobs no screen may count them anew."""

from __future__ import annotations

from engine.api import Changes, EngineView, JobView
from engine.model.outcome import Outcome

_BAD = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST})


class Tally:
    """Jobs there are, and jobs whose last run ended badly."""

    def __init__(self, engine: EngineView) -> None:
        self._engine = engine
        self._failing: set[str] = set()
        self.jobs = 0
        self.note(Changes(frozenset(), resync=True))

    @property
    def failing(self) -> int:
        """Jobs whose last run failed, timed out or was lost."""
        return len(self._failing)

    def note(self, changes: Changes) -> None:
        """Take in what changed."""
        if changes.resync:
            jobs = self._engine.jobs
            self.jobs = len(jobs)
            self._failing = {job.id for job in jobs if job.last_run_outcome in _BAD}
            return
        for job_id in changes.jobs:
            try:
                job: JobView = self._engine.job(job_id)
            except KeyError:  # went away; the resync that says so comes next
                self._failing.discard(job_id)
                continue
            if job.last_run_outcome in _BAD:
                self._failing.add(job_id)
            else:
                self._failing.discard(job_id)
