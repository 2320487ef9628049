"""A job with all its layers -> `JobSpec`, and `engine:` -> `EngineSpec`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from engine.clock import Instant, instant
from engine.jobfile import hooks, keys, policies, relations, resources
from engine.jobfile.accounts import check_accounts
from engine.jobfile.conflicts import check_conflicts
from engine.jobfile.draft import EMPTY, Draft
from engine.jobfile.filling import Filler, Surroundings
from engine.jobfile.inputs import build_matrix, build_params
from engine.jobfile.layers import Resolved
from engine.jobfile.limits import check_fires, read_limits
from engine.jobfile.logs import build_log
from engine.jobfile.monitoring import build_monitor
from engine.jobfile.schedules import AtTimes
from engine.jobfile.tellers import build_heartbeat, build_notify
from engine.jobfile.times import placed
from engine.jobfile.variables import Variables
from engine.schedule import zone
from engine.spec.config import Ageing, EngineSpec, History, PoolSpec
from engine.spec.hooks import SKIP, Hook, HookSlot, OnFalse
from engine.spec.job import (
    NOTHING,
    AtSchedule,
    CronSchedule,
    DelaySchedule,
    EverySchedule,
    JobSpec,
    Manual,
    Need,
    Retry,
    RetryCauses,
    Schedule,
    Shell,
    StopPolicy,
    Timeout,
)
from engine.spec.params import Param
from engine.spec.template import in_full
from engine.spec.when import CalendarSpec

_BUILT_IN: Final = JobSpec(id="built-in", command=Shell(""))
"""Where the default of every key stands."""

_SAY_WHAT_RUNS: Final = frozenset(key.name for key in keys.COMMANDS)


_AS_WRITTEN: Final = {
    key.name: field
    for key, field in (
        (keys.WAS, "was"),
        (keys.NAME, "name"),
        (keys.DESCRIPTION, "description"),
        (keys.TAGS, "tags"),
        (keys.INHERIT, "inherit"),
        (keys.UMASK, "umask"),
        (keys.USER, "user"),
        (keys.GROUP, "group"),
        (keys.TIMEZONE, "timezone"),
        (keys.JITTER, "jitter"),
        (keys.CALENDAR, "calendar"),
        (keys.EXCEPT, "except_"),
        (keys.ROLL, "roll"),
        (keys.MAX_RUNS, "max_runs"),
        (keys.ENABLED, "enabled"),
        (keys.MANUAL, "manual"),
        (keys.ON_FAILURE, "on_failure"),
        (keys.CATCH_UP, "catch_up"),
        (keys.CATCH_UP_WINDOW, "catch_up_window"),
        (keys.LATE_GRACE, "late_grace"),
        (keys.START_DEADLINE, "start_deadline"),
        (keys.OVERLAP, "overlap"),
        (keys.MAX_QUEUED, "max_queued"),
        (keys.CONCURRENCY, "concurrency"),
        (keys.PRIORITY, "priority"),
        (keys.EXCLUSIVE, "exclusive"),
        (keys.JOIN, "join"),
        (keys.LEFT_BEHIND, "left_behind"),
        (keys.FINISH_BY, "finish_by"),
        (keys.WHEN_NOT_DURABLE, "when_not_durable"),
        (keys.PAUSABLE, "pausable"),
        (keys.PAUSE_TIMEOUT, "pause_timeout"),
    )
}
"""Keys whose value is a field as it was read. A job gives three of them and is looked at for three, not for all: of reading a
large file that was a tenth."""


def build_job(
    around: Surroundings, job: Resolved, engine_zone: str | None, calendars: Mapping[str, CalendarSpec]
) -> JobSpec | None:
    """The job; None if something is wrong with it, which is on report then. `engine_zone` None: the system's."""
    report, draft = around.report, job.draft
    before = report.errors
    check_conflicts(report, job)
    check_accounts(report, job)
    filler = Filler(around, job)
    zone_name = draft.get(keys.TIMEZONE, engine_zone)
    limits = read_limits(around.report, job, None if zone_name is None else zone(zone_name))
    command = filler.command()
    if command is None:
        if job.complete and not draft.refused & _SAY_WHAT_RUNS:
            report.error(job.written.source, job.written.key, job.written.path, "has no command", "add `command: …`")
        return None
    spec = JobSpec(
        id=job.written.id,
        command=command,
        metadata=_metadata(draft.get(keys.METADATA, EMPTY)),
        shell=filler.shell(_BUILT_IN.shell),
        working_dir=filler.working_dir(),
        env=filler.env(),
        env_files=filler.env_files,
        from_env_files=filler.from_env_files,
        stdin=filler.text(keys.STDIN),
        params=_params(around, job),
        secrets=filler.secrets(),
        matrix=build_matrix(draft.get(keys.MATRIX, EMPTY)),
        schedule=_schedule(around, job, zone_name),
        dst=limits.dst,
        start_at=limits.start_at,
        end_at=limits.end_at,
        window=limits.window,
        watch=filler.watch(),
        pools=_pools(draft),
        reserve=resources.build_reserve(draft.find(keys.RESERVE)),
        limits=resources.build_limits(draft.find(keys.LIMITS)),
        log=build_log(draft.find(keys.LOG)),
        monitor=build_monitor(draft.find(keys.MONITOR)),
        needs=_needs(draft),
        conditions=filler.conditions(),
        on_false=_on_false(draft),
        hooks=_hooks(filler, draft),
        failover=filler.failover(),
        outputs=_outputs(draft),
        timeout=_timeout(draft),
        stop=_stop(draft),
        retry=_retry(around, job),
        success_codes=frozenset(draft.get(keys.SUCCESS_CODES, _BUILT_IN.success_codes)),
        skip_codes=frozenset(draft.get(keys.SKIP_CODES, _BUILT_IN.skip_codes)),
        notify=build_notify(draft.find(keys.NOTIFY)),
        **_as_written(draft),
    )
    if report.errors == before:
        check_fires(report, job, spec, zone_name or "UTC", calendars)
    return spec if report.errors == before else None


