"""A small engine in memory: what the server and the client show of an engine, without processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.api import Aim, Changes
from engine.clock import SECOND, Instant
from engine.errors import BadJobFile, Refused, RefusedCode
from engine.model.actor import actor
from engine.model.audit import AuditRecord, aimed_at
from engine.model.file_changes import FileChanges, JobChange, ValueChange
from engine.model.log_parts import LogChunk, LogHit, LogHits, LogQuery, LogTime
from engine.model.machine import MachineLoad
from engine.model.outcome import Outcome
from engine.model.record import AttemptRecord, Counters, EngineStatus, JobRecord, RunKind, RunRecord, Why
from engine.model.states import JobStatus, RunPhase
from engine.model.undo import PrioritySet, Undo
from engine.runtime.events import EventLog, Subscription
from engine.spec.job import NOTHING
from engine.testing.views import EngineVerbs, JobVerbs, RunVerbs
from tests.views import job_record

NOW: Instant = 1_790_000_000 * SECOND
CHANGES = FileChanges(
    path="/srv/jobs.yaml",
    digest="d1",
    removed=("old",),
    changed=(JobChange("etl", (ValueChange("every", "10s", None),)),),
)


def run_record(run_id: str = "etl:1", state: RunPhase = RunPhase.ENDED) -> RunRecord:
    """A run that failed with code 3, or one in another state."""
    over = state is RunPhase.ENDED
    attempt = AttemptRecord(
        attempt_id=f"{run_id}.1",
        started_at=NOW,
        ended_at=NOW + SECOND if over else None,
        outcome=Outcome.FAILED if over else None,
        reason="exit(3)" if over else None,
        exit_code=3 if over else None,
        signal=None,
        pid=4711,
        peak_rss_bytes=1 << 20,
        cpu_seconds=0.25,
    )
    return RunRecord(
        run_id=run_id,
        job=run_id.partition(":")[0],
        kind=RunKind.SCHEDULE,
        planned_at=NOW,
        first_planned_at=NOW,
        queued_at=NOW + 7,
        started_at=NOW + 11,
        ended_at=NOW + SECOND if over else None,
        state=state,
        outcome=Outcome.FAILED if over else None,
        reason="exit(3)" if over else None,
        exit_code=3 if over else None,
        signal=None,
        pid=None if over else 4711,
        peak_rss_bytes=1 << 20,
        cpu_seconds=0.25,
        wall_seconds=0.999,
        paused_seconds=0.0,
        cpu_percent=None if over else 12.5,
        rss_bytes=None if over else 4096,
        attempts=(attempt,),
        count=1,
        count_exact=True,
        priority=0,
        executor="local",
        host="here",
        log_path=f"/var/log/{run_id}.log",
        left_behind=((99, "sleep 1000"),) if over else (),
    )


@dataclass
class FakeRun(RunVerbs):
    """A run that is active or waits."""

    run_id: str
    phase: RunPhase = RunPhase.RUNNING
    done: list[str] = field(default_factory=list)
    kind: RunKind = RunKind.SCHEDULE
    planned_at: Instant = NOW
    queued_at: Instant = NOW
    started_at: Instant | None = NOW
    paused_us: int = 0
    attempt: int = 1
    pid: int | None = 4711
    cpu_percent: float | None = 12.5
    rss_bytes: int | None = 4096
    log_path: str | None = None
    effective_priority: float = 0.0

    @property
    def job_id(self) -> str:
        return self.run_id.partition(":")[0]

    def record(self) -> RunRecord:
        return run_record(self.run_id, self.phase)

    async def pause(self, for_seconds: float | None = None, *, aim: Aim | None = None) -> None:
        self.done.append(f"pause {for_seconds}")

    async def resume(self, *, aim: Aim | None = None) -> None:
        self.done.append("resume")

    async def stop(self, grace: float | None = None, *, aim: Aim | None = None) -> None:
        self.done.append(f"stop {grace}")

    async def kill(self, *, aim: Aim | None = None) -> None:
        self.done.append("kill")

    async def signal(self, number: int, *, aim: Aim | None = None) -> None:
        self.done.append(f"signal {number}")

    async def set_priority(self, priority: int) -> PrioritySet:
        self.done.append(f"priority {priority}")
        return PrioritySet(priority, Undo("priority", self.run_id, {"priority": 0}))


@dataclass
class FakeJob(JobVerbs):
    """A job that notes the verbs it is given."""

    id: str
    tags: tuple[str, ...] = ()
    status: JobStatus = JobStatus.WAITING
    last_outcome: Outcome | None = None
    last_run_outcome: Outcome | None = None
    last_run_id: str | None = None
    active: list[FakeRun] = field(default_factory=list)
    queued: list[FakeRun] = field(default_factory=list)
    priority: int = 0
    done: list[str] = field(default_factory=list)
    title: str = ""
    description: str = ""
    needs: tuple[str, ...] = ()
    schedule_text: str = "every 1h"
    version: int = 1
    enabled: bool = True
    held: bool = False
    effective_priority: float = 0.0
    next_run: Instant | None = NOW + 60 * SECOND
    last_started_at: Instant | None = None
    last_ended_at: Instant | None = None
    last_reason: str | None = None
    last_seconds: float | None = None
    counters: Counters = field(default_factory=Counters)
    cpu_ring: Sequence[float] = ()
    rss_ring: Sequence[int] = ()

    def why(self) -> Why:
        return Why(id=self.id, status=self.status, reason="next run in 1m", details=("nothing waits",))

    def record(self) -> JobRecord:
        return job_record(self, "next run in 1m")

    async def trigger(
        self,
        *,
        params: Mapping[str, str] = NOTHING,
        bypass: bool = False,
        downstream: bool = False,
        confirmed: bool = False,
    ) -> FakeRun:
        if self.id == "denied":
            raise Refused(RefusedCode.MANUAL_DENIED, "denied may not be started by hand", "change `manual`")
        flags = {"bypass": bypass, "downstream": downstream, "confirmed": confirmed}
        values = [f"{name}={value}" for name, value in params.items()]
        self.done.append(" ".join(["trigger", *values, *(name for name, given in flags.items() if given)]))
        return FakeRun(f"{self.id}:7", RunPhase.QUEUED)

    async def pause(self, for_seconds: float | None = None, *, aim: Aim | None = None) -> Undo:
        return self._did(f"pause {for_seconds}", Undo("resume", self.id))

    async def resume(self, *, aim: Aim | None = None) -> Undo | None:
        self.done.append("resume")
        return None

    async def stop(self, *, job: bool = False, grace: float | None = None, aim: Aim | None = None) -> Undo | None:
        if not (self.active or job):
            raise Refused(RefusedCode.STATE, f"nothing of {self.id} is running", "use --job to stop the job")
        self.done.append(f"stop {job} {grace}")
        return None

    async def kill(self, *, aim: Aim | None = None) -> None:
        self.done.append("kill")

    async def signal(self, number: int, *, aim: Aim | None = None) -> None:
        self.done.append(f"signal {number}")

    async def suspend(self, *, aim: Aim | None = None) -> Undo:
        return self._did("suspend", Undo("unsuspend", self.id))

    async def unsuspend(self, *, aim: Aim | None = None) -> Undo:
        return self._did("unsuspend", Undo("suspend", self.id))

    async def skip_next(self, *, at: Instant | None = None, undo: bool = False) -> Undo:
        return self._did(
            f"skip_next {undo}" + ("" if at is None else f" {at}"), Undo("skip_next", self.id, {"undo": True})
        )

    async def hold(self, reason: str = "", for_seconds: float | None = None, *, aim: Aim | None = None) -> Undo:
        return self._did(f"hold {reason!r} {for_seconds}", Undo("release", self.id))

    async def release(self, *, aim: Aim | None = None) -> None:
        self.done.append("release")

    async def enable(self, *, aim: Aim | None = None) -> Undo:
        return self._did("enable", Undo("disable", self.id))

    async def disable(self, *, aim: Aim | None = None) -> Undo:
        return self._did("disable", Undo("enable", self.id))

    async def postpone(self, seconds: float, *, at: Instant | None = None) -> Undo:
        return self._did(
            f"postpone {seconds}" + ("" if at is None else f" {at}"), Undo("postpone", self.id, {"by": 0.0})
        )

    async def set_timeout(self, seconds: float, *, aim: Aim | None = None) -> Undo:
        return self._did(f"set_timeout {seconds}", Undo("set_timeout", self.id, {"timeout": 0.0}))

    async def backfill(self, start: Instant, end: Instant, *, parallel: int = 1) -> int:
        self.done.append(f"backfill {(end - start) // SECOND} {parallel}")
        return 3

    async def bump(self, by: int, *, aim: Aim | None = None) -> PrioritySet:
        return await self.set_priority(self.priority + by)

    async def set_priority(self, priority: int) -> PrioritySet:
        if not -100 <= priority <= 100:
            raise Refused(RefusedCode.OUT_OF_RANGE, f"{priority} is out of range")
        before, self.priority = self.priority, priority
        return PrioritySet(priority, Undo("priority", self.id, {"priority": before}))

    def _did(self, what: str, undo: Undo) -> Undo:
        self.done.append(what)
        return undo


class Feed:
    """Says resync once."""

    def __init__(self) -> None:
        self._first = True

    def take(self) -> Changes:
        first, self._first = self._first, False
        return Changes(frozenset(), first)

    def close(self) -> None:
        pass


@dataclass
class FakeView(EngineVerbs):
    """The engine itself; `logs` by run id."""

    jobs: list[FakeJob] = field(default_factory=list)
    past: list[RunRecord] = field(default_factory=list)
    logs: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str | None, Outcome | None, Instant | None, int]] = field(default_factory=list)
    connected: bool = True
    done: list[str] = field(default_factory=list)
    bad_file: str = ""
    """What is wrong with the job file."""
    audited: list[AuditRecord] = field(default_factory=list)
    events: EventLog = field(default_factory=lambda: EventLog(lambda name, value: None))

    def job(self, job_id: str) -> FakeJob:
        return {job.id: job for job in self.jobs}[job_id]

    def run(self, run_id: str) -> FakeRun:
        return {run.run_id: run for job in self.jobs for run in (*job.active, *job.queued)}[run_id]

    def queue(self) -> list[FakeRun]:
        return [run for job in self.jobs for run in job.queued]

    def status(self) -> EngineStatus:
        return replace(STATUS, jobs=len(self.jobs))

    async def file_changes(self) -> FileChanges:
        if self.bad_file:
            raise BadJobFile("/srv/jobs.yaml", self.bad_file, "nothing was changed")
        return CHANGES

    async def reload(self, digest: str | None = None, *, confirmed: bool = False, stop: bool = False) -> FileChanges:
        if not confirmed:
            raise Refused(RefusedCode.CONFIRM, "1 job removed", "`reload --yes` does it")
        self.done.append(f"reload {digest} {stop}")
        return CHANGES

    def machine(self) -> MachineLoad:
        return MachineLoad(1.0, 1, 2, 0.5)

    def now(self) -> Instant:
        return NOW

    def changes(self) -> Feed:
        return Feed()

    def subscribe(self, after: int | None = None) -> Subscription:
        return self.events.subscribe(after, NOW)

    async def history(
        self, *, job: str | None = None, outcome: Outcome | None = None, since: Instant | None = None, limit: int = 100
    ) -> list[RunRecord]:
        self.asked.append((job, outcome, since, limit))
        return [run for run in self.past if job in (None, run.job)][:limit]

    async def log(self, run_id: str, offset: int, limit: int) -> LogChunk:
        if run_id not in {run.run_id for run in self.past}:
            raise KeyError(run_id)
        if run_id not in self.logs:
            raise FileNotFoundError(run_id)
        whole = self.logs[run_id]
        start = max(0, len(whole) + offset) if offset < 0 else min(offset, len(whole))
        data = whole[start : start + limit]
        return LogChunk(data, start, len(whole), start + len(data) < len(whole))

    async def log_since(self, run_id: str, at: Instant) -> int:
        await self.log(run_id, 0, 0)
        return 4 if at < self.now() else 20

    async def log_times(self, run_id: str, start: int, end: int) -> Sequence[LogTime]:
        await self.log(run_id, 0, 0)
        return [LogTime(end, self.now(), 1)]

    async def log_find(
        self, run_id: str, query: LogQuery, start: int, *, back: bool = False, most: int = 100
    ) -> LogHits:
        if query.text == "(":
            raise ValueError("not a pattern")
        at = self.logs[run_id].find(query.text.encode(), start)
        return LogHits((LogHit(at, query.text.encode()),) if at >= 0 else (), 20, done=True)

    async def hold(self, reason: str = "", for_seconds: float | None = None, *, tag: str | None = None) -> Undo:
        self.done.append(f"hold {tag} {reason!r} {for_seconds} by {actor()}")
        return Undo("release", "" if tag is None else f"tag:{tag}")

    async def release(self, *, tag: str | None = None) -> None:
        self.done.append(f"release {tag}")

    async def rerun(self, target: str) -> str:
        self.done.append(f"rerun {target}")
        return f"{target.partition(':')[0]}:9"

    async def ack(self, target: str, reason: str = "", *, until: Instant | None = None) -> int:
        self.done.append(f"ack {target} {reason!r}")
        return 2

    async def record(self, run_id: str) -> RunRecord | None:
        return next((run for run in self.past if run.run_id == run_id), None)

    async def inbox(self, *, job: str | None = None, limit: int = 100) -> list[RunRecord]:
        return [run for run in self.past if job in (None, run.job)][:limit]

    async def audit(
        self, *, job: str | None = None, since: Instant | None = None, limit: int = 100
    ) -> list[AuditRecord]:
        return [deed for deed in self.audited if job in (None, aimed_at(deed.target, deed.run_id))][:limit]

    async def shutdown(self, drain: float | None = None, *, leave: bool = False) -> tuple[str, ...]:
        raise AssertionError("the server leaves the end of the engine to its owner")


STATUS = EngineStatus(
    version="0.1.0",
    pid=1,
    uptime_seconds=12.5,
    job_file="/etc/jobs.yaml",
    jobs=0,
    running=1,
    queued=2,
    max_running=8,
    state_dir="/var/lib/jobqueue",
    socket="",
    executors=("local",),
    damaged_state=None,
    warnings=("the disk is nearly full",),
)
