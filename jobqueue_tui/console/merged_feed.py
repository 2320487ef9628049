"""The logs of several runs as one, for a log's screen: each is read, followed and filtered by a feed of its own, and their lines
are put into one order by when they were printed.

What is shown lies between two moments. Before the first, a log that goes on further back has not been read yet; after the last,
one that goes on further down. So no line is missing among those that are shown, and reading on moves the moments apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.api import EngineView
from engine.clock import Instant
from engine.model.log_parts import LogQuery
from engine.values import lean
from jobqueue_tui.console.log_feed import LogFeed, Shows
from jobqueue_tui.console.log_window import PIECE
from jobqueue_tui.merging import by_time, fronts

MOST_LOGS: Final = 20
"""Logs that are merged at most."""
MOST_FOLLOWED: Final = 1_000
"""Lines of all of them that are put in order while their ends are followed, ten times a second: the engine shares the loop."""
_OF_ALL: Final = 2 * PIECE
"""Bytes that are kept of all of them: they are put in order anew whenever more is read, and the engine shares the loop."""
_LEAST: Final = 4096
"""Bytes of one log that are read at a time, at the least."""
_LOG: Final = 1 << 56
"""No log is longer; a position in several logs is that many for each log before it, and the position in its own."""


@lean(frozen=True, slots=True)
class _Line:
    at: Instant
    log: int
    position: int
    text: bytes


class MergedWindow:
    """Lines of several logs in one order, as a window."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes of all the logs."""
        self.lines: list[bytes] = []
        self._order: list[_Line] = []
        self._places: dict[int, int] = {}

    @property
    def start(self) -> int:
        """Position of the first line."""
        return self.offset_of(0)

    @property
    def end(self) -> int:
        """Position of the last line."""
        return self.offset_of(max(0, len(self.lines) - 1))

    def line_at(self, position: int) -> int:
        """Number of the line at a position; the first one when it is not at hand."""
        return self._places.get(position, 0)

    def offset_of(self, line: int) -> int:
        """The position of a line: one of its own, not one that grows with the lines."""
        return self._order[line].position if line < len(self._order) else -1

    def log_of(self, line: int) -> int:
        """Which of the logs it is from."""
        return self._order[line].log

    def time_of(self, line: int) -> Instant:
        """By when it was printed."""
        return self._order[line].at

    def put(self, order: list[_Line], top: int) -> int:
        """Other lines; returns by how many lines what stood at `top` has moved."""
        before = self._order[top:]
        self._order = order
        self.lines = [line.text for line in order]
        self._places = {line.position: number for number, line in enumerate(order)}
        for number, line in enumerate(before, top):
            if line.position in self._places:
                return self._places[line.position] - number
        return 0


class _Ear:
    """What one of the feeds tells: that there is something to put in order."""

    def __init__(self, shows: Shows) -> None:
        self._shows = shows
        self.stale = True

    @property
    def following(self) -> bool:
        return self._shows.following

    @property
    def top(self) -> int:
        return 0

    def moved(self, by: int) -> None:
        self.stale = True

    def changed(self) -> None:
        self.stale = True

    def to_end(self) -> None:
        self.stale = True

    def said(self, text: str) -> None:
        self._shows.said(text)


