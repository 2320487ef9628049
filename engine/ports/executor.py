"""The port through which the engine has attempts carried out.

One door in (`submit`, a batch of orders, never blocks), one door out (`sink`, batches of reports, called on the
engine's loop). Batches, because one packet per wake in both directions is what makes a thousand short runs cheap.
A coroutine per attempt (`await launch()`) was tried on paper and rejected: it costs a task and two wakes per run,
and answers could arrive out of order with what the executor reports by itself.

Order of reports of one attempt: SpawnFailed alone; or Started, then any of Paused, PauseRefused, Resumed, Exceeded, Sampled,
then exactly one Ended; or Withdrawn alone. One exception: Ended without Started, with neither exit code nor signal,
says that the executor was lost with the launch in its hands and nobody knows whether it ran. Ended and SpawnFailed
are repeated after a reconnect until they were acknowledged; receivers ignore what they know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from engine.clock import Instant
from engine.spec.context import JobFunction
from engine.spec.job import OnLeftBehind
from engine.spec.limits import NO_LIMITS, Limits
from engine.spec.monitor import EACH_SECOND, Monitor
from engine.values import lean

AttemptId: TypeAlias = str
"""`JOB:N.K` or `JOB[item]:N.K`: the K-th attempt of a run; never reused."""


class Disk(NamedTuple):
    """Bytes that a tree has read from and written to disks. What the page cache served or still holds is not among them."""

    read: int
    written: int


class Identity(NamedTuple):
    """Who a process is to be, by numbers: its user, its group, and all groups it belongs to."""

    uid: int
    gid: int
    groups: tuple[int, ...]


class Cause(StrEnum):
    """Who ended an attempt that did not end by itself."""

    STOP = "stop"
    TIMEOUT = "timeout"
    IDLE = "idle"
    MEMORY = "memory"
    CPU = "cpu"
    SHUTDOWN = "shutdown"


class Home(StrEnum):
    """Where an attempt lives: a process of this machine, or the engine's own process."""

    LOCAL = "local"
    CALL = "call"


# -- orders: engine -> executor ---------------------------------------------------------------------------------


@lean(frozen=True, slots=True, kw_only=True)
class Calling:
    """A callable attempt: the function (None: `argv` calls it in a child), and what its context begins with."""

    function: JobFunction | None
    job_id: str
    run_id: str
    number: int
    scheduled_at: datetime
    data: Mapping[str, object] = field(default_factory=dict)
    job_data: Mapping[str, object] = field(default_factory=dict)
    pause_timeout: float = 1.0
    params: Mapping[str, str] = field(default_factory=dict)


@lean(frozen=True, slots=True)
class Launch:
    """Start one attempt. Idempotent by attempt id.

    `tag` marks every process of the attempt (unique, random, > 0, < 2**62). `waits`: it may stay in the executor
    until fewer than `Limit.running` attempts with `slot` live; otherwise it starts at once. `timeout` (seconds,
    None = none) counts running time without pauses and is enforced by the executor: `stop_signal`, `grace`, KILL; so is `idle`,
    seconds without a byte of output, and so are `limits`.
    """

    attempt: AttemptId
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    log_path: str
    tag: int
    umask: int = 0o022
    stdin: str = ""
    timeout: float | None = None
    stop_signal: int = 15
    grace: float = 10.0
    slot: bool = True
    waits: bool = False
    idle: float | None = None
    limits: Limits = NO_LIMITS
    monitor: Monitor | None = EACH_SECOND
    """How it is sampled; None: it is not."""
    calling: Calling | None = None
    identity: Identity | None = None
    """None: as the executor is."""
    left_behind: OnLeftBehind = OnLeftBehind.RELEASE
    """HOLD: it ends when the last process of its tree has, with the exit code of its leader; KILL: they are ended as by a stop."""

    @property
    def home(self) -> Home:
        """Which kind of executor carries it out."""
        return Home.CALL if self.calling is not None and self.calling.function is not None else Home.LOCAL


@lean(frozen=True, slots=True)
class Limit:
    """At most so many attempts with `slot` live at once; waiting launches start as others end. Before the first one: none."""

    running: int


@lean(frozen=True, slots=True)
class Withdraw:
    """Take back launches that still wait; answered by `Withdrawn` with those that did not start."""

    attempts: tuple[AttemptId, ...]


