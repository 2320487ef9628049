"""Rows of a view as a file: CSV, JSON, or lines of text; a text as it is. Pure but for `write`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from engine.values import lean

Value: TypeAlias = "str | int | float | bool | None"

SUFFIXES = (".csv", ".json", ".txt")


@lean(frozen=True, slots=True)
class Saving:
    """What is saved: a name for the file, the columns in order, the rows. All text in it is harmless text.

    `make`: makes the rows when they are written, beside the loop: of what changes no more.
    """

    name: str
    columns: tuple[str, ...]
    count: int
    make: Callable[[], Iterable[Mapping[str, Value]]]

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The endings that it can be written with, the usual one first."""
        return SUFFIXES

    @property
    def told(self) -> str:
        """What is saved, in a line."""
        return f"{self.count} rows as they are shown, {len(self.columns)} columns."

    def text(self, suffix: str) -> str:
        """The whole file. ValueError for another ending than those of `SUFFIXES`."""
        match suffix:
            case ".csv":
                return self._csv()
            case ".json":
                rows = [{column: row.get(column) for column in self.columns} for row in self.make()]
                return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
            case ".txt":
                return self._lines()
        raise ValueError(f"the name ends in none of {', '.join(SUFFIXES)}")

    def _csv(self) -> str:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.make():
            writer.writerow([_cell(row.get(column)) for column in self.columns])
        return out.getvalue()

    def _lines(self) -> str:
        table = [[_plain(row.get(column)) for column in self.columns] for row in self.make()]
        widths = [max(map(len, column)) for column in zip(self.columns, *table, strict=True)]
        lines = [self.columns, *table]
        return "".join(
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n"
            for line in lines
        )


@lean(frozen=True, slots=True)
class Document:
    """A text that is a file of one kind already; harmless."""

    name: str
    suffix: str
    whole: str

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Its ending."""
        return (self.suffix,)

    @property
    def told(self) -> str:
        """What is saved, in a line."""
        return f"{self.whole.count(chr(10))} lines."

    def text(self, suffix: str) -> str:
        """The whole file."""
        return self.whole


Saved: TypeAlias = "Saving | Document"


def _plain(value: Value) -> str:
    return "" if value is None else str(value)


def _cell(value: Value) -> str:
    """A text that a spreadsheet would take for a formula gets a quote in front: a job chooses its own name."""
    text = _plain(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def check_path(text: str, suffixes: Sequence[str] = SUFFIXES) -> Path:
    """Where to write. ValueError: another ending, a folder that is not there, a file that is."""
    path = Path(text).expanduser()
    if path.suffix not in suffixes:
        raise ValueError(f"end it in {', '.join(suffixes)}")
    if not path.absolute().parent.is_dir():
        raise ValueError("there is no such folder")
    if path.exists():
        raise ValueError("it exists already; name another file")
    return path


def write(path: Path, saving: Saved) -> None:
    """Write a new file, for its owner alone; blocking. OSError, FileExistsError among them."""
    text = saving.text(path.suffix)
    with path.open("x", encoding="utf-8", newline="") as file:
        path.chmod(0o600)
        file.write(text)
