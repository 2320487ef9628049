"""Showing a log: tails, following, harmlessness over the seams of pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobqueue_tui.cli.show import log
from jobqueue_tui.cli.show.log import LogLook, run_name, show_log
from jobqueue_tui.terminal import neutral


@dataclass
class Part:
    """A piece of log."""

    data: bytes
    offset: int
    size: int


@dataclass
class MemoryLog:
    """A log in memory that gives at most `most` bytes at once; `grow` is called at each look at `over`."""

    whole: bytes
    most: int = 1 << 20
    grow: Callable[[MemoryLog], bool] = lambda log: True

    def read(self, offset: int, limit: int) -> Part:
        start = min(offset, len(self.whole))
        return Part(self.whole[start : start + min(limit, self.most)], start, len(self.whole))

    def over(self) -> bool:
        return self.grow(self)


def shown(source: MemoryLog, tail: int | None = None, *, follow: bool = False, safe: bool = False) -> bytes:
    out = BytesIO()
    show_log(source, LogLook(tail, follow, safe), out)
    return out.getvalue()


@given(st.binary(max_size=300), st.integers(1, 50))
def test_raw_is_every_byte_as_written_however_it_is_cut(whole: bytes, most: int) -> None:
    assert shown(MemoryLog(whole, most)) == whole


@given(
    st.lists(st.sampled_from([b"a", b"\xff", b"\n", b"\x1b[31m", "é".encode(), b"\x1b]52;c;A\x07"]), max_size=40),
    st.integers(1, 9),
)
def test_safe_is_the_same_however_the_log_is_cut_into_pieces(parts: list[bytes], most: int) -> None:
    whole = b"".join(parts)
    text = shown(MemoryLog(whole, most), safe=True).decode()
    assert text == "".join(neutral(line) for line in whole.decode("utf-8", "replace").splitlines(keepends=True))
    assert "\x1b" not in text


@given(st.lists(st.sampled_from([b"", b"x", b"two words"]), max_size=12), st.booleans(), st.integers(0, 14))
def test_tail_is_the_last_lines_ended_or_not(lines: list[bytes], ended: bool, tail: int) -> None:
    whole = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    all_of_them = whole.splitlines(keepends=True)
    assert shown(MemoryLog(whole), tail) == b"".join(all_of_them[max(0, len(all_of_them) - tail) :])


def test_without_follow_a_log_that_grows_faster_than_it_is_read_has_an_end() -> None:
    @dataclass
    class Growing(MemoryLog):
        def read(self, offset: int, limit: int) -> Part:
            part = super().read(offset, limit)
            self.whole += b"more and more"
            return part

    assert shown(Growing(b"ten bytes.", most=10)) == b"ten bytes."


def test_tail_looks_back_over_many_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_PIECE", 4)
    whole = b"".join(b"line %d\n" % n for n in range(20))
    assert shown(MemoryLog(whole), 3) == b"line 17\nline 18\nline 19\n"


def test_follow_ends_when_the_run_does_and_misses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_POLL", 0)
    pieces = [b"one\n", b"two\n", b"three\n"]

    def grow(source: MemoryLog) -> bool:
        source.whole += pieces.pop(0) if pieces else b""
        return not pieces

    assert shown(MemoryLog(b"", grow=grow), follow=True) == b"one\ntwo\nthree\n"


def test_follow_goes_on_from_the_end_of_a_log_that_was_truncated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_POLL", 0)
    states = [b"a long beginning\n", b"", b"anew\n"]

    def grow(source: MemoryLog) -> bool:
        source.whole = states.pop(0)
        return not states

    assert shown(MemoryLog(b"", grow=grow), follow=True) == b"a long beginning\nanew\n"


@pytest.mark.parametrize(
    ("text", "number", "name"),
    [("etl", None, "etl"), ("etl", 5, "etl:5"), ("etl:4", None, "etl:4"), ("etl:4", 5, "etl:5")],
)
def test_a_run_is_named_by_its_jobs_id_and_number(text: str, number: int | None, name: str) -> None:
    assert run_name(text, number) == name
