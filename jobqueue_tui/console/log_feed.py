"""What a log's screen shows of a log, read from the engine piece by piece: all lines, or those that a filter leaves.

It knows nothing of a terminal. Whoever shows it is told when lines come and go (`Shows`).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, Protocol

from engine.api import EngineView
from engine.clock import SECOND, Instant
from engine.errors import EngineError
from engine.model.log_parts import LogChunk, LogHits, LogQuery, LogTime
from jobqueue_tui.console.log_window import MOST, PIECE, HitWindow, LogWindow
from jobqueue_tui.terminal import one_line

FOUND_AT_ONCE: Final = 200


class Shows(Protocol):
    """Who shows the lines."""

    @property
    def following(self) -> bool:
        """The end is kept in sight."""

    @property
    def top(self) -> int:
        """The line that is shown first."""

    def moved(self, by: int) -> None:
        """So many lines came to the front, or went from it."""

    def changed(self) -> None:
        """Lines are other ones than before."""

    def to_end(self) -> None:
        """Lines came to the end, and it is followed."""

    def said(self, text: str) -> None:
        """Something to tell the user."""


class LogFeed:
    """The log of one run."""

    def __init__(
        self,
        engine: EngineView,
        run_id: str,
        only: LogQuery | None,
        shows: Shows,
        *,
        most: int = MOST,
        piece: int = PIECE,
    ) -> None:
        """`only`: lines that hold this; None: all. `most`: bytes that are kept; `piece`: that are read at a time."""
        self.run_id = run_id
        self.only = only
        self.window: LogWindow | HitWindow = LogWindow(most, piece) if only is None else HitWindow()
        self._piece = piece
        self.problem = ""
        self.busy = ""
        """What it is doing, where that takes longer than a moment."""
        self.read_once = False
        self._engine = engine
        self._shows = shows
        self._times: tuple[int, int, tuple[LogTime, ...]] = (0, 0, ())

    def hears(self, shows: object) -> bool:
        """Is it this one that is told."""
        return shows is self._shows

    # ---- following

    async def poll(self) -> None:
        """Look for more."""
        await (self._poll_hits(self.window) if isinstance(self.window, HitWindow) else self._poll_bytes(self.window))

    async def _poll_bytes(self, window: LogWindow) -> None:
        if not self.read_once:
            chunk = await self._read(-self._piece, self._piece)
            if chunk is not None:
                self.read_once = True
                window.put(chunk)
                self._shows.to_end()
            return
        size = window.size
        chunk = await self._read(window.end, self._piece if self._shows.following else 1)
        if chunk is None:
            return
        if chunk.size < window.end:
            self.read_once = False  # truncated: read its end anew
            return
        window.size = chunk.size
        if not self._shows.following:
            if chunk.size != size:
                self._shows.changed()
            return
        if chunk.more:
            self.read_once = False  # it grows faster than a piece per flush: go to its end
        elif chunk.data:
            self._shows.moved(-window.append(chunk))
            self._shows.to_end()

    async def _poll_hits(self, window: HitWindow) -> None:
        if not self.read_once:
            await self._end_of_hits(window)
            return
        chunk = await self._read(window.end, 1)
        if chunk is None:
            return
        if chunk.size < window.end:
            self.read_once = False
            return
        window.size = chunk.size
        if self._shows.following and chunk.size > window.end:
            found = await self._look_for(window.end, back=False, most=FOUND_AT_ONCE)
            if found is not None:
                self._shows.moved(-window.append(found.hits, found.reached))
                self._shows.to_end()

    async def _end_of_hits(self, window: HitWindow) -> None:
        """As many found lines as fill a screen, from the end back; seen as they come."""
        chunk = await self._read(-1, 1)
        if chunk is None:
            return
        window.begin(chunk.size)
        window.size = chunk.size
        self.read_once = True
        while len(window.lines) < FOUND_AT_ONCE and not window.top_reached:
            if not await self._more_hits(window, -1):
                break
            self._shows.to_end()
        self._shows.to_end()

    # ---- going through it

    def is_more(self, by: int) -> bool:
        """Is there anything beyond the window in a direction."""
        window = self.window
        if isinstance(window, HitWindow):
            return not window.top_reached if by < 0 else window.end < window.size
        return (window.before if by < 0 else window.after) is not None

    async def more(self, by: int) -> bool:
        """Read the next piece in a direction; False at the end of the log there."""
        window = self.window
        if isinstance(window, HitWindow):
            return await self._more_hits(window, by)
        wanted = window.after if by > 0 else window.before
        if wanted is None:
            return False
        chunk = await self._read(*wanted)
        if chunk is None or not chunk.data:
            return False
        self._shows.moved(-window.append(chunk) if by > 0 else window.prepend(chunk))
        return True

    async def _more_hits(self, window: HitWindow, by: int) -> bool:
        """Look on until something is found, or all is looked through."""
        if by < 0 and window.top_reached:
            return False
        while True:
            found = await self._look_for(window.start if by < 0 else window.end, back=by < 0, most=FOUND_AT_ONCE)
            if found is None:
                return False
            if by < 0:
                self._shows.moved(window.prepend(found.hits, found.reached, done=found.done))
            else:
                self._shows.moved(-window.append(found.hits, found.reached))
            self._say_progress(found)
            if found.hits or found.done:
                return bool(found.hits)

    async def go_to(self, offset: int) -> None:
        """Have the window begin there."""
        window = self.window
        if isinstance(window, HitWindow):
            window.begin(offset)
            await self._more_hits(window, 1)
            return
        chunk = await self._read(
            max(0, offset - 1), self._piece
        )  # a window begins behind the first line feed of its piece
        if chunk is not None:
            window.put(chunk)
            self._shows.changed()

    async def to_edge(self, side: int) -> bool:
        """Have the window begin at the log's beginning, or end at its end; False: it cannot be read."""
        window = self.window
        if isinstance(window, HitWindow):
            if side > 0:
                await self._end_of_hits(window)
            else:
                window.begin(0)
                await self._more_hits(window, 1)
            return True
        chunk = await self._read(-self._piece if side > 0 else 0, self._piece)
        if chunk is not None:
            window.put(chunk)
        return chunk is not None

    async def since(self, seconds: float) -> int | None:
        """Where what was printed in the last so many seconds begins; None: that cannot be told."""
        try:
            return await self._engine.log_since(self.run_id, self._engine.now() - int(seconds * SECOND))
        except (KeyError, EngineError, OSError) as error:
            self._shows.said(one_line(str(error)))
            return None

    async def go_since(self, seconds: float) -> int | None:
        """Have the window begin at what was printed in the last so many seconds; its line, behind the last one when nothing was.
        None: that cannot be told."""
        at = await self.since(seconds)
        if at is None:
            return None
        await self.go_to(at)
        return self.window.line_at(at) if at < self.window.size else len(self.window.lines)

    # ---- finding

    async def find(self, text: str, *, exact: bool, start: int, by: int) -> LogHits | None:
        """The next line that holds a text, from a position on or back; None: it cannot be searched, and the user was told."""
        found = await self._look_for(start, back=by < 0, most=1, query=LogQuery(text, ignore_case=not exact))
        if found is not None:
            self._say_progress(found)
        return found

    async def _look_for(self, start: int, *, back: bool, most: int, query: LogQuery | None = None) -> LogHits | None:
        """What the engine finds in a quarter of a second."""
        wanted = query or self.only
        assert wanted is not None
        try:
            return await self._engine.log_find(self.run_id, wanted, start, back=back, most=most)
        except ValueError as error:
            self._shows.said(one_line(str(error)))
        except (KeyError, EngineError, OSError) as error:
            self._shows.said(f"the log cannot be searched: {one_line(str(error))}")
        return None

    def _say_progress(self, found: LogHits) -> None:
        size = self.window.size
        self.busy = "" if found.done or found.hits or not size else f"looking … {100 * found.reached // size}%"
        if self.busy:
            self._shows.changed()

    # ---- times

    async def look_at_times(self) -> None:
        """When what is in the window was printed."""
        start, end = self.window.start, max(self.window.end, self.window.start + 1)
        if (start, end) == self._times[:2]:
            return
        try:
            found = await self._engine.log_times(self.run_id, start, end)
        except (KeyError, EngineError, OSError):
            return
        self._times = (start, end, tuple(found))
        self._shows.changed()

    def time_of(self, line: int) -> Instant | None:
        """By when a line of the window was printed; None: not known yet."""
        times = self._times[2]
        place = bisect_right(times, self.window.offset_of(line), key=lambda one: one.end)
        return times[place].at if place < len(times) else None

    def times_of_lines(self, first: int = 0) -> list[Instant | None]:
        """The same of every line of the window from one on."""
        found: list[Instant | None] = []
        times, place = self._times[2], 0
        for line in range(first, len(self.window.lines)):
            offset = self.window.offset_of(line)
            while place < len(times) and times[place].end <= offset:
                place += 1
            found.append(times[place].at if place < len(times) else None)
        return found

    # ---- reading

    async def _read(self, offset: int, limit: int) -> LogChunk | None:
        try:
            chunk = await self._engine.log(self.run_id, offset, limit)
        except (KeyError, FileNotFoundError):
            problem = "no log is kept of this run"
        except (EngineError, OSError) as error:
            problem = f"the log cannot be read: {one_line(str(error))}"
        else:
            if self.problem:
                self.problem = ""
                self._shows.changed()
            return chunk
        if problem != self.problem:
            self.problem = problem
            self._shows.changed()
        return None
