"""Job specs as a program writes them: the names and words of the job file, with Python's own values.

Durations are text as in the file (`"1h30m"`), seconds or `timedelta`. The classes here are the plain ones of
`engine.spec.job` with constructors that read such values; what the engine holds is the same either way, so nothing
below this module knows where a spec came from. ValueError says what is wrong, before anything has changed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite
from os import PathLike
from pathlib import Path
from signal import Signals
from types import MappingProxyType
from typing import Final, TypeAlias, TypedDict, TypeVar, Unpack
from zoneinfo import ZoneInfo

from engine.spec import job as plain
from engine.spec import watch as watch_spec
from engine.spec.context import JobFunction
from engine.spec.hooks import Condition, Hook, HookSlot, OnFalse
from engine.spec.job import JOB_ID_PATTERN, PRIORITY_MAX, PRIORITY_MIN, Join, Manual, OnFailure
from engine.spec.limits import NO_LIMITS, Limits
from engine.spec.log import LogPolicy
from engine.spec.matrix import MOST, size_of
from engine.spec.monitor import Monitor
from engine.spec.notify import FinishBy, Notify
from engine.spec.params import BadParams, Param, reserved, take
from engine.spec.secret import Secret
from engine.spec.units import format_duration, parse_duration
from engine.spec.watch import DEBOUNCE, SHORTEST_DEBOUNCE, fault_of
from engine.spec.when import DstRule, Roll, Window

Duration: TypeAlias = float | str | timedelta
"""Seconds, text such as `1h30m`, or a timedelta."""

SHORTEST_PERIOD: Final = 0.1
"""Seconds between two starts by `every`, as in the job file."""

_ID: Final = re.compile(JOB_ID_PATTERN)

E = TypeVar("E", bound=StrEnum)


def seconds(value: Duration, what: str = "a duration") -> float:
    """The duration in seconds. ValueError for a negative or unreadable one."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not (isfinite(value) and value >= 0):
        raise ValueError(f"{value!r} is not {what} of 0 seconds or more")
    return float(value)


class Cron(plain.CronSchedule):
    """`schedule:` - one or more cron expressions; their grammar is checked when the job is added."""

    __slots__ = ()

    def __init__(self, *expressions: str, timezone: str | None = None) -> None:
        if not expressions:
            raise ValueError("Cron needs an expression")
        super().__init__(tuple(plain.CronEntry(expression, timezone) for expression in expressions))


class Every(plain.EverySchedule):
    """`every:` - a fixed rate from start to start; `align` puts it on round wall times."""

    __slots__ = ()

    def __init__(self, seconds: Duration, align: bool = False) -> None:
        super().__init__(_period(seconds), align)


class Delay(plain.DelaySchedule):
    """`delay:` - so long after the end of the last run."""

    __slots__ = ()

    def __init__(self, seconds: Duration) -> None:
        super().__init__(_longer_than_nothing(seconds, "delay"))


class At(plain.AtSchedule):
    """`at:` - listed times: aware datetimes, ISO 8601 texts with an offset, `@start`, `@reboot`."""

    __slots__ = ()

    def __init__(self, *times: datetime | str, at_start: bool = False, at_reboot: bool = False) -> None:
        read = [_time(time) for time in times if time not in {"@start", "@reboot"}]
        super().__init__(tuple(sorted(read)), at_start or "@start" in times, at_reboot or "@reboot" in times)


class Watch(watch_spec.Watch):
    """`watch:` - a run when a file appears or changes there; paths below the current folder, `~` for HOME."""

    __slots__ = ()

    def __init__(self, *paths: str | PathLike[str], debounce: Duration = DEBOUNCE) -> None:
        if not paths:
            raise ValueError("Watch needs a path")
        found = [os.path.abspath(Path(path).expanduser()) for path in paths]  # noqa: PTH100 - symlinks stay
        for path in found:
            if (fault := fault_of(path)) is not None:
                raise ValueError(fault)
        length = seconds(debounce, "a debounce")
        if length < SHORTEST_DEBOUNCE:
            raise ValueError(f"debounce {format_duration(length)} is below {format_duration(SHORTEST_DEBOUNCE)}")
        super().__init__(tuple(found), length)


