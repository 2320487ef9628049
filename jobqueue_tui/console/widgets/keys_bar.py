"""The bottom line: the keys that work here, read from the bindings that are in force (a user's key map included)."""

from __future__ import annotations

from textual.strip import Strip

from jobqueue_tui.console.actions import ACTIONS, bound, shown
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.painted import Painted

_ALWAYS = ("all.back", "all.help", "all.leave")
_TYPING = (("", "Enter", "keep it"), ("", "Esc", "clear it"))


class KeysBar(Painted):
    """Keys and words in the order of the action table, as many as fit; help and the way out always."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[tuple[str, str, str]] | None = None

    def on_mount(self) -> None:
        """Follow the bindings."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self.forget())

    def forget(self) -> None:
        """Look at the bindings anew."""
        self._entries = None
        super().forget()

    def _active(self) -> list[tuple[str, str, str]]:
        if getattr(self.screen.focused, "value", None) is not None:
            return list(_TYPING)  # a field has the keys: letters are text there
        keys = bound(self.screen.active_bindings)
        screen = self.screen
        hidden = screen.not_in_footer if isinstance(screen, LiveScreen) else frozenset()
        entries = []
        for action in ACTIONS:
            if action.short and action.id in keys and action.id not in hidden:
                # the first key of the table where it still holds, else the user's own
                key = next((key for key in action.keys if key in keys[action.id]), keys[action.id][0])
                label = shown(key)
                if action.id == "jobs.raise" and "jobs.lower" in keys:
                    label += shown(keys["jobs.lower"][0])
                entries.append((action.id, label, action.short))
        return entries

    def render_line(self, y: int) -> Strip:
        """The one line."""
        if self._entries is None:
            self._entries = self._active()
        width = self.size.width
        last = [entry for entry in self._entries if entry[0] in _ALWAYS]
        # one cell in front; the two behind the last word may be cut
        room = width + 1 - sum(len(key) + len(word) + 3 for _, key, word in last)
        chosen = []
        for entry in self._entries:
            if entry in last:
                continue
            room -= len(entry[1]) + len(entry[2]) + 3
            if room < 0:
                break
            chosen.append(entry)
        parts: list[Cell] = [(" ", Role.TEXT)]
        for _, key, word in [*chosen, *last]:
            parts += [(key, Role.KEY), (f" {word}  ", Role.HEAD)]
        return text_strip(parts, self.palette.bar, width)
