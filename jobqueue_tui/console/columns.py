"""The columns of job rows: what each shows, how wide it may be, and which of them fit a given width."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from engine.clock import SECOND, Instant
from engine.model.facts import JobFacts
from engine.values import lean
from jobqueue_tui.console import words
from jobqueue_tui.console.signs import OF_OUTCOME, Role, sign_of
from jobqueue_tui.terminal import one_line

Cell: TypeAlias = tuple[str, Role]
Draw: TypeAlias = Callable[[JobFacts, Instant, int], Cell]

SAMPLES_PER_CELL: Final = 5
"""Seconds that one cell of a sparkline stands for: ten cells show the last 50 s."""


@lean(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `head` has the sort letter in upper case; `rank`: the highest is dropped first when it is tight.

    `narrow` and `wide` are the widths it can have in cells; a column that `grows` takes what is left, up to `most`.
    """

    id: str
    head: str
    sort: str = ""
    narrow: int
    wide: int
    rank: int
    draw: Draw
    right: bool = False
    short_head: str = ""
    grows: bool = False
    most: int = 0


@lean(frozen=True, slots=True)
class Placed:
    """A column and the width it got."""

    column: Column
    width: int


Layout: TypeAlias = tuple[Placed, ...]
GAP: Final = 1
FIRST_EXTRA: Final = 10
"""Columns of this rank and beyond are shown only where all others have their wide form."""


def run_seconds(job: JobFacts, now: Instant) -> float | None:
    """How long the newest active run has been going, without its pauses, else how long the last one took; None when there was
    none."""
    begun = [(run.started_at, run.paused_us) for run in job.active if run.started_at is not None]
    if not begun:
        return job.last_seconds
    started_at, paused_us = max(begun)
    return max(0, now - started_at - paused_us) / SECOND


def cpu_of(job: JobFacts) -> float | None:
    """CPU percent of all active runs together; None when nothing is measured."""
    values = [run.cpu_percent for run in job.active if run.cpu_percent is not None]
    return sum(values) if values else None


def memory_of(job: JobFacts) -> int | None:
    """Resident bytes of all active runs together; None when nothing is measured."""
    values = [run.rss_bytes for run in job.active if run.rss_bytes is not None]
    return sum(values) if values else None


def _status(job: JobFacts, now: Instant, _width: int) -> Cell:
    sign = sign_of(job)
    if sign.role is Role.RUNNING and is_slow(job, now):
        return f"{sign.glyph} slow", Role.WARN
    return f"{sign.glyph} {sign.word}", sign.role


def _name(job: JobFacts, _now: Instant, _width: int) -> Cell:
    return one_line(job.id), Role.TEXT if job.enabled else Role.MUTED


def _title(job: JobFacts, _now: Instant, _width: int) -> Cell:
    return ("" if job.title == job.id else one_line(job.title)), Role.MUTED


def _priority(job: JobFacts, _now: Instant, _width: int) -> Cell:
    base, aged = job.priority, int(job.effective_priority)
    if aged != base:
        return f"{base}→{aged}", Role.QUEUED
    return str(base), Role.TEXT if base else Role.MUTED


def _next(job: JobFacts, now: Instant, _width: int) -> Cell:
    text = words.countdown(job.next_run, now)
    return text, Role.STRONG if text == "now" else Role.TEXT


def _outcome(job: JobFacts, _now: Instant, width: int) -> Cell:
    if job.last_outcome is None:
        return "", Role.MUTED
    sign = OF_OUTCOME[job.last_outcome]
    return (sign.glyph if width < len(sign.word) + 2 else f"{sign.glyph} {sign.word}"), sign.role


def _age(job: JobFacts, now: Instant, _width: int) -> Cell:
    return words.ago(job.last_ended_at, now), Role.TEXT


def _duration(job: JobFacts, now: Instant, _width: int) -> Cell:
    seconds = run_seconds(job, now)
    return ("" if seconds is None else words.span(seconds)), Role.TEXT if job.active else Role.MUTED


LEAST_RUNS: Final = 5
"""Runs on record from which on a job has a usual duration."""


def is_slow(job: JobFacts, now: Instant) -> bool:
    """Whether its run has been going for longer than 95 of 100 of its recent ones took."""
    if not job.active:
        return False
    stats = job.stats()
    if stats is None or stats.seconds.p95 is None or len(stats.outcomes) < LEAST_RUNS:
        return False
    going = run_seconds(job, now)
    return going is not None and going > stats.seconds.p95


def _cpu(job: JobFacts, _now: Instant, _width: int) -> Cell:
    value = cpu_of(job)
    return ("" if value is None else words.percent(value)), Role.TEXT


def _memory(job: JobFacts, _now: Instant, _width: int) -> Cell:
    value = memory_of(job)
    return ("" if value is None else words.size(value)), Role.TEXT


def _cpu_curve(job: JobFacts, _now: Instant, width: int) -> Cell:
    return words.sparkline(job.cpu_ring, width, SAMPLES_PER_CELL, cpu=True), Role.CPU if job.active else Role.MUTED


def _memory_curve(job: JobFacts, _now: Instant, width: int) -> Cell:
    return words.sparkline(job.rss_ring, width, SAMPLES_PER_CELL, cpu=False), Role.MEMORY if job.active else Role.MUTED


