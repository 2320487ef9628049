"""Showing a log: tails, following, harmlessness over the seams of pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import Instant
from engine.model.record import Json
from jobqueue_tui.cli.exits import Failure
from jobqueue_tui.cli.show import log, merged
from jobqueue_tui.cli.show.log import LogLook, run_name, show_log
from jobqueue_tui.cli.show.merged import show_logs
from jobqueue_tui.terminal import neutral


@dataclass
class Part:
    """A piece of log."""

    data: bytes
    offset: int
    size: int
    gap: tuple[int, int] | None = None


@dataclass
class MemoryLog:
    """A log in memory that gives at most `most` bytes at once; `grow` is called at each look at `over`."""

    whole: bytes
    most: int = 1 << 20
    grow: Callable[[MemoryLog], bool] = lambda log: True
    run_id: str = "a:1"
    next_runs: list[MemoryLog] = field(default_factory=list)
    printed: list[tuple[int, Instant]] = field(default_factory=list)

    def read(self, offset: int, limit: int) -> Part:
        start = min(offset, len(self.whole))
        return Part(self.whole[start : start + min(limit, self.most)], start, len(self.whole))

    def over(self) -> bool:
        return self.grow(self)

    def since(self, at: Instant) -> int:
        return at

    def times(self, start: int, end: int) -> list[tuple[int, Instant]]:
        return [one for one in self.printed if one[0] > start] or [(end, 1 << 60)]

    def record(self) -> dict[str, Json]:
        return {"run_id": self.run_id, "kind": "manual", "pid": 7, "outcome": "failed", "reason": "\x1b[31mexit(3)"}

    def newer(self) -> MemoryLog | None:
        return self.next_runs.pop(0) if self.next_runs else None

    def last(self) -> bool:
        return not self.next_runs


def shown(source: MemoryLog, tail: int | None = None, *, follow: bool = False, safe: bool = False) -> bytes:
    return looked(source, LogLook(tail, follow, safe))


def looked(source: MemoryLog, look: LogLook) -> bytes:
    out = BytesIO()
    show_log(source, look, out)
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


def test_head_is_the_first_lines_and_reads_no_more_than_it_needs() -> None:
    whole = b"".join(b"line %d\n" % n for n in range(20))
    assert looked(MemoryLog(whole, most=5), LogLook(head=2)) == b"line 0\nline 1\n"
    assert looked(MemoryLog(b"no end"), LogLook(head=2)) == b"no end"
    assert looked(MemoryLog(whole), LogLook(head=0)) == b""
    assert looked(MemoryLog(whole), LogLook(tail=5, head=2)) == b"line 15\nline 16\n"


def test_since_begins_where_the_log_says_and_a_tail_may_begin_later() -> None:
    whole = b"".join(b"line %d\n" % n for n in range(9))
    assert looked(MemoryLog(whole), LogLook(since=49)) == b"line 7\nline 8\n"
    assert looked(MemoryLog(whole), LogLook(since=49, tail=1)) == b"line 8\n"


def test_the_record_stands_above_the_log_and_is_harmless() -> None:
    text = looked(MemoryLog(b"text\n"), LogLook(with_record=True)).decode()
    assert text == "run       a:1 (manual, planned None)\npid       7\noutcome   failed exit(3)\n\ntext\n"


def test_follow_goes_on_with_the_next_runs_until_none_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_POLL", 0)
    third = MemoryLog(b"three\n", run_id="a:3")
    second = MemoryLog(b"two\n", run_id="a:2", next_runs=[third])
    first = MemoryLog(b"one\n", next_runs=[second])
    assert looked(first, LogLook(follow=True, over_runs=True)) == b"one\ntwo\nthree\n"
    assert looked(MemoryLog(b"one\n", next_runs=[second]), LogLook(follow=True)) == b"one\n"


def test_colours_pass_where_they_are_asked_for_and_nothing_else_does() -> None:
    source = MemoryLog(b"\x1b[31mred\x1b[2J\x1b]52;c;QQ==\x07\n")
    assert looked(source, LogLook(safe=True, colours=True)) == b"\x1b[31mred\n\x1b[0m"
    assert looked(source, LogLook(safe=True)) == b"red\n"


@dataclass
class CutLog(MemoryLog):
    """A log of which a part is gone."""

    gap: tuple[int, int] = (0, 0)

    def read(self, offset: int, limit: int) -> Part:
        start = min(offset, len(self.whole))
        if start < self.gap[0]:
            limit = min(limit, self.gap[0] - start)
        elif start < self.gap[1]:
            start = self.gap[1]
        return Part(self.whole[start : start + min(limit, self.most)], start, len(self.whole), self.gap)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 9))
def test_a_tail_goes_back_over_what_was_cut_out(lines: int, gone: int, piece: int) -> None:
    text = b"".join(b"%02d\n" % n for n in range(60))
    source = CutLog(text, gap=(60, 60 + 3 * gone))
    kept = [line for n, line in enumerate(text.splitlines(keepends=True)) if not 20 <= n < 20 + gone]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "_PIECE", piece)
        assert shown(source, lines) == b"".join(kept[max(0, len(kept) - lines) :])


def test_merged_logs_are_in_the_order_of_printing_with_the_run_in_front() -> None:
    one = MemoryLog(b"one\ntwo\nthree", run_id="a:1", printed=[(4, 10), (8, 30), (13, 50)])
    two = MemoryLog(b"eins\nzw\x1b[2Jei\n", run_id="long:22", printed=[(5, 20), (16, 40)], most=3)
    out = BytesIO()
    show_logs([one, two], LogLook(safe=True), out, merge=True)
    assert out.getvalue().decode() == (
        "a:1     | one\nlong:22 | eins\na:1     | two\nlong:22 | zwei\na:1     | three\n"
    )
    out = BytesIO()
    two.most = 1 << 20
    show_logs([one, two], LogLook(tail=1), out, merge=True)
    assert out.getvalue() == b"long:22 | zw\x1b[2Jei\na:1     | three\n"


def test_merged_logs_are_followed_until_all_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merged, "_POLL", 0)
    pieces = [b"t", b"wo\n", b"three"]

    def grow(source: MemoryLog) -> bool:
        source.whole += pieces.pop(0) if pieces else b""
        return not pieces

    out = BytesIO()
    show_logs([MemoryLog(b"one\n", grow=grow), MemoryLog(b"x\n", run_id="b:1")], LogLook(follow=True), out, merge=True)
    assert out.getvalue().splitlines()[-1] == b"a:1 | three"
    assert sorted(out.getvalue().splitlines()) == [b"a:1 | one", b"a:1 | three", b"a:1 | two", b"b:1 | x"]


def test_several_logs_want_to_be_merged() -> None:
    logs = [MemoryLog(b""), MemoryLog(b"")]
    with pytest.raises(Failure, match="--merge shows them as one"):
        show_logs(logs, LogLook(), BytesIO(), merge=False)
    with pytest.raises(Failure, match="not with --head"):
        show_logs(logs, LogLook(head=1), BytesIO(), merge=True)
