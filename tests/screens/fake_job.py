"""Jobs and runs with given states, whose verbs are written down by their engine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.api import Aim
from engine.clock import SECOND, Instant, instant
from engine.errors import Refused, RefusedCode
from engine.model.coming import Coming
from engine.model.environment import Environment
from engine.model.marks import UNTURNED, Marks
from engine.model.outcome import Outcome
from engine.model.record import Counters, JobRecord, RunKind, RunRecord, Why
from engine.model.states import JobStatus, RunPhase
from engine.model.stats import JobStats, Spread
from engine.model.undo import PrioritySet, Undo
from engine.spec.job import NOTHING, Manual
from engine.spec.limits import NO_LIMITS, Limits
from engine.spec.log import LogFormat
from engine.spec.params import Param
from engine.testing.views import JobVerbs, RunVerbs
from tests.views import job_record

if TYPE_CHECKING:
    from tests.screens.fake_engine import FakeEngine


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
    paused_us: int = 0
    cpu_percent: float | None = None
    rss_bytes: int | None = None
    log_path: str | None = None
    effective_priority: float = 0.0
    waits_for: str = "no free slot: 3 of 3 are taken"

    engine: FakeEngine | None = None

    def _asked(self, verb: str, aim: Aim | None, **arguments: object) -> None:
        assert self.engine is not None
        if aim is not None and (self.run_id, self.phase) not in (aim.runs or ()):
            raise Refused(RefusedCode.CHANGED, f"{self.run_id} has changed", "look again and repeat the key")
        self.engine.verbs.append((verb, self.run_id, arguments))

    async def stop(self, grace: float | None = None, *, aim: Aim | None = None) -> None:
        """Tells it to stop."""
        self._asked("stop", aim, grace=grace)
        self.phase = RunPhase.STOPPING

    async def kill(self, *, aim: Aim | None = None) -> None:
        """Writes it down."""
        self._asked("kill", aim)

    async def signal(self, number: int, *, aim: Aim | None = None) -> None:
        """Writes it down."""
        self._asked("signal", aim, number=number)

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
    holds: tuple[str, ...] = ()
    """What holds it when it is not itself alone."""
    behind_others: bool = True
    """Of what waits: more priority would help it."""
    priority: int = 0
    effective_priority: float = 0.0
    next_run: Instant | None = None
    last_started_at: Instant | None = None
    last_ended_at: Instant | None = None
    last_outcome: Outcome | None = None
    last_run_outcome: Outcome | None = None
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
    pools: Mapping[str, int] = field(default_factory=dict)
    exclusive: bool | str = False
    environment: Environment = field(default_factory=Environment)
    limits: Limits = NO_LIMITS
    taken: JobStats | None = None
    times: list[Coming] = field(default_factory=list)
    marks: Marks = UNTURNED

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
                    bump_helps=self.behind_others,
                )
            case _ if self.held:
                holds = self.holds or (self.id,)
                return Why(id=self.id, status=self.status, reason=f"held: {', '.join(holds)}", holds=holds)
            case _:
                return Why(id=self.id, status=self.status, reason="not due yet")

    def record(self) -> JobRecord:
        """All facts."""
        return job_record(self, None if self.active else self.why().reason)

    def _asked(self, verb: str, aim: Aim | None, what: str = "", /, **arguments: object) -> None:
        """`what`: the mark of what the verb turns; empty: it is about the active runs."""
        if self.refusal is not None:
            raise self.refusal
        if aim is not None:
            runs = {(run.run_id, run.phase) for run in self.active}
            moved = not what and aim.runs is not None and {*aim.runs} != runs
            if moved or (what and getattr(aim.marks, what) != getattr(self.marks, what)):
                raise Refused(RefusedCode.CHANGED, f"{self.id} has changed", "look again and repeat the key")
        self.engine.verbs.append((verb, self.id, arguments))
        if what:
            self.marks = self.marks._replace(**{what: getattr(self.marks, what) + 1})

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
        self._asked("trigger", None, "", bypass=bypass, **given, **({"downstream": True} if downstream else {}))
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

    async def suspend(self, *, aim: Aim | None = None) -> Undo:
        """Its schedule stands still."""
        self._asked("suspend", aim, "schedule")
        self.suspended = True
        self.touch()
        return Undo("unsuspend", self.id)

    async def unsuspend(self, *, aim: Aim | None = None) -> Undo:
        """It goes on."""
        self._asked("unsuspend", aim, "schedule")
        self.suspended = False
        self.touch()
        return Undo("suspend", self.id)

    async def skip_next(self, *, at: Instant | None = None, undo: bool = False) -> Undo:
        """Writes it down."""
        self._asked("skip_next", None, undo=undo, **({} if at is None else {"at": at}))
        return Undo("skip_next", self.id, {} if undo else {"undo": True})

    async def hold(self, reason: str = "", for_seconds: float | None = None, *, aim: Aim | None = None) -> Undo:
        """Holds it."""
        self._asked("hold", aim, "hold", reason=reason, for_seconds=for_seconds)
        self.held = True
        self.touch()
        return Undo("release", self.id)

    async def release(self, *, aim: Aim | None = None) -> None:
        """Releases it."""
        self._asked("release", aim, "hold")
        self.held = False
        self.touch()

    async def enable(self, *, aim: Aim | None = None) -> Undo:
        """Writes it down."""
        self._asked("enable", aim, "enabled")
        self.enabled = True
        self.touch()
        return Undo("disable", self.id)

    async def disable(self, *, aim: Aim | None = None) -> Undo:
        """Writes it down."""
        self._asked("disable", aim, "enabled")
        self.enabled = False
        self.touch()
        return Undo("enable", self.id)

    async def postpone(self, seconds: float, *, at: Instant | None = None) -> Undo:
        """Writes it down."""
        self._asked("postpone", None, seconds=seconds, **({} if at is None else {"at": at}))
        return Undo("postpone", self.id, {"by": 0.0})

    async def set_timeout(self, seconds: float, *, aim: Aim | None = None) -> Undo:
        """Writes it down."""
        self._asked("set_timeout", aim, "timeout", seconds=seconds)
        return Undo("set_timeout", self.id, {"timeout": 0.0})

    async def backfill(self, start: Instant, end: Instant, *, parallel: int = 1) -> int:
        """Writes it down."""
        self._asked("backfill", None, start=start, end=end, parallel=parallel)
        return 3

    async def bump(self, by: int, *, aim: Aim | None = None) -> PrioritySet:
        """Raises its priority."""
        self._asked("bump", aim, "priority", by=by)
        self.priority += by
        self.effective_priority += by
        self.touch()
        return PrioritySet(self.priority, Undo("priority", self.id, {"priority": self.priority - by}))

    async def set_priority(self, priority: int) -> PrioritySet:
        """Sets its priority."""
        self._asked("set_priority", None, "priority", priority=priority)
        before, self.priority = self.priority, priority
        self.touch()
        return PrioritySet(priority, Undo("priority", self.id, {"priority": before}))
