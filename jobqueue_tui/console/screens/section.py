"""What the sections besides Jobs and Tree share: the status line above, one list, keys below, and what is read when it changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.widget import Widget

from engine.api import Changes
from engine.clock import SECOND
from engine.errors import EngineError
from jobqueue_tui.console.giving import Giving
from jobqueue_tui.console.host import host
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.keys_bar import KeysBar
from jobqueue_tui.console.widgets.status_line import StatusLine
from jobqueue_tui.terminal import one_line


class Section(Giving):
    """A section. A subclass gives its widgets (`body`), draws what changed (`show`), and reads what is on record (`read`)."""

    CSS_PATH: ClassVar[CSSPathType | None] = "section.tcss"
    every: ClassVar[int] = 2
    """Seconds between two readings, at the least, while things change."""

    _stale = True
    _read_at = 0
    _second = -1

    def body(self) -> Iterable[Widget]:
        """Its widgets, from top to bottom."""
        raise NotImplementedError

    def show(self, changes: Changes, *, tick: bool) -> None:
        """Draw what changed; `tick`: a second has passed."""

    async def read(self) -> None:
        """Read anew what is on record. EngineError and OSError are said by the caller."""

    def failed(self, why: str) -> None:
        """It could not be read; an empty list says so."""

    def compose(self) -> ComposeResult:
        """Status line, body, keys."""
        console = host(self)
        settings = console.settings
        self.status = StatusLine(
            console.engine, console.tally, embedded=settings.embedded, read_only=console.read_only, zone=settings.zone
        )
        yield self.status
        yield from self.body()
        yield KeysBar()

    def flush(self, changes: Changes) -> None:
        """Show what changed; what is on record is read at most every so often."""
        now = host(self).engine.now()
        tick = now // SECOND != self._second
        self._second = now // SECOND
        changed = bool(changes.jobs) or changes.resync
        self._stale |= changed
        self.status.flush(changed=changed)
        self.show(changes, tick=tick)
        if self._stale and (changes.resync or now - self._read_at >= self.every * SECOND):
            self.refresh_record()

    def set_frozen(self, frozen: bool) -> None:
        """Said in the top line; what is live in a list may still be drawn anew when the cursor passes over it."""
        self.status.note(*([("FROZEN", Role.WARN)] if frozen else []))

    def refresh_record(self) -> None:
        """Read now."""
        self._stale = False
        self._read_at = host(self).engine.now()
        self.begin(self._reading, "record")

    def given(self) -> None:
        """A verb was answered: what is on record is another."""
        self.refresh_record()

    async def _reading(self) -> None:
        try:
            await self.read()
        except (EngineError, OSError) as error:
            self.failed(one_line(str(error)))
