"""`jobqueue-tui simulate`: the planned timeline of a job file: starts, queueing, collisions, misses."""

from __future__ import annotations

import csv
import gc
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain
from json.encoder import encode_basestring_ascii
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from engine.clock import SECOND, Instant, instant, micros, moment
from engine.model.record import Json
from engine.simulation import Happening, simulate
from engine.spec.units import format_duration, parse_duration
from jobqueue_tui.cli.exits import Exit, Failure
from jobqueue_tui.cli.show.cells import one_line
from jobqueue_tui.cli.show.listing import Form, look, look_options, print_list, table_of
from jobqueue_tui.cli.wall import now

_KEYS = ("at", "job", "event", "data")


@click.command("simulate")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "start", metavar="TIME", help="When the engine begins; default: today's midnight.")
@click.option("--for", "span", metavar="DUR", default="7d", show_default=True, help="So long.")
@click.option(
    "--run-time", metavar="DUR", default="0s", show_default=True, help="How long every run takes; all of them succeed."
)
@look_options
def command(*, file: Path, start: str | None, span: str, run_time: str, form: str, columns: str) -> None:
    """Show what would happen with FILE's jobs. Nothing is executed; the same start gives the same bytes."""
    from jobqueue_tui.cli.files import load

    chosen = look(form, columns)
    length, taken = _duration("--for", span), _duration("--run-time", run_time)
    job_file = load(file)
    zone = _zone(job_file.engine.timezone)
    begins = _midnight(zone) if start is None else _time(start, zone)
    click.echo(
        f"from {moment(begins).astimezone(zone).isoformat()} for {format_duration(length)}: an engine with nothing on record, "
        f"{job_file.engine.max_running} runs at once, each taking {format_duration(taken)}",
        err=True,
    )
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # what comes and goes has no cycles
    happened = simulate(job_file, begins, begins + micros(length), zone.key, lambda _: taken)
    if chosen.columns:
        records = [_record(one, zone if chosen.form is Form.TABLE else None) for one in happened]
        print_list(records, chosen, usual=_KEYS, keys=_KEYS)
    elif chosen.form is Form.TABLE:
        rows = [(_shown(one.at, zone), one.job, one.event, one_line(_words(one))) for one in happened]
        sys.stdout.write(table_of(rows, _KEYS, [False] * len(_KEYS), sys.stdout))
    else:
        sys.stdout.writelines(_lines(happened, chosen.form))


def _record(one: Happening, shown_in: ZoneInfo | None) -> dict[str, Json]:
    if shown_in is None:
        return {"at": _iso(one.at), "job": one.job, "event": one.event, "data": one.data}
    return {"at": _shown(one.at, shown_in), "job": one.job, "event": one.event, "data": _words(one)}


@lru_cache(maxsize=64)  # as in `values`
def _shown(at: Instant, zone: ZoneInfo) -> str:
    return moment(at).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _words(one: Happening) -> str:
    data = one.data
    words = [str(data["run_id"])]
    if one.event == "queued" and data["kind"] != "schedule":
        words.append(str(data["kind"]))
    if isinstance(waited := data.get("waited_seconds"), float) and waited > 0:
        words.append(f"waited {format_duration(round(waited, 3))}")
    if data.get("reason") and data.get("outcome") != "success":
        words.append(f"{data['outcome']} {data['reason']}" if one.event == "ended" else str(data["reason"]))
    if "count" in data:
        words.append(f"{data['count']} times")
    return " ".join(words)


def _lines(happened: Iterable[Happening], form: Form) -> Iterator[str]:
    """Written as it comes: a week of a busy file is hundreds of thousands of lines."""
    match form:
        case Form.JSON:
            texts = map(_text, happened)
            first = next(texts, None)
            yield "[" if first is None else f"[\n{first}"
            yield from (f",\n{text}" for text in texts)
            yield "]\n" if first is None else "\n]\n"
        case Form.CSV:
            rows = ([_iso(one.at), one.job, one.event, _object(one.data)] for one in happened)
            yield from _csv(chain([[*_KEYS]], rows))
        case _:
            for one in happened:
                yield _text(one) + "\n"


def _text(one: Happening) -> str:
    return f'{{"at": "{_iso(one.at)}", "job": {encode_basestring_ascii(one.job)}, "event": "{one.event}", "data": {_object(one.data)}}}'


def _object(data: Mapping[str, Json]) -> str:
    """As `json.dumps` writes it, which builds an encoder for each call: a sixth of the time of a simulation."""
    return "{" + ", ".join([f'"{key}": {_value(value)}' for key, value in data.items()]) + "}"


def _value(value: Json) -> str:
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    return repr(value) if type(value) is float or type(value) is int else json.dumps(value)


def _csv(rows: Iterable[list[str]]) -> Iterator[str]:
    class Line:
        """What the writer writes to."""

        text = ""

        def write(self, text: str) -> None:
            """Keep it."""
            self.text = text

    line = Line()
    writer = csv.writer(line, lineterminator="\n")
    for row in rows:
        writer.writerow(row)
        yield line.text


@lru_cache(maxsize=64)  # many things happen at one instant
def _iso(at: Instant) -> str:
    return moment(at).isoformat()


def _duration(option: str, text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as fault:
        raise Failure(Exit.USAGE, f"{option}: {fault}") from None


def _zone(name: str | None) -> ZoneInfo:
    from engine.runtime.system_clock import local_zone
    from engine.schedule import CronError, zone

    try:
        return zone(name or local_zone())
    except CronError as fault:
        raise Failure(Exit.USAGE, str(fault)) from None


def _midnight(zone: ZoneInfo) -> Instant:
    """The first instant of the day it is there; a day may begin at 1 o'clock."""
    from engine.schedule import Cron

    at = now()
    today = moment(at).astimezone(zone).date()
    first = datetime(today.year, today.month, today.day, tzinfo=zone)
    found = Cron.parse("0 0 * * *").next_after(instant(first) - 2 * SECOND, zone)
    return instant(first) if found is None else found


def _time(text: str, zone: ZoneInfo) -> Instant:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(Exit.USAGE, f"--from: {text!r} is not a time; write 2026-03-29T01:00 or with an offset") from None
    return instant(at if at.tzinfo else at.replace(tzinfo=zone))
