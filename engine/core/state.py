"""The state that the loop owns: jobs, runs, what is taken. Changed by `engine.core` alone, on the loop.

Invariants (the property tests check them after each step):
- a run stands in exactly one place: its job's `queue` (queued) or its job's `active` (live or retrying), or it is over;
- `taken` counts live runs; pools and groups count what live runs hold;
- per job: starts = success + failed + timed_out + stopped + lost + active.

Long, since it is data: runs and jobs hold each other, and every rule of the core is about both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import NamedTuple, TypeAlias

from engine.clock import SECOND, Instant
from engine.core.course import COMMAND, Step
from engine.core.holds import Hold
from engine.core.rollup import Rollup
from engine.core.stats import Tracker
from engine.core.trail import UNBROKEN, Trail
from engine.model.marks import UNTURNED, Marks
from engine.model.outcome import Outcome, Reason
from engine.model.record import AttemptRecord, Counters, RunKind
from engine.model.states import LIVE, Ended, RunPhase, RunState, step
from engine.model.usage import Usage
from engine.planning import NO_CALENDARS, Limits
from engine.ports.executor import AttemptId, Cause, Disk, Home, LeftBehind
from engine.schedule import Plan
from engine.spec.config import EngineSpec, PoolSpec
from engine.spec.job import NOTHING, JobSpec
from engine.spec.matrix import Shard
from engine.spec.params import NOTHING_GIVEN, Given
from engine.spec.when import Blackout, CalendarSpec
from engine.values import lean, mutable

COUNTED = frozenset({RunKind.SCHEDULE, RunKind.CATCH_UP, RunKind.NEEDS, RunKind.WATCH})
"""Kinds of runs that `max_runs` counts."""

NO_LIMITS = Limits()

RING = 600
"""Samples kept for a job's sparklines: ten minutes at one a second."""


OrderKey: TypeAlias = tuple[float, int, int, int, int]
"""Sorts waiting runs; see `core.ready`."""


@mutable(slots=True)
class Tally:
    """A job's counters, live; `Counters` is their frozen copy."""

    starts: int = 0
    success: int = 0
    failed: int = 0
    timed_out: int = 0
    stopped: int = 0
    lost: int = 0
    skipped: int = 0
    missed: int = 0

    def add(self, outcome: Outcome, count: int = 1) -> None:
        """One more run (`count` occurrences) with this outcome."""
        match outcome:
            case Outcome.SUCCESS:
                self.success += count
            case Outcome.FAILED:
                self.failed += count
            case Outcome.TIMED_OUT:
                self.timed_out += count
            case Outcome.STOPPED:
                self.stopped += count
            case Outcome.LOST:
                self.lost += count
            case Outcome.SKIPPED:
                self.skipped += count
            case Outcome.MISSED:
                self.missed += count

    def frozen(self) -> Counters:
        """A copy for the outside."""
        return Counters(
            starts=self.starts,
            success=self.success,
            failed=self.failed,
            timed_out=self.timed_out,
            stopped=self.stopped,
            lost=self.lost,
            skipped=self.skipped,
            missed=self.missed,
        )


@lean(frozen=True, slots=True)
class Changes:
    """Changes of watched files that no run has seen yet (`core.changes`). `held`: all of them came while nothing could start."""

    first: Instant
    newest: Instant
    count: int
    held: bool


@mutable(slots=True)
class Attempt:
    """One start of the command: claimed (durable intention), then a process, then over."""

    id: AttemptId
    number: int
    tag: int
    boot_id: str
    step: Step = COMMAND
    durable: bool = False
    """The claim is on disk: it may be ordered."""
    ordered: bool = False
    """The executor has it; it may still be withdrawn until it has a pid."""
    started_at: Instant | None = None
    pid: int | None = None
    ticks: int | None = None
    waits: bool = True
    """For a slot; a later step of a run, and a hook beside it, starts at once."""