def _runs(job: JobFacts, _now: Instant, _width: int) -> Cell:
    counters = job.counters
    bad = counters.failed + counters.timed_out + counters.lost
    if not counters.starts:
        return "", Role.MUTED
    return f"{counters.success}/{bad}", Role.WARN if bad else Role.MUTED


def _schedule(job: JobFacts, _now: Instant, _width: int) -> Cell:
    return one_line(job.schedule_text), Role.MUTED


def _tags(job: JobFacts, _now: Instant, _width: int) -> Cell:
    return one_line(" ".join(job.tags)), Role.MUTED


NAME: Final = Column(id="name", head="Name", sort="N", narrow=13, wide=18, rank=0, draw=_name, grows=True, most=36)
STATUS: Final = Column(id="status", head="  Status", sort="S", narrow=11, wide=11, rank=1, draw=_status)
PRIORITY: Final = Column(
    id="priority", head="Pri", sort="P", narrow=5, wide=6, rank=5, draw=_priority, right=True
)  # fmt: skip
NEXT: Final = Column(id="next", head="neXt", sort="X", narrow=6, wide=6, rank=2, draw=_next, right=True)
OUTCOME: Final = Column(
    id="outcome", head="Outcome", short_head="O", sort="O", narrow=2, wide=11, rank=3, draw=_outcome
)
AGE: Final = Column(id="age", head="Age", sort="A", narrow=4, wide=4, rank=3, draw=_age, right=True)
DURATION: Final = Column(id="duration", head="Dur", sort="D", narrow=6, wide=6, rank=4, draw=_duration, right=True)
CPU: Final = Column(id="cpu", head="Cpu%", sort="C", narrow=5, wide=5, rank=6, draw=_cpu, right=True)
MEMORY: Final = Column(id="memory", head="Mem", sort="M", narrow=4, wide=5, rank=7, draw=_memory, right=True)
CPU_CURVE: Final = Column(id="cpu-curve", head="cpu", narrow=5, wide=9, rank=8, draw=_cpu_curve)
MEMORY_CURVE: Final = Column(id="memory-curve", head="mem", narrow=5, wide=9, rank=9, draw=_memory_curve)
RUNS: Final = Column(id="runs", head="ok/bad", narrow=8, wide=10, rank=10, draw=_runs, right=True)
TAGS: Final = Column(id="tags", head="tags", narrow=8, wide=12, rank=11, draw=_tags, grows=True, most=24)
SCHEDULE: Final = Column(
    id="schedule", head="schedule", narrow=12, wide=14, rank=12, draw=_schedule, grows=True, most=20
)
TITLE: Final = Column(id="title", head="title", narrow=16, wide=20, rank=13, draw=_title, grows=True, most=48)

TABLE: Final = (
    STATUS, NAME, PRIORITY, NEXT, OUTCOME, AGE, DURATION,
    CPU, CPU_CURVE, MEMORY, MEMORY_CURVE, RUNS, TAGS, SCHEDULE, TITLE,
)  # fmt: skip
"""The columns of the job table."""

CURVES: Final = (CPU_CURVE, MEMORY_CURVE)
MUST: Final = (STATUS, NAME)
"""Columns that cannot be chosen away."""


def shown_columns(chosen: Iterable[str] = (), *, wide: bool = False) -> list[Column]:
    """The columns of the table: those of these ids (none: all), `wide`: words in place of the curves."""
    ids = set(chosen)
    return [
        column
        for column in TABLE
        if (not ids or column.id in ids or column in MUST) and not (wide and column in CURVES)
    ]


ENDS: Final = Column(
    id="ends", head="ends in", short_head="ends", narrow=8, wide=8, rank=3, draw=lambda *_: ("", Role.MUTED), right=True
)
"""When it will be over; the tree draws it, which knows what follows what."""

TREE: Final = (NAME, STATUS, ENDS, NEXT, OUTCOME, AGE, DURATION, CPU, CPU_CURVE, MEMORY, RUNS)
"""The columns of the tree: its branches stand in the name's column, in front of all others."""


def fit(columns: Iterable[Column], width: int, *, name: int = 0) -> Layout:
    """The columns that fit `width` cells, with their widths. `name`: least width of the name (the tree needs more).

    The core columns first, narrow, the highest ranks dropped until they fit; then, by rank, their wide forms; then
    the extra columns that still fit; what is left goes to those that grow.
    """
    every = list(columns)
    widths = {column.id: column.narrow for column in every}
    widths[NAME.id] = max(NAME.narrow, name)
    chosen = [column for column in every if column.rank < FIRST_EXTRA]

    def left() -> int:
        return width - sum(widths[column.id] for column in chosen) - GAP * (len(chosen) - 1)

    while len(chosen) > 1 and left() < 0:
        chosen.remove(max(chosen, key=lambda column: column.rank))
    by_rank = sorted(chosen, key=lambda column: column.rank)
    for column in by_rank:
        if 0 < column.wide - widths[column.id] <= left():
            widths[column.id] = column.wide
    for column in sorted((column for column in every if column.rank >= FIRST_EXTRA), key=lambda column: column.rank):
        if column.narrow + GAP <= left():
            chosen.append(column)
            by_rank.append(column)
    for column in by_rank:
        if column.grows:
            most = max(column.most, name * 2) if column is NAME else column.most
            widths[column.id] += max(0, min(left(), most - widths[column.id]))
    widths[NAME.id] = max(1, widths[NAME.id] + min(0, left()))
    return tuple(Placed(column, widths[column.id]) for column in every if column in chosen)