@lean(frozen=True, slots=True)
class Stop:
    """End the whole tree: `signal`, after `grace` seconds KILL, until nothing carries the tag. A paused tree is continued to die.

    May be repeated, with another signal or a shorter grace. A launch that still waits is withdrawn instead.
    """

    attempt: AttemptId
    signal: int
    grace: float
    cause: Cause = Cause.STOP


@lean(frozen=True, slots=True)
class Pause:
    """Stop the whole tree in its tracks; answered by Paused or PauseRefused (after 2 s of a tree that keeps forking)."""

    attempt: AttemptId


@lean(frozen=True, slots=True)
class Resume:
    """Let a paused tree go on; answered by Resumed."""

    attempt: AttemptId


@lean(frozen=True, slots=True)
class Signal:
    """Send this signal to every process of the tree, once. A paused tree takes it when it goes on. Not answered."""

    attempt: AttemptId
    number: int


@lean(frozen=True, slots=True)
class SetTimeout:
    """From now on this timeout counts, from the start and without pauses (None: none). One that has passed ends the run."""

    attempt: AttemptId
    seconds: float | None


@lean(frozen=True, slots=True)
class Acknowledge:
    """These ends (Ended or SpawnFailed) are durable here: forget them."""

    attempts: tuple[AttemptId, ...]


Order: TypeAlias = Launch | Limit | Withdraw | Stop | Pause | Resume | Signal | SetTimeout | Acknowledge


# -- reports: executor -> engine --------------------------------------------------------------------------------


@lean(frozen=True, slots=True)
class Started:
    """The process exists. `ticks` is its start time since boot in clock ticks (lower bound, exact to `ticks_span`)."""

    attempt: AttemptId
    at: Instant
    pid: int
    ticks: int
    ticks_span: int = 1


@lean(frozen=True, slots=True)
class SpawnFailed:
    """No process came to be, and no Ended follows. `step` is what failed: cwd, log, stdin, exec, fork, keeper, or the
    key of the job file that asked for it (user, nofile, nice …).

    `secret`: the engine ordered nothing, because it could not have this secret, and why; `errno` and `step` mean nothing then.
    """

    attempt: AttemptId
    at: Instant
    errno: int
    step: str
    secret: str = ""


@lean(frozen=True, slots=True)
class LeftBehind:
    """A process of the tree that outlived its leader."""

    pid: int
    command: str


@lean(frozen=True, slots=True)
class Ended:
    """The leader is over: exit code or signal (both None: unknown, nobody could wait for it).

    `peak_rss` in bytes, `cpu` in seconds, None = unknown. `cause` None: by itself. With a cause the whole tree is
    gone, and `left_behind` names only what could not be killed.
    """

    attempt: AttemptId
    at: Instant
    exit_code: int | None
    signal: int | None
    cpu: float | None
    peak_rss: int | None
    cause: Cause | None = None
    left_behind: tuple[LeftBehind, ...] = ()
    handed_on: bool | None = None
    """Is there a file with its outputs; None: somebody has to look."""
    exceeded: float | None = None
    """What was seen when a limit ended it: resident bytes, or cores."""
    throttled: float = 0.0
    """Seconds for which its limit of cores held it up."""
    disk: Disk | None = None
    failure: Failure | None = None
    saved: DataSaved | None = None
    """What the function of a child left."""
    unstarted: str = ""
    """Why the program of the job was never run, as the text of a reason, where the process ended before it became it."""
    may_still_run: bool = False
    """A function that ignores its stop goes on; `Freed` follows when it ends, until then it keeps its slot."""


@lean(frozen=True, slots=True)
class Failure:
    """The exception that ended a function: `ValueError: no rows`, and its traceback."""

    summary: str
    traceback: str


@lean(frozen=True, slots=True)
class Freed:
    """A function that went on after its end was recorded is over."""

    attempt: AttemptId


@lean(frozen=True, slots=True)
class DataSaved:
    """What a function saved, by name: for its run, and for its job (None removes the name). JSON values."""

    attempt: AttemptId
    run: Mapping[str, object]
    job: Mapping[str, object]


@lean(frozen=True, slots=True)
class Withdrawn:
    """These launches were taken back and will not start."""

    attempts: tuple[AttemptId, ...]


