"""`LogReader`: any piece of a log, whichever of its forms is there and whatever was cut out of it.

The one way in which logs are read: chunks for screens, server and command line, the search, lines for hooks. A log may grow,
shrink, be cut, compressed or removed at any moment; what is returned is what was there at one moment.
"""

from __future__ import annotations

import os
import stat
import time
from types import TracebackType
from typing import Final, Self

from engine.logs.index import WHOLE, Layout, read_layout
from engine.logs.masking import Marks, marks_of
from engine.logs.packing import Packed
from engine.logs.places import PACKED, index_path
from engine.model.log_parts import LogChunk
from engine.values import mutable

MOST: Final = 1 << 20
"""Bytes given at once, whatever is asked for."""

TRIES: Final = 40
WAIT: Final = 0.005
"""Seconds between two tries to read what is just being cut: a cut takes milliseconds."""


@mutable(slots=True)
class _Plain:
    """A log as it was written."""

    fd: int
    size: int

    def pread(self, limit: int, offset: int) -> bytes:
        return os.pread(self.fd, limit, offset)


class LogReader:
    """An open log; use it by `with`. FileNotFoundError; OSError for what is no regular file or cannot be unpacked.

    A reader that stays open reads on in the file that it has opened, also when that is compressed meanwhile.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._index = index_path(path)
        self._marks = marks_of(path)
        self._fd, packed = _open(path)
        try:
            facts = os.fstat(self._fd)
            if not stat.S_ISREG(facts.st_mode):
                raise OSError(f"{path} is not a regular file")
            self._packed = Packed(self._fd) if packed else None
        except ValueError as damaged:
            os.close(self._fd)
            raise OSError(str(damaged)) from None
        except OSError:
            os.close(self._fd)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def size(self) -> int:
        """How many bytes were printed so far."""
        return self.read(0, 0).size

    def read(self, offset: int, limit: int) -> LogChunk:
        """Up to `limit` bytes (at most 1 MiB) from `offset`; a negative one counts from the end.

        A piece ends where something was cut out; one that lies in what is gone begins behind it. Secrets of the run are
        hidden by as many stars. OSError for a damaged file.
        """
        tries = TRIES
        while True:
            layout = self._layout()
            if not layout.cutting or tries <= 0:
                chunk = self._read(layout, offset, max(0, min(limit, MOST)))
                if tries <= 0 or self._layout() == layout:
                    return chunk
            tries -= 1
            time.sleep(WAIT)

    def _layout(self) -> Layout:
        layout = read_layout(self._index)
        if self._packed is not None and layout != WHOLE:
            return Layout(layout.head, layout.mark, layout.cut)  # without holes
        return layout

    def _read(self, layout: Layout, offset: int, limit: int) -> LogChunk:
        source = self._packed or _Plain(self._fd, os.fstat(self._fd).st_size)
        size = layout.size(source.size)
        start = max(0, size + offset) if offset < 0 else min(offset, size)
        limit = min(limit, size - start)
        if layout.gap is not None:
            first, last = layout.gap
            if start < first:
                limit = min(limit, first - start)
            elif start < last:
                start, limit = min(last, size), max(0, min(limit, size - last))
        data = self._pread(source, layout.place(start), limit)
        return LogChunk(data, start, size, start + len(data) < size, layout.gap)

    def _pread(self, source: _Plain | Packed, place: int, limit: int) -> bytes:
        """pread, never mmap: a job may truncate its log while it is read (80-security)."""
        marks: Marks | None = self._marks
        try:
            if marks is None:
                return source.pread(limit, place)
            # a secret may lie across either end of what is asked for
            before = min(place, marks.longest - 1)
            data = source.pread(before + limit + marks.longest - 1, place - before)
        except ValueError as damaged:
            raise OSError(str(damaged)) from None
        return marks.hide(data)[before : before + limit]


def _open(path: str) -> tuple[int, bool]:
    """The file in the form that is there, and whether that is the compressed one. It may just be changing from one to the other."""
    plain = path.removesuffix(PACKED)
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    for name in (plain, plain + PACKED):
        try:
            return os.open(name, flags), name != plain
        except FileNotFoundError:
            pass
    return os.open(plain, flags), False
