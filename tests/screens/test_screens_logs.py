"""The log tail below the table and the log screen: what is read, what is shown, what is found."""

from __future__ import annotations

import asyncio

import pytest

from engine.api import LogChunk, LogHit
from engine.spec.log import LogFormat
from jobqueue_tui.console.json_lines import as_fields
from jobqueue_tui.console.log_window import MOST, MOST_LINES, PIECE, HitWindow, LogWindow
from jobqueue_tui.console.screens.log import LogScreen
from jobqueue_tui.console.tail import WINDOW, Tail
from jobqueue_tui.console.widgets.log_view import LogView
from tests.screens.engines import small_engine
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


async def test_a_silent_run_is_looked_at_twice_a_second_and_one_that_prints_at_every_flush() -> None:
    """A look costs a worker and a thread; who prints is followed at once, from the look that finds something on."""
    async with console() as stage:
        stage.home.table.select("extract")
        await stage.settle()

        async def looks(flushes: int, line: bytes = b"") -> int:
            stage.engine.log_reads.clear()
            for _ in range(flushes):
                stage.engine.logs["extract:1205"] += line
                stage.app.flush()
                await stage.pilot.pause()
            return len(stage.engine.log_reads)

        await looks(5)
        assert await looks(20) == 4
        await looks(5, b"page 4\n")
        assert await looks(10, b"page 5\n") == 10


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


# ---- what was cut out, and what is hidden


def test_a_window_goes_over_what_was_cut_out() -> None:
    """In both directions; positions on both sides are those of the log."""
    gap = (20, 1000)
    head, tail = b"one\n" * 5, b"two\n" * 5
    window = LogWindow()
    window.put(LogChunk(tail, 1000, 1020, more=False, gap=gap))
    assert (window.lines, window.before, window.offset_of(1)) == ([b"two"] * 5, (0, 20), 1004)
    assert window.prepend(LogChunk(head, 0, 1020, more=True, gap=gap)) == 5
    assert [window.offset_of(n) for n in (0, 4, 5, 9, 10)] == [0, 16, 1000, 1016, 1020]
    assert [window.line_at(at) for at in (0, 17, 500, 1000, 1019)] == [0, 4, 5, 5, 9]
    assert (window.before, window.after, window.end) == (None, None, 1020)
    down = LogWindow()
    down.put(LogChunk(head, 0, 1020, more=True, gap=gap))
    assert down.after == (20, PIECE)
    down.append(LogChunk(tail, 1000, 1020, more=False, gap=gap))
    assert (down.lines, down.end, down.offset_of(5)) == ([b"one"] * 5 + [b"two"] * 5, 1020, 1000)


def test_found_lines_are_kept_up_to_a_bound() -> None:
    """From either end, and one can go back for what was dropped."""
    window = HitWindow()
    window.begin(0)
    hits = [LogHit(n * 10, b"x") for n in range(MOST_LINES + 5)]
    assert window.append(hits, 10 * len(hits)) == 5
    assert (window.start, window.top_reached, window.offset_of(0)) == (50, False, 50)
    assert window.prepend(hits[4::-1], 0, done=True) == 5
    assert (len(window.lines), window.start, window.end) == (MOST_LINES, 0, MOST_LINES * 10)


async def test_a_filter_hides_lines_and_follows() -> None:
    """`&`: what holds the text stays, new lines too; Esc shows all again; a bad pattern is said."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"".join(b"line %04d %s\n" % (n, b"odd" if n % 2 else b"even") for n in range(2000))
    async with console(engine, size=(80, 24)) as stage:
        view = await open_log(stage)
        await stage.press("ampersand", *"odd", "enter")
        assert [text.split()[1] for _, text in view.rows] == [f"{n:04}" for n in range(1999 - 2 * 20, 2000, 2)]
        assert "only odd" in stage.text()[0]
        stage.engine.logs["db-dump:212"] += b"line 2000 even\nline 2001 odd\n"
        await stage.settle()
        assert view.rows[-1][1] == "line 2001 odd"
        await stage.press("g")
        assert view.rows[0][1] == "line 0001 odd"
        await stage.press("slash", *"0777", "enter", "n")
        assert view.match is not None
        assert view.window.lines[view.match] == b"line 0777 odd"
        await stage.press("escape", "escape")
        assert view.only is None
        assert view.rows[-1][1] == "line 2001 odd"
        assert view.rows[-2][1] == "line 2000 even"
        view.hide("(")
        await stage.settle()
        assert any("not a pattern" in str(one.message) for one in stage.said) or "not a pattern" in "".join(
            stage.text()
        )


async def test_the_next_match_in_a_filter_is_beyond_what_is_at_hand() -> None:
    """The last line that is at hand is not found again and again, in either direction."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"".join(b"line %04d\n" % n for n in range(1000))
    async with console(engine, size=(80, 24)) as stage:
        view = await open_log(stage)
        await stage.press("ampersand", *"line", "enter", "slash", *"line", "enter")

        def found() -> bytes:
            assert view.match is not None
            return view.window.lines[view.match]

        view.match = view.top = 0
        assert view.feed.is_more(-1)
        first = found()
        await stage.press("N")
        assert int(found()[5:]) == int(first[5:]) - 1
        await stage.press("g")
        view.match = len(view.window.lines) - 1
        assert view.feed.is_more(1)
        last = found()
        await stage.press("n")
        assert int(found()[5:]) == int(last[5:]) + 1


