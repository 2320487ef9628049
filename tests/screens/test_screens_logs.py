"""The log tail below the table and the log screen: what is read, what is shown."""

from __future__ import annotations

import pytest

from engine.spec.log import LogFormat
from jobqueue_tui.console.json_lines import as_fields
from jobqueue_tui.console.log_window import MOST
from jobqueue_tui.console.screens.log import LogScreen
from tests.screens.engines import small_engine
from tests.screens.stage import console, open_log


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
