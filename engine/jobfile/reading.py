"""Where a reader of fields stands, and where it reports what it finds. A reader never raises for bad content."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import field, replace
from enum import Enum
from typing import Final

from engine.jobfile.diagnostics import Diagnostic, Severity, neutral
from engine.jobfile.nodes import Node, Place, path_of
from engine.jobfile.source import Source
from engine.jobfile.suggest import Guesser
from engine.values import mutable


class Bad(Enum):
    """What a reader returns in place of a value that was refused; the finding is on report already."""

    BAD = "bad"


BAD: Final = Bad.BAD


@mutable(slots=True)
class Report:
    """The findings of one load. The same mistake at the same place is told once, however many jobs share it by an alias."""

    guesser: Guesser = field(default_factory=Guesser)
    _found: dict[tuple[str, int, int, str], Diagnostic] = field(default_factory=dict)
    _files: dict[str, int] = field(default_factory=dict)
    errors: int = 0
    """Errors so far, the same one told again included."""
    good_schedules: dict[str, str | None] = field(default_factory=dict)
    """Cron expressions found good, with the zone of their `CRON_TZ=`: most files repeat a few."""
    _vocabularies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _lines: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def lines(self, source: Source) -> tuple[str, ...]:
        """The lines of a file, split once."""
        if source.name not in self._lines:
            self._lines[source.name] = source.lines()
        return self._lines[source.name]

    def vocabulary(self, kind: str, words: Callable[[], Collection[str]]) -> tuple[str, ...]:
        """The words of a kind that are costly to list, listed once."""
        if kind not in self._vocabularies:
            self._vocabularies[kind] = tuple(sorted(words()))
        return self._vocabularies[kind]

    def begin(self, file: str) -> None:
        """A file is about to be read; findings are sorted in this order."""
        self._files.setdefault(file, len(self._files))

    def add(self, found: Diagnostic) -> None:
        """Put a finding on report, its texts made harmless."""
        self.errors += found.severity is Severity.ERROR
        self.begin(found.file)
        key = (found.file, found.line, found.column, found.message)
        if key not in self._found:
            self._found[key] = replace(
                found,
                file=neutral(found.file),
                path=neutral(found.path),
                message=neutral(found.message),
                suggestion=neutral(found.suggestion),
            )

    def error(self, source: Source, at: Node | Place, path: str, message: str, suggestion: str = "") -> None:
        """An error at a node."""
        self.add(Diagnostic(source.name, at.line, at.column, Severity.ERROR, path, message, suggestion))

    def warning(self, source: Source, at: Node | Place, path: str, message: str, suggestion: str = "") -> None:
        """A warning at a node."""
        self.add(Diagnostic(source.name, at.line, at.column, Severity.WARNING, path, message, suggestion))

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings: files in the order they were read, within a file by place."""
        order = sorted(self._found.items(), key=lambda one: (self._files[one[0][0]], *one[0][1:]))
        return tuple(found for _, found in order)


@mutable(slots=True)
class Reading:
    """One file being read: its report, and the trail of keys from the top to where the reader stands."""

    source: Source
    report: Report
    strict: bool = False
    trail: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The trail as text, like `jobs.backup.timeout`."""
        return path_of(self.trail)

    def problem(self, at: Node | Place, message: str, suggestion: str = "") -> Bad:
        """Report an error here; the result says so to the caller's caller."""
        self.report.error(self.source, at, self.path, message, suggestion)
        return BAD

    def warn(self, at: Node | Place, message: str, suggestion: str = "") -> None:
        """Report a warning here."""
        self.report.warning(self.source, at, self.path, message, suggestion)

    def did_you_mean(self, word: str, words: Collection[str], kind: str) -> str:
        """The suggestion for a misspelt word of the vocabulary `kind`, "" if none is near."""
        return self.report.guesser.did_you_mean(word, words, kind)
