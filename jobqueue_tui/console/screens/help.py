"""The keys of the screen below, from the bindings in force: what stands here works, what does not is not here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from jobqueue_tui.console.actions import ACTIONS, Where, shown

_ORDER = (Where.JOBS, Where.RUNS, Where.TABLE, Where.TREE, Where.LOG, Where.EVERYWHERE, Where.MOVE)


class HelpScreen(ModalScreen[None]):
    """`?`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "close", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, keys: Mapping[str, Sequence[str]]) -> None:
        """`keys`: action id -> keys that are bound to it on the screen below."""
        super().__init__()
        self.keys = keys

    def compose(self) -> ComposeResult:
        """Groups of keys."""
        with VerticalScroll(id="help"):
            yield Static(Content("\n").join(self._lines()))

    def on_mount(self) -> None:
        """Arrows scroll."""
        box = self.query_one("#help")
        box.border_title = "Keys of this screen"
        box.border_subtitle = "Esc closes"
        box.focus()

    def _lines(self) -> Iterator[Content]:
        for number, where in enumerate(where for where in _ORDER if self._group(where)):
            if number:
                yield Content("")
            yield Content.styled(where.value, "bold $role-title")
            for keys, text in self._group(where):
                yield Content.assemble((f"  {keys:<16}", "bold $role-key"), (text, "$role-text"))

    def _group(self, where: Where) -> list[tuple[str, str]]:
        rows = []
        for action in ACTIONS:
            if action.where is where and action.id in self.keys:
                bound = self.keys[action.id]
                ordered = [key for key in action.keys if key in bound] or list(bound)
                rows.append(("  ".join(shown(key) for key in ordered), action.text))
        return rows

    def action_scroll(self, by: int) -> None:
        """j and k."""
        self.query_one("#help").scroll_relative(y=by, animate=False)

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)
