"""What travels to the store in one commit, and what waits for that commit to come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from itertools import islice
from typing import Final, TypeAlias

from engine.core.state import Attempt, Job, Run
from engine.model.alert import Alert
from engine.model.record import RunKind
from engine.model.states import RunPhase
from engine.ports.executor import AttemptId
from engine.ports.store import AckRow, AuditRow
from engine.runtime.events import Telling
from engine.values import mutable

HERD: Final = 200
"""Jobs of a herd that one flight takes: 4 ms of preparation."""


Reply: TypeAlias = Callable[[], None]


@mutable(slots=True)
class Flight:
    """What waits for one commit."""

    trial: bool = False
    """It only finds out whether a store that failed can be written again."""

    runs: dict[int, Run] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    claims: list[tuple[Run, Attempt]] = field(default_factory=list)
    """Attempts that may be ordered once this is durable; of their runs nothing else changed, unless they are in `runs`."""
    ends: list[AttemptId] = field(default_factory=list)
    over: list[Run] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    """Files whose outputs were taken, to be removed once that is on record."""
    audit: list[AuditRow] = field(default_factory=list)
    acks: list[AckRow] = field(default_factory=list)
    offs_changed: bool = False
    replies: list[Reply] = field(default_factory=list)
    attached: list[tuple[str, str]] = field(default_factory=list)
    alerts: list[tuple[int, Alert]] = field(default_factory=list)
    forget: set[str] = field(default_factory=set)
    """Jobs of which enough runs have come that old ones may be forgotten."""
    tellings: list[Telling] = field(default_factory=list)
    """What subscribers hear once this is durable."""
    herd: dict[str, dict[int, Run]] = field(default_factory=dict)
    """New runs of schedules, by job: thousands may be due at one instant, and are written a few hundred at a time."""
    noted: dict[str, dict[int, Run]] = field(default_factory=dict)
    """Runs to be written a little later, by job; they and their job go with the job's next row of any kind, for what is
    stored of a job and its runs must agree (`starts` counts the active ones)."""

    def __bool__(self) -> bool:
        return bool(
            self.runs
            or self.claims
            or self.jobs
            or self.herd
            or self.facts
            or self.ends
            or self.replies
            or self.audit
            or self.offs_changed
            or self.attached
            or self.tellings
        )

    def put_back(self, newer: Flight) -> None:
        """The commit failed: all of it waits for the next one, together with what came since."""
        self.runs |= newer.runs
        self.jobs |= newer.jobs
        self.facts |= newer.facts
        self.claims += newer.claims
        self.ends += newer.ends
        self.over += newer.over
        self.read += newer.read
        self.audit += newer.audit
        self.acks += newer.acks
        self.offs_changed |= newer.offs_changed
        self.replies += newer.replies
        self.attached += newer.attached
        self.alerts += newer.alerts
        self.forget |= newer.forget
        self.tellings += newer.tellings
        for job, runs in newer.noted.items():
            self.noted.setdefault(job, {}).update(runs)
        for job, runs in newer.herd.items():
            self.herd.setdefault(job, {}).update(runs)

    def reply_all(self) -> None:
        """Tell who gave a verb. While the store fails too: the change is in force, that it is not durable is said everywhere."""
        replies, self.replies = self.replies, []
        for reply in replies:
            reply()

    def take_noted(self, *, all_of_it: bool) -> None:
        """Let what was noted go with the rows of its job."""
        if not self.noted:
            return
        wanted = (
            set(self.noted)
            if all_of_it
            else self.noted.keys() & {*self.jobs, *(run.job.id for run in self.runs.values())}
        )
        for job_id in wanted:
            for run in self.noted.pop(job_id).values():
                self.runs[run.no] = run
                self.jobs[job_id] = run.job

    def add(self, runs: Mapping[int, Run], jobs: Mapping[str, Job], claims: Sequence[tuple[Run, Attempt]]) -> None:
        """Rows to write. A new run of a schedule waits with its job's row for the flight that has room for them, unless
        it has a claim."""
        self.claims += claims
        for run, _ in claims:
            if not run.stored:
                self._take(run)
        for run in runs.values():
            if _can_wait(run):
                self.herd.setdefault(run.job.id, {})[run.no] = run
            else:
                self._take(run)
        for job in jobs.values():
            if job.id not in self.herd:
                self.jobs[job.id] = job

    def _take(self, run: Run) -> None:
        self.runs[run.no] = run
        if (waiting := self.herd.get(run.job.id)) is not None:
            waiting.pop(run.no, None)
            self.jobs[run.job.id] = run.job  # which waited with it

    def take_herd(self) -> Flight:
        """Take as much of the herd as a flight holds, and all of it that belongs to jobs written anyway; the rest is returned.

        Until they are written the store knows nothing of those occurrences, so that a crash finds them due. Facts,
        the audit and answers wait until all is written.
        """
        if not self.herd:
            return Flight()
        names = [*({run.job.id for run in self.runs.values()} | self.jobs.keys()) & self.herd.keys()]
        names += [name for name in islice(self.herd, HERD + len(names)) if name not in names]
        for name in names:
            for run in self.herd.pop(name).values():
                self.runs[run.no] = run
                self.jobs[name] = run.job
        if not self.herd:
            return Flight()
        rest = Flight(herd=self.herd, facts=self.facts, replies=self.replies, audit=self.audit, alerts=self.alerts)
        rest.over = [run for run in self.over if run.job.id in rest.herd]
        self.over = [run for run in self.over if run.job.id not in rest.herd]
        rest.tellings = [telling for telling in self.tellings if telling[1].get("job") in rest.herd]
        self.tellings = [telling for telling in self.tellings if telling[1].get("job") not in rest.herd]
        self.herd, self.facts, self.replies, self.audit, self.alerts = {}, {}, [], [], []
        return rest


def _can_wait(run: Run) -> bool:
    if run.stored or run.kind is not RunKind.SCHEDULE or run.attempt is not None:
        return False
    return run.phase is RunPhase.QUEUED or (run.phase is RunPhase.ENDED and not run.job.needed_by)
