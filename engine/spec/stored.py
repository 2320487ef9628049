"""A job's spec as JSON and back: how a job that was added while the engine ran is kept over restarts.

Values carry the name of their class, so any spec that the classes of `engine.spec.job` can express survives, and a spec
written before a field existed gets that field's default. A function of the program has no such form.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, time
from signal import Signals
from types import MappingProxyType
from typing import Any, Final

from engine.spec import command, hooks, limits, log, monitor, notify, params, secret, watch, when
from engine.spec import job as classes
from engine.spec.job import Call, JobSpec

_CLASS: Final = "is"
_VALUE: Final = "value"

_KNOWN: Final[Mapping[str, type]] = {
    name: found
    for module in (classes, command, hooks, limits, log, monitor, notify, params, secret, watch, when)
    for name, found in vars(module).items()
    if isinstance(found, type) and found.__module__ == module.__name__
} | {"Signals": Signals}


def can_be_stored(spec: JobSpec) -> bool:
    """Does it run nothing but what can be found again by another process."""
    runs = [spec.command, spec.failover, *(hook.command for hook in spec.hooks.values())]
    runs += [one.command for one in spec.conditions if isinstance(one, hooks.CommandHolds)]
    return not any(isinstance(one, Call) for one in runs)


def to_text(spec: JobSpec) -> str:
    """The spec as JSON. TypeError for a function of the program."""
    return json.dumps(_out(spec), separators=(",", ":"))


def from_text(text: str) -> JobSpec:
    """The inverse of `to_text`. ValueError for a text that no version of it wrote, or that names what is gone."""
    try:
        spec = _in(json.loads(text))
    except (TypeError, KeyError) as error:
        raise ValueError(f"not a stored job: {error}") from error
    if not isinstance(spec, JobSpec):
        raise ValueError("not a stored job")
    return spec


def _out(value: object) -> Any:
    match value:
        case None | bool():
            return value
        case enum.Enum():
            return {_CLASS: type(value).__name__, _VALUE: value.value}
        case int() | float() | str():
            return value
        case datetime():
            return {_CLASS: "datetime", _VALUE: value.isoformat()}
        case time():
            return {_CLASS: "time", _VALUE: value.isoformat()}
        case Mapping():
            return {_CLASS: "map", _VALUE: {name: _out(one) for name, one in value.items()}}
        case frozenset():
            return {_CLASS: "set", _VALUE: [_out(one) for one in sorted(value)]}
        case tuple() | list():
            return [_out(one) for one in value]
        case Call():
            raise TypeError("a function cannot be stored")
        case _ if is_dataclass(value) and not isinstance(value, type):
            name = next(one.__name__ for one in type(value).__mro__ if _KNOWN.get(one.__name__) is one)
            return {_CLASS: name, **{f.name: _out(getattr(value, f.name)) for f in fields(value)}}
    raise TypeError(f"{type(value).__name__} cannot be stored")


def _in(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_in(one) for one in value)
    if not isinstance(value, dict):
        return value
    name = value[_CLASS]
    match name:
        case "map":
            return MappingProxyType({key: _in(one) for key, one in value[_VALUE].items()})
        case "set":
            return frozenset(_in(one) for one in value[_VALUE])
        case "datetime":
            return datetime.fromisoformat(value[_VALUE])
        case "time":
            return time.fromisoformat(value[_VALUE])
    found = _KNOWN[name]
    if issubclass(found, enum.Enum):
        return found(value[_VALUE])
    return found(**{key: _in(one) for key, one in value.items() if key != _CLASS})
