"""A job back in the words of the file: what a load made of it, as values that YAML can hold.

What is not set and has no word for that is left out. Loading what is written here gives the same job again (a test
holds it to that), so that what `show` prints is the job and not a story about it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from engine.jobfile.logs import log_in_words
from engine.jobfile.monitoring import monitor_in_words
from engine.jobfile.resources import limits_in_words
from engine.spec.command import Argv, Call, Command, PythonFunction, Shell
from engine.spec.hooks import CommandHolds, Condition, FileExists, TextMatches, VariableMatches
from engine.spec.job import (
    AtSchedule,
    CronSchedule,
    DelaySchedule,
    EverySchedule,
    JobSpec,
    Retry,
    RetryCauses,
    Schedule,
)
from engine.spec.notify import FinishBy, Notify
from engine.spec.params import MASK, Param
from engine.spec.secret import FromCommand, FromFile, FromVariable, Secret
from engine.spec.template import escape
from engine.spec.units import format_duration, format_size
from engine.spec.watch import Watch
from engine.spec.when import DAY_SECONDS, EVERY_DAY, Window

Word: TypeAlias = "bool | int | float | str | list[Word] | dict[str, Word] | None"

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PLAIN: Final = re.compile(
    r"[A-Za-z_/.][A-Za-z0-9_/@.+%-]*(?: [A-Za-z0-9_/@.+%-]+)*|(?:[0-9]+(?:\.[0-9]+)?(?:ms|[smhdKMGT]))+"
)
_OTHER_MEANING: Final = re.compile(r"(?i)true|false|null|yes|no|on|off|y|n|~|\.inf|\.nan|\.[0-9].*|none")


def in_words(spec: JobSpec) -> dict[str, Word]:
    """The job by key, in the order of the reference."""
    words: dict[str, Word] = {
        "was": spec.was,
        "name": spec.name,
        "description": spec.description,
        "tags": list(spec.tags),
        "metadata": _plain(spec.metadata),
        **_command(spec.command),
        "shell": list(spec.shell),
        "working_dir": spec.working_dir,
        "env_file": [escape(path) for path in spec.env_files],
        "env": {name: value for name, value in spec.env.items() if name not in spec.from_env_files},
        "inherit": "all" if "*" in spec.inherit else list(spec.inherit),
        "umask": f"{spec.umask:03o}",
        "user": spec.user,
        "group": spec.group,
        "stdin": spec.stdin,
        "params": {name: _param(one) for name, one in spec.params.items()},
        "secrets": {name: _secret(one) for name, one in spec.secrets.items()},
        "matrix": {name: list(values) for name, values in spec.matrix.items()},
        **_schedule(spec.schedule),
        "watch": None if spec.watch is None else _watch(spec.watch),
        "timezone": spec.timezone,
        "dst": {"gap": spec.dst.gap, "overlap": spec.dst.overlap},
        "jitter": format_duration(spec.jitter),
        "start_at": None if spec.start_at is None else spec.start_at.isoformat(),
        "end_at": None if spec.end_at is None else spec.end_at.isoformat(),
        "window": _window(spec.window),
        "calendar": spec.calendar,
        "except": spec.except_,
        "roll": spec.roll,
        "max_runs": _or_none(spec.max_runs),
        "enabled": spec.enabled,
        "manual": spec.manual,
        "on_failure": spec.on_failure,
        "catch_up": spec.catch_up,
        "catch_up_window": format_duration(spec.catch_up_window),
        "late_grace": None if spec.late_grace is None else format_duration(spec.late_grace),
        "start_deadline": _limit(spec.start_deadline),
        "overlap": spec.overlap,
        "max_queued": spec.max_queued,
        "concurrency": spec.concurrency,
        "priority": spec.priority,
        "exclusive": spec.exclusive,
        "pools": {**spec.pools},
        "reserve": None
        if spec.reserve is None
        else {"cpu": spec.reserve.cpu, "memory": format_size(spec.reserve.memory)},
        "limits": _plain(limits_in_words(spec.limits)),
        "log": _plain(log_in_words(spec.log)),
        "monitor": _plain(monitor_in_words(spec.monitor)),
        "needs": {
            need.job: _kept(
                {"is": need.required, "within": None if need.within is None else format_duration(need.within)}
            )
            for need in spec.needs
        },
        "join": spec.join,
        "if": [_condition(one) for one in spec.conditions],
        "on_false": "skip"
        if spec.on_false.retry_every is None
        else {"retry_every": format_duration(spec.on_false.retry_every), "for": format_duration(spec.on_false.for_)},
        "hooks": {
            slot.value: {
                **_command(hook.command),
                "timeout": format_duration(hook.timeout),
                "ignore_error": hook.ignore_error,
            }
            for slot, hook in spec.hooks.items()
        },
        "failover": None if spec.failover is None else _command(spec.failover)["command"],
        "outputs": {name: f"regex:{pattern}" for name, pattern in spec.outputs.items()},
        "timeout": {
            "run": _limit(spec.timeout.run),
            "total": _limit(spec.timeout.total),
            "idle": _limit(spec.timeout.idle),
            "warn": _limit(spec.timeout.warn),
            "min": _limit(spec.timeout.min),
        },
        "stop": {"signal": spec.stop.signal.name, "grace": format_duration(spec.stop.grace)},
        "left_behind": spec.left_behind,
        "retry": _retry(spec.retry),
        "success_codes": [*sorted(spec.success_codes)],
        "skip_codes": [*sorted(spec.skip_codes)],
        "when_not_durable": spec.when_not_durable,
        "notify": None if spec.notify is None else _notify(spec.notify),
        "finish_by": None if spec.finish_by is None else _finish_by(spec.finish_by),
        "pausable": spec.pausable,
        "pause_timeout": format_duration(spec.pause_timeout),
    }
    return _kept(words)


def _kept(words: dict[str, Word]) -> dict[str, Word]:
    return {name: word for name, word in words.items() if word is not None and word not in ("", [], {})}


def _plain(value: object) -> Word:
    match value:
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case tuple() | list():
            return [_plain(one) for one in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def _command(command: Command) -> dict[str, Word]:
    match command:
        case Shell(text=text):
            return {"command": text}
        case Argv(args=args):
            return {"command": list(args)}
        case PythonFunction(text=text):
            return {"python": text}
        case Call():
            return {"call": "a function of the program"}


def _schedule(schedule: Schedule | None) -> dict[str, Word]:
    match schedule:
        case CronSchedule(entries=entries):
            if len(entries) == 1 and entries[0].timezone is None:
                return {"schedule": entries[0].expression}
            return {"schedule": [_kept({"cron": one.expression, "timezone": one.timezone}) for one in entries]}
        case EverySchedule(seconds=seconds, align=align):
            return {"every": format_duration(seconds), "align": align}
        case DelaySchedule(seconds=seconds):
            return {"delay": format_duration(seconds)}
        case AtSchedule(times=times, at_start=at_start, at_reboot=at_reboot):
            texts = ["@start"] * at_start + ["@reboot"] * at_reboot
            return {"at": [*texts, *(at.isoformat() for at in times)]}
        case None:
            return {}


def _param(param: Param) -> Word:
    return _kept(
        {
            "default": MASK if param.secret and param.default else param.default,
            "type": param.type,
            "enum": list(param.enum),
            "description": param.description,
            "secret": param.secret or None,
            "required": param.required or None,
        }
    ) | ({"default": ""} if param.default == "" else {})


def _secret(secret: Secret) -> Word:
    match secret:
        case FromFile(path=path):
            return {"file": path}
        case FromVariable(name=name):
            return {"env": name}
        case FromCommand(command=command, timeout=timeout):
            return {**_command(command), "timeout": format_duration(timeout)}


def _window(window: Window | None) -> Word:
    if window is None:
        return None
    days = None if window.days == EVERY_DAY else ",".join(_DAYS[day] for day in sorted(window.days))
    return _kept({"from": _time_of_day(window.start), "to": _time_of_day(window.end), "days": days})


def _time_of_day(seconds: int) -> str:
    hour, rest = divmod(seconds, 3600)
    minute, second = divmod(rest, 60)
    assert seconds <= DAY_SECONDS
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")


def _condition(condition: Condition) -> Word:
    match condition:
        case CommandHolds(command=command):
            return _command(command)
        case FileExists(path=path):
            return {"file": path}
        case TextMatches(text=text, pattern=pattern):
            return {"value": text, **({} if pattern is None else {"matches": pattern})}
        case VariableMatches(name=name, pattern=pattern):
            return {"env": name, **({} if pattern is None else {"matches": pattern})}


def _retry(retry: Retry) -> Word:
    return _kept(
        {
            "limit": "unlimited" if retry.limit is None else retry.limit,
            "delay": format_duration(retry.delay),
            "backoff": retry.backoff,
            "max_delay": format_duration(retry.max_delay),
            "jitter": retry.jitter,
            "only": None if retry.only == RetryCauses() else _causes(retry.only),
            "reset_on_success": retry.reset_on_success,
        }
    )


def _causes(only: RetryCauses) -> Word:
    codes: list[Word] = [] if only.exit_codes is None else [*sorted(only.exit_codes)]
    causes: dict[str, Word] = {"signals": only.signals, "timeout": only.timeout, "lost": only.lost}
    return causes if not codes else {"exit_codes": codes, **causes}


def _notify(notify: Notify) -> Word:
    return {
        "when": [*sorted(when.value for when in notify.when)],
        **({"to": [*notify.to]} if notify.to else {}),
        "cooldown": format_duration(notify.cooldown),
    }


def _watch(watch: Watch) -> Word:
    return {"paths": [escape(path) for path in watch.paths], "debounce": format_duration(watch.debounce)}


def _finish_by(by: FinishBy) -> Word:
    if by.at is not None:
        return by.at.isoformat(timespec="seconds" if by.at.second else "minutes")
    return format_duration(by.seconds or 0.0)


def _limit(seconds: float | None) -> str:
    return "none" if seconds is None else format_duration(seconds)


def _or_none(value: int | None) -> Word:
    return "none" if value is None else value


def flow(word: Word) -> str:
    """The word as YAML 1.2 on one line; what a terminal would act on is escaped."""
    match word:
        case None:
            return "null"
        case bool():
            return "true" if word else "false"
        case int() | float():
            return repr(word)
        case str():
            plain = _PLAIN.fullmatch(word) and (word == "none" or not _OTHER_MEANING.fullmatch(word))
            return str(word) if plain else _quoted(word)
        case list():
            return f"[{', '.join(map(flow, word))}]"
        case dict():
            return f"{{{', '.join(f'{flow(name)}: {flow(one)}' for name, one in word.items())}}}"


def _quoted(text: str) -> str:
    """In double quotes, with the escapes that YAML shares with JSON; letters of all languages stay."""
    out = []
    for sign in text:
        code = ord(sign)
        if sign in '"\\':
            out.append("\\" + sign)
        elif sign == "\n":
            out.append("\\n")
        elif sign == "\t":
            out.append("\\t")
        elif sign.isprintable():
            out.append(sign)
        else:
            out.append(f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}")
    return f'"{"".join(out)}"'
