"""Exceptions that cross the border of the engine. Inside, errors are data (closed enums); these are for callers."""

from __future__ import annotations

import shlex
from enum import StrEnum


def typed(verb: str, *words: str) -> str:
    """The command that gives a verb, as it is typed into a shell; for remedies."""
    return f"`{shlex.join(('jobqueue-tui', 'ctl', verb, *words))}`"


class RefusedCode(StrEnum):
    """Why a verb was refused; stable words of the API (`error.code`)."""

    STATE = "state"
    UNKNOWN_ID = "unknown_id"
    AMBIGUOUS = "ambiguous"
    OUT_OF_RANGE = "out_of_range"
    READ_ONLY = "read_only"
    SHUTTING_DOWN = "shutting_down"
    OVERLAP = "overlap"
    CHANGED = "changed"
    NOT_PAUSABLE = "not_pausable"
    MANUAL_DENIED = "manual_denied"
    CONFIRM = "confirm"
    BAD_PARAMS = "bad_params"
    NOT_DURABLE = "not_durable"
    PAUSE_TIMEOUT = "pause_timeout"


class EngineError(Exception):
    """Base of what the engine raises on purpose: text for a person, with the remedy in it."""


class Refused(EngineError):  # noqa: N818 - the word of the design for a verb that was turned down, not a fault
    """A verb was turned down and nothing changed.

    `code` is stable, `message` says why, `remedy` what to do instead (may be empty).
    """

    def __init__(self, code: RefusedCode, message: str, remedy: str = "") -> None:
        super().__init__(f"{message}; {remedy}" if remedy else message)
        self.code = code
        self.message = message
        self.remedy = remedy


class PauseTimeout(Refused):
    """A callable did not reach a checkpoint in time; it goes on as running."""

    def __init__(self, message: str) -> None:
        super().__init__(
            RefusedCode.PAUSE_TIMEOUT, message, "call `await ctx.checkpoint()` more often, or raise pause_timeout"
        )


class JobCancelled(Exception):  # noqa: N818 - the word of `JobContext.cancelled`
    """Raised by `JobContext.checkpoint_sync` in a run that is told to end; let it pass."""


class BadJobFile(EngineError, ValueError):  # noqa: N818 - says what is the case
    """A job file that cannot be used; `text` has everything that is wrong with it, a line and an excerpt each."""

    def __init__(self, path: str, text: str, done: str = "nothing was added") -> None:
        super().__init__(f"{path} cannot be used; {done}")
        self.text = text


class EngineFault(EngineError):  # noqa: N818 - says what is the case
    """The engine met a fault of its own and has ended, as by a crash: runs of commands go on, the next engine finds them.

    Its cause is the exception; the log has the traceback.
    """

    def __init__(self, error: BaseException) -> None:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        super().__init__(
            f"the engine ended by a fault of its own ({what[:200]}); runs of commands go on, start it again; "
            "its log has the details"
        )
        self.__cause__ = error


class StateLocked(EngineError):  # noqa: N818 - says what is the case
    """Another engine holds this state folder; `pid` is its process (0 when it could not be read)."""

    def __init__(self, path: str, pid: int) -> None:
        who = f" (pid {pid})" if pid else ""
        talk = typed("list", "--state-dir", path)
        super().__init__(
            f"{path} is held by another engine{who}; {talk} and the other commands of `ctl` talk to that one, "
            "or give this one another state folder (--state-dir)"
        )
        self.path = path
        self.pid = pid