EVERY_CAUSE: Final = plain.RetryCauses()


class Retry(plain.Retry):
    """Attempts after the first; `limit` None = unlimited."""

    __slots__ = ()

    def __init__(
        self,
        limit: int | None = 0,
        delay: Duration = 0.0,
        backoff: float = 1.0,
        max_delay: Duration = 3600.0,
        jitter: float = 0.0,
        *,
        only: plain.RetryCauses = EVERY_CAUSE,
        reset_on_success: bool = True,
    ) -> None:
        if limit is not None and limit < 0:
            raise ValueError(f"a limit of {limit} retries is below 0")
        if not (isfinite(backoff) and backoff >= 1):
            raise ValueError(f"backoff {backoff} is below 1")
        if not 0 <= jitter <= 1:
            raise ValueError(f"jitter {jitter} is not a fraction between 0 and 1")
        super().__init__(limit, seconds(delay), backoff, seconds(max_delay), jitter, only, reset_on_success)


Runs: TypeAlias = str | Sequence[str] | plain.Command | JobFunction
"""Text for the shell, a list of arguments, a function of the program, or a command of `engine.spec.command`."""


def Hooks(  # noqa: N802 - written like the values beside it
    *,
    start: Runs | Hook | None = None,
    stop: Runs | Hook | None = None,
    error: Runs | Hook | None = None,
    success: Runs | Hook | None = None,
    pause: Runs | Hook | None = None,
    resume: Runs | Hook | None = None,
    retry: Runs | Hook | None = None,
    missed: Runs | Hook | None = None,
    finally_: Runs | Hook | None = None,
) -> Mapping[HookSlot, Hook]:
    """`hooks:` - what runs around the job's command. A `Hook` has a timeout and may say `ignore_error`."""
    given = (start, stop, error, success, pause, resume, retry, missed, finally_)
    slots = ("start", "stop", "error", "success", "pause", "resume", "retry", "missed", "finally")
    return MappingProxyType(
        {
            HookSlot(slot): one if isinstance(one, Hook) else Hook(_runs(one))
            for slot, one in zip(slots, given, strict=True)
            if one is not None
        }
    )


def _runs(written: Runs) -> plain.Command:
    match written:
        case str(text):
            return plain.Shell(text)
        case plain.Shell() | plain.Argv() | plain.PythonFunction() | plain.Call():
            return written
        case _ if callable(written):
            return plain.Call(written)
        case _:
            return plain.Argv(tuple(written))


class Plain(TypedDict, total=False):
    """Fields whose values are written as they are kept."""

    was: str | None
    name: str
    description: str
    metadata: Mapping[str, object]
    shell: tuple[str, ...]
    working_dir: str
    env: Mapping[str, str]
    inherit: tuple[str, ...]
    umask: int
    user: str | None
    group: str | None
    stdin: str
    params: Mapping[str, Param]
    secrets: Mapping[str, Secret]
    matrix: Mapping[str, tuple[str, ...]]
    watch: watch_spec.Watch | None
    timezone: str | None
    dst: DstRule
    window: Window | None
    max_runs: int | None
    calendar: str | None
    except_: str | None
    enabled: bool
    conditions: tuple[Condition, ...]
    on_false: OnFalse
    hooks: Mapping[HookSlot, Hook]
    outputs: Mapping[str, str]
    reserve: plain.Reserve | None
    limits: Limits
    log: LogPolicy
    monitor: Monitor | None
    when_not_durable: plain.WhenNotDurable
    notify: Notify | None
    finish_by: FinishBy | None
    max_queued: int
    concurrency: int | None
    priority: int
    exclusive: bool | str
    pausable: bool


