"""Printing a list in the form asked for: the options `--format` and `--columns`, and what they do."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from io import StringIO
from itertools import chain
from typing import Final, TextIO, TypeVar

import click

from engine.model.record import Json
from engine.values import lean
from jobqueue_tui.cli.exits import Exit, Failure
from jobqueue_tui.cli.show.cells import one_line
from jobqueue_tui.cli.show.table import render
from jobqueue_tui.cli.show.values import text_of

F = TypeVar("F", bound=Callable[..., object])


class Form(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


FORMS: Final = click.Choice([form.value for form in Form])  # given members, click would take their names: TABLE


@lean(frozen=True, slots=True)
class Look:
    """The user's choice; `columns` empty: the usual ones (JSON: all)."""

    form: Form
    columns: tuple[str, ...]


def look_options(command: F) -> F:
    """Adds `--format` and `--columns`; the command gets `form` and `columns` and makes a `Look` of them."""
    form = click.option(
        "--format", "form", type=FORMS, default=Form.TABLE.value, show_default=True, help="How to print it."
    )
    columns = click.option(
        "--columns", metavar="KEY,…", default="", help="What to print: keys of the JSON, in this order."
    )
    return form(columns(command))


def look(form: str, columns: str) -> Look:
    """The choice from the two options' values."""
    return Look(Form(form), tuple(name.strip() for name in columns.split(",") if name.strip()))


def print_list(
    records: Sequence[Mapping[str, Json]],
    chosen: Look,
    *,
    usual: Sequence[str],
    keys: Iterable[str],
    out: TextIO | None = None,
) -> None:
    """Print records of one kind. `usual` are the columns of table and CSV, `keys` all that exist; Failure for another one."""
    stream = out or sys.stdout
    known = dict.fromkeys([*keys, *(key for record in records[:1] for key in record)])
    strangers = [name for name in chosen.columns if name not in known]
    if strangers:
        raise Failure(Exit.USAGE, f"no column {strangers[0]!r}; there are {', '.join(known)}")
    columns = chosen.columns or tuple(usual)
    match chosen.form:
        case Form.TABLE:
            stream.write(_table(records, columns, stream))
        case Form.CSV:
            stream.write(_csv(records, columns))
        case Form.JSON:
            stream.write(json.dumps([_picked(record, chosen.columns) for record in records], indent=2) + "\n")
        case Form.JSONL:
            stream.writelines(json.dumps(_picked(record, chosen.columns)) + "\n" for record in records)


def print_record(record: Mapping[str, Json], form: Form, *, out: TextIO | None = None) -> None:
    """Print one record: as lines `key  value`, or as a list of one in the other forms (JSON: the object)."""
    stream = out or sys.stdout
    match form:
        case Form.TABLE:
            lead = max(len(key) for key in record) + 2
            stream.writelines(f"{key:<{lead}}{text_of(key, value)}\n" for key, value in record.items())
        case Form.CSV:
            stream.write(_csv([record], tuple(record)))
        case Form.JSON:
            stream.write(json.dumps(record, indent=2) + "\n")
        case Form.JSONL:
            stream.write(json.dumps(record) + "\n")


def in_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Only on a terminal that can, and never against NO_COLOR (no-color.org: set and not empty)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM", "dumb") != "dumb"


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def _table(records: Sequence[Mapping[str, Json]], columns: Sequence[str], stream: TextIO) -> str:
    rows = [[text_of(name, record.get(name)) for name in columns] for record in records]
    return table_of(rows, columns, [_is_numeric(records, name) for name in columns], stream)


def table_of(rows: Sequence[Sequence[str]], columns: Sequence[str], numeric: Sequence[bool], stream: TextIO) -> str:
    """A table of texts that are ready to be shown, as fits the stream."""
    return render(
        [name.replace("_", " ").upper() for name in columns],
        rows,
        # into a pipe nothing is cut: there the reader is a program
        room=shutil.get_terminal_size().columns if stream.isatty() else None,
        colour=in_colour(stream, os.environ),
        numeric=numeric,
    )


def _is_numeric(records: Sequence[Mapping[str, Json]], name: str) -> bool:
    values = (value for record in records if (value := record.get(name)) is not None)
    first = next(values, None)
    return first is not None and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in chain((first,), values)
    )


def _csv(records: Sequence[Mapping[str, Json]], columns: Sequence[str]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_csv_cell(record.get(name)) for name in columns] for record in records)
    return text.getvalue()


def _csv_cell(value: Json) -> str | int | float:
    """Numbers as they are; text harmless, and never a formula for the spreadsheet that opens it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case str():
            return f"'{one_line(value)}" if value.startswith(_FORMULA) else one_line(value)
        case _:
            return json.dumps(value)


def _picked(record: Mapping[str, Json], columns: Sequence[str]) -> Mapping[str, Json]:
    return {name: record.get(name) for name in columns} if columns else record
