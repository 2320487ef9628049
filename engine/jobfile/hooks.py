"""Readers of what runs around a job's command: hooks, `if` and `on_false`, outputs."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from engine.jobfile.commands import command
from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.fields import (
    Reader,
    boolean,
    duration,
    expected,
    map_of,
    nonempty,
    text,
    variable_fault,
    variable_name,
)
from engine.jobfile.nodes import Map, Node, Scalar, Seq
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.tables import Alias, read_map, table
from engine.spec.command import Command
from engine.spec.hooks import CommandHolds, Condition, FileExists, HookSlot, TextMatches, VariableMatches

HOOK_COMMAND: Final[Key[Command]] = Key("command", command)
HOOK_TIMEOUT: Final = Key("timeout", duration(above=True))
HOOK_IGNORE_ERROR: Final = Key("ignore_error", boolean)
_HOOK: Final = table("a hook", [HOOK_COMMAND, HOOK_TIMEOUT, HOOK_IGNORE_ERROR], unavailable=["python"])


def _hook(r: Reading, node: Node) -> Draft | Bad:
    """A command, or {command, timeout, ignore_error}."""
    if isinstance(node, Map):
        got = read_map(r, node, _HOOK)
        if got is not BAD and not {HOOK_COMMAND.name} & (got.items.keys() | got.refused):
            return r.problem(node, "has no command", "add `command: …`")
        return got
    run = command(r, node)
    if run is BAD:
        return BAD
    key = node if isinstance(node, Scalar) else _first(node)
    return Draft({HOOK_COMMAND.name: Item(run, key, node, r.source)}, whole=True)


def _first(node: Node) -> Scalar:
    """Some scalar of a list of arguments, which is never empty, to stand for its place."""
    assert isinstance(node, Seq)
    assert isinstance(node.items[0], Scalar)
    return node.items[0]


HOOK_KEYS: Final = {slot: Key(slot.value, _hook) for slot in HookSlot}
_HOOKS: Final = table(
    "`hooks`",
    HOOK_KEYS.values(),
    aliases={
        "init": Alias(HookSlot.START),
        "failure": Alias(HookSlot.ERROR),
        "abort": Alias(HookSlot.STOP),
        "exit": Alias(HookSlot.FINALLY),
    },
)


def hooks(r: Reading, node: Node) -> Draft | Bad:
    """A map slot -> hook; dagu's names for the slots load as well."""
    return read_map(r, node, _HOOKS)


class Written(NamedTuple):
    """A precondition and where it stands: its texts are filled in later."""

    condition: Condition
    node: Node


def _pattern(r: Reading, node: Node) -> str | Bad:
    got = text(r, node)
    if got is BAD:
        return BAD
    try:
        re.compile(got)
    except re.error as error:
        return r.problem(node, f"is not a pattern: {error.msg}", "patterns are Python's regular expressions")
    return got


IF_COMMAND: Final[Key[Command]] = Key("command", command)
IF_ENV: Final = Key("env", variable_name)
IF_FILE: Final = Key("file", nonempty)
IF_VALUE: Final = Key("value", text)
IF_MATCHES: Final = Key("matches", _pattern)
_ASKED: Final = (IF_COMMAND, IF_ENV, IF_FILE, IF_VALUE)
_CONDITION: Final = table("a precondition", [*_ASKED, IF_MATCHES])


def conditions(r: Reading, node: Node) -> tuple[Written, ...] | Bad:
    """A list of preconditions; one may stand without the list."""
    return _each(r, node, _condition)


def dagu_conditions(r: Reading, node: Node) -> tuple[Written, ...] | Bad:
    """dagu's {condition, expected}."""
    return _each(r, node, _dagu_condition)


def _each(r: Reading, node: Node, read: Reader[Condition]) -> tuple[Written, ...] | Bad:
    if isinstance(node, Map):
        one = read(r, node)
        return BAD if one is BAD else (Written(one, node),)
    if not isinstance(node, Seq):
        return expected(r, node, "a list of preconditions such as {file: /data/ready}")
    found: list[Written] = []
    for index, item in enumerate(node.items):
        r.trail.append(f"[{index}]")
        one = read(r, item)
        r.trail.pop()
        if one is not BAD:
            found.append(Written(one, item))
    return tuple(found) if len(found) == len(node.items) else BAD


def _condition(r: Reading, node: Node) -> Condition | Bad:
    got = read_map(r, node, _CONDITION)
    if got is BAD or got.refused:
        return BAD
    asked = [key for key in _ASKED if key.name in got.items]
    if len(asked) != 1:
        return r.problem(node, "must ask one thing: command, env, file or value", "write one map for each")
    pattern = got.find(IF_MATCHES)
    if pattern is not None and asked[0] not in {IF_ENV, IF_VALUE}:
        return r.problem(node, "`matches` goes with `env` or `value`", "for an exit code write `command` alone")
    if (run := got.find(IF_COMMAND)) is not None:
        return CommandHolds(run)
    if (path := got.find(IF_FILE)) is not None:
        return FileExists(path)
    if (name := got.find(IF_ENV)) is not None:
        return VariableMatches(name, pattern)
    return TextMatches(got.get(IF_VALUE, ""), pattern)


DAGU_CONDITION: Final = Key("condition", nonempty)
DAGU_EXPECTED: Final = Key("expected", text)
_DAGU: Final = table("a precondition", [DAGU_CONDITION, DAGU_EXPECTED])


def _dagu_condition(r: Reading, node: Node) -> Condition | Bad:
    got = read_map(r, node, _DAGU)
    if got is BAD or got.refused:
        return BAD
    asked, wanted = got.find(DAGU_CONDITION), got.find(DAGU_EXPECTED)
    if asked is None:
        return r.problem(node, "has no `condition`")
    written = got.items[DAGU_CONDITION.name].node
    if wanted is None:
        run = command(r, written)
        return BAD if run is BAD else CommandHolds(run)
    if "`" in asked:
        return r.problem(written, "compares what a command prints", 'write `command: test "$(…)" = …`')
    return TextMatches(asked, wanted[3:] if wanted.startswith("re:") else f"^{re.escape(wanted)}$")


ON_FALSE_EVERY: Final = Key("retry_every", duration(1.0))
ON_FALSE_FOR: Final = Key("for", duration(above=True))
_ON_FALSE: Final = table("`on_false`", [ON_FALSE_EVERY, ON_FALSE_FOR])


def on_false(r: Reading, node: Node) -> Draft | Bad:
    """`skip`, or {retry_every, for}."""
    if isinstance(node, Scalar) and node.text == "skip":
        return Draft(whole=True)
    if not isinstance(node, Map):
        return expected(r, node, "`skip`, or a map {retry_every: 5m, for: 2h}")
    got = read_map(r, node, _ON_FALSE)
    if got is not BAD and not got.refused and len(got.items) != 2:
        return r.problem(node, "needs both `retry_every` and `for`", "write {retry_every: 5m, for: 2h}")
    return got


def _output(r: Reading, node: Node) -> str | Bad:
    if isinstance(node, Scalar) and node.text.startswith("regex:"):
        node = node._replace(text=node.text.removeprefix("regex:"))
    return _pattern(r, node)


outputs: Final = map_of(_output, variable_fault, "a map name: regex:PATTERN")