class JobSpec(plain.JobSpec):
    """One job. Exactly one of `call`, `command`, `script`, `python`; at most one kind of schedule."""

    __slots__ = ()

    def __init__(
        self,
        *,
        id: str,
        call: JobFunction | None = None,
        command: str | Sequence[str] | plain.Command | None = None,
        script: str | None = None,
        python: str | None = None,
        schedule: str | Sequence[str] | plain.Schedule | None = None,
        every: Duration | None = None,
        align: bool = False,
        delay: Duration | None = None,
        at: datetime | str | Sequence[datetime | str] | None = None,
        jitter: Duration = 0.0,
        start_at: datetime | str | None = None,
        end_at: datetime | str | None = None,
        roll: str = Roll.NONE,
        manual: str = Manual.ALLOW,
        on_failure: str = OnFailure.CONTINUE,
        catch_up: str = plain.CatchUp.NONE,
        catch_up_window: Duration = 86400.0,
        late_grace: Duration | None = None,
        start_deadline: Duration | None = None,
        overlap: str = plain.Overlap.SKIP,
        tags: Iterable[str] = (),
        pools: Iterable[str] | Mapping[str, int] = (),
        needs: Iterable[str | plain.Need] | Mapping[str, str] = (),
        join: str = Join.ALL,
        timeout: Duration | plain.Timeout | None = None,
        stop: plain.StopPolicy | None = None,
        left_behind: str = plain.OnLeftBehind.RELEASE,
        retry: int | plain.Retry = 0,
        failover: Runs | None = None,
        success_codes: Iterable[int] = (0,),
        skip_codes: Iterable[int] = (),
        pause_timeout: Duration = 1.0,
        **fields: Unpack[Plain],
    ) -> None:
        if not isinstance(id, str) or not _ID.fullmatch(id):
            raise ValueError(f"{id!r} is not a job id: at most 64 letters, digits, _ . -, a letter or digit first")
        _in_bounds(fields)
        if call is not None and fields.get("limits", NO_LIMITS) != NO_LIMITS:
            raise ValueError(
                f"job {id!r}: limits hold for processes; a function called here shares the program's, use python"
            )
        if (call or python) and (fields.get("user") or fields.get("group")):
            raise ValueError(f"job {id!r}: a function runs as its program does, user and group are for commands")
        super().__init__(
            id=id,
            command=_command(id, call, command, script, python),
            schedule=_schedule(id, schedule, every, delay, at, align=align),
            jitter=seconds(jitter),
            start_at=None if start_at is None else _time(start_at),
            end_at=None if end_at is None else _time(end_at),
            roll=_word(Roll, roll),
            manual=_word(Manual, manual),
            on_failure=_word(OnFailure, on_failure),
            catch_up=_word(plain.CatchUp, catch_up),
            catch_up_window=_longer_than_nothing(catch_up_window, "catch_up_window"),
            late_grace=None if late_grace is None else seconds(late_grace),
            start_deadline=None if start_deadline is None else _longer_than_nothing(start_deadline, "start_deadline"),
            overlap=_word(plain.Overlap, overlap),
            tags=tuple(tags),
            pools=_pools(pools),
            needs=_needs(needs),
            join=_word(Join, join),
            timeout=timeout if isinstance(timeout, plain.Timeout) else plain.Timeout(_limit(timeout)),
            stop=stop or plain.StopPolicy(Signals.SIGTERM),
            left_behind=_word(plain.OnLeftBehind, left_behind),
            retry=retry if isinstance(retry, plain.Retry) else Retry(retry),
            failover=None if failover is None else _runs(failover),
            success_codes=frozenset(success_codes),
            skip_codes=frozenset(skip_codes),
            pause_timeout=_longer_than_nothing(pause_timeout, "pause_timeout"),
            **fields,
        )


def _command(
    id: str,
    call: JobFunction | None,
    command: str | Sequence[str] | plain.Command | None,
    script: str | None,
    python: str | None,
) -> plain.Command:
    given = [
        name for name, value in (("call", call), ("command", command), ("script", script), ("python", python)) if value
    ]
    if len(given) != 1:
        what = "nothing to run" if not given else f"{' and '.join(given)} together"
        raise ValueError(f"job {id!r} has {what}; give it one of call, command, script, python")
    if call is not None:
        if not callable(call):
            raise ValueError(f"job {id!r}: call is no function")
        return plain.Call(call)
    if python is not None:
        return plain.PythonFunction.parse(python)
    match command or script:
        case str(text):
            return plain.Shell(text)
        case plain.Shell() | plain.Argv() | plain.PythonFunction() | plain.Call() as ready:
            return ready
        case other:
            return plain.Argv(tuple(other or ()))


