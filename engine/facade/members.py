"""Which jobs an engine has: those it was given, those that came at run time, those that were removed, over restarts.

What comes and goes at run time is kept as facts in the store: the spec of a job that was added, the name of one of the
engine's own file that was removed. The changes themselves are made on the loop by the verbs of the core.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from engine.core.boot import add_job
from engine.core.state import Job as JobSubject
from engine.core.turn import Turn
from engine.core.verbs.add import begin_new, check_needs, check_new, join_job
from engine.core.verbs.remove import remove_job
from engine.facade.job import Job
from engine.facade.mailbox import Mailbox
from engine.ports.store import JobRow, Stored
from engine.runtime.rows import job_row, restore_job
from engine.spec.config import JobFile
from engine.spec.job import JobSpec
from engine.spec.stored import can_be_stored, from_text, to_text

ADDED: Final = "job:"
"""Facts in the store that begin so hold the spec of a job that was added at run time ("" once it is gone)."""

REMOVED: Final = "removed:"
"""Facts in the store that begin so name a job of the engine's file that was removed at run time."""


def without_needed(gone: Iterable[str], specs: Collection[JobSpec]) -> set[str]:
    """Of jobs that were removed those that none needs which stays."""
    left = {*gone}
    while needed := {need.job for spec in specs if spec.id not in left for need in spec.needs} & left:
        left -= needed
    return left


class Members:
    """The handles of an engine's jobs, in their order, and what is to be remembered of them."""

    def __init__(self, box: Mailbox, host: str) -> None:
        self.handles: list[Job] = []
        self.by_id: dict[str, Job] = {}
        self.own: frozenset[str] = frozenset()
        """Ids of the jobs of the engine's own job file."""
        self.accounts: frozenset[tuple[str | None, str | None]] = frozenset()
        """The users and groups that they run as."""
        self.removed: set[str] = set()
        """Those of the own file that were removed at run time."""
        self._rows: dict[str, JobRow] = {}
        """Of jobs that are on record and not here."""
        self._box = box
        self._host = host

    def own_file(self, file: JobFile) -> None:
        """The engine is this file's."""
        self.own = frozenset(spec.id for spec in file.jobs)
        self.accounts = frozenset((spec.user, spec.group) for spec in file.jobs)

    def own_anew(self, file: JobFile) -> tuple[set[str], set[str]]:
        """The engine's own file was written anew. Ids that it has now and had not; those of removed jobs that are not in it
        any more, or there again since others need them."""
        before, removed = self.own, self.removed
        self.own_file(file)
        self.removed = self.stay_removed(file)
        return {*self.own - before}, removed - self.removed

    def stay_removed(self, file: JobFile) -> set[str]:
        """Those of its jobs that were removed at run time and do not come back with it."""
        return without_needed(self.removed.intersection(spec.id for spec in file.jobs), file.jobs)

    def enlist(self, subjects: Iterable[JobSubject]) -> Sequence[Job]:
        """Handles for jobs that have come."""
        handles = [Job(subject, self._box, self._host) for subject in subjects]
        self.handles += handles
        self.by_id |= {handle.id: handle for handle in handles}
        return handles

    def arrange(self, order: Iterable[str]) -> None:
        """The list is in this order."""
        place = {job_id: number for number, job_id in enumerate(order)}
        self.handles.sort(key=lambda handle: place[handle.id])

    def strike(self, gone: set[str]) -> None:
        """These have left the list."""
        self.handles = [handle for handle in self.handles if handle.id not in gone]
        for job_id in gone:
            self.by_id.pop(job_id, None)

    # -- at the start --------------------------------------------------------------------------------------------

    def leave_out_removed(self, turn: Turn, stored: Stored) -> list[str]:
        """Jobs of the file that were removed at run time stay removed, unless a job that stays needs one: warnings."""
        jobs = turn.state.jobs
        removed = {job_id for job_id in self.own if stored.facts.get(f"{REMOVED}{job_id}")}
        gone = without_needed(removed, [job.spec for job in jobs.values()])
        warnings = [f"{job_id} was removed, and is there again since jobs need it" for job_id in sorted(removed - gone)]
        for job_id in gone:
            del jobs[job_id]
        self.strike(gone)
        self.removed = gone
        return warnings

    def restore_added(self, turn: Turn, stored: Stored, zone: str) -> list[str]:
        """Jobs that were added while an engine ran on this state; what was given to this one goes before. Warnings."""
        warnings: list[str] = []
        for name, text in stored.facts.items():
            job_id = name.removeprefix(ADDED)
            if job_id == name or not text or job_id in turn.state.jobs:
                continue
            try:
                spec = from_text(text)
                check_new(turn, [spec], zone)
                check_needs([spec], turn.state.jobs.__contains__)
            except ValueError as error:
                warnings.append(f"job {job_id}, added at run time, cannot be had again: {error}")
                continue
            add_job(turn, spec)
        return warnings

    def begin(self, turn: Turn, stored: Stored) -> None:
        """All jobs of this start are there."""
        self.enlist(job for job in turn.state.listed_jobs() if job.id not in self.by_id)
        self._rows = {row.id: row for row in stored.jobs if row.id not in turn.state.jobs}

    # -- at run time ---------------------------------------------------------------------------------------------

    def keep(self, specs: Iterable[JobSpec]) -> Mapping[str, str]:
        """These are added for good: what the store is to remember."""
        facts: dict[str, str] = {}
        for spec in specs:
            facts[f"{ADDED}{spec.id}"] = to_text(spec) if spec.id not in self.own and can_be_stored(spec) else ""
            if spec.id in self.removed:
                self.removed.discard(spec.id)
                facts[f"{REMOVED}{spec.id}"] = ""
        return facts

    def join(self, turn: Turn, specs: Sequence[JobSpec]) -> list[JobSubject]:
        """Jobs of the engine, not begun; one that was here before has what is on record of it."""
        jobs = [join_job(turn, spec) for spec in specs]
        for job in jobs:
            if (row := self._rows.pop(job.id, None)) is not None:
                restore_job(job, row)
        return jobs

    def joining(self, specs: Sequence[JobSpec], zone: str) -> Callable[[Turn], list[JobSubject]]:
        """The change that lets them join."""

        def act(turn: Turn) -> list[JobSubject]:
            jobs = self.join(turn, specs)
            begin_new(turn, jobs, zone)
            return jobs

        return act

    def removing(self, job_id: str, *, stop: bool) -> Callable[[Turn], JobSubject]:
        """The change that lets a job leave."""

        def act(turn: Turn) -> JobSubject:
            subject = remove_job(turn, job_id, stop=stop)
            turn.fx.facts[f"{ADDED}{job_id}"] = ""
            if job_id in self.own:
                self.removed.add(job_id)
                turn.fx.facts[f"{REMOVED}{job_id}"] = "1"
            return subject

        return act

    def remember(self, subject: JobSubject) -> None:
        """It has gone with the last of its runs: if it comes again, it goes on from here."""
        self._rows[subject.id] = job_row(subject)
