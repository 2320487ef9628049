"""The top line: whose jobs these are, what the engine does, how the machine is, what time it is."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import PurePath
from typing import Final

from textual.strip import Strip

from engine.api import EngineView
from engine.clock import SECOND, moment
from jobqueue_tui.console import words
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.notices import notices
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.tally import Tally
from jobqueue_tui.console.widgets.painted import Painted
from jobqueue_tui.terminal import one_line

_GAP: Final = "  "


class StatusLine(Painted):
    """When it is tight, what matters least goes first."""

    def __init__(
        self, engine: EngineView, tally: Tally, *, embedded: bool, read_only: bool, zone: tzinfo | None
    ) -> None:
        super().__init__()
        self._engine = engine
        self._tally = tally
        self._read_only = read_only
        self._mode = ("embedded" if embedded else "attached") + (" read-only" if read_only else "")
        self._zone = zone
        self._second = -1
        self._drawn: tuple[list[Cell], list[Cell]] | None = None
        self._notes: tuple[Cell, ...] = ()

    def note(self, *cells: Cell) -> None:
        """What is to be known of the view: it is frozen, jobs are marked, some are left out."""
        if cells != self._notes:
            self._notes = cells
            self.refresh()

    def flush(self, *, changed: bool) -> None:
        """Draw anew when jobs have changed or a second has passed, and the line says something else now."""
        second = self._engine.now() // SECOND
        if (changed or second != self._second) and self._groups(self.size.width) != self._drawn:
            self.refresh()
        self._second = second

    def render_line(self, y: int) -> Strip:
        """The one line."""
        width = self.size.width
        left, right = self._drawn = self._groups(width)
        gap = width - 2 - sum(len(text) for group in (left, right) for text, _ in group)
        parts = [(" ", Role.TEXT), *left, (" " * max(1, gap), Role.TEXT), *right, (" ", Role.TEXT)]
        return text_strip(parts, self.palette.bar, width)

    def _groups(self, width: int) -> tuple[list[Cell], list[Cell]]:
        status, machine, now = self._engine.status(), self._engine.machine(), self._engine.now()
        clock = moment(now).astimezone(self._zone).strftime("%H:%M:%S")
        name = one_line(PurePath(status.job_file).name) or "jobs"
        slots = f"{status.running}/{status.max_running}"
        failing = self._tally.failing
        # each group with its rank: when the line is too short, the highest ranks go
        left: list[tuple[int, tuple[Cell, ...]]] = [
            (1, ((name if len(name) <= 24 else name[:23] + "…", Role.TITLE),)),
            (5, ((f"{_GAP}{self._mode}", Role.MUTED),)),
            (8, ((f"{_GAP}{words.counted(self._tally.jobs, 'job')}", Role.MUTED),)),
            (2, ((f"{_GAP}run ", Role.MUTED), (slots, Role.RUNNING if status.running else Role.TEXT))),
            (2, ((f"{_GAP}queue ", Role.MUTED), (str(status.queued), Role.QUEUED if status.queued else Role.TEXT))),
            (2, ((f"{_GAP}failing ", Role.MUTED), (str(failing), Role.FAILED if failing else Role.TEXT))),
        ]
        if self._notes:
            left.append((0, tuple((f"{_GAP}{text}", role) for text, role in self._notes)))
        left += [(0, ((f"{_GAP}{text}", role),)) for text, role in notices(self._engine, read_only=self._read_only)]
        right: list[tuple[int, tuple[Cell, ...]]] = [
            (3, (("cpu ", Role.MUTED), (f"{machine.cpu_percent:.0f}%", Role.TEXT))),
            (4, ((f"{_GAP}mem ", Role.MUTED), (words.size(machine.memory_used), Role.TEXT))),
            (7, ((f"/{words.size(machine.memory_total)}", Role.MUTED),)),
            (6, ((f"{_GAP}load ", Role.MUTED), (f"{machine.load:.1f}", Role.TEXT))),
            (1, ((f"{_GAP}{clock}", Role.STRONG),)),
        ]
        groups = left + right
        limit = max(rank for rank, _ in groups)
        while limit > 0 and sum(len(t) for rank, cells in groups if rank <= limit for t, _ in cells) > width - 4:
            limit -= 1
        return (
            [cell for rank, cells in left if rank <= limit for cell in cells],
            [cell for rank, cells in right if rank <= limit for cell in cells],
        )