def _schedule(
    id: str,
    schedule: str | Sequence[str] | plain.Schedule | None,
    every: Duration | None,
    delay: Duration | None,
    at: datetime | str | Sequence[datetime | str] | None,
    *,
    align: bool,
) -> plain.Schedule | None:
    kinds = {"schedule": schedule, "every": every, "delay": delay, "at": at}
    given = [name for name, value in kinds.items() if value is not None]
    if len(given) > 1:
        raise ValueError(f"job {id!r} has {' and '.join(given)} together; keep one, or make two jobs")
    if align and every is None:
        raise ValueError(f"job {id!r}: align belongs to every")
    if every is not None:
        return Every(every, align)
    if delay is not None:
        return Delay(delay)
    if at is not None:
        return At(at) if isinstance(at, datetime | str) else At(*at)
    if isinstance(schedule, str):
        return Cron(schedule)
    if schedule is None or isinstance(
        schedule, plain.CronSchedule | plain.EverySchedule | plain.DelaySchedule | plain.AtSchedule
    ):
        return schedule
    return Cron(*schedule)


def _pools(pools: Iterable[str] | Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType(dict(pools) if isinstance(pools, Mapping) else dict.fromkeys(pools, 1))


def _needs(needs: Iterable[str | plain.Need] | Mapping[str, str]) -> tuple[plain.Need, ...]:
    if isinstance(needs, Mapping):
        return tuple(plain.Need(job, _word(plain.Required, how)) for job, how in needs.items())
    return tuple(need if isinstance(need, plain.Need) else plain.Need(need) for need in needs)


def _word(words: type[E], word: str) -> E:
    try:
        return words(word)
    except ValueError:
        raise ValueError(f"{word!r} is not one of {', '.join(words)}") from None


def _in_bounds(fields: Plain) -> None:
    priority, concurrency = fields.get("priority", 0), fields.get("concurrency")
    if not PRIORITY_MIN <= priority <= PRIORITY_MAX:
        raise ValueError(f"priority {priority} is outside {PRIORITY_MIN} to {PRIORITY_MAX}")
    if concurrency is not None and concurrency < 1:
        raise ValueError(f"concurrency {concurrency} is below 1")
    if size_of(fields.get("matrix", {})) not in range(1, MOST + 1):
        raise ValueError(f"matrix makes no run of an occurrence, or more than {MOST}")
    for name in fields.get("secrets", {}):
        if not name.isidentifier() or not name.isascii() or reserved(name) or name in fields.get("params", {}):
            raise ValueError(f"{name!r} is no name for a secret, or reserved, or a parameter")
    for name, param in fields.get("params", {}).items():
        if not name.isidentifier() or not name.isascii() or reserved(name):
            raise ValueError(f"{name!r} is no name for a parameter, or reserved")
        if param.default is not None:
            try:
                take({name: param}, {name: param.default})
            except BadParams as fault:
                raise ValueError(f"params: {fault}") from None
    max_runs = fields.get("max_runs")
    if max_runs is not None and max_runs < 1:
        raise ValueError(f"max_runs {max_runs} is below 1")
    if fields.get("max_queued", 1) < 1:
        raise ValueError(f"max_queued {fields['max_queued']} is below 1")


def _limit(timeout: Duration | None) -> float | None:
    return None if timeout is None or timeout == "none" else _longer_than_nothing(timeout, "timeout")


def _longer_than_nothing(value: Duration, what: str) -> float:
    length = seconds(value, what)
    if length <= 0:
        raise ValueError(f"{what} is {format_duration(length)}, must be longer than 0s")
    return length


def _period(value: Duration) -> float:
    length = seconds(value, "a period")
    if length < SHORTEST_PERIOD:
        raise ValueError(f"every is {format_duration(length)}, must be at least {format_duration(SHORTEST_PERIOD)}")
    return length


def _time(value: datetime | str) -> datetime:
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    if time.tzinfo is None:
        raise ValueError(f"{time} has no offset; write one, or pass a datetime with {ZoneInfo.__name__}")
    return time
