"""`d` on a run: its record, beside that of another one. Differences are set off."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.strip import Strip

from engine.errors import EngineError
from engine.model.record import RunRecord
from jobqueue_tui.console.comparison import Fact, facts, partner
from jobqueue_tui.console.giving import Giving
from jobqueue_tui.console.host import host
from jobqueue_tui.console.painting import fitted, text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.screens.modal import Modal
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.line_list import LineList
from jobqueue_tui.console.widgets.run_list import RunList
from jobqueue_tui.terminal import one_line

_LABEL: Final = 16


class FactList(LineList):
    """One fact a line."""

    def __init__(self, found: list[Fact], heads: tuple[str, str | None]) -> None:
        super().__init__(lambda: 0.0)
        self.facts = [Fact("run", heads[0], heads[1]), *found]

    @property
    def row_count(self) -> int:
        """Facts."""
        return len(self.facts)

    def stamp(self, row: int) -> Hashable:
        """They do not change."""
        return self.facts[row]

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """Label, the two values, the change."""
        fact = self.facts[row]
        styles = palette.cursor if selected else palette.raised
        label = (f" {fitted(fact.label, _LABEL, right=True)}  ", Role.MUTED)
        if fact.other is None:
            return text_strip([label, (fact.mine, Role.TEXT)], styles, width)
        wide = max(8, (width - _LABEL - 13) // 2)
        role = Role.STRONG if fact.differs else Role.TEXT
        cells = [
            label,
            (fitted(fact.mine, wide), Role.TITLE if row == 0 else role),
            (" ≠ " if fact.differs and row else "   ", Role.WARN),
            (fitted(fact.other, wide), Role.TITLE if row == 0 else Role.TEXT),
            (f" {fact.change}", Role.WARN),
        ]
        return text_strip(cells, styles, width)


class CompareScreen(Modal[None]):
    """Any key that leaves it leaves it."""

    CSS_PATH = "compare.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,d,enter", "close", show=False)]

    def __init__(self, run: RunRecord, other: RunRecord | None, found: list[Fact]) -> None:
        super().__init__()
        self.list = FactList(found, (one_line(run.run_id), None if other is None else one_line(other.run_id)))

    def compose(self) -> ComposeResult:
        """One box."""
        with Vertical(id="compare") as box:
            box.border_title = "Record" if self.list.facts[0].other is None else "Two runs"
            box.border_subtitle = "Esc closes"
            yield self.list

    def on_mount(self) -> None:
        """As high as it has lines."""
        self.list.styles.height = self.list.row_count
        self.list.rows_changed()
        self.list.focus()

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)


def open_comparison(screen: Giving, runs: RunList) -> None:
    """Show the run under the cursor beside its partner. Records of runs that have ended since are read anew."""
    run = runs.current
    if run is None:
        return
    other = partner(list(runs.runs), run, runs.marked)

    async def read() -> None:
        engine = host(screen).engine
        try:
            whole = await engine.record(run.run_id) or run
            beside = other and (await engine.record(other.run_id) or other)
        except (EngineError, OSError) as error:
            screen.notify(one_line(str(error)), title="The record cannot be read", severity="error", markup=False)
            return
        screen.app.push_screen(CompareScreen(whole, beside, facts(whole, beside, host(screen).settings.zone)))

    screen.begin(read, "compare")
