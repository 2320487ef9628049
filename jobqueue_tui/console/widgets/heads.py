"""The line above a list: the heads of its columns, as the list has placed them."""

from __future__ import annotations

from collections.abc import Callable

from textual.strip import Strip

from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.painted import Painted


class Heads(Painted):
    """Asks for its text whenever it is drawn."""

    def __init__(self, text: Callable[[], str]) -> None:
        super().__init__()
        self._text = text

    def render_line(self, y: int) -> Strip:
        """The one line."""
        return text_strip([(f"  {self._text()}", Role.HEAD)], self.palette.head, self.size.width)
