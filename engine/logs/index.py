"""What lies beside a log: which bytes were printed by when, and what was cut out of it.

A position in a log is the number of bytes that were printed before it, whatever was cut since: whoever follows a log, and
the times in its index, need not know of a cut. `Layout` says where such a position lies in the file:

    [ head ][ mark ]( cut: gone )[ tail ... ]

A cut takes whole blocks of the file system out behind the mark. They leave no trace (`holed` False: the tail moves up), or a
hole where that is all that the file system can do. The mark is text in the log itself; its first `kept` bytes are the end of
the head, so that the lines on both sides of it are whole.

The file is one header and then times, each written once. Before a cut touches the log it says so in the header (`cutting`), so
that a reader knows that what it has read in the meantime may lie elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from engine.clock import Instant
from engine.values import lean

_MAGIC: Final = b"jqlog\x001\n"
_HEADER: Final = struct.Struct("<8sQQQQII")
_STAMP: Final = struct.Struct("<QqII")
_CUTTING_AT: Final = 40
"""Where the header says that a cut is under way."""

MOST_STAMPS: Final = 65_536
"""Times that are kept (1.5 MiB); of more than that every second one of the older half goes."""


class Stamp(NamedTuple):
    """Everything before `end` was printed by `at`, and by this attempt or an earlier one."""

    end: int
    at: Instant
    attempt: int
    full: int = 0
    """1: the disk was full since the stamp before, so that something may be missing."""


@lean(frozen=True, slots=True)
class Layout:
    """Where the bytes of a log are in its file."""

    head: int = 0
    mark: int = 0
    cut: int = 0
    kept: int = 0
    cutting: bool = False
    holed: bool = False

    @property
    def gap(self) -> tuple[int, int] | None:
        """The positions that are gone, from and to; None: all is there."""
        return (self.head + self.mark, self.head + self.mark + self.cut) if self.cut else None

    def size(self, physical: int) -> int:
        """How many bytes were printed, by the file's size."""
        return physical if self.holed or physical <= self.head + self.mark else physical + self.cut

    def place(self, position: int) -> int:
        """Where a position lies in the file; one that is gone, where the tail begins."""
        start, end = self.gap or (position, position)
        if position < start:
            return position
        position = max(position, end)
        return position if self.holed else position - self.cut


WHOLE: Final = Layout()


@lean(frozen=True, slots=True)
class Index:
    """The layout and the times of a log, in the order in which they were noted."""

    layout: Layout
    stamps: Sequence[Stamp]

    def since(self, at: Instant) -> int:
        """The position at which what was printed after `at` begins, at the latest.

        The clock may have been put back meanwhile: the last stamp at or before `at` decides.
        """
        return next((stamp.end for stamp in reversed(self.stamps) if stamp.at <= at), 0)

    def stamp_of(self, position: int) -> Stamp | None:
        """By when the byte at a position had been printed; None: not known yet."""
        place = bisect_right(self.stamps, position, key=lambda stamp: stamp.end)
        return self.stamps[place] if place < len(self.stamps) else None


NO_INDEX: Final = Index(WHOLE, ())


def read_layout(path: str) -> Layout:
    """Of the index at `path`; all is there where there is none, or none that the engine wrote."""
    return _layout(_read(path, _HEADER.size))


def read_index(path: str) -> Index:
    """All of it; what cannot be is left out, for the job may write there as well."""
    raw = _read(path, _HEADER.size + _STAMP.size * (MOST_STAMPS + 1024))
    layout = _layout(raw)
    if not raw.startswith(_MAGIC):
        return NO_INDEX
    whole = (len(raw) - _HEADER.size) // _STAMP.size * _STAMP.size
    stamps: list[Stamp] = []
    for fields in _STAMP.iter_unpack(raw[_HEADER.size : _HEADER.size + whole]):
        stamp = Stamp(*fields)
        if not stamps or stamp.end >= stamps[-1].end:
            stamps.append(stamp)
    return Index(layout, stamps)


def add_stamps(path: str, stamps: Sequence[Stamp]) -> int:
    """Note times; makes the file. Its size after that. OSError: a full disk, or no regular file."""
    raw = b"".join(_STAMP.pack(*stamp) for stamp in stamps)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(f"{path} is not a regular file")
        size = facts.st_size
        torn = size if size < _HEADER.size else (size - _HEADER.size) % _STAMP.size
        if torn:  # a full disk took only a part of what was written last
            os.ftruncate(fd, size - torn)
            size -= torn
        if size == 0:
            raw = _packed(WHOLE) + raw
        if os.write(fd, raw) < len(raw):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return size + len(raw)
    finally:
        os.close(fd)


def begin_cut(path: str) -> None:
    """Say that positions are about to move; makes the file. OSError."""
    add_stamps(path, ())
    _overwrite(path, struct.pack("<I", 1), _CUTTING_AT)


def end_cut(path: str, layout: Layout) -> None:
    """Write the new layout over the old one, for which even a full disk has room; then leave out times of what is gone. OSError."""
    layout = replace(layout, cutting=False)
    index = read_index(path)
    _overwrite(path, _packed(layout), 0)
    if layout == index.layout or layout.gap is None:
        return
    start, end = layout.gap
    stamps = [stamp for stamp in index.stamps if not start < stamp.end <= end]
    last_gone = next((stamp for stamp in reversed(index.stamps) if start < stamp.end <= end), None)
    if last_gone is not None:  # what follows the cut was printed after this
        stamps.append(last_gone._replace(end=end))
        stamps.sort(key=lambda stamp: stamp.end)
    with contextlib.suppress(OSError):
        _replace(path, layout, stamps)


def _overwrite(path: str, raw: bytes, at: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        os.pwrite(fd, raw, at)
    finally:
        os.close(fd)


def thin(path: str) -> None:
    """Leave out every second time of the older half. OSError."""
    index = read_index(path)
    older = len(index.stamps) // 2
    _replace(path, index.layout, [*index.stamps[:older:2], *index.stamps[older:]])


def _replace(path: str, layout: Layout, stamps: Sequence[Stamp]) -> None:
    draft = path + ".new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    fd = os.open(draft, flags, 0o600)
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(_packed(layout) + b"".join(_STAMP.pack(*stamp) for stamp in stamps))
    finally:
        os.close(fd)
    os.rename(draft, path)  # noqa: PTH104 - beside the calls above


def _packed(layout: Layout) -> bytes:
    return _HEADER.pack(
        _MAGIC, layout.head, layout.mark, layout.cut, layout.kept, int(layout.cutting), int(layout.holed)
    )


def _layout(raw: bytes) -> Layout:
    if len(raw) < _HEADER.size or not raw.startswith(_MAGIC):
        return WHOLE
    _, head, mark, cut, kept, cutting, holed = _HEADER.unpack_from(raw)
    if max(head, mark, cut) >= 1 << 62 or kept > mark:
        return WHOLE
    return Layout(head, mark, cut, kept, bool(cutting), bool(holed))


def _read(path: str, most: int) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return b""
        return os.pread(fd, most, 0)
    except OSError:
        return b""
    finally:
        os.close(fd)
