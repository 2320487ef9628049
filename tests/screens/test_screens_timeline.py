"""The timeline: what was and what is to come, the load above it, and what its keys do to an occurrence."""

from __future__ import annotations

import re

from engine.clock import SECOND
from jobqueue_tui.console.screens.timeline import TimelineScreen
from jobqueue_tui.console.timeline import in_cell
from tests.screens.fake_engine import FakeEngine
from tests.screens.stage import Stage, console


def due_together(count: int) -> FakeEngine:
    """As many jobs, each to run for ten minutes in an hour."""
    engine = FakeEngine()
    for number in range(count):
        engine.add(f"job-{number}", next_run=engine.at + 3600 * SECOND).every(86400, 1, usual=600.0)
    return engine


def load_line(stage: Stage) -> str:
    """The second line of a timeline."""
    (line,) = [line for line in stage.text() if line.startswith(" of ")]
    return line


async def test_the_timeline_has_what_was_and_what_is_to_come() -> None:
    """A row per job; signs, not colours alone."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5")
        assert stage.has("db-dump", "▶", "○")
        assert stage.has("load", "✗")
        assert stage.has("index-mail", "!")
        assert stage.has("vacuum", "?")
        assert stage.has("mirror", "◆") or stage.has("mirror", "○")


async def test_the_times_above_a_timeline_are_there_at_once() -> None:
    """Not with the next second: its width is known only when it has been laid out."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5")
        (line,) = [line for line in stage.text() if line.startswith(" span ")]
        assert re.search(r"\d\d:\d\d", line)


async def test_the_time_cursor_says_what_it_is_on() -> None:
    """`]` goes to the next run or occurrence of the job, `[` back; `.` follows the clock again."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5", "right_square_bracket")
        assert stage.has("db-dump", "planned 02:00:00", "usually takes 21m00s")
        await stage.press("left_square_bracket")
        assert stage.has("db-dump:212", "running")
        await stage.press("j", "j", "j", "left_square_bracket")
        screen = stage.app.screen
        assert isinstance(screen, TimelineScreen)
        assert screen.table.column is not None
        await stage.press("full_stop")
        assert screen.table.column is None


async def test_zooming_keeps_the_time_under_the_cursor() -> None:
    """From fifteen minutes to thirty days, clamped."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5", "right_square_bracket")
        screen = stage.app.screen
        assert isinstance(screen, TimelineScreen)
        at = screen.table.at
        for key in ["less_than_sign"] * 6 + ["greater_than_sign"] * 9:
            await stage.press(key)
            assert abs(screen.table.at - at) <= 2 * max(screen.table.window.cell, 8 * 3600 * SECOND)
        assert screen.table.span_seconds <= 900


async def test_verbs_on_the_timeline_are_those_of_the_job() -> None:
    """Trigger, suspend, skip by the menu."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5", "j", "s", "a", "n")
        assert stage.verbs == [("suspend", "extract"), ("skip_next", "extract")]


async def test_the_occurrence_under_the_time_cursor_is_skipped_and_no_other() -> None:
    """Without a time cursor the next one; where nothing is planned, none."""
    async with console(size=(120, 40)) as stage:
        times = stage.engine.job("extract").times
        await stage.press("5", "j", "greater_than_sign", *["right_square_bracket"] * 3)
        screen = stage.app.screen
        assert isinstance(screen, TimelineScreen)
        (meant,) = in_cell(screen.table.lane, screen.table.window, screen.table.column or 0, stage.engine.at)[1]
        assert meant in times[1:]
        await stage.press("a")
        assert stage.has("n", "skip the occurrence under the time cursor")
        await stage.press("n")
        assert stage.engine.verbs == [("skip_next", "extract", {"undo": False, "at": meant.at})]
        await stage.press("right", "a", "n")
        assert len(stage.engine.verbs) == 1
        assert "Nothing is planned" in stage.toasts[-1][0]
        await stage.press("full_stop", "a", "n")
        assert stage.engine.verbs[1:] == [("skip_next", "extract", {"undo": False})]


async def test_of_several_occurrences_in_a_cell_none_is_skipped() -> None:
    """A shorter span has them apart."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5", "j", "less_than_sign", "less_than_sign", "right_square_bracket", "a", "n")
        assert stage.verbs == []
        title, remedy = stage.toasts[-1]
        assert "occurrences of extract are in this cell" in title
        assert "> shows a shorter span" in remedy


async def test_only_the_next_occurrence_is_postponed_where_the_time_cursor_is() -> None:
    """Another one is refused before anything is typed, with the way to the next."""
    async with console(size=(120, 40)) as stage:
        first = stage.engine.job("extract").times[0]
        await stage.press("5", "j", *["right_square_bracket"] * 2, "a", "P")
        assert isinstance(stage.app.screen, TimelineScreen)
        assert "Only the next occurrence of extract can be postponed" in stage.toasts[-1][0]
        assert ". and then ] goes to it" in stage.toasts[-1][1]
        await stage.press("full_stop", "right_square_bracket", "a", "P", *"5m", "enter", "enter")
        assert stage.engine.verbs == [("postpone", "extract", {"seconds": 300.0, "at": first.at})]


# ---- load


async def test_more_than_there_are_slots_is_set_off() -> None:
    """Where four want to run at once and three can."""
    engine = due_together(4)
    async with console(engine, size=(120, 40)) as stage:
        await stage.press("5")
        assert stage.has("of 3 slots", "!")
        engine.job("job-3").times = []
        await stage.press("1", "5")
        assert not stage.has("of 3 slots", "!")


async def test_the_load_stands_above_what_it_counts_when_it_is_first_shown() -> None:
    """The width is known only when it has been laid out; what is read is for that. It stays there when time goes on."""
    engine = due_together(4)
    async with console(engine, size=(120, 40)) as stage:
        await stage.press("5")
        planned = next(line.rindex("○") for line in stage.text() if "job-0" in line)
        assert load_line(stage).index("!") == planned
        for _ in range(20):
            engine.at += 60 * SECOND
            stage.app.flush()
            await stage.pilot.pause()
            planned = next(line.rindex("○") for line in stage.text() if "job-0" in line)
            assert load_line(stage).index("!") == planned


async def test_more_than_a_pool_has_is_set_off() -> None:
    """Slots of the engine are not all that runs share: pools, groups, being alone. The line below says which it is."""
    engine = due_together(2)
    async with console(engine, size=(120, 40)) as stage:
        await stage.press("5")
        assert "!" not in load_line(stage)
        for job in engine.jobs:
            job.pools = {"db": 2}
        await stage.press("1", "5")
        assert "!" in load_line(stage)
        await stage.press("right_square_bracket")
        assert stage.has("job-0", "too many: 4 in pool db, which has 2")
        for job in engine.jobs:
            job.pools, job.exclusive = {}, "nightly"
        await stage.press("1", "5", "right_square_bracket")
        assert stage.has("too many: 2 in exclusive group nightly")
        engine.job("job-0").exclusive, engine.job("job-1").exclusive = True, False
        await stage.press("1", "5", "right_square_bracket")
        assert stage.has("too many: 1 beside one that runs alone")
