"""Reading a file that is about to be trusted: opened once, looked at through its descriptor, bounded, decoded strictly.

A job file is code of the user who runs the engine. When that user is root, a file that somebody else could have
written is refused, as cron does: owner root, not writable by others, and likewise each folder above it (a sticky
folder of root, such as the one for temporary files, lets nobody replace what is not theirs). Group root counts as root.
"""

from __future__ import annotations

import os
import re
import stat
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Final

from engine.jobfile.nodes import START, Place
from engine.values import lean, mutable

MAX_BYTES: Final = 16 * 1024 * 1024
"""Of the job file with all its includes."""

_LINE_BREAK: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What YAML 1.1, and so libyaml, counts as the end of a line."""

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
"""What YAML does not allow in a file; a NUL would make libyaml stop reading without a word. Said as what is allowed, as YAML
says it, it takes ten times as long to compile (5 ms)."""

_OTHER_ENCODINGS: Final = (
    (BOM_UTF32_LE, "UTF-32"),
    (BOM_UTF32_BE, "UTF-32"),
    (BOM_UTF16_LE, "UTF-16"),
    (BOM_UTF16_BE, "UTF-16"),
)


class SourceError(Exception):
    """A file cannot be used: `message` says why, `remedy` what to do; `place` where in it."""

    def __init__(self, message: str, remedy: str = "", place: Place = START) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.place = place


@lean(frozen=True, slots=True)
class Source:
    """A job file as read. `name` is how messages call it, `folder` where its relative paths start (absolute)."""

    name: str
    folder: str
    text: str

    def lines(self) -> tuple[str, ...]:
        """Its lines, counted as positions count them."""
        return tuple(_LINE_BREAK.split(self.text))


@mutable(slots=True)
class Budget:
    """What may still be read; all files of one load share it."""

    left: int = MAX_BYTES


@mutable(slots=True)
class Opener:
    """Opens files under the rules of the module's text, for the user `uid`; folders are looked at once."""

    budget: Budget = field(default_factory=Budget)
    uid: int = field(default_factory=os.geteuid)
    opened: dict[str, None] = field(default_factory=dict)
    """Absolute paths that were read, or could not be; with those that symlinks led to. In order."""
    _safe: set[Path] = field(default_factory=set)

    def read(self, path: Path, *, below: Path | None = None) -> bytes:
        """The bytes of a regular file. SourceError if it cannot or must not be read, or leads out of the folder `below`."""
        self.opened[str(path.absolute())] = None
        try:
            # Non-blocking, so that a FIFO without a writer cannot hold us before fstat has seen what it is.
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            raise SourceError(f"cannot be read: {_reason(error)}") from None
        try:
            return self._read(fd, path, below)
        except OSError as error:
            raise SourceError(f"cannot be read: {_reason(error)}") from None
        finally:
            os.close(fd)

    def _read(self, fd: int, path: Path, below: Path | None) -> bytes:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise SourceError("is not a regular file", "pipes, devices and folders cannot be read as a job file")
        real = Path(f"/proc/self/fd/{fd}").readlink()
        self.opened[str(real)] = None
        if below is not None and not real.is_relative_to(below):
            raise SourceError(f"leads out of the folder of the job file, to {real}", "move it below that folder")
        if self.uid == 0:
            _check_safe(facts, "the file")
            for folder in {*path.absolute().parents, *real.parents} - self._safe:
                _check_safe(folder.stat(), f"the folder {folder}")
                self._safe.add(folder)
        return self._drain(fd)

    def _drain(self, fd: int) -> bytes:
        parts = []
        while part := os.read(fd, min(1 << 20, self.budget.left + 1)):
            self.budget.left -= len(part)
            if self.budget.left < 0:
                raise SourceError(
                    f"is too large: a job file and its includes have at most {MAX_BYTES >> 20} MiB together",
                    "move what the jobs need into files of their own",
                )
            parts.append(part)
        return b"".join(parts)


def decode(raw: bytes) -> str:
    """The text of a job file, without a byte order mark. SourceError, with the place, for anything but clean UTF-8."""
    for mark, encoding in _OTHER_ENCODINGS:
        if raw.startswith(mark):
            raise SourceError(f"is {encoding}; a job file is UTF-8", "save it as UTF-8")
    if b"\0" in raw[:4] and len(raw) > 1:
        raise SourceError("is UTF-16 or UTF-32, or no text; a job file is UTF-8", "save it as UTF-8")
    raw = raw.removeprefix(BOM_UTF8)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"is not UTF-8: byte 0x{raw[error.start]:02x} stands where no character begins or goes on",
            "save it as UTF-8",
            place_of(raw[: error.start].decode("utf-8")),
        ) from None
    if (found := _FORBIDDEN.search(text)) is not None:
        raise SourceError(
            f"the character U+{ord(found[0]):04X} is not allowed in YAML",
            'remove it, or write it as an escape in double quotes, like "\\x1b"',
            place_of(text[: found.start()]),
        )
    return text


def place_of(before: str) -> Place:
    """The place of what comes right after the text `before`."""
    last = 0
    line = 1
    for line, found in enumerate(_LINE_BREAK.finditer(before), 2):  # noqa: B007 - the last count is what is wanted
        last = found.end()
    return Place(line, len(before) - last + 1)


def glob_below(folder: Path, pattern: str) -> Iterator[Path]:
    """The files that an `include` pattern names, sorted. SourceError if the pattern leads out of the folder."""
    if pattern.startswith(("/", "~")) or ".." in Path(pattern).parts:
        raise SourceError(
            f'the pattern "{pattern}" leads out of the folder of the file', "name files below that folder"
        )
    try:
        yield from sorted(path for path in folder.glob(pattern) if not path.is_dir())
    except (ValueError, NotImplementedError, OSError, re.error) as error:
        raise SourceError(f'the pattern "{pattern}" cannot be used: {error}') from None


def _check_safe(facts: os.stat_result, what: str) -> None:
    if facts.st_uid != 0:
        raise SourceError(
            f"is unsafe for root: {what} belongs to user {facts.st_uid}, who could change what root runs",
            "give it to root, or run as that user",
        )
    by_others = facts.st_mode & stat.S_IWOTH or (facts.st_mode & stat.S_IWGRP and facts.st_gid != 0)
    if by_others and not (stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX):
        raise SourceError(f"is unsafe for root: {what} can be changed by others", "chmod go-w")


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