@mutable(slots=True)
class Course:
    """What only runs with more steps than their command have to remember."""

    verdict: tuple[Outcome, Reason] | None = None
    """What the run will end with, while hooks and outputs are still to come."""
    errors: dict[str, list[str]] = field(default_factory=dict)
    """Hooks' errors by slot."""
    wait: float = 0.0
    """Seconds until the next attempt, once the `retry` hook is over."""
    rounds: int = 0
    """How often the preconditions were looked at in vain."""
    checked_since: Instant | None = None
    beside: int = 0
    """Hooks that were begun beside the run."""
    sides: dict[AttemptId, Attempt] = field(default_factory=dict)
    """Those of them that are not over."""

    def note(self, slot: str, error: str) -> None:
        """Keep a hook's error."""
        self.errors.setdefault(slot, []).append(error)


@mutable(slots=True, eq=False)
class Run:
    """What an occurrence became."""

    no: int
    """Number in the store, over all jobs; rises."""
    run_id: str
    job: Job
    kind: RunKind
    planned_at: Instant
    queued_at: Instant
    state: RunState
    first_planned_at: Instant = 0
    seq: int = 0
    """Tells apart what has the same job, kind and planned instant; 0 where there can be one only."""
    count: int = 1
    count_exact: bool = True
    given: Given = NOTHING_GIVEN
    """Values of the job's parameters for this run."""
    shard: Shard | None = None
    """Its part of an occurrence of a job with a matrix."""
    ages_from: Instant = 0
    """Waiting counts from here for ageing."""
    stands_since: Instant | None = None
    """... and up to here, while it does not age (`core.ageing`)."""
    bypass: bool = False
    attempt: Attempt | None = None
    past: list[AttemptRecord] = field(default_factory=list)
    """Attempts that are over."""
    attempts_made: int = 0
    started_at: Instant | None = None
    ended_at: Instant | None = None
    exit_code: int | None = None
    signal: int | None = None
    peak_rss: int | None = None
    cpu_seconds: float | None = None
    paused_us: int = 0
    paused_since: Instant | None = None
    pause_until: Instant | None = None
    cpu_percent: float | None = None
    rss: int | None = None
    disk_now: Disk | None = None
    """What the current attempt has read and written so far."""
    disk: Disk | None = None
    """What the attempts that are over have."""
    left_behind: tuple[LeftBehind, ...] = ()
    log_path: str | None = None
    home: Home = Home.LOCAL
    data: dict[str, object] = field(default_factory=dict)
    """What the run's function saved."""
    facts: dict[str, object] = field(default_factory=dict)
    """What subscribers attached."""
    error: str | None = None
    """Traceback of the last attempt that ended with an exception."""
    may_still_run: bool = False
    """Over on record, but its function ignored the stop: it keeps its slot (`State.lingering`)."""
    not_before: Instant = 0
    """It is not offered earlier: its preconditions are to be looked at again then."""
    recovered: bool = False
    """The failover went well."""
    outputs: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    _course: Course | None = None
    told: int = 0
    """What was told of it (`watching.Told`)."""
    stuck: bool = False
    """It takes so long that somebody should look."""
    printed: bool = False
    """It has written to its log; looked at only where somebody wants to know."""
    short: bool = False
    """It ended sooner than `timeout.min`."""
    stored: bool = False
    """It has a row."""
    priority: int = 0
    cascade: str | None = None
    """The run that was triggered with everything downstream, of which this one is a part."""
    wish: Reason | None = None
    """The run is to end before it starts (its launch is being withdrawn); what the record will say."""
    wish_kill: bool = False
    """... and not by its own stop signal, but at once."""
    mark: int = 0
    """Of the last time that it was paused or resumed (`core.marks`)."""
    exceeded: Mapping[Cause, float] | None = None
    """Limits of its tree that it was beyond, with the most that was seen: bytes, cores."""
    usage: Usage | None = None
    """What was sampled of it; None: nothing was."""
    throttled: float | None = None
    """Seconds for which its limit of cores held it up, over its attempts that are over."""
    paused_for: Cause | None = None
    """The limit for which it is paused; None: it is not, or somebody did it."""
    entry: int = 0
    """Token of its place in the ready queue; another token there is stale. 0: it is not there."""
    key: OrderKey = (0.0, 0, 0, 0, 0)
    """What it was ordered by when it last came into the ready queue, or came first of its job there."""
    occurrence: int = field(init=False)
    """The number in its id, which the shards of one occurrence share."""
    spec: JobSpec = field(init=False)
    """What it goes by: its job's, but one that has begun keeps the spec that it began with when the job's changes."""

    def __post_init__(self) -> None:
        self.spec = self.job.spec
        self.occurrence = int(self.run_id.rpartition(":")[2])

    @property
    def course(self) -> Course:
        """Made when it is first asked for: most runs have none."""
        if self._course is None:
            self._course = Course()
        return self._course

    @property
    def has_course(self) -> bool:
        """There is something in it."""
        return self._course is not None

    @property
    def phase(self) -> RunPhase:
        """The word for its state."""
        return self.state.phase

    @property
    def live(self) -> bool:
        """Takes a slot."""
        return self.state.phase in LIVE

    def aged(self, now: Instant) -> int:
        """Microseconds of its waiting that count for its priority."""
        return max(0, (now if self.stands_since is None else self.stands_since) - self.ages_from)

    @property
    def pid(self) -> int | None:
        """Of the current attempt."""
        return self.attempt.pid if self.attempt else None

    @property
    def counts(self) -> bool:
        """For `max_runs`: made by schedule or `needs`, not by hand nor by what a person set going; of shards the first."""
        return self.kind in COUNTED and self.cascade is None and (self.shard is None or self.shard.first)

    @property
    def timeout(self) -> float | None:
        """Seconds that an attempt of it may run (None: any), as its spec says or as an operator set it for the job."""
        return self.spec.timeout.run if self.job.timeout_set is None else self.job.timeout_set or None

    @property
    def disk_in_all(self) -> Disk | None:
        """What its attempts have read and written; None: nobody knows."""
        return add_disk(self.disk, self.disk_now)

    def go(self, new: RunState) -> None:
        """Take a step of the transition table; IllegalStep changes nothing."""
        self.state = step(self.state, new)

    @property
    def outcome(self) -> Outcome | None:
        """The fate, once there is one."""
        return self.state.outcome if isinstance(self.state, Ended) else None

    @property
    def reason(self) -> Reason | None:
        """Why it ended so."""
        return self.state.reason if isinstance(self.state, Ended) else None


