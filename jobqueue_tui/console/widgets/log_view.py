"""A log, full screen: follows its end, pages through files of any size, finds text and keeps all lines in sight, or hides others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from functools import partial
from typing import ClassVar, Final

from rich.cells import cell_len, chop_cells
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from engine.api import EngineView
from engine.clock import moment
from engine.model.log_parts import LogQuery
from jobqueue_tui.console import words
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.json_lines import as_fields
from jobqueue_tui.console.jumping import Spot
from jobqueue_tui.console.log_feed import LogFeed
from jobqueue_tui.console.log_search import Sought, fault_of, find
from jobqueue_tui.console.log_window import HitWindow, LogWindow
from jobqueue_tui.console.merged_feed import MergedFeed, MergedWindow
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.tail import shown_line
from jobqueue_tui.console.widgets.painted import Painted

ERRORS: Final = LogQuery(r"error|fail|exception|traceback|panic|fatal|critical", regex=True, ignore_case=True)
"""Lines that `E` leaves."""
LONGEST_COPY: Final = 1_000
"""Lines that are copied at most."""
_SPECIAL: Final = frozenset("\\.^$*+?{}[]|()")


class _Ear:
    """What a feed tells its view; nothing once the view has another one."""

    def __init__(self, view: LogView) -> None:
        self._view = view

    @property
    def _mine(self) -> bool:
        return self._view.feed.hears(self)

    @property
    def following(self) -> bool:
        return self._view.following

    @property
    def top(self) -> int:
        return self._view.top

    def moved(self, by: int) -> None:
        if self._mine:
            self._view.moved(by)

    def changed(self) -> None:
        if self._mine:
            self._view.changed()

    def to_end(self) -> None:
        if self._mine:
            self._view.to_end()

    def said(self, text: str) -> None:
        if self._mine:
            self._view.said(text)


class LogView(Painted, can_focus=True):
    """Reads by `engine.log` in pieces of 64 KiB and keeps at most 1 MiB of them; searches and filters by `engine.log_find`."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.LOG, Where.MOVE)]
    is_pane = True

    class Said(Message):
        """Something to tell the user about the search."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Search(Message):
        """The user wants to type what to look for, or (`hide`) what the lines must hold that stay."""

        def __init__(self, *, hide: bool) -> None:
            super().__init__()
            self.hide = hide

    class Since(Message):
        """The user wants to choose from when on."""

    class Merge(Message):
        """The user wants to see the logs of the marked jobs with it, or it alone again."""

    def __init__(self, engine: EngineView, run_id: str, zone: tzinfo | None = None) -> None:
        super().__init__()
        self._engine = engine
        self._zone = zone
        self.following = True
        self.wrapping = False
        self.timing = False
        self.as_json = False
        self.only: LogQuery | None = None
        """Only lines that hold this are shown."""
        self.sought = Sought()
        self.mark: int | None = None
        """Position of the line at which a copy begins."""
        self.open(run_id)

    def open(self, run_id: str, also: Sequence[str] = ()) -> None:
        """Show the log of this run from its end, and those of others with it; what is looked for and how it is shown stays."""
        self.run_id, self.also = run_id, tuple(also)
        self.following = True
        self.top = 0
        self.feed: LogFeed | MergedFeed = (
            MergedFeed(self._engine, (run_id, *also), self.only, _Ear(self))
            if also
            else LogFeed(self._engine, run_id, self.only, _Ear(self))
        )
        self.match: int | None = None
        self.mark = None
        self._rows: list[tuple[int, str]] | None = None

    @property
    def window(self) -> LogWindow | HitWindow | MergedWindow:
        """The lines that are at hand."""
        return self.feed.window

    @property
    def state(self) -> str:
        """What it is doing, where that takes longer than a moment."""
        return self.feed.busy

    # ---- reading

    def flush(self) -> None:
        """Look for more; called by the flush timer."""
        if not any(worker.group in {"log", "jump"} and not worker.is_finished for worker in self.workers):
            self.run_worker(self._poll(), group="log")

    async def _poll(self) -> None:
        feed = self.feed
        await feed.poll()
        if self.timing:
            await feed.look_at_times()

    def moved(self, by: int) -> None:
        """See `log_feed.Shows`."""
        self.top += by
        self.match = None if self.match is None else self.match + by
        self.changed()

    def said(self, text: str) -> None:
        """See `log_feed.Shows`."""
        self.post_message(self.Said(text))

    # ---- drawing

    def on_resize(self) -> None:
        """Other rows fit."""
        if self.following:
            self.to_end()
        else:
            self.changed()

    def changed(self) -> None:
        """See `log_feed.Shows`."""
        self._rows = None
        self.top = max(0, min(self.top, len(self.window.lines) - 1))
        self.refresh()

    def to_end(self) -> None:
        """Put the last line at the bottom; see `log_feed.Shows`."""
        lines, height = self.window.lines, max(1, self.size.height)
        top, rows = len(lines), 0
        while top > 0:
            rows += len(self._wrapped(top - 1))
            if rows > height:
                break
            top -= 1
        self.top = min(top, max(0, len(lines) - 1))
        self.changed()

    def _text(self, number: int) -> str:
        """A line as it is shown."""
        raw = self.window.lines[number]
        text = self._front(number) + ((as_fields(raw) if self.as_json else None) or shown_line(raw))
        return f"{self._time_of(number)} {text}" if self.timing else text

    def _front(self, number: int) -> str:
        """Whose line it is, where there are several logs."""
        return self.feed.front_of(number) if isinstance(self.feed, MergedFeed) else ""

    def _time_of(self, number: int) -> str:
        at = self.feed.time_of(number)
        return " " * 8 if at is None else words.clock(at, self._zone)

    def _wrapped(self, number: int) -> list[str]:
        text = self._text(number)
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
                rows.extend((number, text) for text in self._wrapped(number))
                if len(rows) >= height:
                    break
            self._rows = rows[:height]
        return self._rows

    def render_line(self, y: int) -> Strip:
        """One row, matches set off."""
        width = self.size.width
        feed = self.feed
        if feed.problem or (feed.read_once and not self.window.lines):
            empty = "the log is empty" if self.only is None else feed.busy or "no line holds it"
            text = (feed.problem or empty) if y == 1 else ""
            return text_strip([(f"  {text}", Role.MUTED)], self.palette.row, width)
        if y >= len(self.rows):
            return text_strip([], self.palette.row, width)
        number, text = self.rows[y]
        here = number == self.match
        marked = self.mark is not None and self.window.offset_of(number) == self.mark
        parts: list[Cell] = [("▌" if here else "◆" if marked else " ", Role.TITLE)]
        at = 0
        for start, stop in self.sought.hits(text):
            parts += [(text[at:start], Role.TEXT), (text[start:stop], Role.MATCH)]
            at = stop
        parts.append((text[at:], Role.TEXT))
        return text_strip(parts, self.palette.cursor if here else self.palette.row, width)

    # ---- searching

    def seek(self, text: str) -> None:
        """Look for a text (no pattern; an upper-case letter makes it exact) from the bottom of the screen upwards."""
        self.sought = Sought(text)
        self.match = None
        self.changed()
        if text:
            self.action_match(-1)
        else:
            self.workers.cancel_group(self, "find")
            self.feed.busy = ""

    def action_match(self, by: int) -> None:
        """`n`, `N`: the next match down or up; the search goes on through the file."""
        if self.sought.text:
            self.run_worker(self._find(by), group="find", exclusive=True)

    async def _find(self, by: int) -> None:
        bottom = self.rows[-1][0] + 1 if self.rows else 0
        at = self.match if self.match is not None else bottom if by < 0 else self.top - 1
        line = await find(self.sought, self.feed, at + by, by, self.said)
        if line is not None:
            self._show_match(line)

    def _show_match(self, line: int) -> None:
        self.following = False
        self.match = line
        shown = [number for number, _ in self.rows]
        if not shown or not shown[0] <= line <= shown[-1]:
            self.top = max(0, line - self.size.height // 3)
        self.changed()
        self.said("")

    # ---- what is shown

    def hide(self, text: str) -> None:
        """Leave only lines that hold a text, or match a pattern where it is one; an empty one shows all again, and one that is
        none is said and not taken."""
        is_pattern = any(letter in _SPECIAL for letter in text)
        exact = any(letter.isupper() for letter in text)
        if is_pattern and (why := fault_of(text)):
            self.said(f"not a pattern: {why}")
            return
        self.said("")
        self._filter(LogQuery(text, is_pattern, not exact) if text else None)

    def action_errors(self) -> None:
        """`E`: only lines that speak of errors, or all again."""
        self._filter(None if self.only == ERRORS else ERRORS)

    def _filter(self, query: LogQuery | None) -> None:
        if query != self.only:
            self.only = query
            self.open(self.run_id, self.also)
            self.changed()
            self.flush()

    def merge(self, also: Sequence[str]) -> None:
        """Show these logs with it; none: it alone."""
        self.open(self.run_id, also)
        self.changed()
        self.flush()

    def action_follow(self) -> None:
        """`F`: follow the end, or stay."""
        if self.following:
            self.following = False
            self.changed()
        else:
            self.action_edge(1)

    def action_search(self) -> None:
        """`/`: the line to type into belongs to the screen."""
        self.post_message(self.Search(hide=False))

    def action_hide(self) -> None:
        """`&`."""
        self.post_message(self.Search(hide=True))

    def action_since(self) -> None:
        """`i`."""
        self.post_message(self.Since())

    def action_merge(self) -> None:
        """`a`: which jobs are marked the screen knows."""
        self.post_message(self.Merge())

    def action_wrap(self) -> None:
        """`w`."""
        self.wrapping = not self.wrapping
        self._redraw()

    def action_times(self) -> None:
        """`T`."""
        self.timing = not self.timing
        self._redraw()
        self.flush()

    def action_json(self) -> None:
        """`v`."""
        self.as_json = not self.as_json
        self._redraw()

    def _redraw(self) -> None:
        if self.following:
            self.to_end()
        else:
            self.changed()

    @property
    def _current(self) -> int:
        """The line that is meant: the match, else the topmost."""
        return self.top if self.match is None else self.match

    def action_mark(self) -> None:
        """`m`: a copy begins here; again: it does not."""
        here = self.window.offset_of(self._current)
        self.mark = None if self.mark == here else here
        self.refresh()

    def copied(self) -> str:
        """What `c` copies: the line that is meant, or all from the mark to it; harmless."""
        lines = self.window.lines
        if not lines:
            return ""
        first = last = self._current
        if self.mark is not None:
            first, last = sorted((self.window.line_at(self.mark), self._current))
        chosen = range(first, last + 1)[:LONGEST_COPY]
        return "\n".join(self._front(number) + shown_line(lines[number]) for number in chosen)

    def all_lines(self) -> list[tuple[str | None, str]]:
        """Every line that is at hand, harmless, and by when it was printed (ISO 8601; None: not known)."""
        found: list[tuple[str | None, str]] = []
        for number, raw in enumerate(self.window.lines):
            at = self.feed.time_of(number) if self.timing else None
            found.append((None if at is None else moment(at).isoformat(), self._front(number) + shown_line(raw)))
        return found

    # ---- moving

    def spots(self) -> Iterable[Spot]:
        """The lines on screen: the one that is gone to is meant by `c` and `m`, as a match is."""
        seen = -1
        for y, (number, _) in enumerate(self.rows):
            if number != seen:
                yield Spot(self.region.x, self.region.y + y, partial(self._show_match, number))
            seen = number

    def go_since(self, seconds: float) -> None:
        """To what was printed since so long ago."""
        self.following = False
        self.run_worker(self._go_since(seconds), group="jump", exclusive=True)

    async def _go_since(self, seconds: float) -> None:
        line = await self.feed.go_since(seconds)
        if line is None:
            return
        self.top = line
        self.match = None
        nothing = line >= len(self.window.lines)
        self.changed()
        if nothing:
            self.said("nothing was printed since")

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
        if not await self.feed.to_edge(side):
            return
        self.match = None
        if side > 0:
            self.to_end()
        else:
            self.top = 0
            self.changed()

    def _scroll(self, by: int) -> None:
        if by < 0:
            self.following = False
        lines = self.window.lines
        wanted = self.top + by
        last = max(0, len(lines) - (1 if self.wrapping else self.size.height))
        if (by < 0 and wanted < 0 and self.feed.is_more(-1)) or (by > 0 and wanted > last and self.feed.is_more(1)):
            self.run_worker(self._scroll_on(by), group="jump", exclusive=True)
            return
        self.top = max(0, min(wanted, max(last, self.top)))
        self.changed()

    async def _scroll_on(self, by: int) -> None:
        if await self.feed.more(by):
            self.top += by
            self.changed()

    def on_mouse_scroll_down(self) -> None:
        """Three lines, as terminals do."""
        self._scroll(3)

    def on_mouse_scroll_up(self) -> None:
        """Three lines, as terminals do."""
        self._scroll(-3)
