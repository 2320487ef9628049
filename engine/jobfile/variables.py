"""What `${NAME}` stands for in a job: its parameters, its `env`, its environment files, then the engine's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from engine.spec.template import TemplateError, at_load, escape
from engine.values import mutable

_DEEPEST: Final = 50
"""Variables that refer to variables; the resolution recurses, so it has to end somewhere."""


@mutable(slots=True)
class Variables:
    """The lookup of one job. Values of `env` may refer to each other in any order; the name itself means the outer value.

    `env` holds values as written, `outer` environment files and environment as plain text, nearest first. Calling it
    gives a template for `at_start`; TemplateError for values that refer to each other in a circle.
    """

    env: Mapping[str, str]
    outer: tuple[Mapping[str, str], ...]
    params: frozenset[str] = frozenset()
    """Names of the job's parameters; their values come with each run."""
    matrix: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    """Secrets, and parameters that are secret: in the environment of the job, and nowhere else."""
    _done: dict[str, str] = field(default_factory=dict, init=False)
    _active: list[str] = field(default_factory=list, init=False)

    def __call__(self, name: str) -> str | None:
        """The template that stands for the value of a name, None if it has none."""
        if name in self._done:
            return self._done[name]
        if (given := self._given(name)) is not None:
            return given
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

    def _given(self, name: str) -> str | None:
        """What stands for a name that a run brings along; TemplateError where that may not be."""
        kind, dot, bare = name.partition(".")
        if not dot:
            kind, bare = "params", name
        if kind == "params" and bare in self.secrets:
            raise TemplateError(
                f"{bare} is a secret, which stays out of arguments, urls and fields: others can read those",
                f'let shell text or the program itself take "${bare}" from its environment',
            )
        known = self.params if kind == "params" else self.matrix
        if bare in known:
            return f"${{{kind}.{bare}}}"
        if not dot:
            return None
        what = "the job has no parameter" if kind == "params" else "the job's matrix has no"
        raise TemplateError(f"{what} `{bare}`", f"declare it under `{kind}`")
