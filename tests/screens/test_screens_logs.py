"""The log tail below the table and the log screen: what is read, what is shown, what is found."""

from __future__ import annotations

import pytest

from engine.api import LogChunk
from jobqueue_tui.console.log_window import MOST, PIECE, LogWindow
from jobqueue_tui.console.screens.log import LogScreen
from jobqueue_tui.console.tail import WINDOW, Tail
from jobqueue_tui.console.widgets.log_view import LogView
from tests.screens.fake_engine import small_engine
from tests.screens.stage import Stage, console


def chunk(data: bytes, offset: int, size: int) -> LogChunk:
    """What `engine.log` would give of a file."""
    return LogChunk(data, offset, size, offset + len(data) < size)


# ---- the tail below the table


def test_a_tail_reads_the_end_once_and_then_only_what_is_new() -> None:
    """At any rate of output, one small read per flush."""
    tail = Tail()
    assert tail.request() == (-WINDOW, WINDOW)
    assert tail.take(chunk(b"a\nb\n", 0, 4))
    assert tail.request() == (4, WINDOW)
    assert not tail.take(chunk(b"", 4, 4))
    assert tail.take(chunk(b"c\nd", 4, 7))
    assert tail.lines(2) == ["c", "d"]
    assert tail.take(chunk(b"e\n", 7, 9))
    assert tail.lines(9) == ["a", "b", "c", "de"]


def test_a_truncated_or_racing_log_is_read_from_its_end_again() -> None:
    """Smaller than seen, or more than a window behind."""
    tail = Tail()
    tail.take(chunk(b"long text\n", 0, 10))
    assert not tail.take(chunk(b"", 10, 3))
    assert tail.request() == (-WINDOW, WINDOW)
    assert tail.take(chunk(b"new", 0, 3))
    assert tail.lines(5) == ["new"]
    assert not tail.take(chunk(b"x" * WINDOW, 3, 10 * WINDOW))
    assert tail.request() == (-WINDOW, WINDOW)


def test_a_tail_keeps_its_window_and_no_half_line() -> None:
    """What lies before the window is not shown in pieces."""
    tail = Tail()
    tail.take(chunk(b"half\nwhole\n", 1000, 1011))
    assert tail.lines(5) == ["whole"]
    for number in range(100):
        data = b"%07d\n" % number * 128
        offset = tail.size or 0
        tail.take(chunk(data, offset, offset + len(data)))
    assert tail.lines(1) == ["0000099"]
    assert len(tail.lines(100_000)) <= WINDOW // 8


def test_a_line_redrawn_with_cr_is_shown_as_it_was_left() -> None:
    """Progress bars."""
    tail = Tail()
    tail.take(chunk(b"10%\r50%\r100%\r\nnext\x1b[1A\x07\n", 0, 30))
    assert tail.lines(2) == ["100%", "next␇"]
    assert tail.lines(0) == []
    assert Tail().lines(3) == []


async def test_the_tail_follows_the_cursor_and_the_log() -> None:
    """The log of the job under the cursor, harmless; another job, another log."""
    async with console() as stage:
        assert "dumped table 3580" in stage.text()[-2]
        await stage.press("j")
        lines = stage.text()
        assert "extract:1205" in next(line for line in lines if "extract:" in line)
        assert any(line.strip() == "ok page 3" for line in lines)
        stage.engine.logs["extract:1205"] += b"page 4\n"
        await stage.second()
        assert any(line.strip() == "page 4" for line in stage.text())


async def test_an_idle_log_is_not_read_ten_times_a_second() -> None:
    """A run that is over: once when it is shown, then at every tenth flush."""
    async with console() as stage:
        stage.home.table.select("migrate")
        stage.engine.logs["migrate:1"] = b"done\n"
        await stage.settle()
        stage.engine.log_reads.clear()
        for _ in range(20):
            stage.app.flush()
            await stage.pilot.pause()
        assert len(stage.engine.log_reads) == 2


async def test_no_log_is_said() -> None:
    """Instead of an empty pane."""
    async with console() as stage:
        stage.home.table.select("report")
        await stage.settle()
        assert any("no log is kept of this run" in line for line in stage.text())
        stage.home.table.select("ad-hoc")
        await stage.settle()
        assert any("has not run yet" in line for line in stage.text())


# ---- the window of the log screen


def test_a_window_moves_over_a_file_of_any_size() -> None:
    """Pieces join without a lost or doubled line, in both directions, within its bound."""
    data = b"".join(b"%08d\n" % number for number in range(600_000))
    size = len(data)
    window = LogWindow()
    window.put(chunk(data[-PIECE:], size - PIECE, size))
    assert window.end == size
    assert window.lines[-1] == b"00599999"
    while wanted := window.before:
        offset, limit = wanted
        first = window.lines[0]
        added = window.prepend(chunk(data[offset : offset + limit], offset, size))
        assert window.lines[added] == first
        numbers = [int(line) for line in window.lines]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert window.end - window.start <= MOST
    assert window.lines[0] == b"00000000"
    while wanted := window.after:
        offset, limit = wanted
        last = len(window.lines) - 1
        kept = window.lines[last - 100]
        dropped = window.append(chunk(data[offset : offset + limit], offset, size))
        assert window.lines[last - 100 - dropped] == kept
        assert window.end - window.start <= MOST
    assert window.lines[-1] == b"00599999"


def test_a_line_longer_than_a_piece_is_shown_from_where_it_was_cut() -> None:
    """No newline in sight must not stop the way to the front."""
    size = 5 * PIECE
    window = LogWindow()
    window.put(chunk(b"x" * PIECE, size - PIECE, size))
    steps = 0
    while wanted := window.before:
        window.prepend(chunk(b"x" * wanted[1], wanted[0], size))
        steps += 1
    assert (window.start, window.end, steps) == (0, size, 4)


