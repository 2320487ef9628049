"""How a console can end. The caller, who owns the engine, decides what that means for the runs."""

from __future__ import annotations

from enum import StrEnum


class ConsoleEnd(StrEnum):
    """The one way in which a console ended."""

    QUIT_STOP = "quit-stop"
    """The user left and nothing is to go on (or nothing was active)."""
    QUIT_LEAVE = "quit-leave"
    """The user left; active runs go on. An attached console always ends like this."""
    TERMINATED = "terminated"
    """SIGTERM: an orderly end was asked for, `on_term` says what becomes of runs."""
    TERMINAL_GONE = "terminal-gone"
    """SIGHUP, or the terminal was closed: nobody is there to be asked."""
    CRASHED = "crashed"
    """The console failed by a fault of its own; the engine is to go on without it."""


class OnQuit(StrEnum):
    """`engine.on_quit` of the job file."""

    ASK = "ask"
    STOP = "stop"
    LEAVE = "leave"