def _as_written(draft: Draft) -> dict[str, Any]:  # Any: fields of many types, each read by the reader of its key
    return {field: item.value for name, item in draft.items.items() if (field := _AS_WRITTEN.get(name)) is not None}


def _params(around: Surroundings, job: Resolved) -> Mapping[str, Param]:
    by_itself = job.draft.find(keys.MANUAL) is not Manual.ONLY
    return build_params(
        around.report, f"{job.written.path}.params", job.draft.find(keys.PARAMS), around.given, by_itself=by_itself
    )


def _metadata(draft: Draft) -> Mapping[str, object]:
    return (
        MappingProxyType({name: _value(item.value) for name, item in draft.items.items()}) if draft.items else NOTHING
    )


def _value(value: object) -> object:
    match value:
        case Draft():
            return _metadata(value)
        case tuple():
            return tuple(_value(one) for one in value)
        case _:
            return value


def _schedule(around: Surroundings, job: Resolved, zone_name: str | None) -> Schedule | None:
    draft = job.draft
    if (entries := draft.find(keys.SCHEDULE)) is not None:
        return CronSchedule(entries)
    if (period := draft.find(keys.EVERY)) is not None:
        return EverySchedule(period, align=draft.get(keys.ALIGN, False))
    if (wait := draft.find(keys.DELAY)) is not None:
        return DelaySchedule(wait)
    if (times := draft.find(keys.AT)) is not None:
        return _at(around, job, times, zone_name)
    return None


def _at(around: Surroundings, job: Resolved, written: AtTimes, zone_name: str | None) -> AtSchedule:
    where = None if zone_name is None else zone(zone_name)
    source, path = job.draft.items[keys.AT.name].source, f"{job.written.path}.at"
    # By the instant: two datetimes of different zones are never equal while one of them is ambiguous (PEP 495).
    times: dict[Instant, datetime] = {}
    for time, node in written.times:
        at = placed(around.report, time, where, (source, node, path))
        times[instant(at)] = at
    return AtSchedule(tuple(times[at] for at in sorted(times)), at_start=written.at_start, at_reboot=written.at_reboot)


def _pools(draft: Draft) -> Mapping[str, int]:
    pools = draft.find(keys.POOLS)
    if pools is None or not pools.items:
        return _BUILT_IN.pools
    return MappingProxyType({name: slots for name, item in pools.items.items() if isinstance(slots := item.value, int)})


def _needs(draft: Draft) -> tuple[Need, ...]:
    needs = draft.find(keys.NEEDS)
    if needs is None:
        return _BUILT_IN.needs
    return tuple(
        Need(name, how.required, how.within)
        for name, item in needs.items.items()
        if isinstance(how := item.value, relations.How)
    )


def _timeout(draft: Draft) -> Timeout:
    timeout = draft.find(keys.TIMEOUT)
    if timeout is None:
        return _BUILT_IN.timeout
    return Timeout(
        run=timeout.get(policies.TIMEOUT_RUN, None),
        total=timeout.get(policies.TIMEOUT_TOTAL, None),
        idle=timeout.get(policies.TIMEOUT_IDLE, None),
        warn=timeout.get(policies.TIMEOUT_WARN, None),
        min=timeout.get(policies.TIMEOUT_MIN, None),
    )


def _stop(draft: Draft) -> StopPolicy:
    stop, default = draft.find(keys.STOP), _BUILT_IN.stop
    if stop is None:
        return default
    return StopPolicy(stop.get(policies.STOP_SIGNAL, default.signal), stop.get(policies.STOP_GRACE, default.grace))


