"""What `${NAME}` stands for in a job: its `env`, then its environment files, then the engine's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.spec.template import TemplateError, at_load, escape

_DEEPEST: Final = 50
"""Variables that refer to variables; the resolution recurses, so it has to end somewhere."""


@dataclass(slots=True)
class Variables:
    """The lookup of one job. Values of `env` may refer to each other in any order; the name itself means the outer value.

    `env` holds values as written, `outer` environment files and environment as plain text, nearest first. Calling it
    gives a template for `at_start`; TemplateError for values that refer to each other in a circle.
    """

    env: Mapping[str, str]
    outer: tuple[Mapping[str, str], ...]
    _done: dict[str, str] = field(default_factory=dict)
    _active: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> str | None:
        """The template that stands for the value of a name, None if it has none."""
        if name in self._done:
            return self._done[name]
        if name not in self.env or name == (self._active[-1] if self._active else None):
            return next((escape(values[name]) for values in self.outer if name in values), None)
        if name in self._active:
            circle = " -> ".join([*self._active[self._active.index(name) :], name])
            raise TemplateError(f"the variables refer to each other in a circle: {circle[:200]}", "break the circle")
        if len(self._active) >= _DEEPEST:
            raise TemplateError(f"variables refer to variables more than {_DEEPEST} deep", "write the value out")
        self._active.append(name)
        try:
            value = at_load(self.env[name], self)
        finally:
            self._active.pop()
        self._done[name] = value
        return value
