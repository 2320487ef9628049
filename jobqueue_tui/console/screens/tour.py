"""The first-run tour: a few cards over the home screen, which stays alive behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events
from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.strip import Strip

from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.screens.modal import Modal
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.touring import Card
from jobqueue_tui.console.widgets.painted import Painted

_KEYS: Final = 11
"""Cells for the keys."""
_AROUND: Final = 3
"""Lines besides those of the keys: the text, and an empty one on either side."""


class CardView(Painted):
    """The text of a card, and a line for each of its keys."""

    def __init__(self) -> None:
        super().__init__()
        self._card: Card | None = None

    def show(self, card: Card) -> None:
        """Another card."""
        self._card = card
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Text, an empty line, keys."""
        card, width, styles = self._card, self.size.width, self.palette.raised
        if card is None:
            return text_strip([], styles, width)
        if y == 1:
            return text_strip([(f" {card.text}", Role.TEXT)], styles, width)
        row = y - _AROUND
        if not 0 <= row < len(card.lines):
            return text_strip([], styles, width)
        keys, text = card.lines[row]
        return text_strip([(f" {keys:>{_KEYS}}  ", Role.KEY), (text, Role.TEXT)], styles, width)


class TourScreen(Modal[None]):
    """Enter goes on, Esc ends it, at any card."""

    live_below: ClassVar[bool] = True
    """The screen below goes on showing what happens."""

    CSS_PATH: ClassVar[CSSPathType | None] = "tour.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space,right,down,j,n", "turn(1)", show=False),
        Binding("left,up,k,backspace", "turn(-1)", show=False),
        Binding("escape,q", "leave", show=False),
    ]

    def __init__(self, cards: Sequence[Card]) -> None:
        super().__init__()
        self.cards = cards
        self.at = 0
        self.card = CardView()

    def compose(self) -> ComposeResult:
        """One box."""
        with Vertical(id="tour") as self.box:
            yield self.card

    def on_mount(self) -> None:
        """As high as the highest card, so that it does not jump."""
        self.card.styles.height = _AROUND + max(len(card.lines) for card in self.cards)
        self._show()

    def _show(self) -> None:
        card = self.cards[self.at]
        last = self.at == len(self.cards) - 1
        self.box.border_title = f"{card.title}   {self.at + 1} of {len(self.cards)}"
        self.box.border_subtitle = "Enter: begin   ← back" if last else "Enter: next   ← back   Esc: skip the tour"
        self.card.show(card)

    def on_click(self, event: events.Click) -> None:
        """As Enter."""
        event.stop()
        self.action_turn(1)

    def action_turn(self, by: int) -> None:
        """The next card, behind the last one the end; or the one before."""
        at = self.at + by
        if at >= len(self.cards):
            self.dismiss(None)
        elif at >= 0:
            self.at = at
            self._show()

    def action_leave(self) -> None:
        """No more of it."""
        self.dismiss(None)
