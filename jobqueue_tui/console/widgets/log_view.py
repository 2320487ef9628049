"""A log, full screen: follows its end, pages through files of any size, finds text and keeps all lines in sight."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from rich.cells import cell_len, chop_cells
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from engine.api import EngineView, LogChunk
from engine.errors import EngineError
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.log_window import PIECE, LogWindow
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.tail import shown_line
from jobqueue_tui.console.widgets.painted import Painted
from jobqueue_tui.terminal import one_line

MOST_SEARCHED: Final = 64 << 20
"""Bytes that one press of `n` looks through before it asks to be pressed again."""


class LogView(Painted, can_focus=True):
    """Reads by `engine.log` in pieces of 64 KiB and keeps at most 1 MiB of them."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.LOG, Where.MOVE)]

    class Said(Message):
        """Something to tell the user about the search."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Search(Message):
        """The user wants to type what to look for."""

    def __init__(self, engine: EngineView, run_id: str) -> None:
        super().__init__()
        self._engine = engine
        self.run_id = run_id
        self.window = LogWindow()
        self.following = True
        self.wrapping = False
        self.sought = ""
        self.problem = ""
        self.top = 0
        self.match: int | None = None
        self._rows: list[tuple[int, str]] | None = None
        self._read_once = False

    # ---- reading

    def flush(self) -> None:
        """Look for more; called by the flush timer."""
        if not any(worker.group == "log" and not worker.is_finished for worker in self.workers):
            self.run_worker(self._poll(), group="log")

    async def _poll(self) -> None:
        window = self.window
        if not self._read_once:
            chunk = await self._read(-PIECE, PIECE)
            if chunk is not None:
                self._read_once = True
                window.put(chunk)
                self._to_end()
            return
        size = window.size
        chunk = await self._read(window.end, PIECE if self.following else 1)
        if chunk is None or window is not self.window:
            return
        if chunk.size < window.end:
            self._read_once = False  # truncated: read its end anew
            return
        window.size = chunk.size
        if not self.following:
            if chunk.size != size:
                self.refresh()
            return
        if chunk.more:
            self._read_once = False  # it grows faster than a piece per flush: go to its end
        elif chunk.data:
            self.top -= window.append(chunk)
            self._to_end()

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
                self._changed()
            return chunk
        if problem != self.problem:
            self.problem = problem
            self._changed()
        return None

    async def _more(self, by: int) -> bool:
        """Read the next piece in a direction; False at the end of the file there."""
        window = self.window
        wanted = window.after if by > 0 else window.before
        if wanted is None:
            return False
        chunk = await self._read(*wanted)
        if chunk is None or not chunk.data:
            return False
        if by > 0:
            dropped = window.append(chunk)
            self.top -= dropped
            self.match = None if self.match is None else self.match - dropped
        else:
            added = window.prepend(chunk)
            self.top += added
            self.match = None if self.match is None else self.match + added
        self._changed()
        return True

    # ---- drawing

    def on_resize(self) -> None:
        """Other rows fit."""
        if self.following:
            self._to_end()
        else:
            self._changed()

    def _changed(self) -> None:
        self._rows = None
        self.top = max(0, min(self.top, len(self.window.lines) - 1))
        self.refresh()

    def _to_end(self) -> None:
        """Put the last line at the bottom."""
        lines, height = self.window.lines, max(1, self.size.height)
        top, rows = len(lines), 0
        while top > 0:
            rows += len(self._wrapped(lines[top - 1]))
            if rows > height:
                break
            top -= 1
        self.top = min(top, max(0, len(lines) - 1))
        self._changed()

    def _wrapped(self, raw: bytes) -> list[str]:
        text = shown_line(raw)
        width = max(1, self.size.width - 2)
        if not self.wrapping or cell_len(text) <= width:
            return [text]
        return chop_cells(text, width)

    @property
    def rows(self) -> list[tuple[int, str]]:
        """The rows on screen: number of the line in the window, text."""
        if self._rows is None:
            lines, height = self.window.lines, self.size.height
            rows: list[tuple[int, str]] = []
            for number in range(self.top, min(len(lines), self.top + height)):
                rows.extend((number, text) for text in self._wrapped(lines[number]))
                if len(rows) >= height:
                    break
            self._rows = rows[:height]
        return self._rows

    def render_line(self, y: int) -> Strip:
        """One row, matches set off."""
        width = self.size.width
        if self.problem or (self._read_once and not self.window.lines):
            text = (self.problem or "the log is empty") if y == 1 else ""
            return text_strip([(f"  {text}", Role.MUTED)], self.palette.row, width)
        if y >= len(self.rows):
            return text_strip([], self.palette.row, width)
        number, text = self.rows[y]
        here = number == self.match
        parts: list[Cell] = [("▌" if here else " ", Role.TITLE)]
        at = 0
        for start, stop in self._hits(text):
            parts += [(text[at:start], Role.TEXT), (text[start:stop], Role.MATCH)]
            at = stop
        parts.append((text[at:], Role.TEXT))
        return text_strip(parts, self.palette.cursor if here else self.palette.row, width)

    def _hits(self, text: str) -> list[tuple[int, int]]:
        if not self.sought:
            return []
        found, at = [], 0
        plain = text if self._exact else text.lower()
        while (start := plain.find(self.sought, at)) >= 0:
            at = start + len(self.sought)
            found.append((start, at))
        return found

    @property
    def _exact(self) -> bool:
        return any(letter.isupper() for letter in self.sought)

    # ---- searching

    def seek(self, text: str) -> None:
        """Look for a text (no pattern; an upper-case letter makes it exact) from the bottom of the screen upwards."""
        self.sought = text
        self.match = None
        self._changed()
        if text:
            self.action_match(-1)

    def action_match(self, by: int) -> None:
        """`n`, `N`: the next match down or up; the search goes on through the file."""
        if self.sought:
            self.run_worker(self._find(by), group="find", exclusive=True)

    async def _find(self, by: int) -> None:
        bottom = self.rows[-1][0] + 1 if self.rows else 0
        at = self.match if self.match is not None else bottom if by < 0 else self.top - 1
        looked = 0
        while True:
            lines = self.window.lines
            at += by
            while 0 <= at < len(lines):
                if self._hits(shown_line(lines[at])):
                    self._show_match(at)
                    return
                at += by
            if looked > MOST_SEARCHED:
                self.post_message(self.Said(f"not in the next {MOST_SEARCHED >> 20} MiB; again goes on"))
                return
            edge = self.window.end if by > 0 else self.window.start
            if not await self._more(by):
                self.post_message(self.Said(f"no match {'below' if by > 0 else 'above'}"))
                return
            looked += PIECE
            # the window moved: go on at the first line that was not looked at
            at = self.window.line_at(edge) - 1 if by > 0 else self.window.line_at(edge)
            await asyncio.sleep(0)  # an engine in this loop has work to do

    def _show_match(self, line: int) -> None:
        self.following = False
        self.match = line
        shown = [number for number, _ in self.rows]
        if not shown or not shown[0] <= line <= shown[-1]:
            self.top = max(0, line - self.size.height // 3)
        self._changed()
        self.post_message(self.Said(""))

    # ---- keys

    def action_follow(self) -> None:
        """`F`: follow the end, or stay."""
        if self.following:
            self.following = False
            self._changed()
        else:
            self.action_edge(1)

    def action_search(self) -> None:
        """`/`: the line to type into belongs to the screen."""
        self.post_message(self.Search())

    def action_wrap(self) -> None:
        """`w`."""
        self.wrapping = not self.wrapping
        if self.following:
            self._to_end()
        else:
            self._changed()

    def action_move(self, by: int) -> None:
        """Lines down or up."""
        self._scroll(by)

    def action_page(self, by: int) -> None:
        """One screen down or up."""
        shown = self.rows[-1][0] - self.top if self.rows else 1
        self._scroll(by * max(1, shown))

    def action_edge(self, side: int) -> None:
        """To the file's beginning, or to its end, following."""
        self.following = side > 0
        self.run_worker(self._jump(side), group="jump", exclusive=True)

    async def _jump(self, side: int) -> None:
        chunk = await self._read(-PIECE if side > 0 else 0, PIECE)
        if chunk is None:
            return
        self.window.put(chunk)
        self.match = None
        if side > 0:
            self._to_end()
        else:
            self.top = 0
            self._changed()

    def _scroll(self, by: int) -> None:
        if by < 0:
            self.following = False
        lines = self.window.lines
        wanted = self.top + by
        last = max(0, len(lines) - (1 if self.wrapping else self.size.height))
        if (by < 0 and wanted < 0 and self.window.before) or (by > 0 and wanted > last and self.window.after):
            self.run_worker(self._scroll_on(by), group="jump", exclusive=True)
            return
        self.top = max(0, min(wanted, max(last, self.top)))
        self._changed()

    async def _scroll_on(self, by: int) -> None:
        if await self._more(by):
            self.top += by
            self._changed()

    def on_mouse_scroll_down(self) -> None:
        """Three lines, as terminals do."""
        self._scroll(3)

    def on_mouse_scroll_up(self) -> None:
        """Three lines, as terminals do."""
        self._scroll(-3)
