"""What the lists behind `6` share: their names above them, and `[` and `]` from one to the next."""

from __future__ import annotations

from typing import Final

from engine.api import Changes
from jobqueue_tui.console.host import host
from jobqueue_tui.console.places import RECORDS
from jobqueue_tui.console.screens.filtered import Filtered
from jobqueue_tui.console.screens.section import Section
from jobqueue_tui.console.widgets.tabs_line import Tab, TabsLine
from jobqueue_tui.console.words import grouped

_MOST_BAD: Final = 200


class Records(Section, Filtered):
    """One of Queue, History, Inbox, Failures."""

    has_items = True
    _bad = 0

    def __init__(self) -> None:
        super().__init__()
        self.tabs = TabsLine()

    def note(self) -> str:
        """What is to be said about the list at the right."""
        return ""

    async def read(self) -> None:
        """The Inbox is counted wherever one is."""
        self._bad = len(await host(self).engine.inbox(limit=_MOST_BAD))
        self.show_tabs()

    def show(self, changes: Changes, *, tick: bool) -> None:
        """The counts."""
        self.show_tabs()

    def show_tabs(self) -> None:
        """Draw the names with their counts."""
        queued = host(self).engine.status().queued
        counts = {
            "queue": grouped(queued) if queued else "",
            "inbox": f"{grouped(self._bad)}{'+' if self._bad == _MOST_BAD else ''}" if self._bad else "",
        }
        tabs = [Tab(name, counts.get(name, ""), urgent=name == "inbox", here=name == self.place) for name in RECORDS]
        self.tabs.show(tabs, self.note())

    def on_tabs_line_chosen(self, message: TabsLine.Chosen) -> None:
        """A name was clicked, or gone to."""
        message.stop()
        host(self).go(message.name)

    def action_item(self, by: int) -> None:
        """`[` and `]`."""
        host(self).go(RECORDS[(RECORDS.index(self.place) + by) % len(RECORDS)])
