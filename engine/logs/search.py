"""Finding lines in a log of any size: read in pieces, in either direction, with a bound on memory and on time.

What is looked for is a text (case of ASCII letters may be ignored) or a pattern, line by line. Lines are found as they are shown to
anybody: with secrets hidden. A line longer than a piece (1 MiB) is looked through in pieces, and what lies across two of them is not
found.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

from engine.logs import matcher_child
from engine.logs.reader import MOST, LogReader
from engine.model.log_parts import LogHit, LogHits, LogQuery

SHOWN: Final = 4096
"""Bytes of a line that a hit holds."""
PATIENCE: Final = 2.0
"""Seconds for one piece and a pattern; one that needs more is given up."""

Match: TypeAlias = Callable[[bytes], list[int]]
"""Places in a piece of whole lines at which a line begins that matches."""


class BadPattern(ValueError):  # noqa: N818 - says what is the case
    """The pattern cannot be used, and why."""


def find(path: str, query: LogQuery, start: int, *, back: bool, most: int, seconds: float) -> LogHits:
    """Up to `most` lines that match, from the line at `start` on (`back`: from the line before it, newest first).

    Stops after `seconds`; `reached` says where to go on. FileNotFoundError, OSError as `LogReader`; BadPattern.
    """
    deadline = time.monotonic() + seconds
    hits: list[LogHit] = []
    reached, done = start, False
    with LogReader(path) as log, _matcher(query) as match:
        for offset, piece, last in (_backwards if back else _forwards)(log, start):
            places = match(piece)
            for place in reversed(places) if back else places:
                end = piece.find(b"\n", place)
                hits.append(LogHit(offset + place, piece[place : end if end >= 0 else None][:SHOWN]))
                if len(hits) == most:
                    reached = offset + place if back else offset + (end + 1 if end >= 0 else len(piece))
                    return LogHits(tuple(hits), reached, done=False)
            reached, done = (offset if back else offset + len(piece)), last
            if time.monotonic() > deadline:
                break
        else:
            done = True
    return LogHits(tuple(hits), reached, done)


def _forwards(log: LogReader, at: int) -> Iterator[tuple[int, bytes, bool]]:
    """Pieces of whole lines: where each begins, its bytes, and whether it is the last."""
    while True:
        chunk = log.read(at, MOST)
        if not chunk.data:
            return
        piece = chunk.data
        cut = piece.rfind(b"\n") + 1
        at_gap = chunk.gap is not None and chunk.offset + len(piece) == chunk.gap[0]
        if cut and chunk.more and not at_gap:
            piece = piece[:cut]
        at = chunk.offset + len(piece)
        yield chunk.offset, piece, not chunk.more
        if not chunk.more:
            return


def _backwards(log: LogReader, end: int) -> Iterator[tuple[int, bytes, bool]]:
    while end > 0:
        chunk = log.read(max(0, end - MOST), min(MOST, end))
        gap = chunk.gap
        if gap is not None and gap[0] <= end <= gap[1]:
            end = gap[0]
            chunk = log.read(max(0, end - MOST), min(MOST, end))
        elif gap is not None and chunk.offset < gap[1] < end:
            chunk = log.read(gap[1], end - gap[1])
        piece = chunk.data[: end - chunk.offset]
        if not piece:
            return
        offset = chunk.offset
        if offset > 0 and (gap is None or offset != gap[1]):
            cut = piece.find(b"\n", 0, len(piece) - 1) + 1
            piece, offset = piece[cut:], offset + cut
        yield offset, piece, offset == 0
        end = offset


@contextmanager
def _matcher(query: LogQuery) -> Iterator[Match]:
    if not query.regex:
        needle = query.text.encode("utf-8", "surrogateescape")
        yield _Text(needle.lower() if query.ignore_case else needle, query.ignore_case)
        return
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", matcher_child.__file__, query.text, "i" if query.ignore_case else "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield _Pattern(child)
    finally:
        child.kill()
        child.communicate()


class _Text:
    """Looks for a text; an empty one is in every line."""

    def __init__(self, needle: bytes, ignore_case: bool) -> None:
        self._needle = needle
        self._ignore_case = ignore_case

    def __call__(self, piece: bytes) -> list[int]:
        places: list[int] = []
        text = piece.lower() if self._ignore_case else piece
        at = 0
        while at < len(text) and (found := text.find(self._needle, at)) >= 0:
            places.append(text.rfind(b"\n", 0, found) + 1)
            at = text.find(b"\n", found) + 1
            if at == 0:
                break
        return places


class _Pattern:
    """Asks the child; one that takes too long is killed."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child

    def __call__(self, piece: bytes) -> list[int]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        timer = threading.Timer(PATIENCE, self._child.kill)
        timer.start()
        try:
            self._child.stdin.write(struct.pack("<Q", len(piece)) + piece)
            self._child.stdin.flush()
            head = self._child.stdout.read(8)
            count = int.from_bytes(head, "little")
            raw = self._child.stdout.read(8 * count)
            if len(head) == 8 and len(raw) == 8 * count:
                return list(struct.unpack(f"<{count}Q", raw))
        except BrokenPipeError:
            pass
        finally:
            timer.cancel()
        raise BadPattern(self._why())

    def _why(self) -> str:
        if self._child.wait() == 2 and self._child.stderr is not None:
            return f"not a pattern: {self._child.stderr.read().decode('utf-8', 'replace')}"
        return "the pattern takes too long; simplify it"
