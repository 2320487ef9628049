"""The facts of a job as labelled lines. Pure text: the widget draws what `facts_of` says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import ClassVar, TypeAlias

from textual.binding import BindingType
from textual.strip import Strip

from engine.api import EngineView, JobView
from engine.clock import SECOND, Instant, moment
from engine.model.audit import AuditRecord
from engine.model.coming import Coming
from jobqueue_tui.console import words
from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.columns import SAMPLES_PER_CELL, Cell
from jobqueue_tui.console.deeds import deed_lines
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.signs import OF_OUTCOME, Role, sign_of
from jobqueue_tui.console.surroundings import environment_line
from jobqueue_tui.console.widgets.painted import Painted
from jobqueue_tui.console.wrapping import wrapped_cells
from jobqueue_tui.terminal import one_line

Fact: TypeAlias = tuple[str, tuple[Cell, ...]]
"""A label and what stands behind it; an empty label goes on with the line before."""

_LABEL = 10
_BEFORE = 1 + _LABEL + 2
"""Columns before what a fact says: the mark of the focus, the label, a gap."""
_CURVE = 30


def local(at: Instant, zone: tzinfo | None) -> str:
    """A point in time as people of that zone write it; the machine's zone for None."""
    return moment(at).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def facts_of(
    job: JobView,
    engine: EngineView,
    zone: tzinfo | None,
    *,
    room: int | None = None,
    coming: Sequence[Coming] = (),
    followers: Sequence[str] = (),
    deeds: Sequence[AuditRecord] = (),
    curves: bool = False,
) -> list[Fact]:
    """What is to be known about a job, the most wanted first. `room`: columns, so that a reason that takes more goes on
    below; `coming`: its next times; `followers`: ids of the jobs that need it; `deeds`: what was done to it last; `curves`:
    CPU and memory as one line each, where there is no room for plots."""
    now, sign, why = engine.now(), sign_of(job), job.why()
    status = ((f"{sign.glyph} {sign.word}", sign.role), (f"  {one_line(why.reason)}", Role.STRONG))
    reasons = [status, *(((one_line(line), Role.MUTED),) for line in why.details if line not in why.reason)]
    lines = [line for cells in reasons for line in (wrapped_cells(cells, room) if room else [cells])]
    facts: list[Fact] = [("" if number else "status", line) for number, line in enumerate(lines)]
    if job.description:
        facts.append(("about", ((one_line(job.description), Role.TEXT),)))
    schedule: list[Cell] = [(one_line(job.schedule_text), Role.TEXT)]
    if job.next_run is not None:
        schedule.append(("   next ", Role.MUTED))
        schedule.append((f"{local(job.next_run, zone)} ", Role.TEXT))
        schedule.append((f"in {words.countdown(job.next_run, now)}" if job.next_run > now else "now", Role.STRONG))
    if job.suspended:
        schedule.append(("   suspended: s lets it go on", Role.WARN))
    facts.append(("schedule", tuple(schedule)))
    facts += _next_times(job, coming, zone, now)
    if job.needs:
        facts.append(("needs", ((one_line(", ".join(job.needs)), Role.TEXT),)))
    if job.params:
        facts.append(("params", tuple(_params(job))))
    if followers:
        facts.append(("needed by", ((one_line(", ".join(followers)), Role.TEXT),)))
    priority: list[Cell] = [(str(job.priority), Role.TEXT)]
    if int(job.effective_priority) != job.priority:
        priority.append((f"   aged to {job.effective_priority:.1f}", Role.QUEUED))
    if job.tags:
        priority.append((f"   tags {one_line(' '.join(job.tags))}", Role.MUTED))
    facts.append(("priority", tuple(priority)))
    if job.last_outcome is not None:
        outcome = OF_OUTCOME[job.last_outcome]
        took = "" if job.last_seconds is None else f"   took {words.span(job.last_seconds)}"
        reason = f" {one_line(job.last_reason)}" if job.last_reason else ""
        age = f"   {words.ago(job.last_ended_at, now)} ago" if job.last_ended_at is not None else ""
        facts.append(
            ("last run", ((f"{outcome.glyph} {outcome.word}{reason}", outcome.role), (age + took, Role.MUTED)))
        )
    facts.append(("runs", tuple(_counters(job))))
    if job.changed:
        facts.append(("changed", ((f"by an operator: {one_line(', '.join(job.changed))}", Role.WARN),)))
    if curves and (job.cpu_ring or job.rss_ring):
        cpu = words.sparkline(job.cpu_ring, _CURVE, SAMPLES_PER_CELL, cpu=True)
        memory = words.sparkline(job.rss_ring, _CURVE, SAMPLES_PER_CELL, cpu=False)
        facts.append(("cpu, mem", ((f"{cpu}  ", Role.CPU), (memory, Role.MEMORY))))
    for number, line in enumerate(deed_lines(deeds, job.id, zone, now, room)):
        facts.append(("" if number else "audit", line))
    if environment := environment_line(job.environment, room):
        facts.append(("env", environment))
    return facts