async def test_esc_ends_a_search_that_goes_on() -> None:
    """A log of any size may have to be gone through; whoever has seen enough need not wait for it."""
    async with asyncio.timeout(20), console(size=(80, 24)) as stage:
        view = await open_log(stage)
        going = asyncio.Event()

        async def for_ever(by: int) -> None:
            going.set()
            await asyncio.Event().wait()

        view._find = for_ever  # type: ignore[method-assign] # an engine that never finds and never ends
        await stage.pilot.press("slash", *"x", "enter")
        await going.wait()
        await stage.pilot.press("escape")
        await stage.settle()
        assert not any(worker.group == "find" and worker.is_running for worker in view.workers)


async def test_errors_only_is_one_key() -> None:
    """`E` to and fro."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"fine\nERROR: no\nfine\nTraceback (most recent call last)\n"
    async with console(engine, size=(80, 24)) as stage:
        view = await open_log(stage)
        await stage.press("E")
        assert [text for _, text in view.rows] == ["ERROR: no", "Traceback (most recent call last)"]
        await stage.press("E")
        assert len(view.rows) == 4


async def test_times_stand_before_the_lines_on_demand() -> None:
    """`T`, by the zone of the console."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"123456789\nabcdefghi\n"
    async with console(engine, size=(80, 24)) as stage:
        view = await open_log(stage)
        await stage.press("T")
        assert [text for _, text in view.rows] == ["11:59:59 123456789", "12:00:00 abcdefghi"]
        await stage.press("T")
        assert [text for _, text in view.rows] == ["123456789", "abcdefghi"]


async def test_since_goes_to_what_was_printed_then() -> None:
    """`i`: the last minutes, the beginning, the end."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"".join(b"%09d\n" % n for n in range(3000))
    async with console(engine, size=(80, 24)) as stage:
        view = await open_log(stage)
        await stage.press("i", "1")
        assert view.rows[0][1] == "000002940"
        assert not view.following
        await stage.press("i", "h")
        assert view.rows[0][1] == "000000000"
        await stage.press("i", "t")
        assert view.rows[-1][1] == "000002999"
        await stage.press("i", "escape")
        assert view.following


async def test_the_runs_before_and_after_are_one_key_away() -> None:
    """`[` and `]`, among the runs that have a log; what is looked for stays."""
    async with console(size=(80, 24)) as stage:
        view = await open_log(stage)
        earlier = next(
            record.run_id for record in await stage.engine.history(job="db-dump") if record.run_id != view.run_id
        )
        stage.engine.logs[earlier] = b"an earlier run\n"
        await stage.press("left_square_bracket")
        assert view.run_id == earlier
        assert "an earlier run" in stage.text()[1]
        await stage.press("right_square_bracket")
        assert view.run_id == "db-dump:212"
        await stage.press("right_square_bracket")
        assert view.run_id == "db-dump:212"


async def test_lines_are_copied_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    """`c` takes a line, or all from the mark; no control sequence reaches the clipboard."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"one\ntwo \x1b]52;c;QUJD\x07\nthree\n"
    async with console(engine, size=(80, 24)) as stage:
        copied: list[str] = []
        monkeypatch.setattr(stage.app, "copy_to_clipboard", copied.append)
        view = await open_log(stage)
        await stage.press("g", "c", "m")
        view.seek("three")
        await stage.settle()
        await stage.press("c")
        assert copied == ["one", "one\ntwo \nthree"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b'{"b": 1, "msg": "hi", "level": "warn", "t": [1]}', "warn  hi  b=1  t=[1]"),
        (b'{"msg": "a\\u001b[2Jb"}', "ab"),
        (b"[1]", None),
        (b"{", None),
        (b"{}", None),
        (b"{" * 5000, None),
        (b'{"a":' + b"[" * 20000, None),
    ],
)
def test_lines_of_json_are_shown_as_fields(raw: bytes, shown: str | None) -> None:
    """`v`; what is none is shown as it is."""
    assert as_fields(raw) == shown


async def test_a_job_that_prints_json_is_shown_as_fields_at_once() -> None:
    """`log: {format: json}`; `v` to and fro."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b'{"msg": "hi", "n": 1}\n'
    engine.by_id["db-dump"].log_format = LogFormat.JSON
    async with console(engine, size=(80, 24)) as stage:
        view = await open_log(stage)
        assert view.rows[0][1] == "hi  n=1"
        await stage.press("v")
        assert view.rows[0][1] == '{"msg": "hi", "n": 1}'


async def test_lines_can_be_saved_with_their_times() -> None:
    """Ctrl-s: what is at hand, as the view shows it, harmless."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"123456789\n\x1b[2Jabcde\n"
    async with console(engine, size=(80, 24)) as stage:
        await open_log(stage)
        assert isinstance(stage.app.screen, LogScreen)
        saving = stage.app.screen.to_save()
        assert saving is not None
        assert (saving.name, saving.text(".csv")) == ("db-dump-212", "line\n123456789\nabcde\n")
        await stage.press("T")
        saving = stage.app.screen.to_save()
        assert saving is not None
        assert saving.text(".csv").splitlines()[1] == "2026-03-09T11:59:59+00:00,123456789"
