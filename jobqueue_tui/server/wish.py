"""The wish that the engine ends, handed from the server to whoever owns the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TypeAlias

from engine.values import lean


@lean(frozen=True, slots=True)
class Shutdown:
    """`drain` in seconds, None: as the job file says. `leave`: runs go on. `who` wishes it, for the audit."""

    drain: float | None
    leave: bool
    who: str = field(default="", compare=False)


OnShutdown: TypeAlias = Callable[[Shutdown], None]
"""Takes the wish and returns at once: the engine ends after the answer is out. Raises Refused when it is ending already."""
