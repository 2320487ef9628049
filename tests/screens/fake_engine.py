"""An engine that does not run: jobs with given states, a clock that stands, verbs that are written down."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from engine.api import Aim, Changes, EventFeed, LogChunk, LogHit, LogHits, LogQuery, LogTime, MachineLoad
from engine.clock import SECOND, Instant, instant
from engine.errors import Refused, RefusedCode
from engine.model.audit import AuditRecord
from engine.model.coming import Coming
from engine.model.day import DayRecord
from engine.model.events import Event
from engine.model.file_changes import FileChanges, FilePlace
from engine.model.outcome import Outcome
from engine.model.record import Counters, EngineStatus, JobRecord, RunKind, RunRecord, Why
from engine.model.states import JobStatus, RunPhase
from engine.model.stats import JobStats, Spread
from engine.model.system import PoolUse, SystemRecord
from engine.model.undo import PrioritySet, Undo
from engine.spec.job import NOTHING, Manual
from engine.spec.limits import NO_LIMITS, Limits
from engine.spec.log import LogFormat
from engine.spec.params import Param
from engine.testing.views import EngineVerbs, JobVerbs, RunVerbs

NOON = instant(datetime(2026, 3, 9, 12, 0, 0, tzinfo=UTC))
MIB = 1 << 20
EFFECTIVE = """\
jobs:
  {id}:
    description: "Compressed dump of one database, kept 14 days"
    tags: [backup, db]
    command: |
      mkdir -p "$BACKUPS"
      pg_dump "$DB" | gzip > "$BACKUPS/$DB-$(date +%F).sql.gz" && find "$BACKUPS" -name "$DB-*.sql.gz" -mtime +14 -delete
    working_dir: /etc/jobs
    env:
      BACKUPS: /var/backups/db
      DB: shop
    params:
      PW:
        default: "***"
        type: string
        secret: true
    schedule: "H(0-29) 2 * * *"
    priority: {priority}  # changed by an operator; the job file says 0
    timeout:
      run: 2h
