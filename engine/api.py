"""What screens and clients see of an engine. The facade's own objects implement it, and so does the remote client.

Reading is attribute access and never waits; verbs are coroutines and raise `Refused` when they are turned down.
Nobody who uses these protocols knows whether the engine lives in the same process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from engine.clock import Instant
from engine.model.audit import AuditRecord
from engine.model.coming import Coming
from engine.model.day import DayRecord
from engine.model.environment import Environment
from engine.model.events import Event
from engine.model.facts import JobFacts, RunFacts
from engine.model.file_changes import FileChanges, FilePlace
from engine.model.log_parts import LogChunk, LogHits, LogQuery, LogTime
from engine.model.machine import MachineLoad, ProcessDetails
from engine.model.marks import Marks
from engine.model.outcome import Outcome
from engine.model.record import EngineStatus, JobRecord, RunKind, RunRecord, Why
from engine.model.states import RunPhase
from engine.model.system import SystemRecord
from engine.model.undo import PrioritySet, Undo
from engine.spec.job import NOTHING, Join, Manual
from engine.spec.limits import Limits
from engine.spec.log import LogFormat
from engine.spec.params import Param
from engine.values import sealed


@sealed(frozen=True, slots=True)
class Aim:
    """What was on screen when a verb was given; the verb is refused (`changed`) when it is not so any more.

    Each verb asks for what it acts on: those about processes for the runs, the others for their mark. None: not looked at.
    """

    runs: tuple[tuple[str, RunPhase], ...] | None = None
    """The active runs, all of them, with their states; of a verb on one run that one."""
    queued: frozenset[str] = frozenset()
    """Runs that wait and may be ended with those."""
    marks: Marks | None = None
    """What operators had turned by then."""


@sealed(frozen=True, slots=True)
class Changes:
    """What changed since the last `take`: ids of jobs; `resync` = everything may have (jobs came or went)."""

    jobs: frozenset[str]
    resync: bool


class ChangeFeed(Protocol):
    """A subscriber's own set of what changed; bounded by the number of jobs, so a slow reader harms nothing."""

    def take(self) -> Changes:
        """What changed since the last call."""

    def close(self) -> None:
        """Stop collecting."""


class EventFeed(Protocol):
    """A subscriber's own events, in order: `async for`. A reader that is too slow gets a `Resync` in place of what it missed."""

    def __aiter__(self) -> AsyncIterator[Event]: ...

    async def __anext__(self) -> Event:
        """The next one. StopAsyncIteration when it was closed, or the engine has ended."""

    def take(self, most: int | None = None) -> Sequence[Event]:
        """What waits now, without waiting for more; `most`: the oldest so many of it, the others go on waiting."""

    def close(self) -> None:
        """Stop collecting."""


class RunView(RunFacts, Protocol):
    """A run that is queued or active."""

    @property
    def run_id(self) -> str: ...
    @property
    def job_id(self) -> str: ...
    @property
    def kind(self) -> RunKind: ...
    @property
    def planned_at(self) -> Instant: ...
    @property
    def queued_at(self) -> Instant: ...
    @property
    def attempt(self) -> int:
        """Number of the current attempt, from 1; 0 before the first."""

    @property
    def pid(self) -> int | None: ...
    @property
    def log_path(self) -> str | None: ...
    @property
    def effective_priority(self) -> float:
        """Priority with what waiting has added until now."""

    def why(self) -> str:
        """What it waits for, in one line; empty when it does not wait."""

    def record(self) -> RunRecord:
        """All facts, frozen."""

    async def pause(self, for_seconds: float | None = None, *, aim: Aim | None = None) -> None:
        """Stop its process tree in its tracks; returns when all of it stands."""

    async def resume(self, *, aim: Aim | None = None) -> None:
        """Let it go on."""

    async def stop(self, grace: float | None = None, *, aim: Aim | None = None) -> None:
        """End its process tree; returns when the order is given, `ended` tells when it is over."""

    async def kill(self, *, aim: Aim | None = None) -> None:
        """End its process tree at once, without stop signal and grace."""

    async def signal(self, number: int, *, aim: Aim | None = None) -> None:
        """Send a signal to every process of its tree."""

    async def bump(self, by: int) -> PrioritySet:
        """Raise (or lower) its priority while it waits; the job keeps its own."""

    async def set_priority(self, priority: int) -> PrioritySet:
        """Set its priority, likewise."""


