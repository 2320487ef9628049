"""What waits, in the order in which it will start, each with its reason."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.cells import cell_len
from textual.strip import Strip

from engine.api import Aim, EngineView, JobView, RunView
from engine.clock import SECOND, Instant
from engine.values import lean
from jobqueue_tui.console import words
from jobqueue_tui.console.aiming import Aimed, Seen
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.filtering import Filter, WaitingFacet
from jobqueue_tui.console.painting import fitted, text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.line_list import LineList, Monotonic
from jobqueue_tui.terminal import one_line

_LONG = 2000
"""Runs that wait from which on the order is asked for less than ten times a second: once a second for each so many."""
_NOTHING = Seen(Aim(), held=False, stopped=False, suspended=False, enabled=True)


@lean(frozen=True, slots=True)
class Waiting:
    """A row: all that it shows."""

    no: int
    run_id: str
    priority: str
    aged: bool
    waited: str
    kind: str
    why: str
    seen: Seen


class QueueList(LineList):
    """One waiting run a line."""

    def __init__(self, engine: EngineView, monotonic: Monotonic) -> None:
        super().__init__(monotonic)
        self.engine = engine
        self.runs: Sequence[RunView] = ()
        self.waiting = 0
        """Runs that wait, whether they are shown or not."""
        self._places: Sequence[int] = ()
        self._filter = Filter()
        self.at: Instant = engine.now()
        self._wide = 16
        self._stale = True
        self._asked: Instant = 0

    @property
    def row_count(self) -> int:
        """Runs that wait."""
        return len(self.runs)

    def row_id(self, row: int) -> Hashable:
        """Known by the run."""
        return self.runs[row].run_id

    def empty_text(self) -> str:
        """Why there is nothing to see."""
        return (
            "No run that waits passes the filter; Esc clears it." if self._filter and self.waiting else "Nothing waits."
        )

    def narrow(self, wanted: Filter) -> None:
        """Show only what passes."""
        self._filter = wanted
        self._take()

    @property
    def head(self) -> str:
        """The line above."""
        return f"{'#':>4}  {fitted('run', self._wide)}  {'pri':>7}  {'waits':>6}  {'from':<8}  for what"

    def _job(self, run: RunView) -> JobView | None:
        try:
            return self.engine.job(run.job_id)
        except KeyError:
            return None

    @property
    def current(self) -> JobView | None:
        """The job of the run under the cursor."""
        return self._job(self.runs[self.cursor]) if self.cursor < len(self.runs) else None

    @property
    def aimed(self) -> Aimed | None:
        """That job with what was drawn of it."""
        job = self.current
        if job is None:
            return None
        drawn = self.drawn(self.cursor)
        return Aimed(job, drawn.seen if isinstance(drawn, Waiting) else Seen.of(job))

    def flush(self, *, changed: bool, tick: bool) -> None:
        """Take the order anew when something changed; reasons and waits are looked at once a second."""
        self.at = self.engine.now()
        self._stale |= changed
        # to put ten thousand runs in order takes a while: the longer the queue, the less often
        if self._stale and (self.waiting < _LONG or (tick and self.at - self._asked >= self.waiting // _LONG * SECOND)):
            self._take()
        elif tick:
            self.refresh_changed()

    def _take(self) -> None:
        self._stale = False
        self._asked = self.at
        before = self.runs[self.cursor].run_id if self.cursor < len(self.runs) else None
        order = self.engine.queue()
        self.waiting = len(order)
        passing = [(no, run) for no, run in enumerate(order, 1) if self._passes(run)]
        self._places, self.runs = [no for no, _ in passing], [run for _, run in passing]
        row = next((row for row, run in enumerate(self.runs) if run.run_id == before), None)
        if row is not None:
            self.cursor = row
        elif before is not None:
            self.shifted()
        top = self.runs[: max(200, self.size.height)]
        self._wide = max(8, min(36, max((cell_len(one_line(run.run_id)) for run in top), default=16)))
        self.rows_changed()

    def _passes(self, run: RunView) -> bool:
        return not self._filter or self._filter.passes(WaitingFacet(run, self._job(run)))

    def stamp(self, row: int) -> Hashable:
        """Everything that a row shows."""
        run = self.runs[row]
        job = self._job(run)
        base = 0 if job is None else job.priority
        aged = int(run.effective_priority)
        planned = (run.planned_at - self.at) / SECOND
        return Waiting(
            self._places[row],
            run.run_id,
            f"{base}→{aged}" if aged != base else str(base),
            aged != base,
            words.span((self.at - run.queued_at) / SECOND)
            if planned <= 0
            else words.countdown(run.planned_at, self.at),
            run.kind.value,
            run.why(),
            _NOTHING if job is None else Seen.of(job),
        )

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One waiting run."""
        stamp = self.stamp(row)
        assert isinstance(stamp, Waiting)
        cells: list[Cell] = [
            ("▌ " if selected else "  ", Role.TITLE),
            (f"{stamp.no:>4}  ", Role.MUTED),
            (fitted(one_line(stamp.run_id), self._wide), Role.TEXT),
            (f"  {stamp.priority:>7}", Role.QUEUED if stamp.aged else Role.TEXT),
            (f"  {stamp.waited:>6}", Role.TEXT),
            (f"  {stamp.kind:<8}", Role.MUTED),
            (f"  {one_line(stamp.why)}", Role.STRONG),
        ]
        return text_strip(cells, self.ground(palette, selected=selected), width)
