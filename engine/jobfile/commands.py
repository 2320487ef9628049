"""Readers of what a job runs and of the environment it runs in: command, shell, script, env, env_file, umask, inherit."""

from __future__ import annotations

import re
import shlex
from typing import Final

from engine.jobfile.draft import Draft, Item
from engine.jobfile.fields import argument, expected, list_of, map_of, nonempty, text, variable_fault, variable_name
from engine.jobfile.nodes import Node, Scalar, Seq, is_missing
from engine.jobfile.reading import BAD, Bad, Reading
from engine.spec.job import Argv, Command, PythonFunction, Shell
from engine.spec.template import shell_mistake

_UMASK: Final = re.compile(r"(?:0o?)?[0-7]{1,3}")
_arguments: Final = list_of(argument, "texts")
_names: Final = list_of(variable_name, "names of variables")


def command(r: Reading, node: Node) -> Command | Bad:
    """A text for the shell, or a list that is executed as it is."""
    if not isinstance(node, Seq):
        return _shell_text(r, node, "a command: a text for the shell, or a list [program, argument, …]")
    args = _arguments(r, node)
    if args is BAD:
        return BAD
    if not args or not args[0].strip():
        return r.problem(node, "names no program", "write [program, argument, …]")
    return Argv(args)


def script(r: Reading, node: Node) -> Command | Bad:
    """Lines for the shell."""
    got = _shell_text(r, node, "a text of several lines for the shell")
    if got is not BAD and got.text.startswith("#!"):
        # Honouring it would need a file that outlives us; ignoring it would run Python in sh.
        return r.problem(
            node, "begins with #!, but is run by the job's `shell`", "name the interpreter: `shell: [python3, -c]`"
        )
    return got


def python(r: Reading, node: Node) -> Command | Bad:
    """`module:function`, called in a child process."""
    got = text(r, node)
    if got is BAD:
        return BAD
    try:
        return PythonFunction.parse(got)
    except ValueError:
        return expected(
            r, node, "module:function", "write the module as for import, then the function: reports.daily:main"
        )


def _shell_text(r: Reading, node: Node, what: str) -> Shell | Bad:
    if not isinstance(node, Scalar) or is_missing(node):
        return expected(r, node, what)
    got = nonempty(r, node)
    if got is BAD:
        return BAD
    if (mistake := shell_mistake(got)) is not None:
        return r.problem(node, mistake.message, mistake.remedy)
    return Shell(got)


def shell(r: Reading, node: Node) -> tuple[str, ...] | Bad:
    """A list to which the command is appended, or a text that is split into one; a name alone gets `-c`."""
    if isinstance(node, Seq):
        words = _arguments(r, node)
    else:
        line = nonempty(r, node)
        if line is BAD:
            return BAD
        try:
            words = tuple(shlex.split(line))
        except ValueError as error:
            return r.problem(node, f"cannot be split into words: {str(error).lower()}", "write a list")
        words = (*words, "-c") if len(words) == 1 else words
    if words is not BAD and (not words or not words[0].strip()):
        return r.problem(node, "names no program", "write [/bin/sh, -c]")
    return words


def _variable_value(r: Reading, node: Node) -> str | Bad:
    if is_missing(node):
        return r.problem(
            node, "has no value", 'write "" for an empty one, or name it in `inherit` to pass the engine\'s on'
        )
    return argument(r, node)


_env_map: Final = map_of(_variable_value, variable_fault, "a map of NAME: value")


def env(r: Reading, node: Node) -> Draft | Bad:
    """A map, or compose's list of NAME=value."""
    if not isinstance(node, Seq):
        return _env_map(r, node)
    items: dict[str, Item] = {}
    bad = False
    for index, one in enumerate(node.items):
        r.trail.append(f"[{index}]")
        line = argument(r, one)
        if line is not BAD:
            name, equals, value = line.partition("=")
            if not equals:
                r.problem(one, "is not NAME=value", "name it in `inherit` to pass the engine's value on")
                bad = True
            elif (fault := variable_fault(name)) is not None:
                r.problem(one, fault)
                bad = True
            elif isinstance(one, Scalar):
                items[name] = Item(value, one, one, r.source)
        r.trail.pop()
        bad = bad or line is BAD
    return BAD if bad else Draft(items)


_files: Final = list_of(nonempty, "file names")


def env_file(r: Reading, node: Node) -> tuple[str, ...] | Bad:
    """A file name or a list of such; later files win."""
    if isinstance(node, Seq):
        return _files(r, node)
    name = nonempty(r, node)
    return BAD if name is BAD else (name,)


def inherit(r: Reading, node: Node) -> tuple[str, ...] | Bad:
    """Names of the engine's variables that pass on; `all` becomes ("*",)."""
    if isinstance(node, Scalar) and node.text == "all":
        r.warn(
            node,
            "the job gets the engine's whole environment, which differs between a desk, systemd and cron",
            "name the variables that it needs",
        )
        return ("*",)
    return _names(r, node)


def umask(r: Reading, node: Node) -> int | Bad:
    """Octal digits, quoted or not: `022`, `"027"`."""
    if isinstance(node, Scalar) and _UMASK.fullmatch(node.text):
        return int(node.text.replace("o", ""), 8)
    return expected(r, node, "a mask in octal digits such as 022")


def stdin(r: Reading, node: Node) -> str | Bad:
    """What the job reads on its standard input; `/dev/null` and "" mean nothing at all."""
    got = text(r, node)
    return "" if got == "/dev/null" else got
