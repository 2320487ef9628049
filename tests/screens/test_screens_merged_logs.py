"""The logs of several jobs as one: order, what is read for it, the keys that lead there."""

from __future__ import annotations

import pytest

from engine.clock import SECOND
from engine.model.log_parts import LogQuery
from jobqueue_tui.console.log_window import PIECE
from jobqueue_tui.console.merged_feed import MOST_FOLLOWED, MOST_LOGS, MergedFeed
from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.log import LogScreen
from jobqueue_tui.console.widgets.log_view import LogView
from jobqueue_tui.merging import by_time, fronts
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.stage import Stage, console


class Seer:
    """Who shows the lines, as a feed knows it."""

    def __init__(self) -> None:
        self.following = True
        self.top = 0
        self.told: list[str] = []

    def moved(self, by: int) -> None:
        """The same lines stay in sight."""
        self.top = max(0, self.top + by)

    def changed(self) -> None:
        """Nothing to draw."""

    def to_end(self) -> None:
        """Nothing to draw."""

    def said(self, text: str) -> None:
        """Kept."""
        self.told.append(text)


def feed_of(engine: FakeEngine, *runs: str, only: LogQuery | None = None) -> tuple[MergedFeed, Seer]:
    """A feed of some runs."""
    seer = Seer()
    return MergedFeed(engine, runs, only, seer), seer


def line(name: str, number: int) -> bytes:
    """Ten bytes, which take a second of the fake engine's time."""
    return b"%s%08d\n" % (name.encode(), number)


def shown(feed: MergedFeed) -> list[str]:
    """The lines, each with the name that it begins with and its number."""
    return [text.decode() for text in feed.window.lines]


# ---- order


def test_fronts_are_equally_wide_and_harmless() -> None:
    """A name from a job file never is a control sequence."""
    assert fronts(["a:1", "long:12"]) == ["a:1     | ", "long:12 | "]
    assert "\x1b" not in fronts(["a\x1b[2J:1"])[0]


def test_of_one_moment_the_order_of_the_logs_holds() -> None:
    """So that the same logs are always shown alike."""

    class Line:
        def __init__(self, at: int, text: str) -> None:
            self.at, self.text = at, text

    merged = by_time([[Line(1, "a"), Line(3, "b")], [Line(1, "c"), Line(2, "d")]])
    assert [one.text for one in merged] == ["a", "c", "d", "b"]


async def test_lines_come_in_the_order_in_which_they_were_printed_and_are_followed() -> None:
    """By the times that the engine knows; new lines of either log at the end."""
    engine = FakeEngine()
    engine.logs = {"a:1": b"".join(line("a", n) for n in range(3)), "b:1": line("b", 0)}
    feed, _ = feed_of(engine, "a:1", "b:1")
    await feed.poll()
    assert shown(feed) == ["a00000000", "a00000001", "a00000002", "b00000000"]
    engine.at += SECOND
    engine.logs["b:1"] += line("b", 1)
    engine.logs["a:1"] += line("a", 3)
    await feed.poll()
    assert shown(feed)[-2:] == ["a00000003", "b00000001"]
    assert [feed.front_of(number) for number in (0, 5)] == ["a:1 | ", "b:1 | "]


