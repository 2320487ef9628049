"""Lines found in a log, and those that do not hold a text hidden."""

from __future__ import annotations

import asyncio

import pytest

from engine.model.log_parts import LogHit
from jobqueue_tui.console.log_window import MOST_LINES, HitWindow
from jobqueue_tui.console.screens.log import LogScreen
from tests.screens.engines import small_engine
from tests.screens.stage import console, open_log


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
        await stage.press("ampersand", *"(x", "enter")
        assert view.only is None
        assert view.rows[-1][1] == "line 2001 odd"
        assert "not a pattern: missing ), unterminated subpattern" in "".join(stage.text())
        await stage.press("ampersand", *"odd", "enter")
        assert "not a pattern" not in "".join(stage.text())


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
