"""A log that is cut while its job writes: what stays, what readers see, and how positions go on."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.logs.chunk import read_chunk
from engine.logs.cutting import HEAD, Way, collapse, cut, hole, rewrite
from engine.logs.index import Stamp, add_stamps, read_index, read_layout
from engine.logs.masking import marks_path
from engine.logs.places import index_path
from engine.logs.reader import LogReader
from engine.logs.secret_child import add_marks

MAX = 256 << 10
WAYS = [pytest.param(collapse, id="collapse"), pytest.param(hole, id="hole"), pytest.param(rewrite, id="rewrite")]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "7.log"


def lines(first: int, count: int) -> bytes:
    return b"".join(b"line %08d of what a job prints\n" % number for number in range(first, first + count))


def able(path: Path, way: Way) -> None:
    """Skip where the file system cannot do it."""
    probe = path.with_name("probe.log")
    probe.write_bytes(bytes(MAX * 2))
    try:
        cut(str(probe), MAX, [way])
    except OSError as error:
        pytest.skip(f"{way.__name__}: {error.strerror}")


def all_of(path: Path) -> bytes:
    with LogReader(str(path)) as log:
        at, parts = 0, list[bytes]()
        while (chunk := log.read(at, 100_000)).data:
            parts.append(chunk.data)
            at = chunk.offset + len(chunk.data)
        assert at == chunk.size
    return b"".join(parts)


@pytest.mark.parametrize("way", WAYS)
def test_head_and_tail_stay_and_the_cut_is_marked_in_whole_lines(log: Path, way: Way) -> None:
    """64 KiB of head, half of the limit as tail, one mark between them, every line around it whole."""
    able(log, way)
    text = lines(0, 20_000)
    log.write_bytes(text)
    assert cut(str(log), MAX, [way]) is not None
    shown = all_of(log)
    assert len(shown) <= MAX
    above, mark, below = shown.partition(b"--- ")
    assert len(above) >= HEAD
    assert text.startswith(above)
    assert above.endswith(b"\n")
    words, _, below = below.partition(b"\n")
    gone, _, rest = words.partition(b" bytes were cut out here; log.max_size is 256K -")
    assert mark
    assert set(rest) <= set(b"-")
    assert text.endswith(below)
    assert below.startswith(b"line ")
    assert len(below) >= MAX // 2
    assert len(above) + int(gone) + len(below) == len(text)


@pytest.mark.parametrize("way", WAYS)
def test_positions_go_on_over_any_number_of_cuts(log: Path, way: Way) -> None:
    """Who follows a log by the bytes that it has seen goes on with the next one printed."""
    able(log, way)
    printed, first = b"", 0
    with log.open("ab") as job:
        for count in (9_000, 3_000, 20_000, 100, 15_000):
            new = lines(first, count)
            first += count
            at = len(printed)
            job.write(new)
            job.flush()
            printed += new
            cut(str(log), MAX, [way])
            add_stamps(index_path(str(log)), [Stamp(len(printed), first, 1)])
            chunk = read_chunk(str(log), len(printed) - 5000, 5000)
            assert chunk.size == len(printed)
            assert chunk.data == printed[-5000:]
            assert read_chunk(str(log), 0, HEAD).data == printed[:HEAD]
            follower = read_chunk(str(log), at, 1 << 20)
            assert follower.offset >= at
            if follower.gap is None or at >= follower.gap[0]:
                assert follower.data
                assert printed[follower.offset :].startswith(follower.data)
    assert all_of(log).count(b"bytes were cut out here") == 1
    facts = log.stat()
    assert min(facts.st_size, facts.st_blocks * 512) <= MAX + 8192
    index = read_index(index_path(str(log)))
    assert index.layout.gap is not None
    assert index.since(first) == len(printed)


@pytest.mark.parametrize("way", [WAYS[0], WAYS[1]])
def test_nothing_that_is_printed_during_a_cut_is_lost_or_torn(log: Path, way: Way) -> None:
    """A job at full speed, cut again and again: every line after the mark is whole and follows the one before."""
    able(log, way)
    program = (
        "import os,sys\nfd=os.open(sys.argv[1],os.O_WRONLY|os.O_CREAT|os.O_APPEND)\n"
        "for n in range(0,400000,50): os.write(fd,b''.join(b'%09d %s\\n'%(k,b'x'*60) for k in range(n,n+50)))"
    )
    job = subprocess.Popen([sys.executable, "-c", program, str(log)])
    cuts = 0
    while job.poll() is None:
        if log.exists():
            cuts += cut(str(log), MAX, [way]) is not None
    assert job.wait() == 0
    assert cuts > 3
    text = all_of(log)
    tail = text[text.rindex(b" bytes were cut out here") :].partition(b"\n")[2].splitlines()
    numbers = [int(line[:9]) for line in tail]
    assert numbers == list(range(numbers[0], 400_000))
    assert all(len(line) == 70 for line in tail)


@pytest.mark.slow
@pytest.mark.parametrize("way", [WAYS[0], WAYS[1]])
def test_a_reader_never_takes_bytes_of_one_place_for_those_of_another(log: Path, way: Way) -> None:
    """Whatever is cut between its looks: each line it is given stands at its own position."""
    able(log, way)
    program = (
        "import os,sys\nfd=os.open(sys.argv[1],os.O_WRONLY|os.O_CREAT|os.O_APPEND)\n"
        "for n in range(0,1_500_000,500): os.write(fd,b''.join(b'%09d\\n'%k for k in range(n,n+500)))"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(log)]) as job:
        stop = threading.Event()

        def cut_on() -> None:
            while not stop.is_set():
                if log.exists():
                    cut(str(log), MAX, [way])

        cutter = threading.Thread(target=cut_on)
        cutter.start()
        try:
            looks = 0
            while job.poll() is None or looks < 20:
                if not log.exists():
                    continue
                chunk = read_chunk(str(log), -4000, 4000)
                if chunk.gap is not None and chunk.offset >= chunk.gap[1]:
                    first = -chunk.offset % 10
                    numbers = [int(line) for line in chunk.data[first:].split(b"\n")[:-1]]
                    assert numbers == list(range((chunk.offset + first) // 10, (chunk.offset + len(chunk.data)) // 10))
                    looks += 1
        finally:
            stop.set()
            cutter.join()
        assert looks >= 20


@pytest.mark.parametrize("way", WAYS)
def test_one_line_without_end_is_cut_where_it_is(log: Path, way: Way) -> None:
    able(log, way)
    log.write_bytes(b"x" * (MAX * 4))
    assert cut(str(log), MAX, [way]) is not None
    above, _, below = all_of(log).partition(b"\n--- ")
    assert set(above) == {ord("x")}
    assert set(below.partition(b"\n")[2]) == {ord("x")}


def test_a_secret_that_the_cut_would_halve_is_overwritten(log: Path) -> None:
    """No half of a value stays that readers could not recognise any more."""
    secret = b"<" + b"s" * 9_000
    add_marks(marks_path(str(log)), [secret])
    log.write_bytes((b"text " + secret) * 60)
    assert cut(str(log), MAX) is not None
    assert b"ss" not in all_of(log)


def test_a_log_within_its_limit_and_one_that_was_emptied_are_left_alone(log: Path) -> None:
    log.write_bytes(lines(0, 100))
    assert cut(str(log), MAX) is None
    log.write_bytes(lines(0, 20_000))
    assert cut(str(log), MAX) is not None
    log.write_bytes(lines(0, 100))
    assert cut(str(log), MAX) is None
    assert all_of(log) == lines(0, 100)
    log.write_bytes(lines(0, 20_000))
    assert cut(str(log), MAX) is not None
    assert all_of(log).endswith(lines(19_000, 1_000))


def test_what_is_no_file_is_not_cut(log: Path) -> None:
    """80-security: a link or a pipe in the log's place."""
    os.mkfifo(log)
    with pytest.raises(OSError, match="regular"):
        cut(str(log), MAX)
    log.unlink()
    victim = log.with_name("victim")
    victim.write_bytes(bytes(MAX * 3))
    log.symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        cut(str(log), MAX)
    assert victim.stat().st_size == MAX * 3


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=12), st.integers(0, 3), st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_is_printed_what_readers_see_is_a_head_a_mark_and_a_tail(
    lengths: list[int], rounds: int, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "1.log"
        pattern = b"".join(b"%d:" % n + b"y" * n + b"\n" for n in lengths)
        printed = b""
        for _ in range(rounds + 1):
            new = pattern * (1 + (MAX * data.draw(st.integers(1, 3))) // len(pattern))
            printed += new
            with log.open("ab") as job:
                job.write(new)
            cut(
                str(log),
                MAX,
                [data.draw(st.sampled_from([collapse, rewrite]))]
                if not read_layout(index_path(str(log))).cut
                else [rewrite],
            )
        text = all_of(log)
        assert printed.startswith(text[:HEAD])
        above, _, below = text.rpartition(b" bytes were cut out here")
        below = below.partition(b"\n")[2]
        assert printed.endswith(below)
        assert int(above.rpartition(b"--- ")[2]) + len(below) + len(
            above.rpartition(b"--- ")[0].removesuffix(b"\n")
        ) in (
            len(printed),
            len(printed) - 1,
        )
