"""What takes a verb back: the verb that does it, on what, with which arguments, and what it takes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Final

from engine.model.marks import Marks
from engine.model.record import Json
from engine.values import sealed

NONE: Final[Mapping[str, Json]] = MappingProxyType({})
UNMARKED: Final[Mapping[str, int]] = MappingProxyType({})

TAKES_BACK: Final = (
    "pause", "resume", "release", "suspend", "unsuspend", "skip_next", "postpone", "enable", "disable", "priority", "set_timeout",
)  # fmt: skip
"""Verbs that take others back."""


def read_marks(given: Json) -> Mapping[str, int]:
    """Marks as `to_json` writes them; ValueError."""
    if not isinstance(given, dict):
        raise ValueError("marks are an object of numbers")
    found: dict[str, int] = {}
    for name, number in given.items():
        if not isinstance(number, int) or isinstance(number, bool):
            raise ValueError(f"the mark {name[:60]!r} is not a number")
        if name not in Marks._fields and ":" not in name:
            raise ValueError(f"there is no mark {name[:60]!r}")
        found[name] = number
    return found


@sealed(frozen=True, slots=True)
class Undo:
    """`str()` names it as a person would give it: `resume etl`, `priority etl 5`. An empty target is the engine."""

    verb: str
    target: str
    arguments: Mapping[str, Json] = field(default_factory=lambda: NONE)
    left: Mapping[str, int] = field(default_factory=lambda: UNMARKED)
    """What its verb left: marks (`Marks`) by name, of runs by their id. Refused (`changed`) when one of them is another, for
    then somebody else has been there. None at all: it is given like any verb."""
    found: Mapping[str, int] = field(default_factory=lambda: UNMARKED)
    """The marks before, which come back with what they stand for: what was done earlier can be taken back next."""

    def __str__(self) -> str:
        values = [name if value is True else str(value) for name, value in self.arguments.items()]
        return " ".join([self.verb.replace("_", " "), self.target or "all", *values])

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object: `verb`, `target`, `arguments`, `left`, `found`."""
        return {
            "verb": self.verb,
            "target": self.target,
            "arguments": dict(self.arguments),
            "left": dict(self.left),
            "found": dict(self.found),
        }


@sealed(frozen=True, slots=True)
class PrioritySet:
    """The priority that is in force now, and what brings the one before back."""

    priority: int
    undo: Undo