class MergedFeed:
    """The logs of several runs, told and asked as one (`LogFeed`)."""

    def __init__(self, engine: EngineView, run_ids: Sequence[str], only: LogQuery | None, shows: Shows) -> None:
        self.only = only
        self.window = MergedWindow()
        self.fronts = fronts(run_ids)
        """What stands before the lines of each log."""
        self._shows = shows
        self._ear = _Ear(shows)
        piece = max(_LEAST, _OF_ALL // 2 // len(run_ids))
        self._feeds = [LogFeed(engine, run_id, only, self._ear, most=2 * piece, piece=piece) for run_id in run_ids]
        self._left_out = False

    def hears(self, shows: object) -> bool:
        """Is it this one that is told."""
        return shows is self._shows

    @property
    def busy(self) -> str:
        """What one of them is doing."""
        return next((feed.busy for feed in self._feeds if feed.busy), "")

    @busy.setter
    def busy(self, text: str) -> None:
        for feed in self._feeds:
            feed.busy = text

    @property
    def problem(self) -> str:
        """Why there is nothing to see: of all of them, or else it is told by what is missing."""
        problems = [feed.problem for feed in self._feeds]
        return problems[0] if all(problems) else ""

    @property
    def read_once(self) -> bool:
        """Whether any of them was read."""
        return any(feed.read_once for feed in self._feeds)

    def front_of(self, line: int) -> str:
        """The run that printed a line, as it stands before it."""
        return self.fronts[self.window.log_of(line)]

    # ---- reading

    async def poll(self) -> None:
        """Look for more in each."""
        for feed in self._feeds:
            await feed.poll()
        if self._ear.stale:
            await self._arrange()
            if self._shows.following:
                self._shows.to_end()

    def is_more(self, by: int) -> bool:
        """Is there anything beyond the window in a direction."""
        return (by < 0 and self._left_out) or any(feed.is_more(by) for feed in self._feeds)

    async def more(self, by: int) -> bool:
        """Read on where the order of lines ends in a direction; False at the end of all logs there."""
        before = self._end_of_order(by)
        if by < 0 and self._left_out:
            await self._arrange(all_lines=True)
        while self._end_of_order(by) == before:
            nearest = self._nearest(by)
            found = [await feed.more(by) for feed in nearest]
            await self._arrange(all_lines=True)
            if not any(found) and all(feed.is_more(by) for feed in nearest):
                return False  # there are none, or they cannot be read
        return True

    def _end_of_order(self, by: int) -> int:
        return self.window.start if by < 0 else self.window.end

    def _nearest(self, by: int) -> list[LogFeed]:
        """The logs that have to be read before anything further can be shown: what is at hand of them ends the nearest."""
        feeds = [feed for feed in self._feeds if feed.is_more(by)]
        ends = [
            feed.time_of(0 if by < 0 else len(feed.window.lines) - 1) if feed.window.lines else None for feed in feeds
        ]
        known = [at for at in ends if at is not None]
        if len(known) < len(ends):
            return [feed for feed, at in zip(feeds, ends, strict=True) if at is None]
        bound = max(known, default=None) if by < 0 else min(known, default=None)
        return [feed for feed, at in zip(feeds, ends, strict=True) if at == bound]

    async def to_edge(self, side: int) -> bool:
        """To the beginning of all logs, or to their ends; False: none can be read."""
        read = [await feed.to_edge(side) for feed in self._feeds]
        await self._arrange()
        return any(read)

    async def go_since(self, seconds: float) -> int | None:
        """Have the window begin at what was printed in the last so many seconds; see `LogFeed.go_since`."""
        lines = [await feed.go_since(seconds) for feed in self._feeds]
        if all(line is None for line in lines):
            return None
        await self._arrange()
        nothing = all(
            line is None or line >= len(feed.window.lines) for feed, line in zip(self._feeds, lines, strict=True)
        )
        return len(self.window.lines) if nothing else 0

    # ---- order

    async def look_at_times(self) -> None:
        """They are known: the order is made of them."""

    def time_of(self, line: int) -> Instant | None:
        """By when a line was printed."""
        return self.window.time_of(line)

    async def _arrange(self, *, all_lines: bool = False) -> None:
        self._ear.stale = False
        for feed in self._feeds:
            await feed.look_at_times()
        feeds, window = self._feeds, self.window
        window.size = sum(feed.window.size for feed in feeds)
        most = MOST_FOLLOWED // len(feeds) if self._shows.following and not all_lines else None
        logs = [_lines(number, feed, most) for number, feed in enumerate(feeds)]
        cut = [len(log) < len(feed.window.lines) for log, feed in zip(logs, feeds, strict=True)]
        self._left_out = any(cut)
        first = max((log[0].at for n, log in enumerate(logs) if log and (cut[n] or feeds[n].is_more(-1))), default=None)
        last = min((log[-1].at for n, log in enumerate(logs) if log and feeds[n].is_more(1)), default=None)
        order = [
            line for line in by_time(logs) if (first is None or line.at >= first) and (last is None or line.at <= last)
        ]
        self._shows.moved(window.put(order, self._shows.top))


def _lines(number: int, feed: LogFeed, most: int | None) -> list[_Line]:
    """The lines of one log that are at hand, the last `most` of them. A line whose time is not known came with the one before it."""
    window = feed.window
    lines: list[_Line] = []
    first = 0 if most is None else max(0, len(window.lines) - most)
    at = 0
    for line, known in enumerate(feed.times_of_lines(first), first):
        at = max(at, known or 0)
        lines.append(_Line(at, number, number * _LOG + window.offset_of(line), window.lines[line]))
    return lines
