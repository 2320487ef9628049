"""Reading a stretch of a log that may grow, shrink or vanish meanwhile."""

from __future__ import annotations

from engine.logs.reader import LogReader
from engine.model.log_parts import LogChunk


def read_chunk(path: str, offset: int, limit: int) -> LogChunk:
    """See `LogReader.read`. FileNotFoundError; OSError for what is no regular file."""
    with LogReader(path) as log:
        return log.read(offset, limit)
