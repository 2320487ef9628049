"""Jump mode: a letter on each place that can be gone to; the letter goes there. It moves, and never acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from jobqueue_tui.console.jumping import Spot, in_order, labels
from jobqueue_tui.console.screens.modal import Modal


class JumpScreen(Modal[Callable[[], object] | None]):
    """Returns how to go to the chosen place; None for Esc, and for a key that is no label."""

    CSS_PATH: ClassVar[CSSPathType | None] = "jump.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, spots: Sequence[Spot]) -> None:
        super().__init__()
        ordered = in_order(spots)
        self.spots: Mapping[str, Spot] = dict(zip(labels(len(ordered)), ordered, strict=False))
        self._typed = ""
        self._made_for: Size | None = None

    def compose(self) -> ComposeResult:
        """The labels, where their places are."""
        for text, spot in self.spots.items():
            label = Static(Content(text), name=text, classes="label")
            label.styles.offset = (spot.x, spot.y)
            yield label

    def on_key(self, event: events.Key) -> None:
        """The letters of a label, one after the other."""
        if event.character is None or not event.character.isprintable():
            return  # Esc has a binding of its own
        event.stop()
        self._typed += event.character
        if self._typed in self.spots:
            self.dismiss(self.spots[self._typed].go)
        elif not any(label.startswith(self._typed) for label in self.spots):
            self.dismiss(None)
        else:
            for label in self.query(".label"):
                label.display = (label.name or "").startswith(self._typed)

    def on_click(self) -> None:
        """The mouse has no need of letters."""
        self.dismiss(None)

    def on_resize(self, event: events.Resize) -> None:
        """In another size the places are elsewhere."""
        if self._made_for is not None and event.size != self._made_for:
            self.dismiss(None)
        self._made_for = event.size

    def action_leave(self) -> None:
        """Stay."""
        self.dismiss(None)