@lean(frozen=True, slots=True)
class Paused:
    """Every process of the tree is stopped."""

    attempt: AttemptId
    at: Instant


@lean(frozen=True, slots=True)
class PauseRefused:
    """The tree could not be stopped as a whole and goes on; `timeout`: a function did not acknowledge in time."""

    attempt: AttemptId
    at: Instant
    why: str
    timeout: bool = False


@lean(frozen=True, slots=True)
class Exceeded:
    """The tree is beyond a limit (MEMORY, CPU) and goes on for now: it is told, once per excess; `pausing`: Paused follows."""

    attempt: AttemptId
    at: Instant
    limit: Cause
    seen: float
    """Resident bytes, or cores."""
    pausing: bool


@lean(frozen=True, slots=True)
class Resumed:
    """The tree goes on."""

    attempt: AttemptId
    at: Instant


@lean(frozen=True, slots=True)
class Sampled:
    """What the whole tree uses now: CPU in percent of one core, resident bytes, processes, highest `rss` ever seen."""

    attempt: AttemptId
    at: Instant
    cpu_percent: float
    rss: int
    processes: int
    peak_rss: int
    disk: Disk | None = None
    """None: the system does not say (/proc/PID/io)."""


Report: TypeAlias = (
    Started | SpawnFailed | Ended | Withdrawn | Paused | PauseRefused | Resumed | Exceeded | Sampled | DataSaved | Freed
)
Sink: TypeAlias = Callable[[Sequence[Report]], None]


# -- adoption ----------------------------------------------------------------------------------------------------


@lean(frozen=True, slots=True)
class AttemptRef:
    """What the store knows of an attempt that was claimed and has no end on record (`pid` None: no start on record either)."""

    attempt: AttemptId
    tag: int
    boot_id: str
    pid: int | None
    ticks: int | None
    log_path: str
    home: Home = Home.LOCAL
    started_at: Instant | None = None
    paused_us: int = 0
    """Spent in pauses that are over."""
    paused_since: Instant | None = None
    slot: bool = True
    """This and what follows as in `Launch`, for an executor that does not know the attempt; one that does goes by its launch."""
    timeout: float | None = None
    stop_signal: int = 15
    grace: float = 10.0
    idle: float | None = None
    limits: Limits = NO_LIMITS
    left_behind: OnLeftBehind = OnLeftBehind.RELEASE
    monitor: Monitor | None = EACH_SECOND


class Missing(StrEnum):
    """What is known about an attempt that is neither running nor ended on record."""

    NEVER_STARTED = "never_started"
    """The same keeper lives and does not know it: it may be started."""
    GONE = "gone"
    """The keeper is gone and no process carries the tag: whether it ran is unknown."""
    REBOOTED = "rebooted"
    """The machine was started anew since."""


@lean(frozen=True, slots=True)
class StillRunning:
    """An adopted attempt; `exit_known` says whether its true exit code will be had."""

    started: Started
    paused: bool
    exit_known: bool


@lean(frozen=True, slots=True)
class StillWaiting:
    """A launch that waits in the executor."""

    attempt: AttemptId


@lean(frozen=True, slots=True)
class NotFound:
    """An attempt that the executor does not have."""

    attempt: AttemptId
    missing: Missing


Recovered: TypeAlias = StillRunning | StillWaiting | Ended | SpawnFailed | NotFound


class Executor(Protocol):
    """Carries out attempts. All calls on the engine's loop."""

    @property
    def name(self) -> str:
        """`local`, or a name under `engine.executors`."""

    async def open(self, known: Sequence[AttemptRef], sink: Sink) -> Sequence[Recovered]:
        """Connect, say what became of each attempt in `known`; from then on reports go to `sink`. OSError if it cannot be had.

        Waiting launches do not start while no engine is connected.
        """

    def submit(self, orders: Sequence[Order]) -> None:
        """Take orders, in their order; never blocks, never raises for one of them (a failure is a report)."""

    async def close(self) -> None:
        """Let go. Attempts that run go on; a later `open` finds them."""


@runtime_checkable
class Prepares(Protocol):
    """An executor that can make ready what is about to be ordered, so that it begins sooner."""

    def prepare(self, launches: Sequence[Launch]) -> None:
        """These launches, as they are, may be ordered soon, or never; what was made ready before is forgotten."""
