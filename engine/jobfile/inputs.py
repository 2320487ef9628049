"""`params:`, `secrets:` and `matrix:` of a job: the readers of its map, and what comes of all its layers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, cast

from engine.jobfile.commands import command
from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.fields import (
    argument,
    boolean,
    choice,
    duration,
    list_of,
    map_of,
    nonempty,
    text,
    variable_fault,
    variable_name,
)
from engine.jobfile.nodes import Node, text_shown
from engine.jobfile.reading import BAD, Bad, Reading, Report
from engine.jobfile.tables import read_map, table
from engine.spec.command import Command
from engine.spec.matrix import MOST as MOST_SHARDS
from engine.spec.matrix import size_of
from engine.spec.params import Param, ParamType, form, reserved
from engine.spec.template import variable

MOST: Final = 100
"""Parameters, or secrets, of one job."""

PARAM_DEFAULT: Final = Key("default", argument)
PARAM_TYPE: Final = Key("type", choice(ParamType))
PARAM_ENUM: Final = Key("enum", list_of(argument, "values"))
PARAM_DESCRIPTION: Final = Key("description", text)
PARAM_SECRET: Final = Key("secret", boolean)
PARAM_REQUIRED: Final = Key("required", boolean)
_PARAM: Final = table(
    "a parameter", [PARAM_DEFAULT, PARAM_TYPE, PARAM_ENUM, PARAM_DESCRIPTION, PARAM_SECRET, PARAM_REQUIRED]
)


def name_fault(name: str) -> str | None:
    """What is wrong with the name of a parameter or a secret, which is the name of a variable in the job's environment."""
    if (fault := variable_fault(name)) is not None:
        return fault
    if reserved(name):
        return f"{text_shown(name)} is reserved: it steers shells, loaders or interpreters, or belongs to the engine"
    return None


_each: Final = map_of(lambda r, node: read_map(r, node, _PARAM), name_fault, "a map of parameters NAME: {default: …}")


def params(r: Reading, node: Node) -> Draft | Bad:
    """A map name -> {default, type, enum, description, secret, required}."""
    got = _each(r, node)
    if got is not BAD and len(got.items) > MOST:
        return r.problem(node, f"has {len(got.items)} parameters, more than {MOST}")
    return got


SECRET_FILE: Final = Key("file", nonempty)
SECRET_ENV: Final = Key("env", variable_name)
SECRET_COMMAND: Final[Key[Command]] = Key("command", command)
SECRET_TIMEOUT: Final = Key("timeout", duration(above=True))
_SOURCES: Final = (SECRET_FILE, SECRET_ENV, SECRET_COMMAND)
_SECRET: Final = table("a secret", [*_SOURCES, SECRET_TIMEOUT])


def _secret(r: Reading, node: Node) -> Draft | Bad:
    got = read_map(r, node, _SECRET)
    if got is BAD or got.refused:
        return BAD
    given = [key.name for key in _SOURCES if key.name in got.items]
    if len(given) != 1:
        return r.problem(node, "must have one of `file`, `env`, `command`", "say where it comes from, never what it is")
    if SECRET_TIMEOUT.name in got.items and given != [SECRET_COMMAND.name]:
        return r.problem(node, "`timeout` goes with `command`")
    return Draft(got.items, whole=True)


_each_secret: Final = map_of(_secret, name_fault, "a map of secrets NAME: {file: …}, {env: …} or {command: …}")


def secrets(r: Reading, node: Node) -> Draft | Bad:
    """A map name -> {file} | {env} | {command, timeout}."""
    got = _each_secret(r, node)
    if got is not BAD and len(got.items) > MOST:
        return r.problem(node, f"has {len(got.items)} secrets, more than {MOST}")
    return got


_matrix_values: Final = list_of(argument, "values")


def _values(r: Reading, node: Node) -> tuple[str, ...] | Bad:
    got = _matrix_values(r, node)
    if got is BAD:
        return BAD
    if not got:
        return r.problem(node, "has no values", "list at least one")
    if len(set(got)) < len(got):
        twice = next(value for value in got if got.count(value) > 1)
        return r.problem(node, f"names {text_shown(twice)} twice", "each value is a run of its own: name it once")
    return got