"""


@dataclass(slots=True, eq=False)
class FakeRun(RunVerbs):
    """A run in some phase."""

    run_id: str
    job_id: str
    phase: RunPhase
    planned_at: Instant
    queued_at: Instant
    started_at: Instant | None
    kind: RunKind = RunKind.SCHEDULE
    attempt: int = 1
    pid: int | None = None
    cpu_percent: float | None = None
    rss_bytes: int | None = None
    log_path: str | None = None
    effective_priority: float = 0.0
    waits_for: str = "no free slot: 3 of 3 are taken"

    def why(self) -> str:
        """What it waits for."""
        return self.waits_for if self.phase is RunPhase.QUEUED else ""

    def record(self) -> RunRecord:
        """Its facts."""
        known = ended_run(self.run_id, self.job_id, self.planned_at, None, state=self.phase)
        return replace(known, started_at=self.started_at, queued_at=self.queued_at)


def ended_run(
    run_id: str,
    job: str,
    planned: Instant,
    outcome: Outcome | None,
    *,
    seconds: float = 12.5,
    reason: str | None = None,
    state: RunPhase = RunPhase.ENDED,
    started: Instant | None = None,
) -> RunRecord:
    """A run on record."""
    ended = outcome is not None
    return RunRecord(
        run_id=run_id,
        job=job,
        kind=RunKind.SCHEDULE,
        planned_at=planned,
        first_planned_at=planned,
        queued_at=planned,
        started_at=started if started is not None else planned,
        ended_at=planned + int(seconds * SECOND) if ended else None,
        state=state,
        outcome=outcome,
        reason=reason,
        exit_code=(0 if outcome is Outcome.SUCCESS else 3) if ended else None,
        signal=None,
        pid=4711,
        peak_rss_bytes=48 * MIB,
        cpu_seconds=seconds / 3 if ended else None,
        wall_seconds=seconds if ended else None,
        paused_seconds=0.0,
        cpu_percent=None,
        rss_bytes=None,
        attempts=(),
        count=1,
        count_exact=True,
        priority=0,
        executor="local",
        host="here",
        log_path=None,
        left_behind=(),
    )


@dataclass(slots=True, eq=False)
class FakeJob(JobVerbs):
    """A job; its verbs write down what was asked and move its state as an engine would."""

    engine: FakeEngine
    id: str
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    schedule_text: str = "manual"
    version: int = 1
    log_format: LogFormat = LogFormat.TEXT
    status: JobStatus = JobStatus.WAITING
    enabled: bool = True
    held: bool = False
    priority: int = 0
    effective_priority: float = 0.0
    next_run: Instant | None = None
    last_started_at: Instant | None = None
    last_ended_at: Instant | None = None
    last_outcome: Outcome | None = None
    last_reason: str | None = None
    last_run_id: str | None = None
    last_seconds: float | None = None
    counters: Counters = field(default_factory=Counters)
    active: list[FakeRun] = field(default_factory=list)
    queued: list[FakeRun] = field(default_factory=list)
    cpu_ring: list[float] = field(default_factory=list)
    rss_ring: list[int] = field(default_factory=list)
    cpu_rollup: list[float] = field(default_factory=list)
    rss_rollup: list[float] = field(default_factory=list)
    manual: Manual = Manual.ALLOW
    suspended: bool = False
    changed: tuple[str, ...] = ()
    refusal: Exception | None = None
    params: Mapping[str, Param] = field(default_factory=dict)
    limits: Limits = NO_LIMITS
    taken: JobStats | None = None
    times: list[Coming] = field(default_factory=list)

    def stats(self) -> JobStats | None:
        """What its runs took."""
        return self.taken

    async def effective_yaml(self) -> str:
        """A text such as an engine gives."""
        return EFFECTIVE.format(id=json.dumps(self.id, ensure_ascii=True), priority=self.priority)

    async def coming(self, *, until: Instant | None = None, limit: int = 10) -> Sequence[Coming]:
        """Its next times."""
        return [one for one in self.times if until is None or one.at <= until][:limit]

    def every(self, seconds: float, count: int = 60, *, usual: float = 60.0) -> None:
        """Let it come again and again from its next run on, and take about so long."""
        assert self.next_run is not None
        first = self.next_run
        self.times = [Coming(self.id, at, at) for at in (first + int(n * seconds * SECOND) for n in range(count))]
        spread = Spread(usual, usual, usual * 1.3, usual * 2)
        self.taken = JobStats(
            seconds=spread, waits=Spread(), outcomes=(Outcome.SUCCESS,), cpu_seconds=1.0, peak_rss_bytes=MIB
        )

    def __post_init__(self) -> None:
        self.title = self.title or self.id

    def why(self) -> Why:
        """A line that tells."""
        match self.status:
            case JobStatus.RUNNING:
                return Why(id=self.id, status=self.status, reason="it is running")
            case JobStatus.PAUSED:
                return Why(id=self.id, status=self.status, reason="paused by operator")
            case _ if self.queued:
                return Why(
                    id=self.id,
                    status=self.status,
                    reason="no free slot: 3 of 3 are taken",
                    details=("priority 5 (aged to 7), 1 ahead",),
                )
            case _:
                return Why(id=self.id, status=self.status, reason="not due yet")

    def record(self) -> JobRecord:
        """All facts."""
        return JobRecord(
            id=self.id,
            name=self.title,
            description=self.description,
            tags=self.tags,
            status=self.status,
            enabled=self.enabled,
            suspended=False,
            paused=self.held,
            priority=self.priority,
            effective_priority=self.effective_priority,
            schedule=self.schedule_text,
            needs=self.needs,
            next_run=self.next_run,
            last_run=self.last_started_at,
            last_outcome=self.last_outcome,
            last_reason=self.last_reason,
            counters=self.counters,
            active=tuple(run.record() for run in self.active),
            queued=len(self.queued),
            reason=None if self.active else self.why().reason,
        )

    def _asked(self, verb: str, aim: Aim | None, **arguments: object) -> None:
        if self.refusal is not None:
            raise self.refusal
        mine = Aim(self.active[-1].run_id, self.active[-1].phase) if self.active else Aim(None, None)
        if aim is not None and aim != mine:
            raise Refused(RefusedCode.CHANGED, f"{self.id} has changed", "look again and repeat the key")
        self.engine.verbs.append((verb, self.id, arguments))

    def touch(self) -> None:
        """Something that a screen shows has changed."""
        self.version += 1
        self.engine.changed(self.id)

    async def trigger(
        self,
        *,
        params: Mapping[str, str] = NOTHING,
        bypass: bool = False,
        downstream: bool = False,
        confirmed: bool = False,
    ) -> FakeRun:
        """Writes it down."""
        given = {"params": dict(params)} if params else {}
        self._asked("trigger", None, bypass=bypass, **given, **({"downstream": True} if downstream else {}))
        self.touch()
        at = self.engine.now()
        return FakeRun(f"{self.id}:99", self.id, RunPhase.QUEUED, at, at, None)

    async def pause(self, for_seconds: float | None = None, *, aim: Aim | None = None) -> Undo:
        """Pauses its runs or holds it."""
        self._asked("pause", aim, for_seconds=for_seconds)
        for run in self.active:
            run.phase = RunPhase.PAUSED
        self.held = not self.active
        self.status = (
            JobStatus.PAUSED if self.active else JobStatus.WAITING
        )  # a held job waits (20-engine, Status of a job)
        self.touch()
        return Undo("resume", self.id)

    async def resume(self, *, aim: Aim | None = None) -> Undo | None:
        """Lets it go on."""
        self._asked("resume", aim)
        for run in self.active:
            run.phase = RunPhase.RUNNING
        self.held = False
        self.status = JobStatus.RUNNING if self.active else JobStatus.WAITING
        self.touch()
        return None

    async def stop(self, *, job: bool = False, grace: float | None = None, aim: Aim | None = None) -> Undo | None:
        """Tells its runs to stop."""
        self._asked("stop", aim, job=job, grace=grace)
        for run in self.active:
            run.phase = RunPhase.STOPPING
        if job and not self.active:
            self.status = JobStatus.STOPPED
        self.touch()
        return Undo("resume", self.id) if job else None

    async def kill(self, *, aim: Aim | None = None) -> None:
        """Writes it down."""
        self._asked("kill", aim)

    async def signal(self, number: int, *, aim: Aim | None = None) -> None:
        """Writes it down."""
        self._asked("signal", aim, number=number)

    async def suspend(self) -> Undo:
        """Its schedule stands still."""
        self._asked("suspend", None)
        self.suspended = True
        self.touch()
        return Undo("unsuspend", self.id)

    async def unsuspend(self) -> Undo:
        """It goes on."""
        self._asked("unsuspend", None)
        self.suspended = False
        self.touch()
        return Undo("suspend", self.id)

    async def skip_next(self, *, undo: bool = False) -> Undo:
        """Writes it down."""
        self._asked("skip_next", None, undo=undo)
        return Undo("skip_next", self.id, {} if undo else {"undo": True})

    async def hold(self, reason: str = "", for_seconds: float | None = None) -> Undo:
        """Holds it."""
        self._asked("hold", None, reason=reason, for_seconds=for_seconds)
        self.held = True
        self.touch()
        return Undo("release", self.id)

    async def release(self) -> None:
        """Releases it."""
        self._asked("release", None)
        self.held = False
        self.touch()

    async def enable(self) -> Undo:
        """Writes it down."""
        self._asked("enable", None)
        self.enabled = True
        self.touch()
        return Undo("disable", self.id)

    async def disable(self) -> Undo:
        """Writes it down."""
        self._asked("disable", None)
        self.enabled = False
        self.touch()
        return Undo("enable", self.id)

    async def postpone(self, seconds: float) -> Undo:
        """Writes it down."""
        self._asked("postpone", None, seconds=seconds)
        return Undo("postpone", self.id, {"by": 0.0})

    async def set_timeout(self, seconds: float) -> Undo:
        """Writes it down."""
        self._asked("set_timeout", None, seconds=seconds)
        return Undo("set_timeout", self.id, {"timeout": 0.0})

    async def backfill(self, start: Instant, end: Instant, *, parallel: int = 1) -> int:
        """Writes it down."""
        self._asked("backfill", None, start=start, end=end, parallel=parallel)
        return 3

    async def bump(self, by: int) -> PrioritySet:
        """Raises its priority."""
        self._asked("bump", None, by=by)
        self.priority += by
        self.effective_priority += by
        self.touch()
        return PrioritySet(self.priority, Undo("priority", self.id, {"priority": self.priority - by}))

    async def set_priority(self, priority: int) -> PrioritySet:
        """Sets its priority."""
        self._asked("set_priority", None, priority=priority)
        before, self.priority = self.priority, priority
        self.touch()
        return PrioritySet(priority, Undo("priority", self.id, {"priority": before}))


class FakeFeed:
    """Ids that changed."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.resync = True
        self.closed = False

    def take(self) -> Changes:
        """What changed since the last call."""
        changes = Changes(frozenset(self.ids), self.resync)
        self.ids.clear()
        self.resync = False
        return changes

    def close(self) -> None:
        """Stop collecting."""
        self.closed = True


