"""What is told to whom: `notify` of a job, `notifiers` and `heartbeat` of the engine, `finish_by`."""

from __future__ import annotations

from datetime import time
from enum import StrEnum
from typing import Final, TypeAlias

from engine.values import sealed


class When(StrEnum):
    """What can be told of a job (10-job-file, `notify`)."""

    SUCCESS = "success"
    FAILURE = "failure"
    RECOVERY = "recovery"
    MISSED = "missed"
    LATE = "late"
    STUCK = "stuck"
    QUEUED = "queued"
    SLOW = "slow"
    SKIPPED = "skipped"
    SHORT = "short"
    OUTPUT = "output"


BY_DEFAULT: Final = frozenset({When.FAILURE, When.RECOVERY, When.STUCK, When.MISSED})
"""What the engine's own notifier is told of jobs that say nothing about it."""


@sealed(frozen=True, slots=True)
class Notify:
    """`notify:` of a job. `to` names notifiers; the same thing is not told again within `cooldown` seconds."""

    when: frozenset[When] = BY_DEFAULT
    to: tuple[str, ...] = ()
    cooldown: float = 0.0


@sealed(frozen=True, slots=True)
class ByUrl:
    """`{url}` - any service that apprise knows. `attach_log`: bytes of the log's end that go with a failure; 0: none."""

    url: str
    attach_log: int = 0


@sealed(frozen=True, slots=True)
class ByCommand:
    """`{command}` - a program, executed without a shell; facts come in its environment and may be put into its arguments."""

    args: tuple[str, ...]


@sealed(frozen=True, slots=True)
class ByPing:
    """`{ping}` - a dead-man's switch: URL/start when a run starts, URL/EXIT_CODE when it ends. `${JOB_ID}` may stand in it."""

    url: str


Notifier: TypeAlias = ByUrl | ByCommand | ByPing


@sealed(frozen=True, slots=True)
class Heartbeat:
    """`engine.heartbeat` - this URL is asked for every so many seconds, for as long as the engine lives."""

    ping: str
    every: float = 60.0


@sealed(frozen=True, slots=True)
class FinishBy:
    """`finish_by:` - the run is to be over at this time of day, the first one after its planned time, or so long after that."""

    at: time | None = None
    seconds: float | None = None
