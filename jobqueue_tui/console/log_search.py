"""Finding a text in a log: in the lines that are at hand, then further on, by the engine or piece by piece."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Final

from engine.values import lean
from jobqueue_tui.console.log_feed import LogFeed
from jobqueue_tui.console.log_window import PIECE
from jobqueue_tui.console.merged_feed import MergedFeed
from jobqueue_tui.console.tail import shown_line

_NONE: Final = {1: "no match below", -1: "no match above"}


def fault_of(pattern: str) -> str:
    """Why it is no pattern; empty when it is one."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError) as fault:
        return str(fault)
    return ""


@lean(frozen=True, slots=True)
class Sought:
    """A text, no pattern; an upper-case letter makes it exact."""

    text: str = ""

    @property
    def exact(self) -> bool:
        """Case counts."""
        return any(letter.isupper() for letter in self.text)

    def hits(self, text: str) -> list[tuple[int, int]]:
        """Where it stands in a line as it is shown: from and to."""
        if not self.text:
            return []
        found, at = [], 0
        plain = text if self.exact else text.lower()
        while (start := plain.find(self.text, at)) >= 0:
            at = start + len(self.text)
            found.append((start, at))
        return found


async def find(sought: Sought, feed: LogFeed | MergedFeed, at: int, by: int, say: Callable[[str], None]) -> int | None:
    """The number of the next line that holds it, from line `at` on in a direction; None: there is none, or why it cannot be
    found was said. The window may move for it: the number is that of this moment."""
    line = _among(sought, feed.window.lines, at, by)
    if line is None and isinstance(feed, LogFeed) and feed.only is None:
        line = await _further_in_log(sought, feed, by, say)
    elif line is None:
        line = await _piece_by_piece(sought, feed, by, say)
    feed.busy = ""
    return line


def _among(sought: Sought, lines: Sequence[bytes], at: int, by: int) -> int | None:
    while 0 <= at < len(lines):
        if sought.hits(shown_line(lines[at])):
            return at
        at += by
    return None


async def _further_in_log(sought: Sought, feed: LogFeed, by: int, say: Callable[[str], None]) -> int | None:
    """What the window does not hold, the engine looks for."""
    at = feed.window.start if by < 0 else feed.window.end
    while True:
        found = await feed.find(sought.text, exact=sought.exact, start=at, by=by)
        if found is None:
            return None  # it has said why
        at = found.reached
        for hit in found.hits:
            if sought.hits(shown_line(hit.line)):  # what a terminal would not have shown is no match
                await feed.go_to(max(0, hit.offset - PIECE // 2))
                line = feed.window.line_at(hit.offset)
                return line if line < len(feed.window.lines) else None
        if found.done:
            say(_NONE[by])
            return None


async def _piece_by_piece(
    sought: Sought, feed: LogFeed | MergedFeed, by: int, say: Callable[[str], None]
) -> int | None:
    """Among the lines that a filter leaves, or of several logs."""
    while True:
        window = feed.window
        count = len(window.lines)
        edge = window.offset_of(count - 1 if by > 0 else 0) if count else None
        if not await feed.more(by):
            say(_NONE[by])
            return None
        lines = window.lines
        at = (0 if by > 0 else len(lines) - 1) if edge is None else window.line_at(edge) + by
        line = _among(sought, lines, at, by)
        if line is not None:
            return line
        say("looking …")
        await asyncio.sleep(0)  # an engine in this loop has work to do