async def test_nothing_of_one_log_is_shown_from_before_what_is_known_of_another() -> None:
    """A line that is missing between two others would be a lie; reading on brings all of both, each once and in order."""
    engine = FakeEngine()
    count = 4 * PIECE // 10
    # the quiet log has a line for each thousand of the other's, all of the same seconds
    engine.logs = {
        "a:1": b"".join(line("a", n) for n in range(count)),
        "b:1": b"".join(line("b", n) for n in range(count // 8)),
    }
    feed, seer = feed_of(engine, "a:1", "b:1")
    await feed.poll()
    seer.following = False
    first = feed.window.time_of(0)
    assert first > engine.at - 2 * (PIECE // 10) * SECOND
    for _ in range(40):
        top = feed.window.lines[0]
        if not await feed.more(-1):
            break
        assert feed.window.lines[0] != top
        times = [feed.window.time_of(number) for number in range(len(feed.window.lines))]
        assert times == sorted(times)
    assert not feed.is_more(-1)
    assert shown(feed)[0] == "a00000000"
    while await feed.more(1):
        times = [feed.window.time_of(number) for number in range(len(feed.window.lines))]
        assert times == sorted(times)
    assert shown(feed)[-2:] == [f"a{count - 1:08}", f"b{count // 8 - 1:08}"]


async def test_what_stands_at_the_top_stays_there_when_more_comes_before_it() -> None:
    """Reading on must not move what is read."""
    engine = FakeEngine()
    engine.logs = {name: b"".join(line(name[0], n) for n in range(20_000)) for name in ("a:1", "b:1")}
    feed, seer = feed_of(engine, "a:1", "b:1")
    await feed.poll()
    seer.following, seer.top = False, 3
    seen = feed.window.lines[3]
    assert await feed.more(-1)
    assert seer.top > 3
    assert feed.window.lines[seer.top] == seen


async def test_of_chatty_logs_few_lines_are_put_in_order_while_they_are_followed() -> None:
    """The loop that the engine shares must not wait for it; going up, the others are there."""
    engine = FakeEngine()
    engine.logs = {f"a:{n}": b"x\n" * (PIECE // 2) for n in range(8)}
    feed, seer = feed_of(engine, *engine.logs)
    await feed.poll()
    assert 0 < len(feed.window.lines) <= MOST_FOLLOWED
    seer.following = False
    before = len(feed.window.lines)
    assert feed.is_more(-1)
    assert await feed.more(-1)
    assert len(feed.window.lines) > before


async def test_a_filter_holds_for_each_of_them() -> None:
    """And is followed."""
    engine = FakeEngine()
    engine.logs = {"a:1": b"good\nbad 1\n", "b:1": b"bad 2\nfine\n"}
    feed, _ = feed_of(engine, "a:1", "b:1", only=LogQuery("bad"))
    await feed.poll()
    assert sorted(shown(feed)) == ["bad 1", "bad 2"]
    engine.logs["b:1"] += b"bad 3\nno\n"
    await feed.poll()
    assert shown(feed)[-1] == "bad 3"


async def test_one_log_that_is_gone_leaves_the_others() -> None:
    """Only where there is none at all it is said."""
    engine = FakeEngine()
    engine.logs = {"a:1": b"here\n"}
    feed, _ = feed_of(engine, "a:1", "b:1")
    await feed.poll()
    assert (shown(feed), feed.problem) == (["here"], "")
    del engine.logs["a:1"]
    await feed.poll()
    assert "no log is kept" in feed.problem


async def test_a_log_that_cannot_be_read_on_ends_the_search_for_more() -> None:
    """Else it would be asked for ever."""
    engine = FakeEngine()
    engine.logs = {name: b"".join(line(name[0], n) for n in range(20_000)) for name in ("a:1", "b:1")}
    feed, seer = feed_of(engine, "a:1", "b:1")
    await feed.poll()
    seer.following = False
    while feed.window.line_at(feed.window.start) == 0 and len(feed.window.lines) <= MOST_FOLLOWED:
        assert await feed.more(-1)  # what is at hand already
    engine.logs.clear()
    assert not await feed.more(-1)


# ---- the screen


async def merged(stage: Stage) -> LogView:
    """The logs of the first two jobs, by their marks."""
    await stage.press("space", "space", "l")
    assert isinstance(stage.app.screen, LogScreen)
    return stage.app.screen.view


async def test_l_opens_the_logs_of_the_marked_jobs_as_one() -> None:
    """With the run before each line; new lines of either are followed."""
    async with console(size=(80, 24)) as stage:
        view = await merged(stage)
        assert (view.run_id, view.also) == ("db-dump:212", ("extract:1205",))
        assert "db-dump:212  running  and 1 more" in stage.text()[0]
        assert {text[:15] for _, text in view.rows} == {"db-dump:212  | ", "extract:1205 | "}
        stage.engine.logs["extract:1205"] += b"page 4\n"
        await stage.settle()
        assert view.rows[-1][1] == "extract:1205 | page 4"
        stage.engine.logs["db-dump:212"] += b"next table\n"
        await stage.settle()
        assert any(text == "db-dump:212  | next table" for _, text in view.rows)


async def test_a_takes_the_marked_in_and_out() -> None:
    """The log of the one that was open stays first; without marks it is said what to do."""
    async with console(size=(80, 24)) as stage:
        await stage.press("l", "a")
        assert "Space marks" in stage.toasts[-1][1]
        await stage.press("escape", "space", "space", "3", "a")
        screen = stage.app.screen
        assert isinstance(screen, LogScreen)
        own = screen.view.run_id
        assert {own, *screen.view.also} >= {"db-dump:212", "extract:1205"}
        await stage.press("a")
        assert (screen.view.run_id, screen.view.also) == (own, ())


async def test_one_mark_does_not_change_what_l_opens() -> None:
    """It is the log of the job under the cursor."""
    async with console(size=(80, 24)) as stage:
        await stage.press("space", "l")
        assert isinstance(stage.app.screen, LogScreen)
        assert (stage.app.screen.view.run_id, stage.app.screen.view.also) == ("extract:1205", ())


async def test_a_search_goes_through_all_of_the_logs() -> None:
    """Up to the first line of the longest, and down again; the matches of either, in their order."""
    engine = small_engine()
    for run, every in (("db-dump:212", 4000), ("extract:1205", 5000)):
        engine.logs[run] = b"".join(b"%s %06d\n" % (b"hit" if n % every == 0 else b"no.", n) for n in range(20_000))
    async with console(engine, size=(80, 24)) as stage:
        view = await merged(stage)
        await stage.press("slash", *"hit", "enter")
        seen: list[str] = []
        for key in ["N"] * 9 + ["n"] * 9:
            assert view.match is not None
            assert isinstance(view.feed, MergedFeed)
            seen.append(f"{view.feed.front_of(view.match)}{view.window.lines[view.match].decode()}")
            await stage.press(key)
        up, down = seen[:9], seen[9:]
        assert sorted(up) == sorted(
            [f"db-dump:212  | hit {n:06}" for n in range(0, 20_000, 4000)]
            + [f"extract:1205 | hit {n:06}" for n in range(0, 20_000, 5000)]
        )
        assert [up[-1], *down[1:]] == up[::-1]


async def test_search_filter_times_and_copy_work_on_several_logs() -> None:
    """All that a single log can do, but for its other runs."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"one\ntwo\n"
    engine.logs["extract:1205"] = b"three\ntwo and a half\n"
    async with console(engine, size=(80, 24)) as stage:
        view = await merged(stage)
        await stage.press("slash", *"three", "enter")
        assert view.match is not None
        await stage.press("c")
        assert stage.app.clipboard == "extract:1205 | three"
        await stage.press("escape", "ampersand", *"two", "enter")
        assert {text.split("| ")[1] for _, text in view.rows} == {"two", "two and a half"}
        await stage.press("escape", "T")
        assert all(text[2] == ":" and "|" in text for _, text in view.rows)
        assert "]" not in stage.text()[-1].split()
        await stage.press("left_square_bracket")
        assert view.also == ("extract:1205",)
        await stage.press("i", "1")
        assert len(view.rows) == 4


async def test_the_screen_before_is_the_merged_log_again() -> None:
    """` knows which runs were shown."""
    async with console(size=(80, 24)) as stage:
        await merged(stage)
        await stage.press("1")
        assert isinstance(stage.app.screen, JobsScreen)
        await stage.press("grave_accent")
        assert isinstance(stage.app.screen, LogScreen)
        assert stage.app.screen.view.also == ("extract:1205",)


@pytest.mark.parametrize("count", [MOST_LOGS, MOST_LOGS + 3])
async def test_more_logs_than_are_shown_are_said(count: int) -> None:
    """Nothing is left out in silence."""
    engine = small_engine()
    for number in range(count):
        job = engine.add(f"m{number:02}")
        job.last_run_id = f"m{number:02}:1"
        engine.logs[job.last_run_id] = b"x\n"
    async with console(engine, size=(80, 24)) as stage:
        stage.home.table.marked = {f"m{number:02}" for number in range(count)}
        await stage.press("l")
        assert isinstance(stage.app.screen, LogScreen)
        assert len(stage.app.screen.view.also) == MOST_LOGS - 1
        said = any("3 more are not" in text for _, text in stage.toasts)
        assert said == (count > MOST_LOGS)
