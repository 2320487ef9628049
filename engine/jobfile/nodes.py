"""A YAML document as a tree whose every node knows its place: line and column, 1-based, in characters.

Named tuples and not frozen dataclasses: a 10,000-job file has a quarter of a million nodes, and a tuple is made in a
third of the time and leaves the garbage collector's lists when it holds only atoms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias


class Place(NamedTuple):
    """Where something stands: 1-based, in characters."""

    line: int
    column: int


START: Final = Place(1, 1)


class Scalar(NamedTuple):
    """Text as written; `plain` = without quotes or block style, so that it may mean a number, a boolean or nothing."""

    text: str
    plain: bool
    line: int
    column: int


class Seq(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    line: int
    column: int


class Map(NamedTuple):
    """A map in the order of the file, its `<<` keys already merged, each key once."""

    pairs: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int


Node: TypeAlias = Scalar | Seq | Map

MISSING_VALUES: Final = frozenset({"", "~", "null", "Null", "NULL"})
"""Plain scalars that stand for no value at all in YAML 1.2."""

TRUE: Final = frozenset({"true", "True", "TRUE"})
FALSE: Final = frozenset({"false", "False", "FALSE"})

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,19}|0o[0-7]{1,21}|0x[0-9A-Fa-f]{1,16}")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]{1,40}|[0-9]{1,40}(?:\.[0-9]{0,40})?)(?:[eE][-+]?[0-9]{1,2})?")


def is_missing(node: Node) -> bool:
    """Does the node stand for no value: `key:` with nothing behind it, `~`, `null`."""
    return type(node) is Scalar and node.plain and node.text in MISSING_VALUES


def integer(node: Scalar) -> int | None:
    """The whole number a plain scalar means in YAML 1.2 (`027` is 27, `0o27` octal, `22:00` text); else None."""
    if not node.plain or not _INTEGER.fullmatch(node.text):
        return None
    match node.text[:2]:
        case "0o" | "0x":
            return int(node.text, 0)
        case _:
            return int(node.text)


def number(node: Scalar) -> float | None:
    """The finite number a plain scalar means in YAML 1.2, else None."""
    return float(node.text) if node.plain and _FLOAT.fullmatch(node.text) else None


def described(node: Node) -> str:
    """The node in a few words, for a message that says what stood where something else was expected."""
    match node:
        case Seq():
            return "a list"
        case Map():
            return "a map"
        case Scalar(text, plain):
            if is_missing(node):
                return "nothing"
            return text_shown(text) if plain else f"the text {text_shown(text)}"


def text_shown(text: str) -> str:
    """A value from the file in a message: quoted, one line, at most 40 characters."""
    head = " ".join(text[:200].split())
    return f'"{head}"' if len(head) <= 40 else f'"{head[:39]}…"'


def path_of(steps: Iterable[str]) -> str:
    """`jobs`, `a`, `command`, `[1]` -> `jobs.a.command[1]`; a step is cut at 70 characters."""
    return "".join(step if step[:1] == "[" else f".{step[:70]}" for step in steps).removeprefix(".")
