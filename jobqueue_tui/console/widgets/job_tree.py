"""The dependency tree: jobs as an outline with their live status, on the same base as the job table."""

from __future__ import annotations

import gc
from collections.abc import Hashable
from typing import Final

from rich.cells import cell_len
from textual.strip import Strip

from engine.api import Changes, EngineView, JobView
from jobqueue_tui.console.columns import ENDS, NAME, TREE, Cell, Layout, fit
from jobqueue_tui.console.filtering import Filter, JobFacet
from jobqueue_tui.console.forecasting import Forecaster
from jobqueue_tui.console.outline import LONE, Facing, Graph, Line, Outline, narrowed
from jobqueue_tui.console.painting import fitted, row_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.job_list import JobList
from jobqueue_tui.console.widgets.line_list import Monotonic
from jobqueue_tui.console.words import grouped

_FOLDED, _OPEN, _LEAF, _ROOT_LEAF = "▸ ", "▾ ", "─ ", "  "

_LARGE: Final = 5_000
"""Jobs from which on a tree is kept from the collector of garbage."""

_LEFT: Final = 1.0
"""Seconds after which nobody holds a screen that was left."""


def _freeze_anew() -> None:
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class JobTree(JobList):
    """Lines of the outline; folding is kept as long as the widget lives."""

    def __init__(self, engine: EngineView, monotonic: Monotonic, *, id: str = "tree") -> None:
        super().__init__(engine, monotonic, TREE, id=id)
        self._whole = Outline()
        self._narrowed: Outline | None = None
        """What a filter leaves, with folds of its own: what passes is not to be folded away."""
        self._filter = Filter()
        self.passing = 0
        self._stale = False
        """The filter may let others through by now."""
        self.lines: list[Line] = []
        self._jobs: dict[str, JobView] = {}
        self.forecaster = Forecaster(monotonic)
        self._frozen = False

    def on_unmount(self) -> None:
        """Nothing that is frozen is ever collected, and a screen is garbage in circles: let it go when it is left."""
        if self._frozen:
            self.app.set_timer(_LEFT, _freeze_anew)

    def on_mount(self) -> None:
        """The first frame shows the tree."""
        self.read_graph()

    @property
    def outline(self) -> Outline:
        """What is shown."""
        return self._narrowed or self._whole

    @property
    def row_count(self) -> int:
        """Lines that are not folded away."""
        return len(self.lines)

    def job_at(self, row: int) -> JobView | None:
        """None for the heading of jobs without dependencies."""
        return self._jobs.get(self.lines[row].job_id)

    def row_id(self, row: int) -> Hashable:
        """Not the row itself: what comes or goes above moves a line and leaves its looks. Lines of one name look the same."""
        line = self.lines[row]
        return (line.edge, line.branches, line.folded, line.again)

    def besides(self, row: int) -> Hashable:
        """Branches, fold marks, and when it will be over."""
        return (self.lines[row], self.forecaster.cell(self.lines[row].job_id, self.at))

    def empty_text(self) -> str:
        """Why there is nothing to see."""
        return "No job passes the filter; Esc clears it." if self._filter and self._jobs else self.no_jobs()

    def fit_columns(self, width: int) -> Layout:
        """The name gets room for its branches."""
        return fit(self.columns, width, name=min(40, max(20, width // 3)))

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One line: branches and name, then columns."""
        line = self.lines[row]
        job = self.job_at(row)
        styles = self.ground(palette, selected=selected)
        mark = "▌" if selected else " "
        name_width = self.placed[0].width
        leaf = _LEAF if line.branches else _ROOT_LEAF
        front = line.branches + (leaf if line.folded is None else _FOLDED if line.folded else _OPEN)
        if job is None:
            text = f"{front}{grouped(line.below)} jobs without dependencies"
            cells = [(text, Role.MUTED)]
            return row_strip(cells, fit([NAME], width - 2, name=width - 2), styles, mark, width)
        look = self.look_of(job)
        text, role = NAME.draw(look, self.at, name_width)
        room = name_width - cell_len(front)
        if line.folded:
            text += f" …{line.below}" + (" (above)" if line.again else "")
        cells = [(front + fitted(text, max(0, room)), role)]
        cells += [
            self._end(job) if placed.column is ENDS else placed.column.draw(look, self.at, placed.width)
            for placed in self.placed[1:]
        ]
        return row_strip(cells, self.placed, styles, mark, width)

    def _end(self, job: JobView) -> Cell:
        """When it will be over; the longest chain has a sign in front."""
        text = self.forecaster.cell(job.id, self.at)
        return text, Role.STRONG if job.id in self.forecaster.on_path else Role.MUTED

    def note(self, changes: Changes, *, tick: bool) -> None:
        """Only jobs that come and go change the tree; what runs changes when it will be over."""
        if changes.resync:
            self.read_graph()
        self._stale |= bool(self._filter and changes.jobs)
        if tick and self._stale:
            self._narrow()
        self.forecaster.note(changes, self._jobs)
        if tick and self.forecaster.is_old:
            self._foresee()

    def _foresee(self) -> None:
        async def look() -> None:
            await self.forecaster.look(self._whole, self._jobs, self.at)
            self.refresh_changed()

        self.run_worker(look(), group="forecast", exclusive=True)

    def read_graph(self) -> None:
        """Take the graph from the engine anew; nothing is drawn when it is the same."""
        jobs = self.engine.jobs
        self._jobs = {job.id: job for job in jobs}
        graph = Graph.of((job.id, job.needs) for job in jobs)
        if graph != self._whole.graph:
            self._whole.graph = graph
            if self._filter:
                self._narrow()
            else:
                self.lay_out()
            if len(jobs) >= _LARGE:
                # it lives as long as the screen; walked by each full collection it would cost some keys 30 ms and more
                gc.collect()
                gc.freeze()
                self._frozen = True

    def face(self, facing: Facing, centre: str | None) -> None:
        """Show all, or one direction from one job; what is shown has a forecast of its own."""
        self._whole.face(facing, centre)
        if self._narrowed is not None:
            self._narrowed.face(facing, centre)
            self._narrow()
        self.lay_out()
        self._foresee()

    def filter_by(self, wanted: Filter) -> None:
        """Show only jobs that pass, and those on the way to them."""
        self._filter = wanted
        self._narrow()

    def _narrow(self) -> None:
        self._stale = False
        if not self._filter:
            if self._narrowed is not None:
                self._narrowed = None
                self.lay_out()
            return
        whole = self._whole
        wanted = [job.id for job in self._jobs.values() if self._filter.passes(JobFacet(job))]
        self.passing = len(wanted)
        graph = narrowed(whole.graph, wanted, whole.facing)
        if self._narrowed is None:
            self._narrowed = Outline(narrowed=True)
            self._narrowed.face(whole.facing, whole.centre)
        elif graph == self._narrowed.graph:
            return
        self._narrowed.graph = graph
        self.lay_out()

    def lay_out(self) -> None:
        """Write the outline anew; the cursor stays on its line, else on its job."""
        self._put(self.outline.lines())

    def _put(self, lines: list[Line]) -> None:
        before = self.lines[self.cursor] if self.cursor < len(self.lines) else None
        self.lines = lines
        if before is not None and not (self.cursor < len(lines) and lines[self.cursor].edge == before.edge):
            same = (row for row, line in enumerate(lines) if line.edge == before.edge)
            other = (row for row, line in enumerate(lines) if line.job_id == before.job_id)
            row = next(same, next(other, None))
            if row is None:
                self.shifted()
            else:
                self.cursor = row
        self.rows_changed()
        self.show_cursor()

    def select(self, job_id: str) -> bool:
        """Put the cursor on a job where it first appears, unfolding what hides it if that is the heading."""
        if job_id in self.outline.graph.lone and not any(line.job_id == job_id for line in self.lines):
            self.outline.fold(("", LONE), folded=False)
            self.lay_out()
        for row, line in enumerate(self.lines):
            if line.job_id == job_id:
                self.move_to(row)
                return True
        return False

    # ---- keys

    @property
    def line(self) -> Line | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    def turn(self, *, folded: bool | None = None) -> bool:
        """Fold or unfold the line under the cursor (None: the other way); False when that changes nothing."""
        line = self.line
        if line is None or line.folded is None or line.folded is folded:
            return False
        if line.job_id == LONE:
            self.outline.fold(line.edge, folded=not line.folded)
            self.lay_out()
        else:
            self._put(self.outline.turn(self.lines, self.cursor))
        return True

    def to_parent(self) -> None:
        """To the line that this one hangs on."""
        line = self.line
        if line is None or not line.branches:
            return
        row = self.cursor - 1
        while row > 0 and self.lines[row].job_id != line.edge[0]:
            row -= 1
        self.move_to(row)

    def turn_all(self) -> None:
        """Unfold all; when nothing is folded that could be, fold all."""
        self.outline.fold_all(not any(line.folded and not line.again for line in self.lines))
        self.lay_out()

    def only(self) -> Facing:
        """From all to what follows the job, to what it needs, and back."""
        job = self.current
        outline = self.outline
        match outline.facing:
            case Facing.ALL if job is not None:
                self.face(Facing.DOWN, job.id)
            case Facing.DOWN:
                self.face(Facing.UP, outline.centre)
            case _:
                self.face(Facing.ALL, None)
        return outline.facing
