"""Several logs as one: in which order their lines come, and what stands before a line. For those who print and those who show."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from engine.clock import Instant
from jobqueue_tui.terminal import one_line


class Timed(Protocol):
    """A line of a log, and by when it was printed."""

    @property
    def at(self) -> Instant: ...


T = TypeVar("T", bound=Timed)


def by_time(logs: Sequence[Iterable[T]]) -> Iterator[T]:
    """The lines of several logs in the order in which they were printed; of one moment, in the order of the logs.

    Each log is in that order itself.
    """
    return heapq.merge(*logs, key=lambda line: line.at)


def fronts(run_ids: Sequence[str]) -> list[str]:
    """What stands before each line of a log: its run, all equally wide."""
    names = [one_line(run_id) for run_id in run_ids]
    width = max(map(len, names))
    return [f"{name:<{width}} | " for name in names]
