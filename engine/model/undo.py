"""What takes a verb back: the verb that does it, on what, with which arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Final

from engine.model.record import Json
from engine.values import sealed

NONE: Final[Mapping[str, Json]] = MappingProxyType({})


@sealed(frozen=True, slots=True)
class Undo:
    """`str()` names it as a person would give it: `resume etl`, `priority etl 5`. An empty target is the engine."""

    verb: str
    target: str
    arguments: Mapping[str, Json] = field(default_factory=lambda: NONE)

    def __str__(self) -> str:
        values = [name if value is True else str(value) for name, value in self.arguments.items()]
        return " ".join([self.verb.replace("_", " "), self.target or "all", *values])

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object: `verb`, `target`, `arguments`."""
        return {"verb": self.verb, "target": self.target, "arguments": dict(self.arguments)}


@sealed(frozen=True, slots=True)
class PrioritySet:
    """The priority that is in force now, and what brings the one before back."""

    priority: int
    undo: Undo
