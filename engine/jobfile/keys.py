"""The keys of a job file: one table each for a job, for `engine:` and for the file.

What the format knows and this version lacks is listed too, so that it is refused by name and never mistaken.
"""

from __future__ import annotations

import re
from typing import Final

from engine.jobfile import (
    calendars,
    commands,
    hooks,
    inputs,
    logs,
    monitoring,
    notify,
    policies,
    relations,
    resources,
    schedules,
    times,
    watch,
)
from engine.jobfile.aliases import JOB_ALIASES
from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.fields import (
    boolean,
    choice,
    duration,
    expected,
    integer,
    list_of,
    matching,
    nonempty,
    number,
    or_none,
    size,
    text,
)
from engine.jobfile.nodes import FALSE, MISSING_VALUES, TRUE, Map, Node, Seq
from engine.jobfile.nodes import integer as as_integer
from engine.jobfile.nodes import number as as_number
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.tables import Alias, read_map, table
from engine.spec.config import OnFileChange, OnLostState, OnQuit, OnTerm
from engine.spec.job import (
    JOB_ID_PATTERN,
    PRIORITY_MAX,
    PRIORITY_MIN,
    CatchUp,
    Command,
    Join,
    Manual,
    OnFailure,
    OnLeftBehind,
    Overlap,
    WhenNotDurable,
)
from engine.spec.when import Roll

MOST: Final = 1_000_000
POOL_NAME: Final = re.compile(JOB_ID_PATTERN)
SHORTEST_PERIOD: Final = 0.1
"""Seconds between two starts by `every`."""

_positive: Final = duration(above=True)


def _value(r: Reading, node: Node) -> object:
    """The value that YAML 1.2 sees; maps as drafts, so that layers merge them."""
    if isinstance(node, Seq):
        return tuple(_value(r, item) for item in node.items)
    if isinstance(node, Map):
        return Draft({key.text: Item(_value(r, value), key, value, r.source) for key, value in node.pairs})
    if not node.plain:
        return node.text
    if node.text in MISSING_VALUES:
        return None
    if node.text in TRUE or node.text in FALSE:
        return node.text in TRUE
    whole = as_integer(node)
    value = as_number(node) if whole is None else whole
    return node.text if value is None else value


def _metadata(r: Reading, node: Node) -> Draft | Bad:
    got = _value(r, node)
    return got if isinstance(got, Draft) else expected(r, node, "a map")


