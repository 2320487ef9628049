"""An engine that does not run: jobs with given states, a clock that stands, verbs that are written down."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from engine.api import Changes, EventFeed
from engine.clock import SECOND, Instant
from engine.errors import Refused, RefusedCode
from engine.model.audit import AuditRecord, aimed_at
from engine.model.day import DayRecord
from engine.model.events import Event
from engine.model.file_changes import FileChanges, FilePlace
from engine.model.log_parts import LogChunk, LogHit, LogHits, LogQuery, LogTime
from engine.model.machine import MachineLoad
from engine.model.outcome import Outcome
from engine.model.record import EngineStatus, FileNews, RunRecord
from engine.model.states import JobStatus, RunPhase
from engine.model.system import PoolUse, SystemRecord
from engine.model.undo import Undo
from engine.testing.views import EngineVerbs
from tests.screens.fake_job import MIB, NOON, FakeJob, FakeRun


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

    def take(self, most: int | None = None) -> Sequence[Event]:
        """What waits now."""
        end = len(self.waiting) if most is None else most
        taken, self.waiting = self.waiting[:end], self.waiting[end:]
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
        self.audit_reads: list[str | None] = []
        self.day_records: list[DayRecord] = []
        self.warnings: tuple[str, ...] = ()
        self.damaged_state: str | None = None
        self.holds: tuple[str, ...] = ()
        self.unwritten: str | None = None
        self.job_file_followed = False
        self.job_file_news: FileNews | None = None
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
            damaged_state=self.damaged_state,
            warnings=self.warnings,
            holds=self.holds,
            trouble=self.unwritten,
            job_file_followed=self.job_file_followed,
            job_file_news=self.job_file_news,
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

    async def audit(
        self, *, job: str | None = None, since: Instant | None = None, limit: int = 100
    ) -> Sequence[AuditRecord]:
        """Verbs on record."""
        self.audit_reads.append(job)
        return [deed for deed in self.deeds if job in (None, aimed_at(deed.target, deed.run_id))][:limit]

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
        flags = re.IGNORECASE if query.ignore_case else 0
        try:
            pattern = re.compile((query.text if query.regex else re.escape(query.text)).encode(), flags)
        except re.error as error:
            raise ValueError(f"not a pattern: {error}") from None
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

    async def ack(self, target: str, reason: str = "", *, until: Instant | None = None) -> int:
        """The run, or those of the job, leave the Inbox."""
        self.verbs.append(("ack", target, {"reason": reason}))
        before = len(self.bad)
        late = [run for run in self.bad if until is not None and run.ended_at is not None and run.ended_at > until]
        self.bad = [run for run in self.bad if target not in (run.run_id, run.job) or run in late]
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

    async def place_of(self, job_id: str | None) -> FilePlace:
        """The third line, and the first where no job is meant."""
        return FilePlace(self.file.path, 1 if job_id is None else 3)

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
        run.engine = self
        run.cpu_percent, run.rss_bytes = cpu, rss
        job.active.append(run)
        job.status = JobStatus.PAUSED if phase is RunPhase.PAUSED else JobStatus.RUNNING
        job.last_run_id, job.last_started_at = run.run_id, start
        job.counters = replace(job.counters, starts=number)
        return run

    def ended(self, job: FakeJob, ago: float, seconds: float, outcome: Outcome, reason: str | None = None) -> None:
        """Let its last run have ended `ago` seconds ago."""
        job.last_outcome, job.last_reason, job.last_seconds = outcome, reason, seconds
        if outcome not in {Outcome.SKIPPED, Outcome.MISSED}:
            job.last_run_outcome = outcome
        job.last_ended_at = self.at - int(ago * SECOND)
        job.last_started_at = job.last_ended_at - int(seconds * SECOND)
        if job.last_run_id is None:
            job.last_run_id = f"{job.id}:{job.counters.starts or 1}"
