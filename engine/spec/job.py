"""What the user wrote about one job: frozen values, already checked, no behaviour.

Durations are seconds (float), times are aware datetimes; both are turned into the engine's microseconds where a
plan is built from them. A field that this version cannot honour does not exist here: the job file loader refuses
its key, so that nothing a user writes is silently without effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from signal import Signals
from types import MappingProxyType
from typing import Final, TypeAlias

from engine.spec.command import Argv, Call, Command, PythonFunction, Shell
from engine.spec.hooks import SKIP, Condition, Hook, HookSlot, OnFalse
from engine.spec.limits import NO_LIMITS, Limits
from engine.spec.log import DEFAULT_LOG, LogPolicy
from engine.spec.monitor import EACH_SECOND, Monitor
from engine.spec.notify import FinishBy, Notify
from engine.spec.params import Param
from engine.spec.secret import Secret
from engine.spec.watch import Watch
from engine.spec.when import EXACTLY_ONCE, DstRule, Roll, Window
from engine.values import sealed

__all__ = ["Argv", "Call", "Command", "PythonFunction", "Shell"]  # a job's command is spoken of with the job

JOB_ID_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
"""A job id is safe as a file name and can never be a run id (those hold a colon)."""

PRIORITY_MIN: Final = -100
PRIORITY_MAX: Final = 100
DEFAULT_SHELL: Final = ("/bin/sh", "-c")
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
NO_HOOKS: Final[Mapping[HookSlot, Hook]] = MappingProxyType({})


@sealed(frozen=True, slots=True)
class CronEntry:
    """One cron expression and the zone its times are read in (None: the job's zone)."""

    expression: str
    timezone: str | None = None


@sealed(frozen=True, slots=True)
class CronSchedule:
    """`schedule:` - the union of its entries."""

    entries: tuple[CronEntry, ...]


@sealed(frozen=True, slots=True)
class EverySchedule:
    """`every:` - fixed rate from start to start; `align` puts it on round wall times."""

    seconds: float
    align: bool = False


@sealed(frozen=True, slots=True)
class DelaySchedule:
    """`delay:` - so long after the end of the last run; the first run comes at once."""

    seconds: float


@sealed(frozen=True, slots=True)
class AtSchedule:
    """`at:` - listed times, each once; `@start`: at each start of the engine; `@reboot`: once per boot of the machine."""

    times: tuple[datetime, ...]
    at_start: bool = False
    at_reboot: bool = False


Schedule: TypeAlias = CronSchedule | EverySchedule | DelaySchedule | AtSchedule
"""None in its place: triggered by `needs`, one-shot, or `manual: only`."""


class CatchUp(StrEnum):
    """What becomes of occurrences that fell due while nothing could start them."""

    NONE = "none"
    LATEST = "latest"
    ALL = "all"


class Overlap(StrEnum):
    """What becomes of an occurrence that falls due while the job's own earlier runs are active."""

    SKIP = "skip"
    QUEUE = "queue"
    ALLOW = "allow"
    REPLACE = "replace"


class Manual(StrEnum):
    """May a person start this job by hand; `only` = never by itself."""

    ALLOW = "allow"
    CONFIRM = "confirm"
    DENY = "deny"
    ONLY = "only"


class Required(StrEnum):
    """How a needed run must have ended (`is:`)."""

    SUCCESS = "success"
    FAILURE = "failure"
    DONE = "done"
    SKIPPED = "skipped"


class Join(StrEnum):
    """Must all needed jobs have ended as required, or does any one do."""

    ALL = "all"
    ANY = "any"


class OnFailure(StrEnum):
    """Does the schedule of a recurring job go on after a failed run."""

    CONTINUE = "continue"
    HALT = "halt"


class OnLeftBehind(StrEnum):
    """What becomes of processes that live on when the command has ended by itself."""

    RELEASE = "release"
    HOLD = "hold"
    KILL = "kill"


class WhenNotDurable(StrEnum):
    """May the job start while its start cannot be written down: at most once, or at any price."""

    WAIT = "wait"
    RUN = "run"


@sealed(frozen=True, slots=True)
class Need:
    """One needed job, how its run must have ended, and at most how many seconds ago."""

    job: str
    required: Required = Required.SUCCESS
    within: float | None = None


@sealed(frozen=True, slots=True)
class Reserve:
    """What must be free for a run to start: cores and bytes. Nothing to do with limits."""

    cpu: float = 0.0
    memory: int = 0


@sealed(frozen=True, slots=True)
class RetryCauses:
    """`retry.only:` - what is tried again: these exit codes (None: all), signals, timeouts, lost runs."""

    exit_codes: frozenset[int] | None = None
    signals: bool = True
    timeout: bool = True
    lost: bool = False


@sealed(frozen=True, slots=True)
class Retry:
    """Attempts after the first. `limit` None = unlimited; wait = min(delay * backoff^n, max_delay), +- jitter (a fraction).

    `reset_on_success` False: the limit counts over the job's life and not per run (orbit's Count).
    """

    limit: int | None = 0
    delay: float = 0.0
    backoff: float = 1.0
    max_delay: float = 3600.0
    jitter: float = 0.0
    only: RetryCauses = RetryCauses()
    reset_on_success: bool = True


@sealed(frozen=True, slots=True)
class Timeout:
    """Running times in seconds; None = none. `run` limits an attempt, `total` all attempts of the command together.

    Clocks stop while the run is paused.
    """

    run: float | None = None
    total: float | None = None
    idle: float | None = None
    """No output for so long ends an attempt."""
    warn: float | None = None
    """Running longer than this is told."""
    min: float | None = None
    """Succeeding sooner than this is told."""


@sealed(frozen=True, slots=True)
class StopPolicy:
    """How a run is ended: this signal to the whole tree, `grace` seconds, then SIGKILL."""

    signal: Signals = Signals.SIGTERM
    grace: float = 10.0


@sealed(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One job as written, defaults filled in."""

    id: str
    command: Command
    was: str | None = None
    """Its id before, whose state and history it takes up."""
    name: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=lambda: NOTHING)

    shell: tuple[str, ...] = DEFAULT_SHELL
    working_dir: str = ""
    """Absolute once loaded; "" = the engine's own."""
    env: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    env_files: tuple[str, ...] = ()
    """The files that `env` was filled from as well, in full."""
    from_env_files: frozenset[str] = frozenset()
    """The variables of `env` that they set. What is shown of a job names the files, not these."""
    inherit: tuple[str, ...] = ()
    """Names of engine variables that pass to the job; ("*",) for all."""
    user: str | None = None
    """Who everything of the job runs as, by name or number; None: who runs the engine. `group` None: the user's own."""
    group: str | None = None
    umask: int = 0o022
    stdin: str = ""
    params: Mapping[str, Param] = field(default_factory=lambda: MappingProxyType({}))
    """Typed inputs of its runs, by name: variables of their environment."""
    matrix: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Name -> values: an occurrence is a run for each combination of them."""
    secrets: Mapping[str, Secret] = field(default_factory=lambda: MappingProxyType({}))
    """Variables of their environment that are read anew for each attempt and are kept nowhere."""

    schedule: Schedule | None = None
    timezone: str | None = None
    dst: DstRule = EXACTLY_ONCE
    jitter: float = 0.0
    """0 to so many seconds are added to each occurrence; its planned time stays."""
    start_at: datetime | None = None
    """Nothing is due before; `every` counts from here."""
    end_at: datetime | None = None
    """Nothing is due after."""
    window: Window | None = None
    calendar: str | None = None
    """Only on the days of this calendar."""
    except_: str | None = None
    """Never on the days of this one."""
    roll: Roll = Roll.NONE
    max_runs: int | None = None
    """So many runs by schedule or `needs`, not by hand."""
    watch: Watch | None = None
    """Its runs come from changes of files, too."""
    enabled: bool = True
    manual: Manual = Manual.ALLOW
    on_failure: OnFailure = OnFailure.CONTINUE

    catch_up: CatchUp = CatchUp.NONE
    catch_up_window: float = 86400.0
    late_grace: float | None = None
    """None: min(5 minutes, half the period)."""
    start_deadline: float | None = None
    overlap: Overlap = Overlap.SKIP
    max_queued: int = 1
    concurrency: int | None = None
    """None: 1, but no bound under `overlap: allow`."""

    priority: int = 0
    exclusive: bool | str = False
    """True: nothing else runs beside it. A text: nothing of that group does."""
    pools: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    reserve: Reserve | None = None
    limits: Limits = NO_LIMITS
    log: LogPolicy = DEFAULT_LOG
    monitor: Monitor | None = EACH_SECOND
    """None: its runs are not watched."""
    needs: tuple[Need, ...] = ()
    join: Join = Join.ALL

    conditions: tuple[Condition, ...] = ()
    """`if:` - all must hold, or the run is skipped."""
    on_false: OnFalse = SKIP
    hooks: Mapping[HookSlot, Hook] = field(default_factory=lambda: NO_HOOKS)
    failover: Command | None = None
    outputs: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Name -> pattern; the last match of its first group in the log is the value."""

    timeout: Timeout = Timeout()
    stop: StopPolicy = StopPolicy()
    left_behind: OnLeftBehind = OnLeftBehind.RELEASE
    retry: Retry = Retry()
    success_codes: frozenset[int] = frozenset({0})
    skip_codes: frozenset[int] = frozenset()
    when_not_durable: WhenNotDurable = WhenNotDurable.WAIT
    notify: Notify | None = None
    finish_by: FinishBy | None = None
    pausable: bool = True
    pause_timeout: float = 1.0
    """Seconds within which a callable must reach a checkpoint, or the pause fails."""

    @property
    def title(self) -> str:
        """The name shown to people: `name`, else the id."""
        return self.name or self.id

    @property
    def one_shot(self) -> bool:
        """Runs once by itself, when the engine starts or the job is added."""
        return self.schedule is None and not self.needs and self.watch is None and self.manual is not Manual.ONLY

    @property
    def staged(self) -> bool:
        """A run of it has more steps than its command: it keeps its slot from one process to the next.

        One with secrets counts as such, so that it is never ordered ahead of its slot: they are read when it is ordered.
        """
        return bool(self.hooks or self.conditions or self.outputs or self.secrets) or self.failover is not None

    @property
    def recurring(self) -> bool:
        """Has a schedule that goes on after a run."""
        return isinstance(self.schedule, CronSchedule | EverySchedule | DelaySchedule)