ID: Final = Key("id", text)
EXTENDS: Final = Key("extends", matching(r"\." + JOB_ID_PATTERN, "the id of a template, which begins with a dot"))
COMMAND: Final[Key[Command]] = Key("command", commands.command)
SCRIPT: Final[Key[Command]] = Key("script", commands.script)
PYTHON: Final[Key[Command]] = Key("python", commands.python)
WAS: Final = Key("was", matching(JOB_ID_PATTERN, "the id that the job had before"))
NAME: Final = Key("name", nonempty)
DESCRIPTION: Final = Key("description", text)
TAGS: Final = Key("tags", list_of(nonempty, "tags"))
METADATA: Final = Key("metadata", _metadata)
SHELL: Final = Key("shell", commands.shell)
WORKING_DIR: Final = Key("working_dir", nonempty)
ENV: Final = Key("env", commands.env)
ENV_FILE: Final = Key("env_file", commands.env_file)
INHERIT: Final = Key("inherit", commands.inherit)
UMASK: Final = Key("umask", commands.umask)
USER: Final = Key("user", resources.account)
GROUP: Final = Key("group", resources.account)
PARAMS: Final = Key("params", inputs.params)
MATRIX: Final = Key("matrix", inputs.matrix)
SECRETS: Final = Key("secrets", inputs.secrets)
STDIN: Final = Key("stdin", commands.stdin)
SCHEDULE: Final = Key("schedule", schedules.schedule)
EVERY: Final = Key("every", duration(SHORTEST_PERIOD))
ALIGN: Final = Key("align", boolean)
DELAY: Final = Key("delay", _positive)
AT: Final = Key("at", schedules.at)
TIMEZONE: Final = Key("timezone", schedules.timezone)
DST: Final = Key("dst", times.dst)
JITTER: Final = Key("jitter", duration())
START_AT: Final = Key("start_at", times.time)
END_AT: Final = Key("end_at", times.end_time)
WINDOW: Final = Key("window", times.window)
CALENDAR: Final = Key("calendar", times.calendar_name)
EXCEPT: Final = Key("except", times.calendar_name)
ROLL: Final = Key("roll", choice(Roll))
MAX_RUNS: Final = Key("max_runs", or_none(policies.max_runs))
ENABLED: Final = Key("enabled", boolean)
MANUAL: Final = Key("manual", choice(Manual))
ON_FAILURE: Final = Key("on_failure", choice(OnFailure))
CATCH_UP: Final = Key("catch_up", choice(CatchUp))
CATCH_UP_WINDOW: Final = Key("catch_up_window", _positive)
LATE_GRACE: Final = Key("late_grace", duration())
START_DEADLINE: Final = Key("start_deadline", or_none(_positive))
OVERLAP: Final = Key("overlap", choice(Overlap))
MAX_QUEUED: Final = Key("max_queued", integer(1, 100_000))
CONCURRENCY: Final = Key("concurrency", integer(1, MOST))
PRIORITY: Final = Key("priority", integer(PRIORITY_MIN, PRIORITY_MAX))
EXCLUSIVE: Final[Key[bool | str]] = Key("exclusive", policies.exclusive)
POOLS: Final = Key("pools", relations.pools)
RESERVE: Final = Key("reserve", resources.reserve)
LIMITS: Final = Key("limits", resources.limits)
NEEDS: Final = Key("needs", relations.needs)
JOIN: Final = Key("join", choice(Join))
TIMEOUT: Final = Key("timeout", policies.timeout)
STOP: Final = Key("stop", policies.stop)
RETRY: Final = Key("retry", policies.retry)
LEFT_BEHIND: Final = Key("left_behind", choice(OnLeftBehind))
IF: Final = Key("if", hooks.conditions)
ON_FALSE: Final = Key("on_false", hooks.on_false)
HOOKS: Final = Key("hooks", hooks.hooks)
FAILOVER: Final[Key[Command]] = Key("failover", commands.command)
OUTPUTS: Final = Key("outputs", hooks.outputs)
SUCCESS_CODES: Final = Key("success_codes", policies.exit_codes)
SKIP_CODES: Final = Key("skip_codes", policies.exit_codes)
NOTIFY: Final = Key("notify", notify.notify)
FINISH_BY: Final = Key("finish_by", notify.finish_by)
WHEN_NOT_DURABLE: Final = Key("when_not_durable", choice(WhenNotDurable))
LOG: Final = Key("log", logs.log)
MONITOR: Final = Key("monitor", monitoring.monitor)
PAUSABLE: Final = Key("pausable", boolean)
PAUSE_TIMEOUT: Final = Key("pause_timeout", _positive)

WATCH: Final = Key("watch", watch.watch)

SCHEDULES: Final = (SCHEDULE, EVERY, DELAY, AT)
COMMANDS: Final = (COMMAND, SCRIPT, PYTHON)

JOB: Final = table(
    "a job",
    [
        *(ID, EXTENDS, WAS, NAME, DESCRIPTION, TAGS, METADATA),
        *(
            COMMAND,
            SCRIPT,
            PYTHON,
            SHELL,
            WORKING_DIR,
            ENV,
            ENV_FILE,
            INHERIT,
            UMASK,
            USER,
            GROUP,
            STDIN,
            PARAMS,
            SECRETS,
            MATRIX,
        ),
        *(SCHEDULE, EVERY, ALIGN, DELAY, AT, WATCH, TIMEZONE, ENABLED, MANUAL, ON_FAILURE),
        *(DST, JITTER, START_AT, END_AT, WINDOW, CALENDAR, EXCEPT, ROLL, MAX_RUNS),
        *(CATCH_UP, CATCH_UP_WINDOW, LATE_GRACE, START_DEADLINE, OVERLAP, MAX_QUEUED, CONCURRENCY),
        *(PRIORITY, EXCLUSIVE, POOLS, RESERVE, LIMITS, NEEDS, JOIN),
        *(IF, ON_FALSE, HOOKS, FAILOVER, OUTPUTS),
        *(
            TIMEOUT,
            STOP,
            LEFT_BEHIND,
            RETRY,
            SUCCESS_CODES,
            SKIP_CODES,
            PAUSABLE,
            PAUSE_TIMEOUT,
            NOTIFY,
            FINISH_BY,
            WHEN_NOT_DURABLE,
            LOG,
            MONITOR,
        ),
    ],
    aliases=JOB_ALIASES,
    unavailable=["executor"],
    example=COMMAND.name,
)
"""`unavailable` is the list of what this version refuses by name."""