def _retry(around: Surroundings, job: Resolved) -> Retry:
    retry, default = job.draft.find(keys.RETRY), _BUILT_IN.retry
    if retry is None:
        return default
    delay = retry.get(policies.RETRY_DELAY, default.delay)
    longest = retry.items.get(policies.RETRY_MAX_DELAY.name)
    # The default limit of an hour must not shorten a delay that was asked for.
    max_delay = retry.get(policies.RETRY_MAX_DELAY, max(default.max_delay, delay))
    if longest is not None and max_delay < delay:
        around.report.error(
            longest.source,
            longest.node,
            f"{job.written.path}.retry.max_delay",
            "is shorter than `delay`",
            "make it at least as long",
        )
    return Retry(
        limit=retry.get(policies.RETRY_LIMIT, default.limit),
        delay=delay,
        backoff=retry.get(policies.RETRY_BACKOFF, default.backoff),
        max_delay=max_delay,
        jitter=retry.get(policies.RETRY_JITTER, default.jitter),
        only=_only(retry.get(policies.RETRY_ONLY, EMPTY)),
        reset_on_success=retry.get(policies.RETRY_RESET_ON_SUCCESS, default.reset_on_success),
    )


def _only(draft: Draft) -> RetryCauses:
    """Where causes are listed, what is not listed is not tried again."""
    if not draft.items:
        return _BUILT_IN.retry.only
    return RetryCauses(
        exit_codes=draft.get(policies.ONLY_EXIT_CODES, frozenset()),
        signals=draft.get(policies.ONLY_SIGNALS, False),
        timeout=draft.get(policies.ONLY_TIMEOUT, False),
        lost=draft.get(policies.ONLY_LOST, False),
    )


def _on_false(draft: Draft) -> OnFalse:
    on_false = draft.find(keys.ON_FALSE)
    if on_false is None or not on_false.items:
        return SKIP
    return OnFalse(on_false.get(hooks.ON_FALSE_EVERY, 0.0), on_false.get(hooks.ON_FALSE_FOR, 0.0))


def _hooks(filler: Filler, draft: Draft) -> Mapping[HookSlot, Hook]:
    written = draft.find(keys.HOOKS)
    if written is None:
        return _BUILT_IN.hooks
    found: dict[HookSlot, Hook] = {}
    for slot, key in hooks.HOOK_KEYS.items():
        one = written.find(key)
        if one is not None and hooks.HOOK_COMMAND.name in one.items:
            command = filler.arguments(one.items[hooks.HOOK_COMMAND.name], f"hooks.{slot}.command")
            timeout = one.get(hooks.HOOK_TIMEOUT, Hook(command).timeout)
            found[slot] = Hook(command, timeout, one.get(hooks.HOOK_IGNORE_ERROR, False))
    return MappingProxyType(found)


def _outputs(draft: Draft) -> Mapping[str, str]:
    written = draft.find(keys.OUTPUTS)
    if written is None or not written.items:
        return _BUILT_IN.outputs
    return MappingProxyType({name: str(item.value) for name, item in written.items.items()})


def build_engine(around: Surroundings, draft: Draft, folder: str) -> EngineSpec:
    """`engine:` with its defaults; `state_dir` absolute."""
    default = EngineSpec()
    ageing, history = draft.get(keys.AGEING, EMPTY), draft.get(keys.HISTORY, EMPTY)
    state_dir = draft.items.get(keys.STATE_DIR.name)
    place = default.state_dir
    if state_dir is not None:
        lookup = Variables({}, (around.environ,))
        at = (state_dir.source, state_dir.node, "engine.state_dir")
        place = around.absolute(around.fill(in_full, draft.get(keys.STATE_DIR, ""), lookup, at), folder)
    return replace(
        default,
        name=draft.get(keys.ENGINE_NAME, default.name),
        timezone=draft.get(keys.TIMEZONE, default.timezone),
        max_running=draft.get(keys.MAX_RUNNING, default.max_running),
        ageing=Ageing(
            ageing.get(keys.AGEING_EVERY, default.ageing.every), ageing.get(keys.AGEING_STEP, default.ageing.step)
        ),
        min_ready_memory=draft.get(keys.MIN_READY_MEMORY, default.min_ready_memory),
        notify=draft.get(keys.ENGINE_NOTIFY, default.notify),
        heartbeat=build_heartbeat(around, draft),
        drain=draft.get(keys.DRAIN, default.drain),
        on_term=draft.get(keys.ON_TERM, default.on_term),
        on_quit=draft.get(keys.ON_QUIT, default.on_quit),
        reload=draft.get(keys.ON_FILE_CHANGE, default.reload),
        state_dir=place,
        on_lost_state=draft.get(keys.ON_LOST_STATE, default.on_lost_state),
        idle_timeout=draft.get(keys.IDLE_TIMEOUT, default.idle_timeout),
        history=History(
            history.get(keys.KEEP_RUNS, default.history.keep_runs),
            history.get(keys.KEEP_DAYS, default.history.keep_days),
        ),
    )


def build_pools(draft: Draft) -> Mapping[str, PoolSpec]:
    """The pools by name."""
    pools: dict[str, PoolSpec] = {}
    for name, item in draft.items.items():
        if isinstance(item.value, Draft):
            order = item.value.get(relations.POOL_ORDER, PoolSpec(1).order)
            pools[name] = PoolSpec(item.value.get(relations.POOL_SLOTS, 1), order)
    return MappingProxyType(pools)
