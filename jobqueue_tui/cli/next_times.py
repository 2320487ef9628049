"""`jobqueue-tui next`: the coming times of a job file's schedules, or of one cron expression, with what DST does to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from engine.clock import Instant, instant, micros, moment
from engine.model.record import Json
from engine.schedule import AtPlan, Cron, CronError, CronPlan, EveryPlan, Plan, describe_dst, zone
from engine.spec.job import AtSchedule, CronSchedule, DelaySchedule, EverySchedule, JobSpec
from jobqueue_tui.cli.exits import Exit, Failure
from jobqueue_tui.cli.show.listing import look, look_options, print_list
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
    print_list(rows, look(form, columns), usual=_KEYS if file else _KEYS[1:], keys=_KEYS)


def _file(path: Path, after: Instant, count: int, shown_in: ZoneInfo | None) -> Iterator[dict[str, Json]]:
    from jobqueue_tui.cli.files import load

    job_file = load(path)
    for job in job_file.jobs:
        name = job.timezone or job_file.engine.timezone
        own = _zone(name) if name else _local_zone()
        yield from _job(job, own, after, count, shown_in)


def _job(
    job: JobSpec, own: ZoneInfo, after: Instant, count: int, shown_in: ZoneInfo | None
) -> Iterator[dict[str, Json]]:
    match job.schedule:
        case CronSchedule(entries=(entry,)):
            where = _zone(entry.timezone) if entry.timezone else own
            yield from _cron(
                job.id, Cron.parse(entry.expression, seed=job.id), where, shown_in=shown_in, after=after, count=count
            )
        case CronSchedule(entries=entries):
            parsed = [
                (Cron.parse(entry.expression, seed=job.id), _zone(entry.timezone) if entry.timezone else own)
                for entry in entries
            ]
            for at in islice(_times(CronPlan(tuple(parsed)), after), count):
                cron, where = next(pair for pair in parsed if pair[0].next_after(at - 1, pair[1]) == at)
                yield _row(job.id, at, cron.zone or where, shown_in, describe_dst(cron, where, at))
        case EverySchedule(seconds=seconds, align=align):
            note = None if align else "counted from the time asked for"
            for at in islice(_times(EveryPlan(micros(seconds), after, align, own), after), count):
                yield _row(job.id, at, own, shown_in, note)
        case DelaySchedule(seconds=seconds):
            yield _row(job.id, after, own, shown_in, f"at once, then {seconds:g} s after the end of each run")
        case AtSchedule(times=times, at_start=at_start):
            if at_start:
                yield _row(job.id, after, own, shown_in, "at each start of the engine")
            for at in islice(_times(AtPlan(tuple(instant(time) for time in times)), after), count):
                yield _row(job.id, at, own, shown_in, None)
        case None:
            return


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
