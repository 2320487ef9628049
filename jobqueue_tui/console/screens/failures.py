"""The failure heat map: a row per job, a cell per day (UTC), the worst first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import BindingType
from textual.strip import Strip
from textual.widget import Widget

from engine.clock import SECOND
from engine.model.day import DayRecord
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.filtering import LineFacet
from jobqueue_tui.console.heat import HeatRow, rows_of, segments
from jobqueue_tui.console.host import host
from jobqueue_tui.console.painting import fitted, text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.screens.records import Records
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.heads import Heads
from jobqueue_tui.console.widgets.line_list import LineList, Monotonic
from jobqueue_tui.terminal import one_line

if TYPE_CHECKING:
    from jobqueue_tui.console.saving import Saving

MOST_DAYS: Final = 120
MOST_RECORDS: Final = 60_000
"""Counts that are read: with many jobs fewer days are looked at, but a week at the least."""
_DAY: Final = 86_400 * SECOND
_SUMS: Final = 19
"""Cells of the sums at the right."""


class HeatList(LineList):
    """One job a line."""

    def __init__(self, monotonic: Monotonic) -> None:
        super().__init__(monotonic)
        self.rows: Sequence[HeatRow] = ()
        self.said = "Reading …"
        self.count_all = 0
        """Rows, whether they are shown or not."""
        self._passes: Callable[[str], bool] = lambda _job: True
        self._days: Sequence[DayRecord] = ()
        self._today = 0
        self._most = MOST_DAYS

    @property
    def row_count(self) -> int:
        """Jobs with anything on record."""
        return len(self.rows)

    @property
    def name_width(self) -> int:
        """Cells of the job's id."""
        return min(24, max(10, self.row_width // 4))

    @property
    def count(self) -> int:
        """Days that fit."""
        return max(7, min(self._most, self.row_width - self.name_width - _SUMS - 4))

    @property
    def first_day(self) -> int:
        """The first day that is shown."""
        return self._today - self.count + 1

    def empty_text(self) -> str:
        """Why there is nothing to see."""
        return "No job passes the filter; Esc clears it." if self.count_all else self.said

    def narrow(self, passes: Callable[[str], bool]) -> None:
        """Show only jobs that pass."""
        self._passes = passes
        self.place()

    @property
    def head(self) -> str:
        """The first day of each week that is shown, then the sums."""
        start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=self.first_day)
        line = [" "] * self.count
        for at in range(self.count):
            day = start + timedelta(days=at)
            text = day.strftime("%d %b")
            if day.weekday() == 0 and at + len(text) <= self.count:
                line[at : at + len(text)] = text
        return f"{fitted('job', self.name_width)}  {''.join(line)}  {'bad':>5} {'runs':>6} {'%':>4}"

    def show(self, days: Sequence[DayRecord], today: int, most: int) -> None:
        """Show these; `most`: days that were read."""
        self._days, self._today, self._most = days, today, most
        self.said = "Nothing has run in these days."
        self.place()

    def place(self) -> None:
        """As many days as fit."""
        before = self.rows[self.cursor].job if self.cursor < len(self.rows) else None
        rows = rows_of(self._days, self.first_day, self.count)
        self.count_all = len(rows)
        self.rows = [row for row in rows if self._passes(row.job)]
        self.cursor = next((row for row, one in enumerate(self.rows) if one.job == before), self.cursor)
        self.forget()
        self.rows_changed()

    def on_resize(self) -> None:
        """Other days fit."""
        self.place()

    def stamp(self, row: int) -> Hashable:
        """A row is a value."""
        return self.rows[row]

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One job."""
        one = self.rows[row]
        cells = [
            ("▌ " if selected else "  ", Role.TITLE),
            (fitted(one_line(one.job), self.name_width) + "  ", Role.TEXT),
            *segments(one.cells),
            (f"  {one.bad:>5}", Role.FAILED if one.bad else Role.MUTED),
            (f" {one.runs:>6}", Role.MUTED),
            (f" {100 * one.share:>4.0f}", Role.STRONG if one.bad else Role.MUTED),
        ]
        return text_strip(cells, self.ground(palette, selected=selected), width)


class FailuresScreen(Records):
    """Failures."""

    AUTO_FOCUS = "HeatList"
    place = "failures"
    grammar = "regex   !x   -f fuzzy   tag:T"
    every = 30
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.HEAT)]

    def body(self) -> Iterable[Widget]:
        """Names, filter, heads, list."""
        self.list = HeatList(host(self).settings.monotonic)
        self.heads = Heads(lambda: self.list.head)
        return self.tabs, self.filter_bar, self.heads, self.list

    def note(self) -> str:
        """How to read it."""
        return "· fine  ▂…█ share that went wrong  ? missed"

    async def read(self) -> None:
        """Counts per day."""
        engine = host(self).engine
        count = max(7, min(MOST_DAYS, MOST_RECORDS // max(1, len(engine.jobs))))
        self.list.show(await engine.days(count=count), engine.now() // _DAY, count)
        self.heads.refresh()
        await super().read()

    def sift(self) -> None:
        """Only jobs that pass; one that has left the job file has no tags any more."""
        wanted, tags = self.filter, {job.id: job.tags for job in host(self).engine.jobs}
        self.list.narrow(lambda job: wanted.passes(LineFacet(job, tags.get(job, ()))))
        self.say_count(self.list.row_count, self.list.count_all)

    def failed(self, why: str) -> None:
        """Say so where the rows would be."""
        self.list.said = f"The counts cannot be read: {why}"
        self.list.refresh()

    @property
    def job_id(self) -> str | None:
        """The job under the cursor."""
        return self.list.rows[self.list.cursor].job if self.list.cursor < len(self.list.rows) else None

    def action_details(self) -> None:
        """Enter: the job."""
        if (job_id := self.job_id) is not None:
            host(self).show_details(job_id)

    def to_save(self) -> Saving | None:
        """The jobs that are shown."""
        from jobqueue_tui.console.saved_rows import saved_heat  # noqa: PLC0415 - seldom needed

        return saved_heat(self.list.rows, self.list.first_day)
