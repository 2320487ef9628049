"""Logs of ended runs, compressed: gzip that any tool reads, and in which ours find any place at once.

A gzip file may consist of several; each here holds `MEMBER` bytes of the log and says in its header (an extra field, as
RFC 1952 allows) how long it is, packed and unpacked. So a table of all members is read without unpacking anything, and a page
of a log of 1 GiB costs one member. It is also what bounds a forged file: a member is unpacked to `MEMBER` bytes at most.
"""

from __future__ import annotations

import os
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final

MEMBER: Final = 512 << 10
"""Bytes of a log in one member; unpacked in 2 ms."""
MOST_MEMBERS: Final = 1 << 20

_HEAD: Final = struct.Struct("<4sIBBH2sHII")
"""Magic with method and flags, time, extra flags, system, length of the extra field, its name, its length, both sizes."""
_MAGIC: Final = b"\x1f\x8b\x08\x04"
_NAME: Final = b"JQ"
_TAIL: Final = struct.Struct("<II")


def pack(source: int, target: int, gap: tuple[int, int] | None = None, going: Callable[[], bool] = lambda: True) -> int:
    """Compress what is in one file into another, holes left out, a member at a time; the bytes written.

    `gap`: from where to where the log was cut out and left a hole, whether the file system names it as one or not.
    OSError; InterruptedError when `going` says, between two members, that there is no time any more.
    """
    written = 0
    size = os.fstat(source).st_size
    first, behind = gap or (size, size)
    for start, end in (*_data(source, 0, min(first, size)), *_data(source, behind, size)):
        at = start
        while at < end:
            plain = os.pread(source, min(MEMBER, end - at), at)
            if not plain:
                return written
            if not going():
                raise InterruptedError
            at += len(plain)
            member = _member(plain)
            view = memoryview(member)
            while view:
                view = view[os.write(target, view) :]
            written += len(member)
    return written


def _member(plain: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(plain) + packer.flush()
    size = _HEAD.size + len(body) + _TAIL.size
    head = _HEAD.pack(_MAGIC, 0, 0, 255, 12, _NAME, 8, size, len(plain))
    return head + body + _TAIL.pack(zlib.crc32(plain), len(plain) & 0xFFFFFFFF)


def _data(fd: int, at: int, last: int) -> Iterator[tuple[int, int]]:
    """Where there is something between two places of a file: from and to."""
    while at < last:
        try:
            at = os.lseek(fd, at, os.SEEK_DATA)
            end = os.lseek(fd, at, os.SEEK_HOLE)
        except OSError:  # nothing but a hole is left (ENXIO)
            return
        if at < last:
            yield at, min(end, last)
        at = end


class Packed:
    """A compressed log, open: any piece of it. ValueError for a file that was not packed here."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._starts: list[int] = []
        """Where each member's bytes begin in the log."""
        self._places: list[tuple[int, int, int]] = []
        """Its place in the file, its size there, and unpacked."""
        self._last: tuple[int, bytes] = (-1, b"")
        end = os.fstat(fd).st_size
        at = self.size = 0
        while at < end:
            raw = os.pread(fd, _HEAD.size, at)
            if len(raw) < _HEAD.size or len(self._places) >= MOST_MEMBERS:
                raise ValueError("the compressed log ends in the middle of a member")
            magic, _, _, _, _, name, _, packed, plain = _HEAD.unpack(raw)
            if magic != _MAGIC or name != _NAME or packed <= _HEAD.size + _TAIL.size or plain > MEMBER:
                raise ValueError("the compressed log was not made by this program")
            self._starts.append(self.size)
            self._places.append((at, packed, plain))
            self.size += plain
            at += packed

    def pread(self, limit: int, offset: int) -> bytes:
        """Up to `limit` bytes from `offset`. ValueError for a damaged member."""
        parts: list[bytes] = []
        number = bisect_right(self._starts, offset) - 1
        while limit > 0 and 0 <= number < len(self._starts):
            begin = max(0, offset - self._starts[number])
            part = self._member(number)[begin : begin + limit]
            parts.append(part)
            limit -= len(part)
            number += 1
        return b"".join(parts)

    def _member(self, number: int) -> bytes:
        if self._last[0] != number:
            at, packed, plain = self._places[number]
            raw = os.pread(self._fd, packed, at)
            unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                data = unpacker.decompress(raw[_HEAD.size :], plain)
            except zlib.error as error:
                raise ValueError(f"the compressed log is damaged: {error}") from None
            if len(data) != plain:
                raise ValueError("the compressed log is damaged: a member is shorter than it says")
            self._last = (number, data)
        return self._last[1]