def add_disk(one: Disk | None, two: Disk | None) -> Disk | None:
    """The sum of what is known."""
    if one is None or two is None:
        return one or two
    return Disk(one.read + two.read, one.written + two.written)


class Rings(NamedTuple):
    """CPU in percent and resident bytes: a point a second while something runs, and the last hours."""

    cpu: deque[float]
    rss: deque[int]
    long: Rollup


@mutable(slots=True, eq=False)
class Job:
    """One job, live."""

    spec: JobSpec
    index: int
    plan: Plan | None = None
    schedule_text: str = ""
    listed: bool = True
    """False: it left the file and lives on only while its runs do."""
    removing: bool = False
    """It was removed and lives on only while its runs do."""
    version: int = 0
    seq: int = 0
    """Number of its newest run; never goes back."""
    tally: Tally = field(default_factory=Tally)
    priority: int = 0
    held_since: Instant | None = None
    hold_until: Instant | None = None
    hold_by: str = ""
    hold_reason: str = ""
    covers: dict[str, Hold] = field(default_factory=dict)
    """Holds of its tags and of the engine, by scope."""
    stopped: bool = False
    suspended: bool = False
    """The schedule stands still; what a person starts is started."""
    skip_at: Instant | None = None
    """The first occurrence at or after this instant becomes `skipped(operator)`."""
    after_skip: Instant | None = None
    """The occurrence after the one that is to be skipped."""
    postponed: tuple[Instant, Instant] | None = None
    """An occurrence that an operator put off, and when it is due instead; of the newest one that was."""
    enabled_set: bool | None = None
    """What an operator set; None: as the file says."""
    timeout_set: float | None = None
    """Seconds that an operator set; 0: no timeout; None: as the file says."""
    parallel: int = 1
    """Backfill runs at once."""
    planned_by: str | None = None
    """Mark of the schedule that `planned_until` belongs to."""
    planned_until: Instant | None = None
    """The newest occurrence that has its fate (or the time it was first seen)."""
    next_due: Instant | None = None
    """When the next occurrence may start: its planned time and its jitter."""
    next_planned: Instant | None = None
    limits: Limits = NO_LIMITS
    trail: Trail = UNBROKEN
    unplanned: bool = False
    """`next_due` is past and has its run; the one after it is planned as soon as time allows."""
    settling: bool = False
    """What fell due while nothing could start gets its fate just now."""
    changes: Changes | None = None
    over: bool = False
    """Its `end_at` has passed; set for what has no plan that says so."""
    counted: int = 0
    """Runs that `max_runs` counts: started by schedule or `needs`."""
    active: list[Run] = field(default_factory=list)
    queue: list[Run] = field(default_factory=list)
    last: Run | None = None
    """The newest run that was started."""
    last_no: int | None = None
    last_run_id: str | None = None
    last_started_at: Instant | None = None
    last_ended_at: Instant | None = None
    last_outcome: Outcome | None = None
    """Of the newest occurrence that has its fate, also of one that was skipped."""
    last_run_outcome: Outcome | None = None
    """Of the last one that ran, which nothing that was skipped or missed changes."""
    last_reason: str | None = None
    last_seconds: float | None = None
    served_at: Instant = 0
    told: dict[str, Instant] = field(default_factory=dict)
    """When each thing was last told of it."""
    failed_no: int | None = None
    """Number of its newest run that failed: kept on record whatever its age."""
    failing: bool = False
    """Its last run that succeeded or failed, failed."""
    overlaps: int = 0
    """Occurrences in a row that were skipped because a run was still going."""
    look_at: Instant | None = None
    tracked: Tracker | None = None
    """What its runs took; made at the first end."""
    retries: int = 0
    """Attempts after the first in the job's life; what `reset_on_success: false` counts."""
    data: dict[str, object] = field(default_factory=dict)
    """What its functions saved for the job, over runs."""
    lingering: int = 0
    """Functions that ignored their stop and still run: each counts as a run for the job's concurrency."""
    outputs: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """What its last run that ended hands on."""
    needed: list[Job] = field(default_factory=list)
    """The jobs it needs."""
    needed_by: list[Job] = field(default_factory=list)
    met: dict[str, Outcome] = field(default_factory=dict)
    """Triggered by needs: how each needed job ended since the last run of this one was made."""
    heard: set[str] = field(default_factory=set)
    """Needed jobs that ended in this round; see `core.needs`."""
    gathered: dict[int, tuple[Outcome, str | None]] = field(default_factory=dict)
    """With a matrix: what occurrences that are not over have come to so far (`core.shards`)."""
    round_skipped: bool = False
    """This round already has its `skipped(upstream)`."""
    rings: Rings | None = None
    """What its runs used lately; made at the first sample."""
    marks: Marks = UNTURNED
    id: str = field(init=False)
    """The key in the job file."""

    def __post_init__(self) -> None:
        self.id = self.spec.id  # asked for thirty times a run: a property costs more than its place

    @property
    def held(self) -> bool:
        """Nothing of it starts until released."""
        return self.held_since is not None or bool(self.covers)

    @property
    def enabled(self) -> bool:
        """As the file says, or as an operator set it."""
        return self.spec.enabled if self.enabled_set is None else self.enabled_set

    @property
    def timeout(self) -> float | None:
        """Seconds that an attempt may run (None: any), as the file says or as an operator set it."""
        return self.spec.timeout.run if self.timeout_set is None else self.timeout_set or None

    @property
    def changed(self) -> tuple[str, ...]:
        """Keys of the job file whose value an operator has changed."""
        differs = {
            "enabled": self.enabled != self.spec.enabled,
            "priority": self.priority != self.spec.priority,
            "timeout": self.timeout != self.spec.timeout.run,
        }
        return tuple(name for name, is_so in differs.items() if is_so)

    @property
    def may_start(self) -> bool:
        """Not held, stopped or disabled."""
        return self.held_since is None and not self.covers and not self.stopped and self.enabled

    @property
    def follows_schedule(self) -> bool:
        """Its occurrences become runs."""
        return self.may_start and not self.suspended

    @property
    def next_run(self) -> Instant | None:
        """When its schedule starts it next; None: it does not, for now or for ever."""
        if not self.follows_schedule:
            return None
        skips = self.skip_at is not None and self.next_planned is not None and self.next_planned >= self.skip_at
        return self.after_skip if skips else self.next_due

    @property
    def runs_left(self) -> int | None:
        """How many more runs `max_runs` allows, those that wait counted as made; None: no bound."""
        if self.spec.max_runs is None:
            return None
        return max(0, self.spec.max_runs - self.counted - sum(run.counts for run in self.queue))

    @property
    def plan_exhausted(self) -> bool:
        """It was planned, and there is no further time."""
        return self.follows_schedule and self.next_due is None and self.planned_until is not None

    def sample(self, cpu_percent: float, rss: int) -> None:
        """One more point of its sparklines."""
        if self.rings is None:
            self.rings = Rings(deque(maxlen=RING), deque(maxlen=RING), Rollup())
        self.rings.cpu.append(cpu_percent)
        self.rings.rss.append(rss)
        self.rings.long.add(cpu_percent, rss)

    @property
    def tracker(self) -> Tracker:
        """Made when it is first asked for: ten thousand jobs that have not run yet need none."""
        if self.tracked is None:
            self.tracked = Tracker()
        return self.tracked

    @property
    def usual(self) -> float | None:
        """Seconds that a run usually takes: the median of the recent ones; None before the first."""
        return None if self.tracked is None else self.tracked.usual()

    @property
    def p95(self) -> float | None:
        """Seconds that 95 of 100 runs stay below, of the recent ones; None before the first."""
        return None if self.tracked is None else self.tracked.p95()

    @property
    def room(self) -> bool:
        """Its own concurrency allows one more live run."""
        limit = concurrency(self.spec)
        return limit is None or len(self.active) + self.lingering < limit


