"""A part of a log in memory, that moves over the file: lines to show, and what to read next. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from engine.model.log_parts import LogChunk, LogHit

PIECE: Final = 65536
"""Bytes that are read at a time."""
MOST: Final = 1 << 20
"""Bytes that are kept of one log; beyond it the far end is dropped, so a log of any size takes the same memory."""
MOST_LINES: Final = 5_000
"""Found lines that are kept."""


class LogWindow:
    """Lines of one log between two offsets. The first line is whole, or the file's beginning.

    Where something was cut out of the log the window goes on behind it: `_jump` is the place in its data and how much is gone there.
    """

    def __init__(self, most: int = MOST, piece: int = PIECE) -> None:
        """`most`: bytes that are kept; `piece`: that are read at a time, at most half of them."""
        self.start = 0
        self.size = 0
        self._most = most
        self._piece = piece
        self._data = b""
        self._jump: tuple[int, int] | None = None
        self._gap: tuple[int, int] | None = None
        self._lines: list[bytes] | None = None
        self._starts: list[int] | None = None

    @property
    def end(self) -> int:
        """Offset after the last byte that is kept."""
        return self._offset(len(self._data))

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
        end = self.start
        if self._gap is not None and self._gap[0] < end <= self._gap[1]:
            end = self._gap[0]
        if end == 0:
            return None
        offset = max(0, end - self._piece)
        if self._gap is not None and offset < self._gap[1] <= end:
            offset = self._gap[1]
        return offset, end - offset

    @property
    def after(self) -> tuple[int, int] | None:
        """Offset and limit of the piece behind; None at the end of the file as far as known."""
        return None if self.end >= self.size else (self.end, self._piece)

    def line_at(self, offset: int) -> int:
        """Number of the line that holds the byte at an offset of the file; clamped to what is kept."""
        return max(0, bisect_right(self._line_starts, max(0, self._place(offset))) - 1)

    def offset_of(self, line: int) -> int:
        """Where a line begins in the log."""
        starts = self._line_starts
        return self._offset(starts[line]) if line < len(starts) else self.end

    def put(self, chunk: LogChunk) -> None:
        """Begin anew with this piece."""
        self.start, self._data, self.size = chunk.offset, chunk.data, chunk.size
        self._jump, self._gap = None, chunk.gap
        self._changed()
        if self.start and (self._gap is None or self.start != self._gap[1]):
            front = self._after_newline(0)
            if front < len(self._data):  # else its one line is longer than the piece: shown from where it was cut
                self._drop_front(front)

    def append(self, chunk: LogChunk) -> int:
        """Add a piece that begins at `end`, or behind what was cut out there; returns how many lines were dropped from the front."""
        self.size, self._gap = chunk.size, chunk.gap
        if not chunk.data or chunk.offset < self.end:
            return 0
        if chunk.offset > self.end:
            if self._gap is None or chunk.offset != self._gap[1] or self._jump is not None:
                return 0
            self._jump = len(self._data), chunk.offset - self.end
        self._data += chunk.data
        self._changed()
        excess = len(self._data) - self._most
        if excess <= 0:
            return 0
        cut = self._after_newline(excess)
        dropped = self._data.count(b"\n", 0, cut)
        self._drop_front(cut)
        return dropped

    def prepend(self, chunk: LogChunk) -> int:
        """Add the piece that ends at `start`, or before what was cut out there; returns how many lines came to the front."""
        self._gap = chunk.gap
        end = chunk.offset + len(chunk.data)
        if end != self.start:
            if self._gap is None or end != self._gap[0] or self._jump is not None:
                return 0
            self._jump = 0, self.start - end
        self._data = chunk.data + self._data
        if self._jump is not None:
            self._jump = self._jump[0] + len(chunk.data), self._jump[1]
        self.start = chunk.offset
        front = 0
        if self.start and (self._gap is None or self.start != self._gap[1]):
            front = self._after_newline(0)
            if front >= len(chunk.data):
                front = 0  # one line longer than the piece: shown from where it was cut
        added = chunk.data.count(b"\n", front)
        self._drop_front(front)
        if len(self._data) > self._most:
            cut = self._data.rfind(b"\n", 0, self._most) + 1 or self._most
            self._data = self._data[:cut]
            if self._jump is not None and self._jump[0] >= cut:
                self._jump = None
        self._changed()
        return added

    @property
    def _line_starts(self) -> list[int]:
        if self._starts is None:
            at, self._starts = 0, []
            for line in self.lines:
                self._starts.append(at)
                at += len(line) + 1
        return self._starts

    def _offset(self, place: int) -> int:
        """Of a place in the data."""
        return self.start + place + (self._jump[1] if self._jump is not None and place >= self._jump[0] else 0)

    def _place(self, offset: int) -> int:
        place = offset - self.start
        if self._jump is not None and place >= self._jump[0]:
            place = max(self._jump[0], place - self._jump[1])
        return place

    def _after_newline(self, at: int) -> int:
        found = self._data.find(b"\n", at)
        return at if found < 0 else found + 1

    def _drop_front(self, count: int) -> None:
        self.start = self._offset(count)
        self._data = self._data[count:]
        if self._jump is not None:
            self._jump = None if self._jump[0] <= count else (self._jump[0] - count, self._jump[1])
        self._changed()

    def _changed(self) -> None:
        self._lines = self._starts = None


class HitWindow:
    """Found lines of one log, as a window: what lies between two offsets was looked through."""

    def __init__(self) -> None:
        self.start = 0
        self.end = 0
        self.size = 0
        self.lines: list[bytes] = []
        self._offsets: list[int] = []
        self.top_reached = False

    def line_at(self, offset: int) -> int:
        """Number of the last found line that begins at or before an offset."""
        return max(0, bisect_right(self._offsets, offset) - 1)

    def offset_of(self, line: int) -> int:
        """Where a line begins in the log."""
        return self._offsets[line] if line < len(self._offsets) else self.end

    def begin(self, offset: int) -> None:
        """Nothing is found yet, around this place."""
        self.start = self.end = offset
        self.lines, self._offsets = [], []
        self.top_reached = offset == 0

    def append(self, hits: Sequence[LogHit], reached: int) -> int:
        """Lines that were found from `end` on; returns how many were dropped from the front."""
        self.end = reached
        self.size = max(self.size, reached)
        self.lines += [hit.line for hit in hits]
        self._offsets += [hit.offset for hit in hits]
        excess = len(self.lines) - MOST_LINES
        if excess <= 0:
            return 0
        del self.lines[:excess], self._offsets[:excess]
        self.start, self.top_reached = self._offsets[0], False
        return excess

    def prepend(self, hits: Sequence[LogHit], reached: int, *, done: bool) -> int:
        """Lines that were found from `start` back, newest first; returns how many came to the front."""
        self.start, self.top_reached = reached, done
        self.lines[:0] = [hit.line for hit in reversed(hits)]
        self._offsets[:0] = [hit.offset for hit in reversed(hits)]
        if len(self.lines) > MOST_LINES:
            self.end = self._offsets[MOST_LINES]
            del self.lines[MOST_LINES:], self._offsets[MOST_LINES:]
        return len(hits)
