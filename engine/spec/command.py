"""What a job, a hook, a precondition or a failover runs."""

from __future__ import annotations

from keyword import iskeyword
from typing import TypeAlias

from engine.spec.context import JobFunction
from engine.values import sealed


@sealed(frozen=True, slots=True)
class Shell:
    """A command given as text: run as the last argument of the job's `shell`; never substituted into."""

    text: str


@sealed(frozen=True, slots=True)
class Argv:
    """A command given as a list: executed as it is, without a shell."""

    args: tuple[str, ...]


@sealed(frozen=True, slots=True)
class PythonFunction:
    """`python: module:function` - imported and called in a child process of its own."""

    module: str
    function: str

    @property
    def text(self) -> str:
        """As written."""
        return f"{self.module}:{self.function}"

    @classmethod
    def parse(cls, text: str) -> PythonFunction:
        """`module:function`, dotted names on both sides. ValueError for anything else."""
        module, colon, function = text.partition(":")
        names = [*module.split("."), *function.split(".")]
        if not colon or not all(name.isascii() and name.isidentifier() and not iskeyword(name) for name in names):
            raise ValueError(f"{text!r} is not module:function, such as reports.daily:main")
        return cls(module, function)


@sealed(frozen=True, slots=True)
class Call:
    """A function of the program that holds the engine: a coroutine runs in its loop, a plain function in a thread."""

    function: JobFunction


Command: TypeAlias = Shell | Argv | PythonFunction | Call
