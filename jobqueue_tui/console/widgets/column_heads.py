"""The line above a list of jobs: names of the columns, sort letters set off, an arrow at the order in force."""

from __future__ import annotations

from collections.abc import Iterator

from textual.strip import Strip

from jobqueue_tui.console.columns import GAP, NAME, Cell, Column
from jobqueue_tui.console.painting import fitted, text_strip
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.sorting import Sort
from jobqueue_tui.console.widgets.job_list import JobList
from jobqueue_tui.console.widgets.painted import Painted


class ColumnHeads(Painted):
    """Heads of the columns of `table`, as it has placed them."""

    def __init__(self, table: JobList, *, sortable: bool) -> None:
        super().__init__()
        self.table = table
        self.sortable = sortable
        self.order = Sort()
        self.remark = ""

    def show_remark(self, text: str) -> None:
        """Say beside the name's head what part of the jobs is shown."""
        self.remark = text
        self.refresh()

    def show_order(self, order: Sort) -> None:
        """Mark the column that is sorted by."""
        self.order = order
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The one line."""
        parts: list[Cell] = [(" ", Role.HEAD)]
        for number, placed in enumerate(self.table.placed):
            if number:
                parts.append((" " * GAP, Role.HEAD))
            parts.extend(self._head(placed.column, placed.width))
        return text_strip(parts, self.palette.head, self.size.width)

    def _head(self, column: Column, width: int) -> Iterator[Cell]:
        text = column.head if len(column.head) <= width else column.short_head
        letter = column.sort if self.sortable else ""
        arrow = ""
        if letter and self.order.letter == letter:
            arrow = "▼" if self.order.descending else "▲"
        if self.remark and column is NAME:
            yield fitted(f"name · {self.remark}", width), Role.STRONG
            return
        pad = " " * (width - len(text) - len(arrow))
        if column.right:
            yield pad, Role.HEAD
        at = text.find(letter) if letter else -1
        role = Role.STRONG if arrow else Role.HEAD
        if at < 0:
            yield text.lower(), role
        else:
            yield text[:at].lower(), role
            yield text[at], Role.KEY
            yield text[at + 1 :].lower(), role
        yield arrow, Role.KEY
        if not column.right:
            yield pad, Role.HEAD
