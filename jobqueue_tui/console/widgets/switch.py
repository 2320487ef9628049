"""Something that is on or off, told by its sign and not by a colour: `[x]`, `[ ]`."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.strip import Strip

from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.painted import Painted


class Switch(Painted, can_focus=True):
    """Space, Enter and a click turn it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "turn", show=False)]

    def __init__(self, name: str, label: str, *, on: bool) -> None:
        super().__init__(name=name)
        self._label = label
        self.on = on

    def action_turn(self) -> None:
        """The other way."""
        self.on = not self.on
        self.refresh()

    def on_click(self) -> None:
        """As Space."""
        self.action_turn()

    def render_line(self, y: int) -> Strip:
        """Sign and label."""
        styles = self.palette.cursor if self.has_focus else self.palette.raised
        sign = "[x]" if self.on else "[ ]"
        return text_strip([(f"{sign} ", Role.KEY), (self._label, Role.TEXT)], styles, self.size.width)