def concurrency(spec: JobSpec) -> int | None:
    """Runs of one job at once: as written; by default 1, under `overlap: allow` without bound (None)."""
    if spec.concurrency is not None:
        return spec.concurrency
    return None if spec.overlap == "allow" else 1


class Stretch(NamedTuple):
    """A plan, by its key, between two instants."""

    plan: str
    after: Instant
    until: Instant


@lean(frozen=True, slots=True)
class Settling:
    """A job whose past gets its fate, step by step."""

    job: Job
    steps: Iterator[None]


@mutable(slots=True)
class Cascade:
    """What follows a run that was triggered with everything downstream; see `core.cascade`."""

    jobs: list[str]
    """All of its jobs, the triggered one first."""
    left: list[str]
    """Those that have neither run nor been skipped."""
    ended: dict[str, Outcome] = field(default_factory=dict)


@mutable(slots=True)
class State:
    """Everything."""

    spec: EngineSpec
    boot_id: str = ""
    zone: str = "UTC"
    """Of jobs that name none."""
    facts: dict[str, str] = field(default_factory=dict)
    """Single values that the store kept."""
    jobs: dict[str, Job] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    """Queued and active runs by run id."""
    by_attempt: dict[AttemptId, Run] = field(default_factory=dict)
    unplanned: deque[Job] = field(default_factory=deque)
    settling: deque[Settling] = field(default_factory=deque)
    changed: dict[str, Job] = field(default_factory=dict)
    """Jobs with `changes`."""
    stretches: dict[Stretch, tuple[list[Instant], bool]] = field(default_factory=dict)
    """What equal schedules had due in a stretch, while it is needed (`core.settling`)."""
    pools: dict[str, PoolSpec] = field(default_factory=dict)
    calendars: Mapping[str, CalendarSpec] = field(default_factory=lambda: NO_CALENDARS)
    blackouts: tuple[Blackout, ...] = ()
    blackout: Blackout | None = None
    """The one that is on."""
    blackout_since: Instant = 0
    """When the engine saw it begin: since then nothing ages."""
    pool_taken: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    """Live runs per exclusive group."""
    alone: Run | None = None
    """The live exclusive run."""
    cpus: float = 1.0
    """Cores that runs may reserve."""
    memory: int = 0
    """Bytes that runs may reserve."""
    pings: frozenset[str] = frozenset()
    """Notifiers that are dead-man's switches."""
    alert_no: int = 0
    """Number of the newest alert."""
    memory_asked: bool = False
    """Some job reserves memory."""
    free_memory: int | None = None
    """Bytes available on the machine when it was last looked at; None: nobody asks for memory."""
    cpu_reserved: float = 0.0
    memory_reserved: int = 0
    taken: int = 0
    """Live runs, and lingering ones."""
    staged: int = 0
    """Live runs with more steps than their command: while there is one, nothing is ordered ahead of its slot."""
    lingering: dict[AttemptId, Run] = field(default_factory=dict)
    """Runs whose function goes on after their end; they hold what they took."""
    waiting: int = 0
    """Queued runs."""
    next_no: int = 1
    last_mark: int = 0
    """The newest of all marks."""
    holds: dict[str, Hold] = field(default_factory=dict)
    """Of the engine and of tags, by scope."""
    cascades: dict[str, Cascade] = field(default_factory=dict)
    """By the id of the run that was triggered."""
    reserving: Run | None = None
    """Waits first in order for space, and keeps others from delaying it."""
    reserving_until: Instant | None = None
    draining: bool = False
    opening: bool = False
    """The executor is not there yet: nothing falls due, and nothing is claimed, for nobody could be asked about that if it
    never came."""
    began_at: Instant = 0
    """When this engine began."""
    store_fails: bool = False
    """Nothing can be made durable at the moment."""
    bad_ends: int = 0
    """Runs since the engine started that ended in a way for which a campaign is not a success."""

    def listed_jobs(self) -> Iterable[Job]:
        """The jobs of the file, in its order."""
        return (job for job in self.jobs.values() if job.listed)

    def enqueue(self, run: Run) -> None:
        """Put a queued run where it belongs."""
        run.job.queue.append(run)
        self.runs[run.run_id] = run
        self.waiting += 1

    def dequeue(self, run: Run) -> None:
        """Take a run out of its job's queue."""
        run.job.queue.remove(run)
        self.waiting -= 1

    def effective_priority(self, run: Run, now: Instant) -> float:
        """Priority and what waiting has added (20-engine: order of the ready queue)."""
        ageing = self.spec.ageing
        return run.priority + run.aged(now) / SECOND / ageing.every * ageing.step

    def nothing_left(self) -> bool:
        """Nothing runs, waits or is scheduled any more."""
        return (
            not self.runs
            and not self.settling
            and not any(job.follows_schedule for job in self.changed.values())
            and all(job.next_due is None or not job.follows_schedule for job in self.jobs.values())
        )