_each_item: Final = map_of(_values, variable_fault, "a map NAME: [value, …]")


def matrix(r: Reading, node: Node) -> Draft | Bad:
    """A map name -> list of values. The whole map replaces what lies below it."""
    got = _each_item(r, node)
    if got is BAD:
        return BAD
    names: dict[str, str] = {}
    for name in got.items:
        other = names.setdefault(variable("matrix", name), name)
        if other != name:
            return r.problem(got.items[name].key, f"`{name}` and `{other}` are the same variable", "rename one of them")
    if (size := size_of(build_matrix(got))) > MOST_SHARDS:
        return r.problem(node, f"makes {size:,} runs of each occurrence, more than {MOST_SHARDS:,}", "make it smaller")
    return Draft(got.items, whole=True)


def build_matrix(draft: Draft) -> Mapping[str, tuple[str, ...]]:
    """Name -> values."""
    return MappingProxyType({name: cast("tuple[str, ...]", item.value) for name, item in draft.items.items()})


def build_params(
    report: Report, path: str, draft: Draft | None, given: Mapping[str, str], *, by_itself: bool
) -> Mapping[str, Param]:
    """The parameters of a job. `given` are values for all jobs (`--set`), which take the place of defaults; `by_itself`:
    it is started by more than a person, who could be asked."""
    if draft is None or not draft.items:
        return NO_PARAMS
    return MappingProxyType(
        {
            name: _param(report, f"{path}.{name}", item, given.get(name), by_itself=by_itself)
            for name, item in draft.items.items()
        }
    )


NO_PARAMS: Final[Mapping[str, Param]] = MappingProxyType({})
"""Of a job that declares none."""


def _param(report: Report, path: str, item: Item, setting: str | None, *, by_itself: bool) -> Param:
    draft = item.value
    assert isinstance(draft, Draft)
    kind = draft.get(PARAM_TYPE, ParamType.STRING)
    secret = draft.get(PARAM_SECRET, False)
    enum = tuple(
        _in_form(report, f"{path}.enum", draft.items[PARAM_ENUM.name], kind, one, secret=secret)
        for one in draft.get(PARAM_ENUM, ())
    )
    if PARAM_ENUM.name in draft.items and not enum:
        _blame(report, f"{path}.enum", draft.items[PARAM_ENUM.name], "allows no value", "list some, or remove it")
    default = draft.find(PARAM_DEFAULT)
    if default is not None:
        default = _in_form(report, f"{path}.default", draft.items[PARAM_DEFAULT.name], kind, default, secret=secret)
        if enum and default not in enum:
            what = f"{_shown(default, secret=secret)} is not one of its `enum`"
            _blame(report, f"{path}.default", draft.items[PARAM_DEFAULT.name], what, "add it there")
    required = draft.get(PARAM_REQUIRED, False)
    if required and default is not None:
        _blame(
            report, f"{path}.required", draft.items[PARAM_REQUIRED.name], "has a default as well", "keep one of them"
        )
    param = Param(default, kind, enum, draft.get(PARAM_DESCRIPTION, ""), secret, required)
    if setting is not None:
        try:
            default = param.read(setting)
        except ValueError as fault:
            what = f"the value given by --set {fault}"
            report.error(item.source, item.key, path, what, f"it is declared as {kind}")
        required = required and default is None
        param = Param(default, kind, enum, param.description, secret, required)
    if required and default is None and setting is None and by_itself:
        remedy = f"give it a default, start with --set {item.key.text}=VALUE, or write `manual: only`"
        _blame(report, path, item, "is required, and nobody is asked when the job starts by itself", remedy)
    return param


def _in_form(report: Report, path: str, item: Item, kind: ParamType, value: str, *, secret: bool) -> str:
    try:
        return form(kind, value)
    except ValueError as fault:
        _blame(report, path, item, f"{_shown(value, secret=secret)} {fault}", f"its type is {kind}")
        return value


def _shown(value: str, *, secret: bool) -> str:
    return "the value" if secret else text_shown(value)


def _blame(report: Report, path: str, item: Item, what: str, remedy: str) -> None:
    report.error(item.source, item.node, path, what, remedy)
