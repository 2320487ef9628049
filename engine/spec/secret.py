"""Where a secret of a job comes from. What it is, nothing here knows: it is read anew for each attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from engine.spec.command import Argv, Shell


@dataclass(frozen=True, slots=True)
class FromFile:
    """The content of a file, without the end of its last line; read by the engine."""

    path: str


@dataclass(frozen=True, slots=True)
class FromVariable:
    """A variable of the engine's environment."""

    name: str


@dataclass(frozen=True, slots=True)
class FromCommand:
    """What a command prints, without the end of its last line; it runs as the job does, within `timeout` seconds."""

    command: Shell | Argv
    timeout: float = 30.0


Secret: TypeAlias = FromFile | FromVariable | FromCommand
