"""Where a secret of a job comes from. What it is, nothing here knows: it is read anew for each attempt."""

from __future__ import annotations

from typing import TypeAlias

from engine.spec.command import Argv, Shell
from engine.values import sealed


@sealed(frozen=True, slots=True)
class FromFile:
    """The content of a file, without the end of its last line; read by the engine."""

    path: str


@sealed(frozen=True, slots=True)
class FromVariable:
    """A variable of the engine's environment."""

    name: str


@sealed(frozen=True, slots=True)
class FromCommand:
    """What a command prints, without the end of its last line; it runs as the job does, within `timeout` seconds."""

    command: Shell | Argv
    timeout: float = 30.0


Secret: TypeAlias = FromFile | FromVariable | FromCommand