def _params(job: JobView) -> list[Cell]:
    """What a run may be given, with what it has otherwise; a secret stays one."""
    cells: list[Cell] = []
    for name, param in job.params.items():
        if param.default is None:
            value = "(needed)" if param.required else "(none)"
        else:
            value = "***" if param.secret else one_line(param.default)
        cells += [("   " if cells else "", Role.MUTED), (f"{one_line(name)} ", Role.TEXT), (value, Role.MUTED)]
    return cells


def _next_times(job: JobView, coming: Sequence[Coming], zone: tzinfo | None, now: Instant) -> list[Fact]:
    """A line per time; the schedule's own line has the first one where nothing is to be said of it."""
    facts: list[Fact] = []
    for number, one in enumerate(coming):
        if number == 0 and one.due == job.next_run and not one.note:
            continue
        text = moment(one.at).astimezone(zone).strftime("%a %Y-%m-%d %H:%M:%S %Z")
        cells: list[Cell] = [(text, Role.MUTED if one.skipped else Role.TEXT)]
        if one.at > now:
            cells.append((f"  in {words.countdown(one.at, now)}", Role.MUTED))
        if one.due != one.at:
            cells.append((f"  starts {words.span((one.due - one.at) / SECOND)} later (jitter)", Role.MUTED))
        if one.skipped:
            cells.append((f"  ↷ skipped({one.skipped})", Role.WARN))
        facts.append(("next times" if not facts else "", tuple(cells)))
        if one.note:
            facts.append(("", ((f"  ◆ {one_line(one.note)}", Role.WARN),)))
    return facts


def _counters(job: JobView) -> list[Cell]:
    counters = job.counters
    cells: list[Cell] = [(f"{words.grouped(counters.starts)} started", Role.TEXT)]
    for text, count, role in (
        ("success", counters.success, Role.OK),
        ("failed", counters.failed, Role.FAILED),
        ("timed out", counters.timed_out, Role.FAILED),
        ("stopped", counters.stopped, Role.STOPPED),
        ("lost", counters.lost, Role.FAILED),
        ("skipped", counters.skipped, Role.MUTED),
        ("missed", counters.missed, Role.WARN),
    ):
        if count:
            cells.append((f"   {words.grouped(count)} {text}", role))
    return cells


class Facts(Painted, can_focus=True):
    """Draws facts, as many lines as there are; where they have no room, with focus they can be gone through."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.MOVE)]
    is_pane = True

    def __init__(self, engine: EngineView, job: JobView, zone: tzinfo | None) -> None:
        super().__init__()
        self._engine, self.job, self._zone = engine, job, zone
        self._facts: list[Fact] = []
        self.coming: Sequence[Coming] = ()
        self.deeds: Sequence[AuditRecord] = ()
        self.curves = False
        self._followers: Sequence[str] = ()
        self._top = 0

    def look_around(self) -> None:
        """Which jobs need this one; to be asked when jobs come or go, for all of them are gone through."""
        self._followers = [other.id for other in self._engine.jobs if self.job.id in other.needs]

    def flush(self) -> None:
        """Look again; another number of lines is another height."""
        facts = facts_of(
            self.job,
            self._engine,
            self._zone,
            room=self.size.width - _BEFORE if self.size.width else None,
            coming=self.coming,
            followers=self._followers,
            deeds=self.deeds,
            curves=self.curves,
        )
        if len(facts) != len(self._facts):
            self.styles.height = len(facts)
        if facts != self._facts:
            self._facts = facts
            self.refresh()

    def on_resize(self) -> None:
        """Another width, other lines."""
        self.flush()

    def render_line(self, y: int) -> Strip:
        """One fact."""
        top = min(self._top, self._hidden)
        more = y == self.size.height - 1 and top < self._hidden
        mark = ("▾" if more else "▌" if self.has_focus else " ", Role.TITLE)
        y += top
        if y >= len(self._facts):
            return text_strip([mark], self.palette.row, self.size.width)
        label, cells = self._facts[y]
        return text_strip([mark, (f"{label:>{_LABEL}}  ", Role.MUTED), *cells], self.palette.row, self.size.width)

    @property
    def _hidden(self) -> int:
        """Lines that have no room."""
        return max(0, len(self._facts) - self.size.height)

    def action_move(self, by: int) -> None:
        """Lines down or up."""
        self._top = max(0, min(self._top + by, self._hidden))
        self.refresh()

    def action_page(self, by: int) -> None:
        """One height down or up."""
        self.action_move(by * max(1, self.size.height - 1))

    def action_edge(self, side: int) -> None:
        """To the first or last line."""
        self.action_move(side * len(self._facts))
