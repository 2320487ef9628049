"""The port to what must outlive the engine. Rows are named tuples: the loop makes them (a snapshot), the store binds them.

One batch is in flight at a time; the loop collects the next one meanwhile (group commit). A batch is all or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final, NamedTuple, Protocol, TypeAlias

from engine.clock import Instant
from engine.model.audit import AuditRecord
from engine.model.day import DayRecord
from engine.model.outcome import Outcome
from engine.model.record import RunRecord
from engine.spec.job import NOTHING
from engine.spec.params import Given
from engine.values import lean, mutable

TAKEN_AT: Final = "backup:taken_at"
"""Fact in a copy of the state: when it was made (microseconds since the epoch)."""


class RunRow(NamedTuple):
    """A run as stored: what the record shows, and what adoption after a crash needs.

    `past`, `left_behind`, `exceeded`, `data` and `facts` are JSON. What is true or false is 1 or 0, and words are plain texts: as
    SQLite keeps them, and bound in a tenth of the time.

    (job, kind, planned_at, seq, item) is the run key: unique, so that no occurrence starts twice whatever the loop believes.
    `seq` is 0 for what a schedule planned, else the run's own number: two triggers may share an instant. `item` is the
    label of a shard, empty for a whole occurrence.
    """

    no: int
    run_id: str
    job: str
    kind: str
    planned_at: Instant
    seq: int
    item: str
    first_planned_at: Instant
    occurrences: int
    occurrences_exact: int
    queued_at: Instant
    started_at: Instant | None
    ended_at: Instant | None
    state: str
    outcome: str | None
    reason: str | None
    exit_code: int | None
    signal: int | None
    priority: int
    bypass: int
    attempts_made: int
    attempt_id: str | None
    tag: int | None
    boot_id: str | None
    attempt_started_at: Instant | None
    pid: int | None
    ticks: int | None
    retry_at: Instant | None
    ages_from: Instant | None
    stands_since: Instant | None
    paused_us: int
    paused_since: Instant | None
    pause_until: Instant | None
    peak_rss: int | None
    cpu_seconds: float | None
    read_bytes: int | None
    written_bytes: int | None
    throttled_seconds: float | None
    exceeded: str | None
    usage: str | None
    log_path: str | None
    left_behind: str | None
    past: str | None
    executor: str
    data: str | None
    facts: str | None
    error: str | None
    may_still_run: int
    cascade: str | None
    step: str | None
    course: str | None
    recovered: int
    outputs: str | None
    params: str | None
    matrix: str | None

    def changes(self) -> tuple[object, ...]:
        """What can change (all but the key, which stands first), then the number that names the row."""
        return (*self[len(RUN_KEY) :], self.no)


RUN_KEY: Final = ("no", "run_id", "job", "kind", "planned_at", "seq", "item")
"""The fields of a run's row that never change; they stand first in `RunRow`."""


class ClaimRow(NamedTuple):
    """The claim of a stored run that waits: its next attempt, of which nothing is known but that it may be ordered."""

    no: int
    attempt_id: str
    tag: int
    boot_id: str
    step: str
    executor: str
    log_path: str | None


def claimed(row: RunRow, claim: ClaimRow) -> RunRow:
    """The row of the run with its claim: what told of an attempt's start told of one that is over."""
    return row._replace(
        attempt_id=claim.attempt_id,
        tag=claim.tag,
        boot_id=claim.boot_id,
        step=claim.step,
        executor=claim.executor,
        log_path=claim.log_path,
        attempt_started_at=None,
        pid=None,
        ticks=None,
    )


class JobRow(NamedTuple):
    """A job as stored: counters, what an operator set, how far its schedule has got, what it knows of its needs, its data (JSON)."""

    id: str
    seq: int
    starts: int
    success: int
    failed: int
    timed_out: int
    stopped: int
    lost: int
    skipped: int
    missed: int
    priority: int | None
    held_since: Instant | None
    hold_until: Instant | None
    is_stopped: int
    planned_until: Instant | None
    planned_by: str | None
    counted: int
    trail: str | None
    last_no: int | None
    last_run_id: str | None
    last_started_at: Instant | None
    last_ended_at: Instant | None
    last_outcome: str | None
    last_run_outcome: str | None
    last_reason: str | None
    last_seconds: float | None
    needs: str | None
    data: str | None
    hold_by: str
    hold_reason: str
    suspended: int
    skip_at: Instant | None
    enabled: int | None
    timeout: float | None
    parallel: int
    retries: int
    outputs: str | None
    stats: str | None
    failed_no: int | None
    told: str | None
    failing: int
    shards: str | None
    changes: str | None


