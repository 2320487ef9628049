"""`jobqueue-tui next`: the coming times of a job file's schedules, or of one cron expression, with what DST does to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from engine.clock import SECOND, Instant, instant, moment
from engine.model.record import Json
from engine.planning import jitter, limits_of, plan_of
from engine.schedule import Cron, CronError, CronPlan, Dst, Gap, Overlap, Plan, describe_dst, zone
from engine.spec.job import AtSchedule, CronEntry, CronSchedule, DelaySchedule, EverySchedule, JobSpec
from engine.spec.units import format_duration
from engine.spec.when import CalendarSpec
from jobqueue_tui.cli.exits import Exit, Failure
from jobqueue_tui.cli.show.listing import Form, look, look_options, print_list
from jobqueue_tui.cli.wall import now

_KEYS = ("job", "at", "zone", "note")


@click.command("next")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--cron", metavar="EXPR", help="One cron expression instead of a file.")
@click.option(
    "-n", "count", metavar="N", type=click.IntRange(1, 10_000), default=5, show_default=True, help="So many for each."
)
@click.option("--tz", metavar="ZONE", help="With --cron the clock that it reads; with FILE the one to show times by.")
@click.option("--from", "start", metavar="TIME", help="Times later than this; default: now.")
@look_options
def command(
    *, file: Path | None, cron: str | None, count: int, tz: str | None, start: str | None, form: str, columns: str
) -> None:
    """Show the coming times of FILE's schedules, or of a cron expression."""
    if (file is None) == (cron is None):
        raise click.UsageError("name a FILE or give --cron, one of the two")
    local = _zone(tz) if tz else _local_zone()
    after = now() if start is None else _time(start, local)
    if cron is not None:
        try:
            rows = list(_cron("", Cron.parse(cron), local, shown_in=local, after=after, count=count))
        except CronError as fault:
            raise Failure(Exit.USAGE, str(fault)) from None
    else:
        assert file is not None, "one of the two is given"
        rows = list(_file(file, after, count, local if tz else None))
    chosen = look(form, columns)
    if chosen.form is Form.TABLE:
        rows = [{**row, "at": datetime.fromisoformat(str(row["at"])).strftime("%Y-%m-%d %H:%M:%S")} for row in rows]
    print_list(rows, chosen, usual=_KEYS if file else _KEYS[1:], keys=_KEYS)


def _file(path: Path, after: Instant, count: int, shown_in: ZoneInfo | None) -> Iterator[dict[str, Json]]:
    from jobqueue_tui.cli.files import load

    job_file = load(path)
    for job in job_file.jobs:
        name = job.timezone or job_file.engine.timezone or _local_zone().key
        yield from _job(job, _zone(name), job_file.calendars, after=after, count=count, shown_in=shown_in)


def _job(
    job: JobSpec,
    own: ZoneInfo,
    calendars: Mapping[str, CalendarSpec],
    *,
    after: Instant,
    count: int,
    shown_in: ZoneInfo | None,
) -> Iterator[dict[str, Json]]:
    limits = limits_of(job, own.key, calendars)
    match job.schedule:
        case DelaySchedule(seconds=seconds):
            first = limits.first(after)
            if first is not None:
                note = f"{_at_once(first, after)}, then {format_duration(seconds)} after the end of each run"
                yield _row(job.id, first, own, shown_in, note)
            return
        case AtSchedule(at_start=True):
            yield _row(job.id, after, own, shown_in, "at each start of the engine")
        case AtSchedule(at_reboot=True):
            yield _row(job.id, after, own, shown_in, "once per boot of the machine")
        case _:
            pass
    # an engine that begins now lets `every` run at once, so that this very instant counts
    at_once = isinstance(job.schedule, EverySchedule) and not job.schedule.align and job.start_at is None
    anchor = limits.first(after) if at_once else after
    plan = plan_of(job, own.key, after if anchor is None else anchor, calendars)
    if plan is None:
        return
    for at in islice(_times(plan, after), count):
        zone, notes = own, list[str | None]()
        match job.schedule:
            case CronSchedule(entries=entries):
                zone, moved = _entry(job, entries, own, at)
                notes.append(moved)
            case EverySchedule(align=False) if at_once:
                notes.append("counted from the time asked for")
            case _:
                pass
        if limits.excludes(at):
            notes.append(f"skipped by the calendar: {_calendars(job)}")
        if job.jitter:
            notes.append(f"starts {format_duration(jitter(job.id, at, job.jitter) / SECOND)} later (jitter)")
        yield _row(job.id, at, zone, shown_in, "; ".join(filter(None, notes)) or None)


def _entry(job: JobSpec, entries: Sequence[CronEntry], own: ZoneInfo, at: Instant) -> tuple[ZoneInfo, str | None]:
    """The zone of the entry that names this time, and what the clock does to it; the job's own where it was moved."""
    rule = Dst(Gap(job.dst.gap.value), Overlap(job.dst.overlap.value))
    for entry in entries:
        cron, where = Cron.parse(entry.expression, seed=job.id), _zone(entry.timezone) if entry.timezone else own
        if cron.next_after(at - 1, where, rule) == at:
            return cron.zone or where, describe_dst(cron, where, at, rule)
    return own, f"moved by roll: {job.roll}"


def _calendars(job: JobSpec) -> str:
    return " and ".join(
        text for text in (job.calendar and f"only {job.calendar}", job.except_ and f"never {job.except_}") if text
    )


def _at_once(first: Instant, after: Instant) -> str:
    return "at once" if first == after else "first"


def _cron(
    job: str, cron: Cron, where: ZoneInfo, *, shown_in: ZoneInfo | None, after: Instant, count: int
) -> Iterator[dict[str, Json]]:
    for at in islice(_times(CronPlan(((cron, where),)), after), count):
        yield _row(job, at, cron.zone or where, shown_in, describe_dst(cron, where, at))


def _times(plan: Plan, after: Instant) -> Iterator[Instant]:
    while (at := plan.next_after(after)) is not None:
        yield at
        after = at


def _row(job: str, at: Instant, own: ZoneInfo, shown_in: ZoneInfo | None, note: str | None) -> dict[str, Json]:
    clock = shown_in or own
    return {"job": job, "at": moment(at).astimezone(clock).isoformat(), "zone": clock.key, "note": note}


def _time(text: str, local: ZoneInfo) -> Instant:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(Exit.USAGE, f"--from: {text!r} is not a time; write 2026-03-29T01:00 or with an offset") from None
    return instant(at if at.tzinfo else at.replace(tzinfo=local))


def _zone(name: str) -> ZoneInfo:
    try:
        return zone(name)
    except CronError as fault:
        raise Failure(Exit.USAGE, str(fault)) from None


def _local_zone() -> ZoneInfo:
    from engine.runtime.system_clock import local_zone

    return _zone(local_zone())
