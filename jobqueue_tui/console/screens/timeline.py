"""Planned against actual: past runs, what runs, what is to come, where it collides, what changes of the clock do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual._path import CSSPathType
from textual.binding import BindingType
from textual.strip import Strip
from textual.widget import Widget

from engine.api import Changes, JobView
from engine.clock import SECOND, moment
from engine.model.coming import Coming
from engine.model.record import RunRecord
from jobqueue_tui.console import words
from jobqueue_tui.console.actions import Action, Where, bindings
from jobqueue_tui.console.aiming import NEXT, Aimed, Meant
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.filtering import JobFacet
from jobqueue_tui.console.host import host
from jobqueue_tui.console.load import Load, Room, drawn, load_of
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.plotting import joined
from jobqueue_tui.console.run_columns import outcome_cell, seconds_of
from jobqueue_tui.console.screens.filtered import Filtered
from jobqueue_tui.console.screens.job_keys import JobKeys
from jobqueue_tui.console.screens.section import Section
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.timeline import Lane, Window, axis, in_cell, lanes_of
from jobqueue_tui.console.widgets.painted import Painted
from jobqueue_tui.console.widgets.time_table import TimeTable
from jobqueue_tui.terminal import one_line

if TYPE_CHECKING:
    from jobqueue_tui.console.saving import Saving

MOST_JOBS: Final = 300
MOST_RUNS: Final = 5000
MOST_COMING: Final = 10_000
"""Occurrences of all jobs together that are asked for; each job gets its share."""


_AT_CURSOR: Final = {
    "jobs.skip": "skip the occurrence under the time cursor",
    "jobs.postpone": "postpone the occurrence under the time cursor",
}
"""What these do while there is such a cursor."""


class Axis(Painted):
    """Two lines: the times, and how many runs there are at once."""

    def __init__(self, table: TimeTable) -> None:
        super().__init__()
        self._table = table

    def render_line(self, y: int) -> Strip:
        """Labels, then the load."""
        table = self._table
        engine = table.engine
        now, width = engine.now(), table.name_width
        if y == 0:
            label = f" span {words.span(table.span_seconds)}"
            parts: list[Cell] = [(f"{label:<{width}}", Role.MUTED)]
            parts += joined(axis(table.window, host(self).settings.zone, now))
        else:
            label = f" of {engine.status().max_running} slots"
            parts = [(f"{label:<{width}}", Role.MUTED)]
            if table.load is not None:
                parts += drawn(table.load, table.window, max(1, engine.status().max_running))
        return text_strip(parts, self.palette.head, self.size.width)


class Said(Painted):
    """What the cell under both cursors stands for."""

    def __init__(self, table: TimeTable) -> None:
        super().__init__()
        self._table = table

    def render_line(self, y: int) -> Strip:
        """The one line."""
        return text_strip([(" ", Role.TEXT), *self._parts()], self.palette.head, self.size.width)

    def _parts(self) -> list[Cell]:
        table = self._table
        job, zone = table.current, host(self).settings.zone
        if job is None:
            return []
        at = table.at
        now = table.engine.now()
        parts: list[Cell] = [
            (moment(at).astimezone(zone).strftime("%a %d %b %H:%M:%S"), Role.STRONG),
            (f"  {one_line(job.id)}  ", Role.TITLE),
        ]
        if table.column is None:
            return [*parts, ("now; ← → move through time, < > zoom, [ ] next run", Role.MUTED)]
        runs, coming = in_cell(table.lane, table.window, table.column, now)
        for run in runs[:3]:
            text, role = outcome_cell(run)
            seconds = seconds_of(run, now)
            took = "" if seconds is None else f" {words.span(seconds)}"
            parts.append((f"{one_line(run.run_id)} {text}{took} {one_line(run.reason or '')}  ", role))
        for one in coming[:2]:
            text = f"skipped({one.skipped})" if one.skipped else f"planned {moment(one.at).astimezone(zone):%H:%M:%S}"
            parts.append((f"{text}  ", Role.WARN if one.skipped else Role.STRONG))
            if one.note:
                parts.append((f"{one_line(one.note)}  ", Role.WARN))
        if coming and table.lane.usual is not None:
            parts.append((f"usually takes {words.span(table.lane.usual)}  ", Role.MUTED))
        if table.load is not None and (crowd := table.load.said(at)):
            parts.append((f"too many: {crowd}  ", Role.FAILED))
        rest = len(runs[3:]) + len(coming[2:])
        if rest:
            parts.append((f"and {rest} more", Role.MUTED))
        if not runs and not coming:
            parts.append(("nothing", Role.MUTED))
        return parts


class TimelineScreen(Section, JobKeys, Filtered):
    """Timeline."""

    AUTO_FOCUS = "TimeTable"
    CSS_PATH: ClassVar[CSSPathType | None] = ["section.tcss", "timeline.tcss"]
    place = "timeline"
    has_items = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.TIMELINE, Where.JOBS)]

    _known: Window | None = None
    """The window that was read for last, of those that the user has moved to."""
    _read: tuple[Mapping[str, Lane], Load] | None = None
    """What was read last."""
    _is_cut = False
    """Not all jobs could be asked."""

    def body(self) -> Iterable[Widget]:
        """Filter, axis, rows, what is under the cursors."""
        console = host(self)
        self.table = TimeTable(console.engine, console.settings.monotonic)
        self.axis = Axis(self.table)
        self.said = Said(self.table)
        return self.filter_bar, self.axis, self.table, self.said

    def show(self, changes: Changes, *, tick: bool) -> None:
        """Now moves on."""
        if self.table.follow_clock():
            self._stale = True
            self._draw_around()
        if tick:
            self.table.refresh_changed()
            self._draw_around()
        if tick and host(self).engine.now() - self._read_at >= 5 * SECOND:
            self._stale = True  # what is to come becomes what is

    async def read(self) -> None:
        """Runs and occurrences of the window, once it is known how wide that is (`Placed`)."""
        if not self.table.size:
            return
        engine, window = host(self).engine, self.table.window
        # a run that began before the window may reach into it
        since = window.start - window.cell * window.width
        runs = lanes_of(await engine.history(since=since, limit=MOST_RUNS))
        due = [job for job in engine.jobs if job.next_run is not None and job.next_run < window.end]
        # those that are to be seen first: not all can be asked
        due.sort(key=lambda job: (not self._passes(job), job.next_run or 0))
        self._is_cut = len(due) > MOST_JOBS
        most = max(20, min(400, MOST_COMING // max(1, min(MOST_JOBS, len(due)))))
        lanes: dict[str, Lane] = {}
        for job in due[:MOST_JOBS]:
            coming = await job.coming(until=window.end, limit=most)
            cut = len(coming) == most
            lanes[job.id] = _lane(job, runs.get(job.id, ()), coming, cut=cut)
        for job in engine.jobs:
            if job.id in runs and job.id not in lanes:
                lanes[job.id] = _lane(job, runs[job.id], ())
        pools = (await engine.system()).pools
        room = Room(engine.status().max_running, {pool.name: pool.slots for pool in pools})
        load = await asyncio.to_thread(load_of, list(lanes.values()), window, engine.now(), room)
        self._read = lanes, load
        self._show_passing()

    def sift(self) -> None:
        """Only jobs that pass; the load is that of all."""
        self._show_passing()
        if self._is_cut:
            self.refresh_record()  # others are asked now

    def _show_passing(self) -> None:
        if self._read is None:
            return
        lanes, load = self._read
        known = [job for job in host(self).engine.jobs if job.id in lanes]
        shown = [job for job in known if self._passes(job)]
        self.table.show(shown, lanes, load, of=len(known))
        self.say_count(len(shown), len(known))
        self._draw_around()

    def _passes(self, job: JobView) -> bool:
        return not self.filter or self.filter.passes(JobFacet(job))

    def failed(self, why: str) -> None:
        """Say so where the rows would be."""
        self.table.said = f"It cannot be read: {why}"
        self.table.refresh()

    def _draw_around(self) -> None:
        self.axis.refresh()
        self.said.refresh()

    def on_time_table_placed(self, message: TimeTable.Placed) -> None:
        """Read for the width there is."""
        message.stop()
        self._moved()

    def on_time_table_moved(self, message: TimeTable.Moved) -> None:
        """Another job is under the cursor."""
        message.stop()
        self.said.refresh()

    def to_save(self) -> Saving | None:
        """The runs and occurrences that are shown."""
        from jobqueue_tui.console.saved_rows import saved_timeline  # noqa: PLC0415 - seldom needed

        return saved_timeline(self.table.lanes, [job.id for job in self.table.jobs], self.table.window)

    # ---- keys

    def aimed(self) -> Aimed | None:
        """The job under the cursor, once it has been there for a moment."""
        return self.table.aimed if self.table.settled else None

    @property
    def current_job(self) -> JobView | None:
        """The job under the cursor."""
        return self.table.current

    def meant(self, *, only_next: bool = False) -> Meant | None:
        """The occurrence under the time cursor, the next one while there is no such cursor; never another one."""
        table, job = self.table, self.table.current
        if table.column is None or job is None:
            return NEXT
        name, zone = one_line(job.id), host(self).settings.zone
        coming = in_cell(table.lane, table.window, table.column, table.engine.now())[1]
        if not coming:
            self._refuse(
                f"Nothing is planned for {name} at the time cursor.",
                "] goes on to an occurrence; . means the next one.",
            )
        elif len(coming) > 1:
            self._refuse(f"{len(coming)} occurrences of {name} are in this cell.", "> shows a shorter span.")
        elif only_next and coming[0] is not table.lane.coming[0]:
            first = moment(table.lane.coming[0].due).astimezone(zone)
            self._refuse(
                f"Only the next occurrence of {name} can be postponed.",
                f"It is planned for {first:%a %d %b %H:%M:%S}: . and then ] goes to it.",
            )
        else:
            return Meant(coming[0].at, f"the occurrence at {moment(coming[0].at).astimezone(zone):%a %d %b %H:%M:%S}")
        return None

    def _refuse(self, why: str, remedy: str) -> None:
        self.notify(remedy, title=why, severity="warning", timeout=6, markup=False)

    def words_of(self, action: Action) -> str:
        """A time cursor says which occurrence."""
        words = super().words_of(action)
        return words if self.table.column is None else _AT_CURSOR.get(action.id, words)

    def _moved(self) -> None:
        self._draw_around()
        if self.table.window != self._known:
            self._known = self.table.window
            self.refresh_record()

    def action_time(self, by: int) -> None:
        """Left and right."""
        self.table.step(by)
        self._moved()

    def action_time_page(self, by: int) -> None:
        """By half of the width."""
        self.table.step(by * self.table.window.width // 2)
        self._moved()

    def action_time_zoom(self, by: int) -> None:
        """`<` and `>`."""
        self.table.zoom_by(by)
        self._moved()

    def action_time_now(self) -> None:
        """`.`."""
        self.table.now()
        self._moved()

    def action_item(self, by: int) -> None:
        """`[` and `]`: the run or occurrence of this job before, the next one."""
        if self.table.jump(by):
            self._moved()
        else:
            self.notify("None that is known; < shows a longer span.", timeout=2, markup=False)


def _lane(job: JobView, runs: Sequence[RunRecord], coming: Sequence[Coming], *, cut: bool = False) -> Lane:
    stats = job.stats()
    usual = None if stats is None else stats.seconds.p50  # seconds that half of its recent runs stayed below
    return Lane(tuple(runs), tuple(coming), usual, cut, job.pools, job.exclusive)