class AuditRow(NamedTuple):
    """A verb that was given, as stored; `arguments` is JSON. Its number is the store's."""

    at: Instant
    who: str
    verb: str
    target: str
    arguments: str
    run_id: str | None
    state: str | None
    reason: str
    outcome: str
    code: str | None


class LogRow(NamedTuple):
    """What is on record of a run that is over and has a log: what its log is kept for."""

    log_path: str
    ended_at: Instant
    outcome: str
    acked: bool
    left_behind: bool


class AckRow(NamedTuple):
    """An operator has seen how a run on record ended."""

    run_id: str
    at: Instant
    by: str
    reason: str


@lean(frozen=True, slots=True)
class Forget:
    """What may be forgotten: of these jobs all but so many runs, and everything older than an instant."""

    jobs: tuple[str, ...]
    keep_runs: int
    before: Instant | None


@mutable(slots=True)
class Batch:
    """What is to be durable together. `facts` are single values by name. `new` are rows of runs that were never written,
    `runs` those of runs that were; `claims` change only what a claim does. `attached` are facts for the records of runs
    that are over: run id and a JSON object.

    `folders` are made before the commit, so is the second file with what is turned off (`offs`, whole); `lines` go to
    text files some time after it.
    """

    new: list[RunRow] = field(default_factory=list)
    runs: list[RunRow] = field(default_factory=list)
    claims: list[ClaimRow] = field(default_factory=list)
    jobs: list[JobRow] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    attached: list[tuple[str, str]] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    audit: list[AuditRow] = field(default_factory=list)
    acks: list[AckRow] = field(default_factory=list)
    offs: str | None = None
    ended: list[RunRow] = field(default_factory=list)
    """Those of the rows whose run has got its fate since the last batch: counted for their day."""
    forget: Forget | None = None

    def __bool__(self) -> bool:
        return bool(
            self.new
            or self.runs
            or self.claims
            or self.jobs
            or self.facts
            or self.attached
            or self.audit
            or self.acks
            or self.offs is not None
        )


@lean(frozen=True, slots=True)
class Stored:
    """What was found at the start. `runs` are those without an outcome; `damaged` names the file set aside, if any.

    `offs` is the second file, when there was no database or a damaged one.
    """

    jobs: tuple[JobRow, ...]
    runs: tuple[RunRow, ...]
    next_no: int
    facts: dict[str, str]
    damaged: str | None = None
    offs: str | None = None


Done: TypeAlias = Callable[[Exception | None], None]
"""Called once a batch is durable (None) or could not be written: OSError is tried again, any other is a fault of ours."""


class Store(Protocol):
    """Keeps rows. `write` and `load` are called on the loop."""

    def load(self, old_ids: Mapping[str, str] = NOTHING) -> Stored:
        """Everything the engine needs to go on. OSError or StateLocked when the store cannot be had.

        `old_ids` by the new ones: jobs that were renamed; what is on record of them is theirs from now on.
        """

    def write(self, batch: Batch, done: Done) -> None:
        """Make the batch durable, then call `done` on the loop: None, or why it could not be (nothing was written)."""

    async def history(
        self, *, job: str | None, outcome: Outcome | None, since: Instant | None, limit: int
    ) -> Sequence[RunRecord]:
        """Runs on record that are over, newest first."""

    async def inbox(self, *, job: str | None, limit: int) -> Sequence[RunRecord]:
        """Runs on record that ended badly and that nobody has acknowledged, newest first."""

    async def audit(self, *, job: str | None, since: Instant | None, limit: int) -> Sequence[AuditRecord]:
        """Verbs that were given, newest first; `job`: only those aimed at it or at one of its runs."""

    async def find(self, run_id: str) -> RunRecord | None:
        """One run on record."""

    async def logs(self, job: str) -> Sequence[LogRow]:
        """Runs of the job on record that are over and have a log, in no order."""

    async def backup(self, target: Path, taken_at: Instant) -> int:
        """Copy all of it to a new file, consistently, while it is in use; the copy's size in bytes. OSError."""

    async def days(self, *, job: str | None, since_day: int) -> Sequence[DayRecord]:
        """What each job did per day (days since 1970-01-01, UTC), oldest first."""

    async def given(self, run_id: str) -> Given:
        """The values that a run on record was given, secret ones included: for a rerun, never to be shown."""

    def close(self) -> None:
        """Finish what was given to `write`, then let go."""