ENGINE_NAME: Final = Key("name", matching(JOB_ID_PATTERN, "a name (letters, digits, _ . -)"))
MAX_RUNNING: Final = Key("max_running", integer(1, 100_000))
MIN_READY_MEMORY: Final = Key("min_ready_memory", size())
ENGINE_NOTIFY: Final = Key("notify", notify.names)
HEARTBEAT: Final = Key("heartbeat", notify.heartbeat)
DRAIN: Final = Key("drain", duration())
ON_TERM: Final = Key("on_term", choice(OnTerm))
ON_QUIT: Final = Key("on_quit", choice(OnQuit))
ON_FILE_CHANGE: Final = Key("reload", choice(OnFileChange))
STATE_DIR: Final = Key("state_dir", nonempty)

AGEING_EVERY: Final = Key("every", duration(1.0))
AGEING_STEP: Final = Key("step", number(0, 1000))
_AGEING: Final = table("`ageing`", [AGEING_EVERY, AGEING_STEP])
AGEING: Final = Key("ageing", lambda r, node: read_map(r, node, _AGEING))

KEEP_RUNS: Final = Key("keep_runs", integer(1, 10_000_000))
KEEP_DAYS: Final = Key("keep_days", number(0, 36_500))
_HISTORY: Final = table("`history`", [KEEP_RUNS, KEEP_DAYS])
ON_LOST_STATE: Final = Key("on_lost_state", choice(OnLostState))
IDLE_TIMEOUT: Final = Key("idle_timeout", _positive)
HISTORY: Final = Key("history", lambda r, node: read_map(r, node, _HISTORY))

ENGINE: Final = table(
    "`engine`",
    [
        ENGINE_NAME,
        TIMEZONE,
        MAX_RUNNING,
        AGEING,
        MIN_READY_MEMORY,
        ENGINE_NOTIFY,
        HEARTBEAT,
        DRAIN,
        ON_TERM,
        ON_QUIT,
        ON_FILE_CHANGE,
        STATE_DIR,
        ON_LOST_STATE,
        IDLE_TIMEOUT,
        HISTORY,
    ],
    aliases={"workers": Alias("max_running")},
    unavailable=[
        *("metrics", "executors", "access", "hook_timeout"),
    ],
    example=MAX_RUNNING.name,
)


def _pools(r: Reading, node: Node) -> Draft | Bad:
    """name -> definition; a pool that cannot be read stays known by name, with one slot, so that its users are not blamed."""
    if not isinstance(node, Map):
        return expected(r, node, "a map of pools")
    items = {}
    for key, value in node.pairs:
        r.trail.append(key.text)
        if not POOL_NAME.fullmatch(key.text):
            r.problem(key, "is not a name for a pool (letters, digits, _ . -)")
        got = relations.pool(r, value)
        r.trail.pop()
        items[key.text] = Item(Draft() if got is BAD else got, key, value, r.source)
    return Draft(items)


def _section(r: Reading, node: Node) -> Node | Bad:
    """A map that is read later, when what it depends on is known."""
    return node if isinstance(node, Map) else expected(r, node, "a map")


VERSION: Final = Key("version", integer(1, MOST))
INCLUDE: Final = Key("include", list_of(nonempty, "file patterns such as jobs.d/*.yaml"))
ENGINE_KEY: Final = Key("engine", lambda r, node: read_map(r, node, ENGINE))
POOLS_KEY: Final = Key("pools", _pools)
CALENDARS: Final = Key("calendars", calendars.calendars)
BLACKOUTS: Final = Key("blackouts", calendars.blackouts)
NOTIFIERS: Final = Key("notifiers", notify.notifiers)
DEFAULTS: Final = Key("defaults", lambda r, node: read_map(r, node, JOB))
JOBS: Final = Key("jobs", _section)

FILE: Final = table(
    "a job file",
    [VERSION, INCLUDE, ENGINE_KEY, POOLS_KEY, CALENDARS, BLACKOUTS, NOTIFIERS, DEFAULTS, JOBS],
    example=JOBS.name,
)
