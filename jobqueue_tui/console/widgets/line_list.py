"""The base of every list here: rows drawn line by line, and only those that are on screen and have changed.

Textual's DataTable redraws all visible rows for one changed cell (measured: 47 % of a core and 200-500 ms per key at
100 updates/s); this one keeps a strip per row, keyed by what the row shows, and refreshes single lines.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from typing import ClassVar, Final, TypeAlias

from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.jumping import Spot
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.painted import Painted

_MOST_STRIPS: Final = 1000
SETTLING: Final = 0.3
"""Seconds for which verbs are ignored after another row moved under the cursor without the user's doing."""

Monotonic: TypeAlias = Callable[[], float]
"""Seconds from an arbitrary start; injected, so that tests need not wait."""

_Seen: TypeAlias = tuple[Hashable, bool, bool, int]
"""What a strip was drawn for: the row's stamp, cursor with focus, cursor, width."""


class LineList(Painted, ScrollView, can_focus=True):
    """A list with a cursor. A subclass says how many rows there are and draws one.

    `stamp(row)` is cheap and equal as long as the row looks the same; `paint(row, …)` is asked for only when it is not.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.MOVE)]
    is_pane = True

    def __init__(self, monotonic: Monotonic, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cursor = 0
        self._monotonic = monotonic
        self._shifted_at: float | None = None
        self._strips: dict[Hashable, tuple[_Seen, Strip]] = {}
        self._width: int | None = None

    # ---- what a subclass gives

    @property
    def row_count(self) -> int:
        """Number of rows."""
        raise NotImplementedError

    def row_id(self, row: int) -> Hashable:
        """What the row is about, the same wherever it moves."""
        return row

    def stamp(self, row: int) -> Hashable:
        """Everything that the row shows, as one value that is cheap to get and to compare."""
        raise NotImplementedError

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """The row as a strip of `width` cells."""
        raise NotImplementedError

    def empty_text(self) -> str:
        """What stands there when there is no row."""
        return ""

    def moved(self) -> None:
        """Called when the user has moved the cursor."""

    # ---- drawing

    def forget(self) -> None:
        """Drop every strip and draw anew."""
        self._strips.clear()
        super().forget()

    def rows_changed(self) -> None:
        """The number or order of rows changed: adapt the scroll range, keep the cursor in it, draw anew."""
        self.virtual_size = Size(0, self.row_count)
        self.cursor = max(0, min(self.cursor, self.row_count - 1))
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.show_cursor()

    @property
    def row_width(self) -> int:
        """Cells of a row, without the scroll bar."""
        return self.scrollable_content_region.width

    def visible_rows(self) -> range:
        """The rows on screen."""
        top = self.scroll_offset.y
        return range(top, min(top + self.scrollable_content_region.height, self.row_count))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Textual's Line API: all of these have one width, which costs as much to look up as half a line."""
        self._width = self.row_width
        try:
            return super().render_lines(crop)
        finally:
            self._width = None

    def render_line(self, y: int) -> Strip:
        """Textual's Line API: line `y` of what is visible."""
        row = y + self.scroll_offset.y
        width = self.row_width if self._width is None else self._width
        palette = self.palette
        if row >= self.row_count:
            return self._blank(y, width, palette)
        selected = row == self.cursor
        stamp = (self.stamp(row), selected and self.has_focus, selected, width)
        name = self.row_id(row)
        kept = self._strips.get(name)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        strip = self.paint(row, width, palette, selected=selected)
        if len(self._strips) >= _MOST_STRIPS:
            self._strips.clear()
        self._strips[name] = (stamp, strip)
        return strip

    def _blank(self, y: int, width: int, palette: Palette) -> Strip:
        text = f"  {self.empty_text()}" if y == 1 and not self.row_count else ""
        return text_strip([(text, Role.MUTED)], palette.row, width)

    def refresh_changed(self) -> None:
        """Draw those visible rows anew whose stamp differs from the one they were drawn with."""
        kept = self._strips.get
        self.refresh_rows(
            row
            for row in self.visible_rows()
            if (drawn := kept(self.row_id(row))) is None or drawn[0][0] != self.stamp(row)
        )

    def refresh_rows(self, rows: Iterable[int]) -> None:
        """Draw these rows anew, as far as they are on screen."""
        top = self.scroll_offset.y
        width, height = self.size
        blocks: list[Region] = []  # rows that follow each other are one: each costs Textual something of its own
        for line in sorted({row - top for row in rows}.intersection(range(height))):
            first = blocks.pop().y if blocks and blocks[-1].bottom == line else line
            blocks.append(Region(0, first, width, line + 1 - first))
        if blocks:  # without a region all of it would be drawn
            self.refresh(*blocks)

    def drawn(self, row: int) -> Hashable:
        """The stamp that the row was last drawn with; None when it never was."""
        kept = self._strips.get(self.row_id(row)) if 0 <= row < self.row_count else None
        return None if kept is None else kept[0][0]

    def ground(self, palette: Palette, *, selected: bool) -> Mapping[Role, Style]:
        """The styles of a row: plain, under the cursor, or under the cursor of a list without focus."""
        if not selected:
            return palette.row
        return palette.cursor if self.has_focus else palette.idle_cursor

    # ---- moving

    def shifted(self) -> None:
        """Another row is under the cursor now, and the user did not move it there."""
        self._shifted_at = self._monotonic()

    @property
    def settled(self) -> bool:
        """Whether the row under the cursor has been there long enough to be meant by a verb."""
        return self._shifted_at is None or self._monotonic() - self._shifted_at >= SETTLING

    def move_to(self, row: int) -> None:
        """Put the cursor on a row (clamped) and keep it in sight; only two lines are drawn anew."""
        row = max(0, min(row, self.row_count - 1))
        if row == self.cursor:
            return
        self._shifted_at = None
        before, self.cursor = self.cursor, row
        self.refresh_rows((before, row))
        self.show_cursor()
        self.moved()

    def spots(self) -> Iterable[Spot]:
        """The rows on screen; without any, the list itself."""
        if not self.row_count:
            yield from super().spots()
        x, y = self.region.offset
        for row in self.visible_rows():
            yield Spot(x, y + row - self.scroll_offset.y, partial(self._go_to, row, self.row_id(row)))

    def _go_to(self, row: int, name: Hashable) -> None:
        """To a row, while it is about the same."""
        self.focus()
        if row < self.row_count and self.row_id(row) == name:
            self.move_to(row)

    def show_cursor(self) -> None:
        """Scroll as little as needed to see the cursor."""
        height = self.scrollable_content_region.height
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif height and self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)

    def action_move(self, by: int) -> None:
        """One row down or up."""
        self.move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        """One screen down or up."""
        self.move_to(self.cursor + by * max(1, self.scrollable_content_region.height - 1))

    def action_edge(self, side: int) -> None:
        """To the first (-1) or last (1) row."""
        self.move_to(0 if side < 0 else self.row_count - 1)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; it never acts."""
        self.move_to(event.y + self.scroll_offset.y)
