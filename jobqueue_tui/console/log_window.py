"""A part of a log in memory, that moves over the file: lines to show, and what to read next. Pure."""

from __future__ import annotations

from typing import Final

from engine.api import LogChunk

PIECE: Final = 65536
"""Bytes that are read at a time."""
MOST: Final = 1 << 20
"""Bytes that are kept; beyond it the far end is dropped, so a log of any size takes the same memory."""


class LogWindow:
    """Lines of one log between two offsets. The first line is whole, or the file's beginning."""

    def __init__(self) -> None:
        self.start = 0
        self.size = 0
        self._data = b""
        self._lines: list[bytes] | None = None

    @property
    def end(self) -> int:
        """Offset after the last byte that is kept."""
        return self.start + len(self._data)

    @property
    def lines(self) -> list[bytes]:
        """The lines, without their line feeds; the last one may still grow."""
        if self._lines is None:
            data = self._data.removesuffix(b"\n")
            self._lines = data.split(b"\n") if self._data else []
        return self._lines

    @property
    def before(self) -> tuple[int, int] | None:
        """Offset and limit of the piece in front; None at the beginning of the file."""
        if self.start == 0:
            return None
        offset = max(0, self.start - PIECE)
        return offset, self.start - offset

    @property
    def after(self) -> tuple[int, int] | None:
        """Offset and limit of the piece behind; None at the end of the file as far as known."""
        return None if self.end >= self.size else (self.end, PIECE)

    def line_at(self, offset: int) -> int:
        """Number of the line that holds the byte at an offset of the file; clamped to what is kept."""
        return self._data.count(b"\n", 0, max(0, offset - self.start))

    def put(self, chunk: LogChunk) -> None:
        """Begin anew with this piece."""
        self.start, self._data, self.size = chunk.offset, chunk.data, chunk.size
        self._lines = None
        if self.start:
            self._drop_front(self._after_newline(0))

    def append(self, chunk: LogChunk) -> int:
        """Add a piece that begins at `end`; returns how many lines were dropped from the front."""
        self.size = chunk.size
        if chunk.offset != self.end or not chunk.data:
            return 0
        self._data += chunk.data
        self._lines = None
        excess = len(self._data) - MOST
        if excess <= 0:
            return 0
        cut = self._after_newline(excess)
        dropped = self._data.count(b"\n", 0, cut)
        self._drop_front(cut)
        return dropped

    def prepend(self, chunk: LogChunk) -> int:
        """Add the piece that ends at `start`; returns how many lines came to the front."""
        if chunk.offset + len(chunk.data) != self.start:
            return 0
        self._data = chunk.data + self._data
        self.start = chunk.offset
        front = 0
        if self.start:
            front = self._after_newline(0)
            if front >= len(chunk.data):
                front = 0  # one line longer than the piece: shown from where it was cut
        added = chunk.data.count(b"\n", front)
        self._drop_front(front)
        if len(self._data) > MOST:
            cut = self._data.rfind(b"\n", 0, MOST) + 1 or MOST
            self._data = self._data[:cut]
        self._lines = None
        return added

    def _after_newline(self, at: int) -> int:
        found = self._data.find(b"\n", at)
        return at if found < 0 else found + 1

    def _drop_front(self, count: int) -> None:
        self.start += count
        self._data = self._data[count:]
        self._lines = None
