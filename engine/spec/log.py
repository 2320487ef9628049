"""What becomes of the logs of a job's runs (`log:`)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from engine.values import sealed

LEAST_LOG: Final = 256 << 10
"""Bytes: below this there is no room for a head, a mark and a tail that are worth their name."""


class LogFormat(StrEnum):
    """What the lines are; readers show JSON lines as fields where they are asked to."""

    TEXT = "text"
    JSON = "json"


@sealed(frozen=True, slots=True)
class LogKeep:
    """Which logs of ended runs stay: so many newest ones, so many newest failures beside them, none older than `days`, and
    no more than `total` bytes of them all. The newest failure, the newest success and what waits in the Inbox always stay."""

    runs: int = 20
    failed: int = 20
    days: float = 14.0
    total: int = 2 << 30


@sealed(frozen=True, slots=True)
class LogPolicy:
    """A log may have `max_size` bytes, then its middle is cut; `compress`: logs of ended runs, once there is a newer run.

    ValueError for a `max_size` below 256K.
    """

    max_size: int = 10 << 20
    keep: LogKeep = LogKeep()
    compress: bool = True
    format: LogFormat = LogFormat.TEXT

    def __post_init__(self) -> None:
        if self.max_size < LEAST_LOG:
            raise ValueError(f"log.max_size is {self.max_size}, must be at least {LEAST_LOG} (256K)")


DEFAULT_LOG: Final = LogPolicy()
