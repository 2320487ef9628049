"""The names of lists that stand behind each other, with their counts; `[` and `]` go from one to the next."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from engine.values import lean
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.painted import Painted


@lean(frozen=True, slots=True)
class Tab:
    """One list. `count` stands behind its name; `urgent`: in the colour of what failed."""

    name: str
    count: str = ""
    urgent: bool = False
    here: bool = False


class TabsLine(Painted):
    """The one on top is strong; what there is to say of it stands at the right."""

    def __init__(self) -> None:
        super().__init__()
        self._tabs: tuple[Tab, ...] = ()
        self._note = ""

    def show(self, tabs: Sequence[Tab], note: str = "") -> None:
        """Draw these; the same again costs nothing."""
        if (tuple(tabs), note) != (self._tabs, self._note):
            self._tabs, self._note = tuple(tabs), note
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The one line."""
        parts: list[Cell] = [(" ", Role.HEAD)]
        for tab in self._tabs:
            parts.append((f"[{tab.name}]" if tab.here else f" {tab.name} ", Role.TITLE if tab.here else Role.HEAD))
            if tab.count:
                parts.append((f"{tab.count} ", Role.FAILED if tab.urgent else Role.MUTED))
        room = self.size.width - sum(len(text) for text, _ in parts) - 1
        if self._note and room > len(self._note):
            parts += [(" " * (room - len(self._note)), Role.HEAD), (self._note, Role.MUTED)]
        return text_strip(parts, self.palette.head, self.size.width)
