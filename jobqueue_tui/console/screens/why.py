"""`d` on a job: why it is not running, and what would change that."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar, Final

from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.strip import Strip

from jobqueue_tui.console.host import host
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.reasons import ReasonLine
from jobqueue_tui.console.screens.modal import Modal
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.line_list import LineList
from jobqueue_tui.console.wrapping import wrapped_cells

_LABEL: Final = 11
_BEFORE: Final = 1 + _LABEL + 2
"""Columns before what a line says: the mark of the cursor, the label, a gap."""


class ReasonList(LineList):
    """What a line has no room for goes on below, and leads to the same job."""

    def __init__(self, lines: Sequence[ReasonLine]) -> None:
        super().__init__(lambda: 0.0)
        self._reasons = lines
        self.lines = lines

    def on_resize(self) -> None:
        """As high as it has lines, in the width that it has now."""
        self.lines = [
            ReasonLine(line.label, cells, line.job_id)
            for line in self._reasons
            for cells in wrapped_cells(line.cells, self.row_width - _BEFORE)
        ]
        self.styles.height = self.row_count
        self.rows_changed()
        super().on_resize()

    @property
    def row_count(self) -> int:
        """Lines."""
        return len(self.lines)

    def stamp(self, row: int) -> Hashable:
        """They do not change while they are shown."""
        return self.lines[row]

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One line."""
        line = self.lines[row]
        label = line.label if row == 0 or self.lines[row - 1].label != line.label else ""
        cells = [("▌" if selected else " ", Role.TITLE), (f"{label:>{_LABEL}}  ", Role.MUTED), *line.cells]
        return text_strip(cells, palette.cursor if selected else palette.raised, width)


class WhyScreen(Modal[None]):
    """Enter on a needed job leads to it."""

    CSS_PATH: ClassVar[CSSPathType | None] = "why.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,d", "close", show=False),
        Binding("enter", "open", show=False),
    ]

    def __init__(self, heading: str, lines: Sequence[ReasonLine]) -> None:
        super().__init__()
        self.heading = heading
        self.list = ReasonList(lines)

    def compose(self) -> ComposeResult:
        """One box."""
        with Vertical(id="why") as box:
            box.border_title = self.heading
            box.border_subtitle = "Enter: the needed job   Esc closes"
            yield self.list

    def on_mount(self) -> None:
        """The keys are the list's."""
        self.list.focus()

    def action_open(self) -> None:
        """The needed job under the cursor."""
        job_id = self.list.lines[self.list.cursor].job_id
        console = host(self)
        self.dismiss(None)
        if job_id is not None:
            self.app.call_later(console.show_details, job_id)

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)
