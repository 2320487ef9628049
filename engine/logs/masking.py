"""Hides secrets in what is read of a log, by the marks beside it (`logs.secret_child` makes them and says why).

A secret is hidden by as many stars as it has bytes: whoever reads a log counts its bytes, and must go on at the right one.
"""

from __future__ import annotations

import re
from typing import Final

from engine.logs.secret_child import digest, read_marks
from engine.values import lean

MARKS: Final = ".marks"
_VISIBLE: Final = re.compile(rb"[^\r\n]")


@lean(frozen=True, slots=True)
class Marks:
    """What is to be hidden: lengths and hashes by the first byte of the values."""

    salt: bytes
    by_first: dict[int, list[tuple[int, str]]]
    longest: int

    def hide(self, data: bytes) -> bytes:
        """The data, as long as before, every value in it as stars; ends of lines stay."""
        hidden: bytearray | None = None
        for first, ones in self.by_first.items():
            at = data.find(first)
            while at >= 0:
                for length, wanted in ones:
                    if at + length <= len(data) and digest(data[at : at + length], self.salt) == wanted:
                        hidden = bytearray(data) if hidden is None else hidden
                        hidden[at : at + length] = _VISIBLE.sub(b"*", data[at : at + length])
                at = data.find(first, at + 1)
        return data if hidden is None else bytes(hidden)

    def hide_text(self, text: str) -> str:
        """The same for a text."""
        return self.hide(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def marks_path(log_path: str) -> str:
    """The file of marks beside a log, one for all logs of a run."""
    return log_path.removesuffix(".gz").removesuffix(".log").removesuffix(".hooks") + MARKS


def marks_of(log_path: str) -> Marks | None:
    """What is to be hidden in this log; None: nothing."""
    try:
        salt, lines = read_marks(marks_path(log_path))
    except OSError:
        return None
    by_first: dict[int, list[tuple[int, str]]] = {}
    longest = 0
    for line in lines:
        match line.split(" "):
            case [length, first, wanted] if length.isdecimal() and first.isdecimal() and 0 < int(length) <= 1 << 16:
                by_first.setdefault(int(first) % 256, []).append((int(length), wanted))
                longest = max(longest, int(length))
            case _:
                pass  # a fault, or no line of ours
    return Marks(salt, by_first, longest) if by_first else None
