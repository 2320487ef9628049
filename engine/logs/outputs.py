"""What a run hands on: lines `key=value` in its `$JOB_OUTPUT`, and what was found in its log.

The file lies in the engine's own folder, but it is the job that writes it: a link, a FIFO, a device or something huge
in its place is refused, never followed and never waited for (80-security).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from typing import Final

from engine.logs.chunk import read_chunk

MOST: Final = 64 * 1024
_LINE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,63})=(.*)")


class BadOutput(ValueError):  # noqa: N818 - says what is the case
    """The file cannot be taken for outputs, and why."""


def read_lines(path: str) -> dict[str, str] | None:
    """The outputs in the file; None when there is none. BadOutput names what is wrong with it."""
    text = _read(path)
    if text is None:
        return None
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise BadOutput(f"line {number} of $JOB_OUTPUT is not key=value")
        found[match[1]] = match[2]
    return found


def read_found(path: str) -> dict[str, str] | None:
    """What `patterns.py find` has printed into the file; None when there is none. BadOutput when it could not."""
    text = _read(path)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadOutput("the log could not be searched for outputs") from None
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def drop(path: str) -> None:
    """Remove the file: what was in it is on record."""
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - beside the calls below


def _read(path: str) -> str | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadOutput(f"$JOB_OUTPUT cannot be read: {error.strerror}") from None
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise BadOutput("$JOB_OUTPUT is not the file that the job was given")
        if facts.st_size > MOST:
            raise BadOutput(f"$JOB_OUTPUT holds more than {MOST} bytes")
        raw = os.read(fd, MOST)
    finally:
        os.close(fd)
    return raw.decode("utf-8", "replace")


def has_text(path: str) -> bool:
    """Is there anything in the log."""
    try:
        return os.stat(path, follow_symlinks=False).st_size > 0  # noqa: PTH116 - beside the calls above
    except OSError:
        return False


def last_lines(path: str, most: int = 2048) -> str:
    """The end of a log, whole lines, for a hook's environment; empty when there is none. NUL cannot stand in a variable."""
    try:
        chunk = read_chunk(path, -most, most)
    except OSError:
        return ""
    raw = chunk.data if chunk.offset == 0 else chunk.data.partition(b"\n")[2]
    return raw.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}").rstrip("\n")
