"""What the environment of a job's runs is made of, in one line. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.model.environment import Environment
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.wrapping import width_of
from jobqueue_tui.terminal import one_line

_REST: Final[Cell] = (" … y shows it", Role.MUTED)


def environment_line(made_of: Environment, room: int | None) -> tuple[Cell, ...]:
    """Names, each kind by its key in the job file; those that have no room (columns) are in the job as a file. Empty: none."""
    pieces = list(_pieces(made_of))
    if room is not None and width_of([cell for piece in pieces for cell in piece]) > room:
        left = room - width_of([_REST])
        while pieces and width_of([cell for piece in pieces for cell in piece]) > left:
            pieces.pop()
        pieces.append((_REST,))
    return tuple(cell for piece in pieces for cell in piece)


def _pieces(made_of: Environment) -> Iterator[tuple[Cell, ...]]:
    """A name with what stands before it."""
    begun = False
    for key, names in (
        ("", made_of.env),
        ("env_file ", made_of.env_files),
        ("inherit ", ("all",) if "*" in made_of.inherit else made_of.inherit),
        ("secrets ", made_of.secrets),
    ):
        for number, name in enumerate(names):
            before = ", " if number else f"   {key}" if begun else key
            yield (before, Role.MUTED), (one_line(name), Role.TEXT)
            begun = True
