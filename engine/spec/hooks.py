"""What runs around a job's command: hooks, preconditions, and what `on_false` says."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

from engine.spec.command import Command
from engine.values import sealed


class HookSlot(StrEnum):
    """When a hook runs (20-engine, Attempts)."""

    START = "start"
    STOP = "stop"
    ERROR = "error"
    SUCCESS = "success"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    MISSED = "missed"
    FINALLY = "finally"


@sealed(frozen=True, slots=True)
class Hook:
    """One hook. `timeout` in seconds; `ignore_error`: its error is kept on record and changes nothing."""

    command: Command
    timeout: float = 60.0
    ignore_error: bool = False


@sealed(frozen=True, slots=True)
class CommandHolds:
    """`command:` - holds when it exits with 0."""

    command: Command


@sealed(frozen=True, slots=True)
class FileExists:
    """`file:` - holds when the path is there; a template."""

    path: str


@sealed(frozen=True, slots=True)
class TextMatches:
    """`value:` - holds when the filled-in template matches the pattern somewhere (`re.search`); no pattern: it is not empty."""

    text: str
    pattern: str | None = None


@sealed(frozen=True, slots=True)
class VariableMatches:
    """`env:` - the same for a variable of the job's environment; one that is not set is empty."""

    name: str
    pattern: str | None = None


Condition: TypeAlias = CommandHolds | FileExists | TextMatches | VariableMatches


@sealed(frozen=True, slots=True)
class OnFalse:
    """`on_false:` - look again every so many seconds, for so long; then the run is skipped. None: it is skipped at once."""

    retry_every: float | None = None
    for_: float = 0.0


SKIP: Final = OnFalse()
