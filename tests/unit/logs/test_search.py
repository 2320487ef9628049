"""Finding lines: in both directions, over pieces and cuts, in logs of any size with little memory."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.logs import search
from engine.logs.cutting import collapse, cut
from engine.logs.search import BadPattern, find
from engine.model.log_parts import LogQuery

ALL = 10_000


def lines_of(text: bytes) -> list[tuple[int, bytes]]:
    """Position and text of each line."""
    found, at = [], 0
    for line in text.removesuffix(b"\n").split(b"\n") if text else []:
        found.append((at, line))
        at += len(line) + 1
    return found


def found(path: Path, query: LogQuery, start: int, *, back: bool = False) -> list[tuple[int, bytes]]:
    """All of it, however often one has to ask."""
    hits: list[tuple[int, bytes]] = []
    while True:
        part = find(str(path), query, start, back=back, most=3, seconds=5)
        hits += [(hit.offset, hit.line) for hit in part.hits]
        if part.done:
            return hits
        assert part.reached != start
        start = part.reached


@given(
    st.lists(st.sampled_from([b"error: x", b"ok", b"", b"ERROR", b"a" * 30, "größe".encode(), b"\xff\0"]), max_size=30),
    st.sampled_from([LogQuery("error"), LogQuery("error", ignore_case=True), LogQuery("größe"), LogQuery("")]),
    st.booleans(),
    st.integers(8, 40),
)
@settings(max_examples=150, deadline=None)
def test_every_line_is_found_once_whatever_the_size_of_pieces(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], query: LogQuery, ended: bool, size: int
) -> None:
    path = tmp_path_factory.mktemp("search") / "1.log"
    text = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    path.write_bytes(text)
    needle = query.text.encode()
    expected = [
        (at, line)
        for at, line in lines_of(text)
        if (needle.lower() in line.lower() if query.ignore_case else needle in line)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "MOST", 64 + size)
        assert found(path, query, 0) == expected
        assert found(path, query, len(text), back=True) == expected[::-1]


def test_a_pattern_is_looked_for_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    text = b"".join(b"%d %s\n" % (n, b"even" if n % 2 == 0 else b"odd") for n in range(100))
    path.write_bytes(text)
    query = LogQuery(r"^\d*5 ODD$", regex=True, ignore_case=True)
    expected = [(at, line) for at, line in lines_of(text) if re.search(rb"^\d*5 odd$", line)]
    assert found(path, query, 0) == expected
    assert found(path, query, len(text), back=True) == expected[::-1]
    assert found(path, LogQuery("^", regex=True), 0) == lines_of(text)


def test_a_pattern_that_never_ends_and_one_that_is_none_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """80-security: patterns of users run with a deadline, outside the engine."""
    monkeypatch.setattr(search, "PATIENCE", 0.3)
    path = tmp_path / "1.log"
    path.write_bytes(b"a" * 40 + b"!\n")
    with pytest.raises(BadPattern, match="too long"):
        find(str(path), LogQuery("(a+)+$", regex=True), 0, back=False, most=1, seconds=1)
    with pytest.raises(BadPattern, match="not a pattern: "):
        find(str(path), LogQuery("(", regex=True), 0, back=False, most=1, seconds=1)


def test_a_search_goes_over_what_was_cut_out(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    text = b"".join(b"line %07d\n" % n for n in range(100_000))
    path.write_bytes(text)
    try:
        cut(str(path), 256 << 10, [collapse])
    except OSError as error:
        pytest.skip(str(error))
    down = found(path, LogQuery("00 of "), 0)
    assert not down
    down = found(path, LogQuery("77"), 0)
    assert down == found(path, LogQuery("77"), len(text), back=True)[::-1]
    assert all(text[at:].startswith(line) for at, line in down if not 65_536 <= at < 65_536 + 4096)
    assert down[0][0] < 65_536
    assert down[-1][0] > 900_000


def test_a_search_stops_in_time_and_says_how_far_it_got(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    path.write_bytes(b"nothing\n" * 1_000_000)
    part = find(str(path), LogQuery("x"), 0, back=False, most=5, seconds=0)
    assert not part.done
    assert 0 < part.reached <= 1 << 20
    assert found(path, LogQuery("x"), 0) == []


def test_a_gibibyte_is_searched_in_little_memory(tmp_path: Path) -> None:
    """A sparse file, and a process whose memory cannot hold it."""
    path = tmp_path / "1.log"
    with path.open("wb") as file:
        file.truncate(1 << 30)
        file.seek(1 << 30)
        file.write(b"\nhere it is\n")
    program = (
        "import sys\nfrom engine.api import LogQuery\nfrom engine.logs.search import find\n"
        "print(find(sys.argv[1], LogQuery('here it'), 0, back=False, most=1, seconds=60).hits[0].offset)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (100 << 20, 100 << 20)),
        capture_output=True,
        check=True,
    )
    assert int(done.stdout) == (1 << 30) + 1
