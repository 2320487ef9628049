"""What the job table and the tree share: rows that are jobs, stamps that know what was on screen, columns."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from textual.filter import ANSIToTruecolor, LineFilter
from textual.message import Message
from textual.strip import Strip

from engine.api import Changes, EngineView, JobView
from engine.clock import SECOND, Instant
from engine.model.facts import JobFacts
from engine.values import lean
from jobqueue_tui.console import words
from jobqueue_tui.console.aiming import Aimed, Seen
from jobqueue_tui.console.columns import Column, Layout, fit, run_seconds
from jobqueue_tui.console.host import host
from jobqueue_tui.console.still import Still
from jobqueue_tui.console.widgets.line_list import LineList, Monotonic

_SLICE: Final = 100
_PAUSE: Final = 0.01
"""Jobs that are kept at once when a view is frozen, some 2 ms, and the seconds between."""


@lean(frozen=True, slots=True)
class Stamp:
    """All that a row of a job shows. `version` covers what the engine changes, the rest changes with the clock."""

    version: int
    next: str
    age: str
    duration: str
    priority: int
    seen: Seen
    besides: Hashable = None


class JobList(LineList):
    """Rows that stand for jobs; `job_at` says for which."""

    class LayoutChanged(Message):
        """The columns have other widths now."""

    def __init__(self, engine: EngineView, monotonic: Monotonic, columns: Iterable[Column], *, id: str) -> None:
        super().__init__(monotonic, id=id)
        self.engine = engine
        self.columns = tuple(columns)
        self.placed: Layout = ()
        self.at: Instant = engine.now()
        self._second = -1
        self._stills: dict[str, tuple[Stamp, Still]] | None = None
        """While it is frozen: how each job was."""

    def get_line_filters(self) -> Sequence[LineFilter]:
        """None that turns the terminal's own colours into exact ones where there are none: it looks at each piece of each
        visible line ten times a second, a tenth of what a busy table costs."""
        filters = super().get_line_filters()
        return [one for one in filters if not isinstance(one, ANSIToTruecolor)] if self.palette.exact else filters

    def job_at(self, row: int) -> JobView | None:
        """The job of a row; None for a row that is a heading."""
        raise NotImplementedError

    def note(self, changes: Changes, *, tick: bool) -> None:
        """Take in what changed: rows come, go, move. `tick`: a second has passed, costly work may be done now."""
        raise NotImplementedError

    def no_jobs(self) -> str:
        """What stands there when the engine has none at all, and what to do then."""
        if not self.engine.status().job_file:
            return "There are no jobs yet."
        remedy = "" if host(self).read_only else ": e edits it, Ctrl-r takes what changed"
        return f"The job file has no jobs{remedy}."

    @property
    def current(self) -> JobView | None:
        """The job under the cursor."""
        return self.job_at(self.cursor) if 0 <= self.cursor < self.row_count else None

    @property
    def aimed(self) -> Aimed | None:
        """The job under the cursor with what was drawn of it: a verb is refused when that has changed since."""
        job = self.current
        if job is None:
            return None
        stamp = self.drawn(self.cursor)
        return Aimed(job, stamp.seen if isinstance(stamp, Stamp) else Seen.of(job))

    def stamp(self, row: int) -> Hashable:
        """What the row of a job shows now; frozen, what it showed."""
        job = self.job_at(row)
        if job is None:
            return self.besides(row)
        if self._stills is not None:
            return replace(self._kept(job, self._stills)[0], besides=self.besides(row))
        return self._stamp(job, self.besides(row))

    def _stamp(self, job: JobView, besides: Hashable) -> Stamp:
        seconds = run_seconds(job, self.at)
        return Stamp(
            job.version,
            words.countdown(job.next_run, self.at),
            words.ago(job.last_ended_at, self.at),
            "" if seconds is None else words.span(seconds),
            int(job.effective_priority),
            Seen.of(job),
            besides,
        )

    def besides(self, row: int) -> Hashable:
        """What a row shows besides its job."""
        return None

    # ---- standing still

    def freeze(self) -> None:
        """Keep how each job is. The cursor, marks and scrolling go on; order and filter stay as they are."""
        self._stills = {}
        for row in self.visible_rows():
            if (job := self.job_at(row)) is not None:
                self._kept(job, self._stills)
        self.refresh_changed()
        work = partial(self._keep_others, self._stills)
        self.run_worker(work, group="freeze", exclusive=True)  # type: ignore[arg-type] # Textual's type asks for Never

    def thaw(self) -> None:
        """Live again."""
        self._stills = None
        self.refresh_changed()

    def look_of(self, job: JobView) -> JobFacts:
        """What there is to draw of a job: itself, or how it was."""
        return job if self._stills is None else self._kept(job, self._stills)[1]

    def still_of(self, job: JobView) -> Still:
        """A copy of what there is to draw."""
        return Still.of(job) if self._stills is None else self._kept(job, self._stills)[1]

    def _kept(self, job: JobView, stills: dict[str, tuple[Stamp, Still]]) -> tuple[Stamp, Still]:
        kept = stills.get(job.id)
        if kept is None:
            kept = stills[job.id] = (self._stamp(job, None), Still.of(job))
        return kept

    async def _keep_others(self, stills: dict[str, tuple[Stamp, Still]]) -> None:
        """Those that are not on screen, in slices beside the engine: ten thousand at once would hold it up for 200 ms."""
        for number, job in enumerate(self.engine.jobs, 1):
            if self._stills is not stills:
                return
            self._kept(job, stills)
            if number % _SLICE == 0:
                await asyncio.sleep(_PAUSE)

    def flush(self, changes: Changes) -> None:
        """Draw what changed since the last call, and nothing else."""
        self.at = self.engine.now()
        second = self.at // SECOND
        tick = second != self._second
        self._second = second
        self.note(changes, tick=tick)
        if tick:
            self.refresh_changed()
        elif changes.jobs:
            self.refresh_rows(
                row for row in self.visible_rows() if (job := self.job_at(row)) is not None and job.id in changes.jobs
            )

    def render_line(self, y: int) -> Strip:
        """A line; the first one may be asked for before the size was told."""
        if not self.placed:
            self.placed = self.fit_columns(max(1, self.row_width - 2))
            self.post_message(self.LayoutChanged())
        return super().render_line(y)

    def on_resize(self) -> None:
        """Place the columns anew."""
        self.place()

    def place(self) -> None:
        """Fit the columns to the width there is."""
        placed = self.fit_columns(max(1, self.row_width - 2))
        if placed != self.placed:
            self.placed = placed
            self.forget()
            self.post_message(self.LayoutChanged())

    def fit_columns(self, width: int) -> Layout:
        """The columns for `width` cells."""
        return fit(self.columns, width)
