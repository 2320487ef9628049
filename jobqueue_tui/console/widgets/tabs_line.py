"""The names of lists that stand behind each other, with their counts; `[` and `]` go from one to the next."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import partial

from textual import events
from textual.message import Message
from textual.strip import Strip

from engine.values import lean
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.jumping import Spot
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

    class Chosen(Message):
        """The user wants this list."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def spots(self) -> Iterable[Spot]:
        """The names."""
        for tab, x in zip(self._tabs, self._starts, strict=True):
            yield Spot(self.region.x + x, self.region.y, partial(self._choose, tab.name))

    def on_click(self, event: events.Click) -> None:
        """A click on a name, or on its count."""
        at = bisect_right(self._starts, event.x) - 1
        if at >= 0:
            self._choose(self._tabs[at].name)

    def _choose(self, name: str) -> None:
        self.post_message(self.Chosen(name))

    @property
    def _starts(self) -> list[int]:
        """Where each begins."""
        lengths = [len(tab.name) + 2 + (len(tab.count) + 1 if tab.count else 0) for tab in self._tabs]
        return [1 + sum(lengths[:number]) for number in range(len(lengths))]

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
