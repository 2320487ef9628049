"""When what stands in a log was printed: by the index beside it, and for what that does not cover by the record of the run."""

from __future__ import annotations

from engine.clock import Instant
from engine.logs.index import read_index
from engine.logs.places import index_path
from engine.logs.reader import LogReader
from engine.model.log_parts import LogTime
from engine.model.record import RunRecord
from engine.values import lean


@lean(frozen=True, slots=True)
class RunLog:
    """The log of a run: where it was written, when the run ended (None: it is not over), how many attempts it had."""

    path: str
    ended_at: Instant | None
    attempts: int

    @classmethod
    def of(cls, record: RunRecord, path: str) -> RunLog:
        """The log of a run on record; one that never began has ended when it was queued."""
        ended_at = record.ended_at if record.outcome is None else record.ended_at or record.queued_at
        return cls(path, ended_at, len(record.attempts))


def since(log: RunLog, at: Instant) -> int:
    """The position at which what was printed after `at` begins. Errors as `LogReader`."""
    with LogReader(log.path) as reader:
        size = reader.size()
    if log.ended_at is not None and log.ended_at <= at:
        return size
    return min(size, read_index(index_path(log.path)).since(at))


def times(log: RunLog, start: int, end: int, now: Instant) -> list[LogTime]:
    """The times that cover the positions from `start` to `end`; what has none yet was printed by the run's end, or `now`."""
    with LogReader(log.path) as reader:
        size = reader.size()
    found: list[LogTime] = []
    for stamp in read_index(index_path(log.path)).stamps:
        if stamp.end > start:
            found.append(LogTime(stamp.end, stamp.at, stamp.attempt, bool(stamp.full)))
            if stamp.end >= end:
                return found
    if size > (found[-1].end if found else start):
        found.append(LogTime(size, now if log.ended_at is None else log.ended_at, log.attempts))
    return found
