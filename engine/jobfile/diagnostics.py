"""What is wrong where: the findings of a check, as values, as text for people, as JSON for programs."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Final

from engine.values import lean

_WIDTH: Final = 160
"""Characters of a source line that are shown; a file may be one line of 16 MiB."""


class Severity(StrEnum):
    """An error keeps the file from being used, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@lean(frozen=True, slots=True)
class Diagnostic:
    """One finding. `line` and `column` are 1-based, in characters; `path` is like `jobs.backup.timeout`, "" for the file.

    All texts are free of control and formatting characters. `suggestion` is what to do about it, "" if there is nothing to say.
    """

    file: str
    line: int
    column: int
    severity: Severity
    path: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        """`FILE:LINE:COL: error: jobs.backup.timeout: …`, with the suggestion after a semicolon."""
        path = f"{self.path}: " if self.path else ""
        remedy = f"; {self.suggestion}" if self.suggestion else ""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {path}{self.message}{remedy}"


def render(diagnostics: Iterable[Diagnostic], lines: Mapping[str, tuple[str, ...]]) -> str:
    """Every finding in its line, below it the line of the file and a caret. `lines` holds what may be shown, by file."""
    out = []
    for found in diagnostics:
        out.append(f"{found}\n")
        text = lines.get(found.file, ())
        if 0 < found.line <= len(text):
            out.append(_excerpt(text[found.line - 1], found.column))
    return "".join(out)


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """`{"ok": …, "diagnostics": […]}`, the stable form of `check --format json`; ok = no error (warnings are fine)."""
    found = tuple(diagnostics)
    return json.dumps({"ok": is_ok(found), "diagnostics": [asdict(one) for one in found]}, ensure_ascii=False)


def is_ok(diagnostics: Iterable[Diagnostic]) -> bool:
    """Is there no error among them."""
    return all(found.severity is not Severity.ERROR for found in diagnostics)


def neutral(text: str) -> str:
    """The text in one line, with everything a terminal could obey or hide spelt out as `\\x1b`, `\\u202e` …"""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelt(sign) for sign in text)


def _spelt(sign: str) -> str:
    # Categories C (control, format, surrogate, private, unassigned) and the two line separators: `isprintable` is
    # false for exactly these and for spaces other than the common one, which no message needs as they are.
    return sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii")


def _excerpt(line: str, column: int) -> str:
    start = max(0, column - 1 - _WIDTH // 2)
    before = neutral(line[start : column - 1].replace("\t", " "))
    behind = neutral(line[column - 1 : start + _WIDTH].replace("\t", " "))
    lead = "…" if start else ""
    cut = "…" if start + _WIDTH < len(line) else ""
    return f"    {lead}{before}{behind.rstrip()}{cut}\n    {' ' * (len(lead) + _cells(before))}^\n"


def _cells(text: str) -> int:
    """Columns of a terminal that the text takes: two for the wide signs of East Asia, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