class FakeEvents:
    """A subscriber's events."""

    def __init__(self, waiting: list[Event]) -> None:
        self.waiting = waiting
        self.closed = False

    def __aiter__(self) -> AsyncIterator[Event]:
        raise NotImplementedError

    async def __anext__(self) -> Event:
        """Not asked for."""
        raise NotImplementedError

    def take(self) -> Sequence[Event]:
        """What waits now."""
        taken, self.waiting = self.waiting, []
        return taken

    def close(self) -> None:
        """Stop collecting."""
        self.closed = True


class FakeEngine(EngineVerbs):
    """An engine in a defined state."""

    def __init__(self) -> None:
        self.by_id: dict[str, FakeJob] = {}
        self.at: Instant = NOON
        self.connected = True
        self.feeds: list[FakeFeed] = []
        self.verbs: list[tuple[str, str, dict[str, object]]] = []
        self.logs: dict[str, bytes] = {}
        self.log_reads: list[tuple[str, int, int]] = []
        self.records: list[RunRecord] = []
        self.bad: list[RunRecord] = []
        self.events: list[Event] = []
        self.event_feeds: list[FakeEvents] = []
        self.deeds: list[AuditRecord] = []
        self.day_records: list[DayRecord] = []
        self.warnings: tuple[str, ...] = ()
        self.trouble: Exception | None = None
        self.file = FileChanges(path="/srv/jobs.yaml", digest="as it is")
        """What `file_changes` says, unless `trouble` is raised."""

    @property
    def jobs(self) -> Sequence[FakeJob]:
        """In file order."""
        return list(self.by_id.values())

    def job(self, job_id: str) -> FakeJob:
        """KeyError when there is none."""
        return self.by_id[job_id]

    def run(self, run_id: str) -> FakeRun:
        """KeyError when it is over."""
        for job in self.by_id.values():
            for run in (*job.active, *job.queued):
                if run.run_id == run_id:
                    return run
        raise KeyError(run_id)

    def queue(self) -> Sequence[FakeRun]:
        """What waits."""
        return [run for job in self.by_id.values() for run in job.queued]

    def status(self) -> EngineStatus:
        """Counts."""
        return EngineStatus(
            version="0.1.0",
            pid=4242,
            uptime_seconds=3600.0,
            job_file="/etc/jobs/nightly.yaml",
            jobs=len(self.by_id),
            running=sum(len(job.active) for job in self.by_id.values()),
            queued=sum(len(job.queued) for job in self.by_id.values()),
            max_running=3,
            state_dir="/var/lib/jobqueue",
            socket="/run/jobqueue/socket",
            executors=("local",),
            damaged_state=None,
            warnings=self.warnings,
        )

    def machine(self) -> MachineLoad:
        """A calm machine."""
        return MachineLoad(cpu_percent=23.4, memory_used=4100 * MIB, memory_total=15900 * MIB, load=0.52)

    def now(self) -> Instant:
        """The clock stands until a test moves it."""
        return self.at

    def changes(self) -> FakeFeed:
        """A new feed."""
        feed = FakeFeed()
        self.feeds.append(feed)
        return feed

    def subscribe(self, after: int | None = None) -> EventFeed:
        """What is kept, and what a test tells."""
        feed = FakeEvents(list(self.events))
        self.event_feeds.append(feed)
        return feed

    async def system(self) -> SystemRecord:
        """A calm system."""
        return SystemRecord(
            pools=(PoolUse("db", 2, 1, ("db-dump",)), PoolUse("net", 4, 4, ("mirror", "fetch-rates"))),
            store_bytes=37 * MIB,
            log_disk_free=120 << 30,
            log_disk_total=250 << 30,
        )

    async def audit(self, *, since: Instant | None = None, limit: int = 100) -> Sequence[AuditRecord]:
        """Verbs on record."""
        return self.deeds[:limit]

    async def days(self, *, job: str | None = None, count: int = 30) -> Sequence[DayRecord]:
        """Counts per day."""
        return [day for day in self.day_records if job in (None, day.job)]

    async def record(self, run_id: str) -> RunRecord | None:
        """One run."""
        return next((run for run in self.records if run.run_id == run_id), None)

    def changed(self, *ids: str, resync: bool = False) -> None:
        """Tell all feeds."""
        for feed in self.feeds:
            feed.ids.update(ids)
            feed.resync |= resync

    async def history(
        self,
        *,
        job: str | None = None,
        outcome: Outcome | None = None,
        since: Instant | None = None,
        limit: int = 100,
    ) -> Sequence[RunRecord]:
        """Runs on record, newest first."""
        if self.trouble is not None:
            raise self.trouble
        live = [run.record() for one in self.by_id.values() for run in (*one.active, *one.queued)]
        found = [run for run in (*live, *self.records) if job in (None, run.job) and outcome in (None, run.outcome)]
        return [
            replace(run, log_path=f"/logs/{run.run_id}") if run.run_id in self.logs else run for run in found[:limit]
        ]

    async def log(self, run_id: str, offset: int, limit: int) -> LogChunk:
        """Bytes of a log."""
        self.log_reads.append((run_id, offset, limit))
        if run_id not in self.logs:
            raise FileNotFoundError(run_id)
        data = self.logs[run_id]
        start = max(0, len(data) + offset) if offset < 0 else offset
        piece = data[start : start + limit]
        return LogChunk(piece, start, len(data), start + len(piece) < len(data))

    async def log_since(self, run_id: str, at: Instant) -> int:
        """A log grows by ten bytes a second, the last of them now."""
        size = len(self.logs[run_id])
        return max(0, size - (self.now() - at) // SECOND * 10)

    async def log_times(self, run_id: str, start: int, end: int) -> Sequence[LogTime]:
        """Likewise."""
        size = len(self.logs[run_id])
        ends = range(size % 10 or 10, size + 1, 10)
        return [LogTime(at, self.now() - (size - at) // 10 * SECOND, 1) for at in ends if at > start][: end - start]

    async def log_find(
        self, run_id: str, query: LogQuery, start: int, *, back: bool = False, most: int = 100
    ) -> LogHits:
        """Line by line."""
        if query.text == "(":
            raise ValueError("not a pattern: missing )")
        flags = re.IGNORECASE if query.ignore_case else 0
        pattern = re.compile((query.text if query.regex else re.escape(query.text)).encode(), flags)
        hits, at = [], 0
        for line in self.logs[run_id].splitlines(keepends=True):
            if pattern.search(line.rstrip(b"\n")) and (at < start if back else at >= start):
                hits.append(LogHit(at, line.rstrip(b"\n")))
            at += len(line)
        chosen = hits[::-1][:most] if back else hits[:most]
        done = len(chosen) == len(hits)
        reached = (0 if back else at) if done else chosen[-1].offset + (0 if back else len(chosen[-1].line) + 1)
        return LogHits(tuple(chosen), reached, done)

    async def rerun(self, target: str) -> str:
        """Writes it down."""
        self.verbs.append(("rerun", target, {}))
        return f"{target.partition(':')[0]}:999"

    async def ack(self, target: str, reason: str = "") -> int:
        """The run, or those of the job, leave the Inbox."""
        self.verbs.append(("ack", target, {"reason": reason}))
        before = len(self.bad)
        self.bad = [run for run in self.bad if target not in (run.run_id, run.job)]
        return before - len(self.bad)

    async def inbox(self, *, job: str | None = None, limit: int = 100) -> Sequence[RunRecord]:
        """Bad ends that nobody has acknowledged."""
        return [run for run in self.bad if job in (None, run.job)][:limit]

    async def undo(self, undo: Undo) -> None:
        """Gives the verb."""
        match undo.verb:
            case "unsuspend":
                await self.job(undo.target).unsuspend()
            case "suspend":
                await self.job(undo.target).suspend()
            case "release":
                await self.job(undo.target).release()
            case "skip_next":
                await self.job(undo.target).skip_next(undo=bool(undo.arguments.get("undo")))
            case "resume":
                await self.job(undo.target).resume()
            case "priority":
                await self.job(undo.target).set_priority(int(str(undo.arguments["priority"])))
            case other:
                raise AssertionError(other)

    async def place_of(self, job_id: str) -> FilePlace:
        """The third line."""
        return FilePlace(self.file.path, 3)

    async def file_changes(self) -> FileChanges:
        """As set."""
        if self.trouble is not None:
            raise self.trouble
        return self.file

    async def reload(self, digest: str | None = None, *, confirmed: bool = False, stop: bool = False) -> FileChanges:
        """Writes it down; refused when the file is not what was shown."""
        if digest != self.file.digest:
            raise Refused(RefusedCode.CHANGED, "the file was written again", "look again")
        self.verbs.append(("reload", "", {"confirmed": confirmed, "stop": stop}))
        return self.file

    async def shutdown(self, drain: float | None = None, *, leave: bool = False) -> tuple[str, ...]:
        """Writes it down."""
        self.verbs.append(("shutdown", "", {"drain": drain, "leave": leave}))
        return ()

    # ---- making states

    def add(self, job_id: str, **facts: object) -> FakeJob:
        """A job with these facts."""
        job = FakeJob(self, job_id)
        for name, value in facts.items():
            setattr(job, name, value)
        if "effective_priority" not in facts:
            job.effective_priority = float(job.priority)
        self.by_id[job_id] = job
        self.changed(job_id, resync=True)
        return job

    def running(
        self, job: FakeJob, seconds: float, cpu: float, rss: int, phase: RunPhase = RunPhase.RUNNING
    ) -> FakeRun:
        """Let it run since `seconds`."""
        start = self.at - int(seconds * SECOND)
        number = job.counters.starts + 1
        run = FakeRun(f"{job.id}:{number}", job.id, phase, start, start, start, pid=4000 + number)
        run.cpu_percent, run.rss_bytes = cpu, rss
        job.active.append(run)
        job.status = JobStatus.PAUSED if phase is RunPhase.PAUSED else JobStatus.RUNNING
        job.last_run_id, job.last_started_at = run.run_id, start
        job.counters = replace(job.counters, starts=number)
        return run

    def ended(self, job: FakeJob, ago: float, seconds: float, outcome: Outcome, reason: str | None = None) -> None:
        """Let its last run have ended `ago` seconds ago."""
        job.last_outcome, job.last_reason, job.last_seconds = outcome, reason, seconds
        job.last_ended_at = self.at - int(ago * SECOND)
        job.last_started_at = job.last_ended_at - int(seconds * SECOND)
        if job.last_run_id is None:
            job.last_run_id = f"{job.id}:{job.counters.starts or 1}"
