"""Exit codes (50-cli-server), and which one an error means."""

from __future__ import annotations

import os
import sys
from enum import IntEnum

from engine.errors import EngineError, Refused, StateLocked


class Exit(IntEnum):
    """Documented exit codes."""

    OK = 0
    FAILED = 1
    """A run ended otherwise than well; or the program itself failed."""
    USAGE = 2
    """Bad usage or job file."""
    UNREACHABLE = 3
    REFUSED = 4
    HELD = 5
    """Another engine holds the state."""
    OUT_OF_TIME = 124
    """`wait --timeout` ran out."""
    TERMINAL_GONE = 129
    INTERRUPTED = 130
    PIPE_CLOSED = 141
    """Whoever read our output has gone, as a shell says it of SIGPIPE."""
    TERMINATED = 143


class Failure(Exception):  # noqa: N818 - the end of a command, told in one line
    """Ends a command: the line for stderr ("" when all is said already), with the remedy in it, and the exit code."""

    def __init__(self, code: Exit, message: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def exit_of(error: EngineError) -> Exit:
    """The exit code of an error that the engine, the server or the client raised."""
    from jobqueue_tui.client.discover import SeveralEngines
    from jobqueue_tui.client.engine import Answered, NotReachable
    from jobqueue_tui.server.listen import SocketTaken
    from jobqueue_tui.wire.door import UnsafeSocket

    match error:
        case Answered(status=status):
            return exit_of_status(status)
        case SeveralEngines():
            return Exit.USAGE
        case NotReachable():
            return Exit.UNREACHABLE
        case Refused() | UnsafeSocket():
            return Exit.REFUSED
        case StateLocked() | SocketTaken():
            return Exit.HELD
        case _:
            return Exit.FAILED


def exit_of_status(status: int) -> Exit:
    """The exit code of an HTTP status that is no success."""
    match status:
        case 400 | 413 | 422:
            return Exit.USAGE
        case 403 | 404 | 409:
            return Exit.REFUSED
        case _:
            return Exit.FAILED


def forget_stdout() -> None:
    """Nobody reads it any more. Python flushes it once more at its end, and must not complain there."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
