"""The engine itself: what it has and uses; below, its audit, its events, its warnings."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual._path import CSSPathType
from textual.binding import BindingType
from textual.strip import Strip
from textual.widget import Widget

from engine.api import Changes, EventFeed
from engine.model.events import Event, RunSampled
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.entries import Entry, of_audit, of_event, of_warning
from jobqueue_tui.console.filtering import LineFacet
from jobqueue_tui.console.host import host
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.screens.filtered import LINE_GRAMMAR, Filtered
from jobqueue_tui.console.screens.section import Section
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.line_list import LineList, Monotonic
from jobqueue_tui.console.widgets.system_facts import SystemFacts
from jobqueue_tui.console.widgets.tabs_line import Tab, TabsLine

if TYPE_CHECKING:
    from jobqueue_tui.console.saving import Saving

MOST: Final = 1000
"""Entries of a list."""
_BITE: Final = 100
"""Events made into entries at each flush, ten times a second: a thousand at once would be a stop of 0.1 s."""
_LISTS: Final = ("audit", "events", "warnings")
_EMPTY: Final = {
    "audit": "Nobody has given a verb yet.",
    "events": "Nothing has happened yet.",
    "warnings": "The engine has nothing to warn of.",
}


class EntryList(LineList):
    """One entry a line, the newest first."""

    def __init__(self, monotonic: Monotonic) -> None:
        super().__init__(monotonic)
        self.entries: Sequence[Entry] = ()
        self.said = ""

    @property
    def row_count(self) -> int:
        """Entries."""
        return len(self.entries)

    def row_id(self, row: int) -> Hashable:
        """Known by what it is about."""
        return self.entries[row].id

    def empty_text(self) -> str:
        """Why there is nothing to see."""
        return self.said

    def stamp(self, row: int) -> Hashable:
        """An entry is a value."""
        return self.entries[row]

    @property
    def current(self) -> Entry | None:
        """The entry under the cursor."""
        return self.entries[self.cursor] if self.cursor < len(self.entries) else None

    def show(self, entries: Sequence[Entry]) -> None:
        """Show these; the cursor stays at the top, or on its entry."""
        if entries == self.entries:
            return
        before = self.current
        self.entries = entries
        if before is not None and self.cursor:
            self.cursor = next((row for row, one in enumerate(entries) if one.id == before.id), self.cursor)
        self.rows_changed()

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One entry."""
        cells = [("▌ " if selected else "  ", Role.TITLE), *self.entries[row].cells]
        return text_strip(cells, self.ground(palette, selected=selected), width)


class SystemScreen(Section, Filtered):
    """System."""

    AUTO_FOCUS = "EntryList"
    CSS_PATH: ClassVar[CSSPathType | None] = ["section.tcss", "system.tcss"]
    place = "system"
    grammar = LINE_GRAMMAR
    has_items = True
    every = 3
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.SYSTEM)]

    def __init__(self) -> None:
        super().__init__()
        self._name_of_list = "audit"
        self._audit: list[Entry] = []
        self._events: deque[Entry] = deque(maxlen=MOST)
        self._coming: deque[Event] = deque(maxlen=MOST)
        """Not yet made into entries."""
        self._feed: EventFeed | None = None

    def body(self) -> Iterable[Widget]:
        """Facts, names of the lists, filter, the list."""
        console = host(self)
        self.facts = SystemFacts(console.engine)
        self.tabs = TabsLine()
        self.list = EntryList(console.settings.monotonic)
        return self.facts, self.tabs, self.filter_bar, self.list

    def on_mount(self) -> None:
        """Events are collected as long as this screen is there."""
        self._feed = host(self).engine.subscribe(-MOST)

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        if self._feed is not None:
            self._feed.close()

    def show(self, changes: Changes, *, tick: bool) -> None:
        """Facts once a second, events as they come."""
        zone = host(self).settings.zone
        taken = () if self._feed is None else self._feed.take()
        # samples: one a second for each run, and nothing that happened
        self._coming.extend(event for event in taken if not isinstance(event, RunSampled))
        new = [self._coming.popleft() for _ in range(min(_BITE, len(self._coming)))]
        self._events.extendleft(of_event(event, zone) for event in new)
        if tick or changes.resync:
            self.facts.flush()
            self._stale = True
        if tick or new or changes.resync:
            self._show_list()

    async def read(self) -> None:
        """The audit, and sizes of files."""
        engine, zone = host(self).engine, host(self).settings.zone
        self.facts.system = await engine.system()
        self._audit = [of_audit(record, zone) for record in await engine.audit(limit=MOST)]
        self.facts.flush()
        self._show_list()

    def failed(self, why: str) -> None:
        """Say so where the list would be."""
        self.list.said = f"It cannot be read: {why}"
        self.list.refresh()

    def sift(self) -> None:
        """Only lines that pass."""
        self._show_list()

    def _show_list(self) -> None:
        warnings = [of_warning(number, text) for number, text in enumerate(host(self).engine.status().warnings)]
        lists: dict[str, Sequence[Entry]] = {"audit": self._audit, "events": list(self._events), "warnings": warnings}
        entries = lists[self._name_of_list]
        passing = [one for one in entries if self.filter.passes(LineFacet(one.text))] if self.filter else entries
        self.list.said = "No line passes the filter; Esc clears it." if entries else _EMPTY[self._name_of_list]
        self.list.show(passing)
        self.say_count(len(passing), len(entries))
        self.tabs.show(
            [
                Tab(
                    name,
                    str(len(warnings)) if name == "warnings" and warnings else "",
                    urgent=True,
                    here=name == self._name_of_list,
                )
                for name in _LISTS
            ],
            "newest first",
        )

    def action_item(self, by: int) -> None:
        """`[` and `]`: audit, events, warnings."""
        self._show_the(_LISTS[(_LISTS.index(self._name_of_list) + by) % len(_LISTS)])

    def on_tabs_line_chosen(self, message: TabsLine.Chosen) -> None:
        """A name was clicked, or gone to."""
        message.stop()
        self._show_the(message.name)

    def _show_the(self, name: str) -> None:
        self._name_of_list = name
        self.list.cursor = 0
        self._show_list()

    def action_open_entry(self) -> None:
        """Enter, l: the log of the run that it is about."""
        entry = self.list.current
        if entry is not None and entry.run_id is not None:
            host(self).show_log(entry.run_id)

    @property
    def job_id(self) -> str | None:
        """The job of that run."""
        entry = self.list.current
        return None if entry is None or entry.run_id is None else entry.run_id.partition(":")[0]

    def to_save(self) -> Saving | None:
        """The lines of the list that is shown."""
        from jobqueue_tui.console.saved_rows import saved_entries  # noqa: PLC0415 - seldom needed

        return saved_entries(self._name_of_list, self.list.entries)
