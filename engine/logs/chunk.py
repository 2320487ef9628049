"""Reading a stretch of a log that may grow, shrink or vanish meanwhile."""

from __future__ import annotations

import os
import stat
from typing import Final

from engine.api import LogChunk
from engine.logs.masking import Marks, marks_of

MOST: Final = 1 << 20
"""Bytes given at once, whatever is asked for."""


def read_chunk(path: str, offset: int, limit: int) -> LogChunk:
    """Up to `limit` bytes (at most 1 MiB) from `offset`; a negative one counts from the end. FileNotFoundError.

    Secrets of its run are hidden by as many stars. pread, never mmap: a job may truncate its log while it is read
    (80-security). OSError for what is no regular file.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(f"{path} is not a regular file")
        start = max(0, facts.st_size + offset) if offset < 0 else min(offset, facts.st_size)
        data = _pread(fd, start, max(0, min(limit, MOST)), marks_of(path))
        return LogChunk(data=data, offset=start, size=facts.st_size, more=start + len(data) < facts.st_size)
    finally:
        os.close(fd)


def _pread(fd: int, start: int, limit: int, marks: Marks | None) -> bytes:
    if marks is None:
        return os.pread(fd, limit, start)
    # a secret may lie across either end of what is asked for
    before = min(start, marks.longest - 1)
    data = os.pread(fd, before + limit + marks.longest - 1, start - before)
    return marks.hide(data)[before : before + limit]
