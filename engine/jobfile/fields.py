"""Readers of single values: text, booleans, numbers, durations, words of a closed set, lists and maps of such.

A reader takes the place where it stands and a node, and gives the value or `BAD`, having reported why. Texts take any
scalar as it is written (`1.10` stays `1.10`, `true` is a program as well); numbers and booleans must be plain.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeVar

from engine.jobfile.draft import Draft, Item
from engine.jobfile.nodes import FALSE, TRUE, Map, Node, Scalar, Seq, described, is_missing, text_shown
from engine.jobfile.nodes import integer as as_integer
from engine.jobfile.nodes import number as as_number
from engine.jobfile.reading import BAD, Bad, Reading
from engine.spec.units import format_duration, parse_duration, parse_size

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

Reader = Callable[[Reading, Node], T | Bad]

MAX_ARGUMENT: Final = 131_071
"""Bytes: Linux passes no longer single argument or variable to a program (MAX_ARG_STRLEN less its NUL)."""

_BOOLEAN_WORDS: Final = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def expected(r: Reading, node: Node, what: str, suggestion: str = "") -> Bad:
    """Report a value of the wrong kind."""
    if is_missing(node):
        return r.problem(node, f"has no value; {what} is expected", suggestion or "remove the key, or give it a value")
    return r.problem(node, f"expected {what}, not {described(node)}", suggestion)


def text(r: Reading, node: Node) -> str | Bad:
    """A text, as written. No NUL: no program and no file name can be given one."""
    if type(node) is not Scalar or is_missing(node):
        quote = f'quote it: "{node.text}"' if type(node) is Scalar and node.text else ""
        return expected(r, node, "a text", quote)
    if "\0" in node.text:
        return r.problem(node, "holds a NUL character, which no program can be given")
    return node.text


def argument(r: Reading, node: Node) -> str | Bad:
    """A text that is handed to a program as one argument or variable."""
    value = text(r, node)
    if value is not BAD and len(value) * 4 > MAX_ARGUMENT and len(value.encode()) > MAX_ARGUMENT:
        return r.problem(
            node, f"is longer than {MAX_ARGUMENT:,} bytes, the most Linux hands over in one piece", "put it in a file"
        )
    return value


def nonempty(r: Reading, node: Node) -> str | Bad:
    """A text with something in it."""
    value = argument(r, node)
    if value is not BAD and not value.strip():
        return r.problem(node, "is empty")
    return value


def matching(pattern: str, what: str) -> Reader[str]:
    """A text that matches a pattern as a whole; `what` describes it."""
    compiled = re.compile(pattern)

    def read(r: Reading, node: Node) -> str | Bad:
        value = text(r, node)
        if value is not BAD and not compiled.fullmatch(value):
            return expected(r, node, what)
        return value

    return read


variable_name: Final = matching(_VARIABLE.pattern, "the name of a variable (letters, digits and _)")


def boolean(r: Reading, node: Node) -> bool | Bad:
    """`true` or `false`; `yes`, `on` and quoted words are texts."""
    if type(node) is Scalar:
        if node.plain and node.text in TRUE:
            return True
        if node.plain and node.text in FALSE:
            return False
        word = node.text.lower()
        word = _BOOLEAN_WORDS.get(word, word)
        if word in {"true", "false"}:
            return expected(r, node, "true or false", f"write {word}, without quotes")
    return expected(r, node, "true or false")


def integer(low: int, high: int) -> Reader[int]:
    """A whole number from `low` to `high`."""

    def read(r: Reading, node: Node) -> int | Bad:
        value = as_integer(node) if type(node) is Scalar else None
        if value is None:
            quoted = type(node) is Scalar and not node.plain and as_integer(node._replace(plain=True)) is not None
            return expected(r, node, "a whole number", "remove the quotes" if quoted else "")
        if not low <= value <= high:
            return r.problem(node, f"is {value}, outside {low} to {high}")
        return value

    return read


def number(low: float, high: float) -> Reader[float]:
    """A number from `low` to `high`."""

    def read(r: Reading, node: Node) -> float | Bad:
        value = as_number(node) if type(node) is Scalar else None
        if value is None:
            return expected(r, node, "a number")
        if not low <= value <= high:
            return r.problem(node, f"is {value:g}, outside {low:g} to {high:g}")
        return value

    return read


def duration(least: float = 0.0, *, above: bool = False) -> Reader[float]:
    """A duration in seconds, at least `least` seconds, or longer than that if `above`."""

    def read(r: Reading, node: Node) -> float | Bad:
        if type(node) is not Scalar or is_missing(node):
            return expected(r, node, "a duration such as 90s or 1h30m")
        try:
            value = parse_duration(node.text)
        except ValueError as error:
            message, _, remedy = str(error).partition("; ")
            return r.problem(node, message, remedy)
        if value < least or (above and value == least):
            return r.problem(node, f"is {format_duration(value)}, must be {_bound(least, above=above)}")
        return value

    return read


def size() -> Reader[int]:
    """A number of bytes: 512M, 2GiB."""

    def read(r: Reading, node: Node) -> int | Bad:
        if type(node) is not Scalar or is_missing(node):
            return expected(r, node, "a size such as 512M or 2GiB")
        try:
            return parse_size(node.text)
        except ValueError as error:
            message, _, remedy = str(error).partition("; ")
            return r.problem(node, message, remedy)

    return read


def _bound(least: float, *, above: bool) -> str:
    return f"longer than {format_duration(least)}" if above else f"at least {format_duration(least)}"


def or_none(read: Reader[T]) -> Reader[T | None]:
    """What `read` takes, or the word `none`."""

    def either(r: Reading, node: Node) -> T | Bad | None:
        if type(node) is Scalar and node.text == "none":
            return None
        return read(r, node)

    return either


def choice(words: type[E]) -> Reader[E]:
    """A word of a closed set."""
    members = {str(member.value): member for member in words}
    listed = ", ".join(members)

    def read(r: Reading, node: Node) -> E | Bad:
        if type(node) is Scalar and (member := members.get(node.text)) is not None:
            return member
        near = r.did_you_mean(node.text, members, listed) if type(node) is Scalar else ""
        return expected(r, node, f"one of {listed}", near)

    return read


def list_of(read: Reader[T], what: str) -> Reader[tuple[T, ...]]:
    """A list; all of its faults are reported."""

    def read_list(r: Reading, node: Node) -> tuple[T, ...] | Bad:
        if not isinstance(node, Seq):
            example = (
                f"[{node.text}]" if isinstance(node, Scalar) and len(node.text) <= 40 and not is_missing(node) else ""
            )
            return expected(r, node, f"a list of {what}", f"write {example}" if example else "")
        values = []
        bad = False
        for index, item in enumerate(node.items):
            r.trail.append(f"[{index}]")
            value = read(r, item)
            r.trail.pop()
            if value is BAD:
                bad = True
            else:
                values.append(value)
        return BAD if bad else tuple(values)

    return read_list


def map_of(read: Reader[object], key_fault: Callable[[str], str | None], what: str) -> Reader[Draft]:
    """A map with keys of the user's choice; `key_fault` says what is wrong with one."""

    def read_map(r: Reading, node: Node) -> Draft | Bad:
        if not isinstance(node, Map):
            return expected(r, node, what)
        items = {}
        bad = False
        for key, value in node.pairs:
            r.trail.append(key.text)
            if (fault := key_fault(key.text)) is not None:
                r.problem(key, fault)
                bad = True
            got = read(r, value)
            r.trail.pop()
            if got is BAD:
                bad = True
            else:
                items[key.text] = Item(got, key, value, r.source)
        return BAD if bad else Draft(items)

    return read_map


def variable_fault(name: str) -> str | None:
    """What is wrong with the name of an environment variable, if anything is."""
    if _VARIABLE.fullmatch(name):
        return None
    return f"{text_shown(name)} is not the name of a variable (letters, digits and _, not a digit first)"
