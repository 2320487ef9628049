"""Compressed logs: any gzip tool reads them, any place is found at once, and a forged one harms nobody."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.logs.chunk import read_chunk
from engine.logs.cutting import collapse, cut, hole
from engine.logs.masking import marks_path
from engine.logs.packing import MEMBER, Packed, pack
from engine.logs.reader import LogReader
from engine.logs.secret_child import add_marks


def packed(path: Path, gap: tuple[int, int] | None = None) -> Path:
    """The log in its other form, alone."""
    target = path.with_name(path.name + ".gz")
    with path.open("rb") as source, target.open("wb") as file:
        pack(source.fileno(), file.fileno(), gap)
    path.unlink()
    return target


def some(size: int) -> bytes:
    return b"".join(b"%08d\n" % number for number in range(size // 9 + 1))[:size]


@given(st.binary(max_size=2000), st.integers(0, 3), st.data())
@settings(max_examples=40, deadline=None)
def test_any_piece_of_a_compressed_log_is_that_piece_of_the_log(text: bytes, members: int, data: st.DataObject) -> None:
    whole = some(members * MEMBER) + text
    source, target = os.memfd_create("source"), os.memfd_create("target")
    try:
        os.write(source, whole)
        pack(source, target)
        log = Packed(target)
        assert log.size == len(whole)
        for _ in range(5):
            at = data.draw(st.integers(0, len(whole) + 1))
            limit = data.draw(st.integers(0, 3 * MEMBER))
            assert log.pread(limit, at) == whole[at : at + limit]
        assert gzip.decompress(os.pread(target, os.fstat(target).st_size, 0) or gzip.compress(b"")) == whole
    finally:
        os.close(source)
        os.close(target)


def test_a_log_is_found_by_either_of_its_names(tmp_path: Path) -> None:
    """`log_path` on record may be the older one."""
    path = tmp_path / "7.log"
    path.write_bytes(some(1_200_000))
    packed(path)
    for name in (path, tmp_path / "7.log.gz"):
        chunk = read_chunk(str(name), -20, 100)
        assert (chunk.data, chunk.size) == (some(1_200_000)[-20:], 1_200_000)
    with pytest.raises(FileNotFoundError):
        read_chunk(str(tmp_path / "8.log"), 0, 1)


@pytest.mark.parametrize("way", [collapse, hole])
def test_a_log_that_was_cut_reads_the_same_once_it_is_compressed(tmp_path: Path, way: object) -> None:
    path = tmp_path / "7.log"
    path.write_bytes(some(3_000_000))
    try:
        cut(str(path), 256 << 10, [collapse if way is collapse else hole])
    except OSError as error:
        pytest.skip(str(error))
    before = [read_chunk(str(path), at, 1 << 20) for at in (0, 65536, 70_000, 2_900_000, -50)]
    compressed = packed(path)
    assert [read_chunk(str(path), at, 1 << 20) for at in (0, 65536, 70_000, 2_900_000, -50)] == before
    assert compressed.stat().st_size < 256 << 10
    assert b"\0" not in gzip.decompress(compressed.read_bytes())


def test_what_was_cut_out_is_left_out_though_the_file_system_names_no_hole(tmp_path: Path) -> None:
    """zfs names holes of whole records only; positions behind the cut go on all the same."""
    path = tmp_path / "7.log"
    path.write_bytes(some(3_000_000))
    try:
        layout = cut(str(path), 256 << 10, [hole])
    except OSError as error:
        pytest.skip(str(error))
    assert layout is not None
    assert layout.gap is not None
    before = [read_chunk(str(path), at, 1 << 20) for at in (0, 70_000, 2_900_000, -50)]
    with path.open("r+b") as file:
        file.seek(layout.gap[0])
        file.write(bytes(layout.gap[1] - layout.gap[0]))
    packed(path, layout.gap)
    assert [read_chunk(str(path), at, 1 << 20) for at in (0, 70_000, 2_900_000, -50)] == before


def test_secrets_are_hidden_in_compressed_logs(tmp_path: Path) -> None:
    path = tmp_path / "7.log"
    path.write_bytes(b"a hunter2-and-more b\n")
    add_marks(marks_path(str(path)), [b"hunter2-and-more"])
    assert read_chunk(str(packed(path)), 0, 100).data == b"a **************** b\n"


@pytest.mark.parametrize(
    "raw",
    [
        gzip.compress(b"not ours", mtime=0),
        b"\x1f\x8b\x08\x04",
        b"",
        b"x" * 5000,
        b"\x1f\x8b\x08\x04" + bytes(6) + b"\x0c\x00JQ\x08\x00" + b"\x40\x00\x00\x00" + b"\xff\xff\xff\x7f" + bytes(64),
        b"\x1f\x8b\x08\x04" + bytes(6) + b"\x0c\x00JQ\x08\x00" + b"\x40\x00\x00\x00" + b"\x00\x00\x01\x00" + bytes(64),
        b"\x1f\x8b\x08\x04" + bytes(6) + b"\x0c\x00JQ\x08\x00" + b"\x01\x00\x00\x00" + b"\x00\x00\x01\x00" + bytes(64),
    ],
    ids=["gzip", "cut", "empty", "text", "huge member", "damaged member", "no length"],
)
def test_a_forged_or_damaged_file_is_an_error_and_no_bomb(tmp_path: Path, raw: bytes) -> None:
    """80-security: compressed log bombs."""
    path = tmp_path / "7.log.gz"
    path.write_bytes(raw)
    if raw:
        with pytest.raises(OSError, match="compressed log"):
            read_chunk(str(path), 0, 100)
    else:
        assert read_chunk(str(path), 0, 100).data == b""


def test_a_bomb_is_unpacked_no_further_than_a_member(tmp_path: Path) -> None:
    path = tmp_path / "7.log"
    path.write_bytes(bytes(20 * MEMBER))
    with LogReader(str(packed(path))) as log:
        assert len(log.read(0, 1 << 20).data) == 1 << 20
