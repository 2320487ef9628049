"""How a run can end and why: closed sets, with one text form that is stable in files, JSON and on screens."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from engine.values import lean


class Outcome(StrEnum):
    """The one fate of a run that is over."""

    SUCCESS = "success"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    SKIPPED = "skipped"
    MISSED = "missed"
    LOST = "lost"


STARTED_OUTCOMES: Final = frozenset({Outcome.SUCCESS, Outcome.FAILED, Outcome.TIMED_OUT, Outcome.STOPPED, Outcome.LOST})
"""Outcomes of runs that entered `starting`; skipped and missed runs never did."""


class Because(StrEnum):
    """The closed list of reasons for an outcome."""

    EXIT = "exit"
    EXCEPTION = "exception"
    SIGNAL = "signal"
    TIMEOUT = "timeout"
    IDLE_TIMEOUT = "idle_timeout"
    MEMORY_LIMIT = "memory_limit"
    CPU_LIMIT = "cpu_limit"
    CPU_TIME = "cpu_time"
    OPERATOR = "operator"
    SHUTDOWN = "shutdown"
    REPLACED = "replaced"
    SPAWN = "spawn"
    SECRET = "secret"  # noqa: S105 - a word
    OVERLAP = "overlap"
    DEADLINE = "deadline"
    UPSTREAM = "upstream"
    ENGINE_DOWN = "engine_down"
    PAUSED = "paused"
    LIMIT = "limit"
    REMOVED = "removed"
    CLAIM = "claim"
    REBOOT = "reboot"
    EXIT_UNKNOWN = "exit_unknown"
    SKIP_CODE = "skip_code"
    CALENDAR = "calendar"
    PRECONDITION = "precondition"
    HOOK_START = "hook_start"
    HOOK_SUCCESS = "hook_success"
    HOOK_STOP = "hook_stop"
    HOOK_PAUSE = "hook_pause"
    HOOK_RESUME = "hook_resume"
    HOOK_FINALLY = "hook_finally"


_TEXT: Final = re.compile(r"([a-z_]+)(?:\((.*)\))?", re.DOTALL)


@lean(frozen=True, slots=True)
class Reason:
    """A reason and its value; `str()` gives `exit(3)`, `upstream(etl)`, `timeout`."""

    because: Because
    value: str = ""

    def __str__(self) -> str:
        return f"{self.because}({self.value})" if self.value else f"{self.because}"

    @classmethod
    def parse(cls, text: str) -> Reason:
        """The inverse of `str()`. ValueError for a text that no reason prints."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"not a reason: {text!r}")
        return cls(Because(match[1]), match[2] or "")
