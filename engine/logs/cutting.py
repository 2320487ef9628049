"""Takes the middle out of a log that its job goes on writing.

The writer has the file open to append (O_APPEND), so what it prints lands behind the last byte, wherever that is when the
kernel takes it; nothing has to stop, and nothing that is printed during a cut is lost or out of order. What goes are whole
blocks between the mark and the tail, by one call:

1. `collapse`: the kernel takes them out, under the lock that an append takes as well, and the tail moves up (ext4, xfs).
2. `hole`: the kernel frees them and leaves a hole, which reads as zeros (btrfs, tmpfs, zfs). The file looks as long as all that
   was printed; readers pass over the hole, and compression leaves it out.
3. `rewrite`, where neither can be done (NFS before 4.2, vfat): the tail is read, the file is cut behind its head, and the tail is
   appended. What is printed between the last read and the cut, some microseconds, is lost.

The mark is one block, written over bytes that are gone anyway, before anything is taken out: a crash in between leaves a mark too
many and no byte too few. It holds the end of the head up to the end of a line, the words, and the beginning of the tail from the
beginning of a line. Lines longer than half a block (2 KiB on most machines) are cut where they are.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from engine.clock import Instant, moment
from engine.logs.index import Index, Layout, begin_cut, end_cut, read_index
from engine.logs.masking import Marks, marks_of
from engine.logs.places import index_path
from engine.spec.units import format_size
from engine.values import lean

HEAD: Final = 64 << 10
"""Bytes at the beginning that always stay: first errors live there."""
LARGEST_BLOCK: Final = 64 << 10
WORDS: Final = 256
"""Bytes of the mark that are left for what it says."""

_KEEP_SIZE: Final = 0x01
_PUNCH_HOLE: Final = 0x02
_COLLAPSE_RANGE: Final = 0x08
_UNABLE: Final = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.ENODEV})


@lean(frozen=True, slots=True)
class Span:
    """Bytes of a file, from and to."""

    start: int
    end: int


Way: TypeAlias = Callable[[int, Span], bool | None]
"""Takes a span out of an open file: True: and leaves a hole; False: and what follows has moved up; None: it cannot."""


def collapse(fd: int, span: Span) -> bool | None:
    """See the module."""
    return False if _fallocate(fd, _COLLAPSE_RANGE, span) else None


def hole(fd: int, span: Span) -> bool | None:
    """See the module."""
    return True if _fallocate(fd, _PUNCH_HOLE | _KEEP_SIZE, span) else None


def rewrite(fd: int, span: Span) -> bool | None:
    """See the module."""
    tail = bytearray()
    while piece := os.pread(fd, 1 << 20, span.end + len(tail)):
        tail += piece
    os.ftruncate(fd, span.start)
    append = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        view = memoryview(tail)
        while view:
            view = view[os.write(append, view) :]
    finally:
        os.close(append)
    return False


WAYS: Final[Sequence[Way]] = (collapse, hole, rewrite)


def bytes_held(facts: os.stat_result) -> int:
    """What a log takes: a hole takes nothing, and what a job makes sparse by itself does not count (80-security)."""
    return min(facts.st_size, facts.st_blocks * 512)


def cut(path: str, max_size: int, ways: Sequence[Way] = WAYS) -> Layout | None:
    """Cut a log that holds more than `max_size` down to its head, a mark, and a tail of half of that; None: nothing to be
    done. OSError: it cannot be cut."""
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(f"{path} is not a regular file")
        if bytes_held(facts) <= max_size:
            return None
        return _cut(fd, path, facts.st_size, max_size, ways)
    finally:
        os.close(fd)


def _cut(fd: int, path: str, size: int, max_size: int, ways: Sequence[Way]) -> Layout | None:
    block = max(4096, os.fstatvfs(fd).f_frsize)
    if block > LARGEST_BLOCK:
        block, ways = 4096, [rewrite]
    beside = index_path(path)
    index = read_index(beside)
    was = index.layout
    if was.cut and was.place(was.head + was.mark) >= size:  # the job has emptied its log: a new one, as it were
        was = Layout()
    head, mark = (was.head, was.mark) if was.cut else (HEAD, block)
    start = head + mark
    tail = (size - max_size // 2) // block * block
    first = was.place(start) if was.cut else start  # where there is something behind the mark
    if tail <= first:
        return None
    if was.cut:  # one log is cut in one way only: its positions are counted by it
        ways = [hole] if was.holed else [way for way in ways if way is not hole]
    begin_cut(beside)
    layout = was
    try:
        end = tail if was.holed else tail + was.cut  # as a position
        kept = _Mark(fd, marks_of(path), was, head, mark, tail, end).write(index, max_size)
        for way in ways:
            holed = way(fd, Span(start, tail))
            if holed is not None:
                layout = Layout(head, mark, end - start, kept, holed=holed)
                return layout
    finally:
        end_cut(beside, layout)
    raise OSError(errno.EOPNOTSUPP, "the file system cannot take anything out of a file")


@lean(frozen=True, slots=True)
class _Mark:
    """The block between head and tail: `head` bytes stand before it, `tail` is where the tail begins in the file, `end` as a
    position."""

    fd: int
    marks: Marks | None
    was: Layout
    head: int
    size: int
    tail: int
    end: int

    def write(self, index: Index, max_size: int) -> int:
        """Put it in its place; how much of it is the end of the head."""
        around = 1 if self.marks is None else self.marks.longest
        side = (self.size - WORDS) // 2
        before = self._visible(self.head - around, self.head + self.size + around)
        behind = self._visible(self.tail - side - around, self.tail + around)
        if self.marks is not None:  # a value that the cut would halve: nobody could find its halves any more
            os.pwrite(self.fd, before[:around], self.head - around)
            os.pwrite(self.fd, behind[-around:], self.tail)
        if self.was.cut:
            above = before[around : around + self.was.kept]
        else:
            half = before[around : around + side]
            above = half[: half.rfind(b"\n") + 1]
        half = behind[around : around + side]
        line_start = half.find(b"\n") + 1
        below = half[line_start:] if line_start else b""
        text = _words(index, Span(self.head + len(above), self.end - len(below)), max_size)
        if not above and before[around - 1 : around] != b"\n":
            text = b"\n" + text
        room = self.size - len(above) - len(below) - len(text) - 1
        os.pwrite(self.fd, above + text + b"-" * room + b"\n" + below, self.head)
        return len(above)

    def _visible(self, start: int, end: int) -> bytes:
        """Bytes of the file, with secrets as stars."""
        data = os.pread(self.fd, end - start, start)
        return data if self.marks is None else self.marks.hide(data)


def _words(index: Index, gone: Span, max_size: int) -> bytes:
    first, last = index.stamp_of(gone.start), index.stamp_of(gone.end)
    times = f", printed {_time(first.at)} to {_time(last.at)}" if first is not None and last is not None else ""
    return (
        f"--- {gone.end - gone.start} bytes were cut out here{times}; log.max_size is {format_size(max_size)} ".encode()
    )


def _time(at: Instant) -> str:
    return moment(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fallocate(fd: int, mode: int, span: Span) -> bool:
    call = ctypes.CDLL(None, use_errno=True).fallocate
    call.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    while call(fd, mode, span.start, span.end - span.start) != 0:
        code = ctypes.get_errno()
        if code in _UNABLE:
            return False
        if code != errno.EINTR:
            raise OSError(code, os.strerror(code))
    return True
