"""What a remedy tells to type is a command."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import engine
import jobqueue_tui
from engine.core.holds import EVERYTHING, named
from engine.errors import typed
from jobqueue_tui.cli.ctl import command as ctl


def told() -> Iterator[tuple[str, ...]]:
    """The words of all commands that the program tells to type; what is put in when it runs is `X`."""
    for package in (engine, jobqueue_tui):
        assert package.__file__ is not None
        for path in Path(package.__file__).parent.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "typed":
                    words = [str(arg.value) if isinstance(arg, ast.Constant) else "X" for arg in node.args]
                    if words[0] != "X":
                        yield tuple(words)


@pytest.mark.parametrize("words", sorted({*told(), ("release", named(EVERYTHING)), ("release", named("db"))}))
def test_it_is_taken_as_it_is_told(words: tuple[str, ...]) -> None:
    """The command is there, and has these options and as many arguments."""
    command = ctl.get_command(click.Context(ctl), words[0])
    assert command is not None
    if words == ("add", "FILE"):
        assert command.params[0].human_readable_name == "FILE"  # there is none of that name to take
    else:
        assert command.make_context(words[0], list(words[1:]), parent=click.Context(ctl)).command is command


def test_names_are_quoted_where_a_shell_would_not_leave_them_alone() -> None:
    assert typed("stop", "m[a b]") == "`jobqueue-tui ctl stop 'm[a b]'`"
