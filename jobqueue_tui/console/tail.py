"""The end of a growing log, read in pieces: pure, the reading is done by who owns it."""

from __future__ import annotations

from typing import Final

from engine.model.log_parts import LogChunk
from jobqueue_tui.terminal import neutral

WINDOW: Final = 65536
"""Bytes of the end that are looked at."""
LONGEST_LINE: Final = 4096
"""Bytes of a line that are shown."""


class Tail:
    """The last 64 KiB of one run's log. `request` says what to read next, `take` takes it in."""

    def __init__(self) -> None:
        self._data = b""
        self._size: int | None = None
        self.whole = False

    @property
    def size(self) -> int | None:
        """Bytes of the log when it was last read; None before."""
        return self._size

    def request(self) -> tuple[int, int]:
        """Offset and limit for `engine.log`: the end at first, then only what is new."""
        return (-WINDOW, WINDOW) if self._size is None else (self._size, WINDOW)

    def take(self, chunk: LogChunk) -> bool:
        """Take in what was read; True when there is something new to show."""
        if self._size is None:
            self._data, self._size, self.whole = chunk.data, chunk.offset + len(chunk.data), chunk.offset == 0
            return True
        if chunk.size < self._size or chunk.more:
            # truncated, or grown by more than a window: read the end anew
            self._size = None
            return False
        if not chunk.data:
            return False
        data = self._data + chunk.data
        if len(data) > WINDOW:
            data, self.whole = data[-WINDOW:], False
        self._data, self._size = data, chunk.offset + len(chunk.data)
        return True

    def lines(self, count: int) -> list[str]:
        """The last `count` lines, harmless; a line that was redrawn with CR as it was left."""
        if count < 1:
            return []
        data = self._data[:-1] if self._data.endswith(b"\n") else self._data
        parts = data.rsplit(b"\n", count)
        if len(parts) > count:
            parts = parts[1:]
        elif not self.whole and len(parts) > 1:
            parts = parts[1:]  # its beginning lies before the window
        return [shown_line(part) for part in parts] if data else []


def shown_line(raw: bytes) -> str:
    """One line of a log as it is shown: after its last CR, cut, harmless, tabs as spaces."""
    raw = raw.rstrip(b"\r")
    if b"\r" in raw:
        raw = raw[raw.rindex(b"\r") + 1 :]
    return neutral(raw[:LONGEST_LINE]).expandtabs(8)