def test_a_piece_that_does_not_fit_is_not_taken() -> None:
    """Two readers at once: the later one finds the window moved."""
    window = LogWindow()
    window.put(chunk(b"ab\ncd\n", 0, 20))
    assert window.append(chunk(b"zz", 10, 20)) == 0
    assert window.prepend(chunk(b"zz", 3, 20)) == 0
    assert window.lines == [b"ab", b"cd"]


# ---- the log screen


async def open_log(stage: Stage) -> LogView:
    """The log of the job under the cursor."""
    await stage.press("l")
    assert isinstance(stage.app.screen, LogScreen)
    return stage.app.screen.view


async def test_the_log_screen_follows_and_stops_following() -> None:
    """At the end at first; scrolling up stays; F and G follow again."""
    async with console(size=(80, 24)) as stage:
        view = await open_log(stage)
        assert "following" in stage.text()[0]
        assert "table 3580" in stage.text()[-2]
        stage.engine.logs["db-dump:212"] += b"the end\n"
        await stage.settle()
        assert "the end" in stage.text()[-2]
        await stage.press("k")
        stage.engine.logs["db-dump:212"] += b"unseen\n"
        await stage.settle()
        assert "following" not in stage.text()[0]
        assert "unseen" not in stage.text()[-2]
        await stage.press("F")
        assert "unseen" in stage.text()[-2]
        await stage.press("g")
        assert "11:47:00Z" in stage.text()[1]
        await stage.press("G")
        assert view.following
        assert "unseen" in stage.text()[-2]


async def test_a_big_log_is_paged_piece_by_piece() -> None:
    """g and PgUp reach the front of 3 MB while at most 1 MiB is kept; every line is there once."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"".join(b"line %06d %s\n" % (number, b"-" * 190) for number in range(15_000))
    async with console(engine, size=(80, 40)) as stage:
        view = await open_log(stage)

        def shown() -> list[int]:
            return [int(text.split()[1]) for _, text in view.rows]

        await stage.press("g")
        assert shown() == list(range(38))
        await stage.press(*["pagedown"] * 20)
        first = shown()[0]
        assert first > 600
        assert shown() == list(range(first, first + 38))
        await stage.press("G")
        assert shown()[-1] == 14_999
        await stage.press(*["pageup"] * 20)
        first = shown()[0]
        assert 14_000 < first < 14_400
        assert shown() == list(range(first, first + 38))
        assert view.window.end - view.window.start <= MOST


async def test_search_keeps_all_lines_and_goes_through_the_file() -> None:
    """`/` looks upwards from the end, n and N go on; what lies outside the window is read."""
    engine = small_engine()
    lines = [b"line %06d" % number for number in range(100_000)]
    for number in (7, 50_000, 99_990):
        lines[number] += b" Needle"
    engine.logs["db-dump:212"] = b"\n".join(lines) + b"\n"
    async with console(engine, size=(80, 24)) as stage:
        view = await open_log(stage)

        def found() -> str:
            assert view.match is not None
            return view.window.lines[view.match].decode()

        await stage.press("slash", *"needle", "enter")
        assert found() == "line 099990 Needle"
        assert len(view.rows) == 21
        await stage.press("N")
        assert found() == "line 050000 Needle"
        await stage.press("N")
        assert found() == "line 000007 Needle"
        await stage.press("N")
        assert "no match above" in stage.text()[1]
        await stage.press("n")
        assert found() == "line 050000 Needle"
        await stage.press("n", "n")
        assert "no match below" in stage.text()[1]
        await stage.press("escape")
        assert isinstance(stage.app.screen, LogScreen)
        assert view.match is None


@pytest.mark.parametrize(
    ("text", "hit"), [("OK", False), ("ok", True), ("page", True), ("p.ge", False), ("[32m", False)]
)
async def test_search_is_plain_text_with_smart_case(text: str, hit: bool) -> None:
    """No pattern that could hang; an upper-case letter makes it exact; what was dropped cannot be found."""
    async with console(size=(80, 24)) as stage:
        stage.home.table.select("extract")
        await stage.settle()
        view = await open_log(stage)
        view.seek(text)
        await stage.settle()
        assert (view.match is not None) is hit


async def test_wrap_shows_all_of_a_long_line() -> None:
    """`w` to and fro; without it a line is cut."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"x" * 200 + b"END\n"
    async with console(engine, size=(80, 24)) as stage:
        await open_log(stage)
        assert not any("END" in line for line in stage.text())
        await stage.press("w")
        assert any("END" in line for line in stage.text())
        await stage.press("w")
        assert not any("END" in line for line in stage.text())


async def test_a_log_that_is_gone_or_empty_is_said() -> None:
    """Pruned by retention, or nothing printed yet."""
    async with console(size=(80, 24)) as stage:
        stage.home.table.select("report")
        await stage.settle()
        await open_log(stage)
        assert any("no log is kept of this run" in line for line in stage.text())
        stage.engine.logs["report:40"] = b""
        await stage.settle()
        assert any("the log is empty" in line for line in stage.text())


async def test_a_truncated_log_is_read_anew() -> None:
    """copytruncate, or a retry that writes from the start."""
    async with console(size=(80, 24)) as stage:
        await open_log(stage)
        stage.engine.logs["db-dump:212"] = b"afresh\n"
        await stage.settle()
        await stage.settle()
        assert "afresh" in stage.text()[1]