class JobView(JobFacts, Protocol):
    """A job, live. `version` rises with each change that a screen could show, samples included."""

    @property
    def description(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def follows(self) -> tuple[str, ...]:
        """Ids of those whose good end, or whose end whatever it is, it needs; without those that must fail, or be skipped."""

    @property
    def join(self) -> Join:
        """Whether it needs all of them, or one."""

    @property
    def triggered(self) -> bool:
        """What it needs sets it going; False: they only hold up what its schedule starts."""

    @property
    def pools(self) -> Mapping[str, int]:
        """Slots that a run of it takes of pools."""

    @property
    def exclusive(self) -> bool | str:
        """A run of it is alone: at all, or among those of the group that it names."""

    @property
    def environment(self) -> Environment:
        """What the environment of its runs is made of, by names."""

    @property
    def version(self) -> int: ...
    @property
    def changed(self) -> tuple[str, ...]:
        """Keys of the job file whose value an operator has changed."""

    @property
    def marks(self) -> Marks:
        """What operators have turned of it, to be compared."""

    @property
    def manual(self) -> Manual:
        """May it be started by hand; `confirm`: ask first."""

    @property
    def last_started_at(self) -> Instant | None: ...
    @property
    def last_run_outcome(self) -> Outcome | None:
        """How the last one that ran ended; `last_outcome` may be of an occurrence that was skipped since."""

    @property
    def last_run_id(self) -> str | None:
        """The newest run that has or had a process; its log is the one to show."""

    @property
    def active(self) -> Sequence[RunView]:
        """Runs that were started and are not over, oldest first."""

    @property
    def queued(self) -> Sequence[RunView]:
        """Runs that wait."""

    @property
    def cpu_rollup(self) -> Sequence[float]:
        """CPU percent, the mean of ten seconds each, oldest first: the last six hours in which it ran."""

    @property
    def rss_rollup(self) -> Sequence[float]:
        """Resident bytes, the most of ten seconds each."""

    @property
    def limits(self) -> Limits:
        """What an attempt of it may use."""

    async def coming(self, *, until: Instant | None = None, limit: int = 10) -> Sequence[Coming]:
        """Its next occurrences, the nearest first, at most `limit`, none after `until`.

        Empty while the job is held, stopped, disabled or suspended, and where nothing is planned ahead.
        """

    def why(self) -> Why:
        """Why it is not running."""

    def record(self) -> JobRecord:
        """All facts, frozen."""

    @property
    def log_format(self) -> LogFormat:
        """What the lines of its logs are."""

    @property
    def params(self) -> Mapping[str, Param]:
        """The parameters that a run may be given values for."""

    async def effective_yaml(self) -> str:
        """The job as it is in effect, as a job file of its own: layers merged, what is built in left out, what an operator
        changed marked as such; no secret."""

    async def trigger(
        self,
        *,
        params: Mapping[str, str] = NOTHING,
        bypass: bool = False,
        downstream: bool = False,
        confirmed: bool = False,
    ) -> RunView:
        """A run now; the schedule is untouched. Returns the run.

        `params`: values over the defaults of the job's parameters. `bypass`: do not wait for `needs`. `downstream`:
        everything that needs it follows, in order. `confirmed`: whoever asks for a job that says `manual: confirm` has
        been asked.
        """

    async def pause(self, for_seconds: float | None = None, *, aim: Aim | None = None) -> Undo:
        """Pause its active runs, or hold the job when nothing runs."""

    async def resume(self, *, aim: Aim | None = None) -> Undo | None:
        """Resume its paused runs, release its hold, let a stopped job go on."""

    async def stop(self, *, job: bool = False, grace: float | None = None, aim: Aim | None = None) -> Undo | None:
        """End its active runs; `job` also keeps it stopped until resumed, which can be undone unless it was held."""

    async def kill(self, *, aim: Aim | None = None) -> None:
        """End its active runs at once, without stop signal and grace."""

    async def signal(self, number: int, *, aim: Aim | None = None) -> None:
        """Send a signal to every process of its active runs."""

    async def suspend(self, *, aim: Aim | None = None) -> Undo:
        """The schedule stands still; runs by hand stay possible."""

    async def unsuspend(self, *, aim: Aim | None = None) -> Undo:
        """The schedule goes on."""

    async def skip_next(self, *, at: Instant | None = None, undo: bool = False) -> Undo:
        """The next occurrence, or the later one planned at `at`, becomes `skipped(operator)`; `undo`: it does not. One at a time.
        Refused: there is none, `at` is none of its planned times any more (`changed`)."""

    async def postpone(self, seconds: float, *, at: Instant | None = None) -> Undo:
        """The next occurrence starts so much later than its schedule says (0: as it says), over restarts, too. Refused: it has
        none, it is not the one planned at `at`, or the one after it would come first."""

    async def hold(self, reason: str = "", for_seconds: float | None = None, *, aim: Aim | None = None) -> Undo:
        """Nothing of it starts until released, or for so long."""

    async def release(self, *, aim: Aim | None = None) -> None:
        """Let a held job go on."""

    async def enable(self, *, aim: Aim | None = None) -> Undo:
        """It follows its schedule, whatever the job file says."""

    async def disable(self, *, aim: Aim | None = None) -> Undo:
        """As if it were not in the job file; what runs goes on."""

    async def set_timeout(self, seconds: float, *, aim: Aim | None = None) -> Undo:
        """How long an attempt may run, those in progress included; 0: any time."""

    async def backfill(self, start: Instant, end: Instant, *, parallel: int = 1) -> int:
        """Runs for the occurrences from `start` to `end`, at most `parallel` at once. Returns how many."""

    async def bump(self, by: int, *, aim: Aim | None = None) -> PrioritySet:
        """Raise (or lower) its priority; waiting runs are re-ordered at once."""

    async def set_priority(self, priority: int) -> PrioritySet:
        """Set its priority, likewise."""


class EngineView(Protocol):
    """An engine, live."""

    @property
    def jobs(self) -> Sequence[JobView]:
        """All jobs, in file order."""

    def job(self, job_id: str) -> JobView:
        """KeyError when there is none of that id."""

    def run(self, run_id: str) -> RunView:
        """A queued or active run; KeyError otherwise."""

    def queue(self) -> Sequence[RunView]:
        """What waits, in the order in which it will start."""

    def status(self) -> EngineStatus: ...

    def machine(self) -> MachineLoad: ...

    def now(self) -> Instant:
        """The engine's wall time: screens count by it, so that they can be frozen."""

    def changes(self) -> ChangeFeed:
        """A new feed; the first `take` says resync."""

    def subscribe(self, after: int | None = None) -> EventFeed:
        """Events from now on, or after the one of that number (0: all that are kept; -100: the newest hundred, then new ones)."""

    @property
    def connected(self) -> bool:
        """False while a remote engine cannot be reached."""

    async def history(
        self,
        *,
        job: str | None = None,
        outcome: Outcome | None = None,
        since: Instant | None = None,
        limit: int = 100,
    ) -> Sequence[RunRecord]:
        """Runs on record, newest first; those that run or wait come first of all."""

    async def hold(self, reason: str = "", for_seconds: float | None = None, *, tag: str | None = None) -> Undo:
        """Nothing starts, or nothing of a tag, until released, or for so long; what runs goes on."""

    async def release(self, *, tag: str | None = None) -> None:
        """End such a hold."""

    async def rerun(self, target: str) -> str:
        """A run on record (a job id: its newest run) once more, with the same planned time. Returns the new run id."""

    async def ack(self, target: str, reason: str = "", *, until: Instant | None = None) -> int:
        """A run on record (a job id: all of its runs in the Inbox) leaves the Inbox. Returns how many did.

        `until`: of a job only what had ended by then, and so could be seen.
        """

    async def inbox(self, *, job: str | None = None, limit: int = 100) -> Sequence[RunRecord]:
        """Runs that ended badly and that nobody has acknowledged, newest first."""

    async def add_file(self, path: Path) -> Sequence[str]:
        """Add the jobs of a job file, all or none, kept over restarts; their ids. What is there already as it is written is
        left alone. BadJobFile; Refused when an id is taken by another job."""

    async def remove(self, job_id: str, running: str = "drain", *, wait: bool = True) -> None:
        """Take a job away. `drain`: its runs end by themselves first; `stop`: they are stopped. Over restarts, too.

        `wait`: returns when it is gone, else when it is off the list. Refused: unknown id, other jobs need it.
        """

    async def place_of(self, job_id: str | None) -> FilePlace:
        """Where the job stands in the engine's job file, or in a file that this includes; line 1 where it is not found in it,
        and for None. Refused: the engine has no job file."""

    async def file_changes(self) -> FileChanges:
        """What differs between the engine's jobs and its job file as it stands there now. BadJobFile; Refused: it has none."""

    async def reload(self, digest: str | None = None, *, confirmed: bool = False, stop: bool = False) -> FileChanges:
        """Take the engine's job file as it stands there now; what was changed. A bad file changes nothing (BadJobFile).

        Runs that have begun end by the spec they began with; state, counters and what operators changed stay. `digest`: only
        if the file is still what `file_changes` showed. `confirmed`: although jobs vanish, or run at once. `stop`: runs of
        jobs that vanish are stopped, else they end by themselves. Refused: changed since, not confirmed, a renamed job.
        """

    async def backup(self, path: Path) -> int:
        """Copy the state to a new file of the engine's machine; its size in bytes. A copy that is put back starts held.
        Refused `state`: the file exists or cannot be written. ValueError for a relative path."""

    async def days(self, *, job: str | None = None, count: int = 30) -> Sequence[DayRecord]:
        """What each job did per day (UTC), today and so many days before, oldest first."""

    async def audit(
        self, *, job: str | None = None, since: Instant | None = None, limit: int = 100
    ) -> Sequence[AuditRecord]:
        """Verbs that were given, newest first; `job`: only those aimed at it or at one of its runs."""

    async def system(self) -> SystemRecord:
        """Pools, the store and the disk below the logs."""

    async def undo(self, undo: Undo) -> None:
        """Give the verb that takes another one back. Refused `changed`: somebody has been there since."""

    async def record(self, run_id: str) -> RunRecord | None:
        """One run, over or not; None when there is none on record."""

    async def processes_of(self, run_id: str) -> Sequence[ProcessDetails]:
        """The living processes of a run's tree, its first one first; none when it is over, or calls a function in the engine.

        KeyError: no such run is active.
        """

    async def log(self, run_id: str, offset: int, limit: int) -> LogChunk:
        """Bytes of a run's log from `offset` (negative: from the end). KeyError: no such run; FileNotFoundError: no log.

        The log of a function is made when it first logs, and empty until then. A position counts what was printed before it,
        whatever was cut out of the log since.
        """

    async def log_since(self, run_id: str, at: Instant) -> int:
        """The position at which what was printed after `at` begins, to about a second. Errors as `log`."""

    async def log_times(self, run_id: str, start: int, end: int) -> Sequence[LogTime]:
        """When what stands between two positions was printed: the times that cover them, oldest first. Errors as `log`."""

    async def log_find(
        self, run_id: str, query: LogQuery, start: int, *, back: bool = False, most: int = 100
    ) -> LogHits:
        """Lines that match, from the line at `start` on (`back`: before it, newest first); as far as it gets in a quarter of a
        second. Errors as `log`; ValueError: the pattern cannot be used."""

    async def shutdown(self, drain: float | None = None, *, leave: bool = False) -> Sequence[str]:
        """No new starts; wait `drain` seconds for runs, then stop them (`leave`: let them go on); then end the engine.

        Returns the ids of the runs that were stopped.
        """
