"""The log of one run, full screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.strip import Strip

from engine.api import Changes
from jobqueue_tui.console import words
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.host import host
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.console.signs import OF_PHASE, Role
from jobqueue_tui.console.widgets.input_bar import InputBar
from jobqueue_tui.console.widgets.keys_bar import KeysBar
from jobqueue_tui.console.widgets.log_view import LogView
from jobqueue_tui.console.widgets.painted import Painted
from jobqueue_tui.terminal import one_line


class LogTitle(Painted):
    """Whose log this is, how much of it is behind and ahead, and what the view does."""

    def __init__(self, view: LogView) -> None:
        super().__init__()
        self._view = view
        self._shown: tuple[Cell, ...] = ()

    def flush(self) -> None:
        """Draw anew when the text is another one."""
        parts = self._parts()
        if parts != self._shown:
            self._shown = parts
            self.refresh()

    def _parts(self) -> tuple[Cell, ...]:
        view = self._view
        window = view.window
        try:
            phase = host(self).engine.run(view.run_id).phase
            state: Cell = (f"  {OF_PHASE[phase].word}", OF_PHASE[phase].role)
        except KeyError:
            state = ("  ended", Role.MUTED)
        line = window.lines[view.top : view.top + 1]
        behind = window.start + sum(len(raw) + 1 for raw in window.lines[: view.top])
        share = "" if not line or not window.size else f"  {100 * behind // window.size}%"
        return (
            (one_line(view.run_id), Role.TITLE),
            state,
            (f"  {words.size(window.size)}", Role.MUTED),
            ("  following" if view.following else share, Role.RUNNING if view.following else Role.MUTED),
            ("  wrapped" if view.wrapping else "", Role.MUTED),
        )

    def render_line(self, y: int) -> Strip:
        """The one line."""
        return text_strip([(" ", Role.TEXT), *self._parts()], self.palette.bar, self.size.width)


class LogScreen(LiveScreen):
    """Log of a run."""

    AUTO_FOCUS = "LogView"
    place = "log"

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id

    @property
    def about(self) -> str:
        """The run."""
        return self.run_id

    def compose(self) -> ComposeResult:
        """Title, search line, log, keys."""
        self.view = LogView(host(self).engine, self.run_id)
        self.bar = InputBar("text to find; n and N go on")
        self.heading = LogTitle(self.view)
        yield self.heading
        yield self.bar
        yield self.view
        yield KeysBar()

    def flush(self, changes: Changes) -> None:
        """Follow the file."""
        self.view.flush()
        self.heading.flush()

    def on_log_view_search(self, message: LogView.Search) -> None:
        """`/`."""
        message.stop()
        self.bar.open()

    def on_input_bar_done(self, message: InputBar.Done) -> None:
        """Enter starts the search."""
        message.stop()
        self.view.focus()
        self.view.seek(message.text)

    def on_log_view_said(self, message: LogView.Said) -> None:
        """What the search has to say stands beside its field."""
        message.stop()
        self.bar.say(message.text)

    def back(self) -> bool:
        """Esc ends the search first."""
        if not self.bar.display:
            return False
        self.bar.close()
        self.view.seek("")
        self.view.focus()
        return True
