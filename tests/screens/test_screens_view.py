"""How the table is looked at: marks and verbs for many, problems, groups, columns, zoom, filters that were used."""

from __future__ import annotations

from textual.widgets import Input

from engine.model.outcome import Outcome
from engine.model.stats import JobStats, Spread
from jobqueue_tui.console.arranging import Heading
from jobqueue_tui.console.screens.form import FormDialog
from jobqueue_tui.console.screens.jobs import JobsScreen
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.stage import console, shown

# ---- problems, groups, columns


async def test_only_problems() -> None:
    """Failed, timed out, lost, missed, in error; and what runs longer than it usually does."""
    engine = small_engine()
    engine.job("extract").taken = JobStats(
        seconds=Spread(5.0, 5.0, 6.0, 7.0),
        waits=Spread(),
        outcomes=(Outcome.SUCCESS,) * 5,
        cpu_seconds=1.0,
        peak_rss_bytes=1,
    )
    async with console(engine) as stage:
        await stage.press("exclamation_mark")
        assert shown(stage) == ["extract", "load", "index-mail", "seed-cache"]
        assert "problems only" in stage.text()[0]
        assert any("● slow" in line and " extract " in line for line in stage.text())
        stage.engine.job("load").last_run_outcome = Outcome.SUCCESS
        stage.engine.job("load").touch()
        await stage.second()
        assert shown(stage) == ["extract", "index-mail", "seed-cache"]
        await stage.press("exclamation_mark")
        assert len(shown(stage)) == 16


async def test_an_occurrence_that_was_skipped_makes_nothing_well() -> None:
    """The last run that ran failed: it is a problem, and the header counts it, whatever was skipped since."""
    engine = FakeEngine()
    job = engine.add("fails")
    engine.ended(job, 10.0, 2.5, Outcome.FAILED, "exit(1)")
    engine.running(job, 2.0, 0.0, 1)
    engine.ended(job, 1.0, 0.0, Outcome.SKIPPED, "overlap")
    engine.add("fine")
    async with console(engine) as stage:
        assert "failing 1" in stage.text()[0]
        await stage.press("exclamation_mark")
        assert shown(stage) == ["fails"]


async def test_no_problem_is_a_screen_that_says_so() -> None:
    """And how to get the jobs back."""
    engine = FakeEngine()
    engine.add("fine")
    async with console(engine) as stage:
        await stage.press("exclamation_mark")
        assert any("No problems. ! shows all jobs again." in line for line in stage.text())


async def test_groups_have_headings_with_counts() -> None:
    """By the first tag, by the first pool, by status, then none; Space on a heading marks its group."""
    engine = small_engine()
    engine.job("db-dump").pools = {"disk": 1, "net": 2}
    async with console(engine) as stage:
        await stage.press("b", "g")
        rows = stage.home.table.rows
        assert isinstance(rows[0], Heading)
        assert (rows[0].name, rows[0].count, rows[0].running) == ("db", 1, 1)
        names = [row.name for row in rows if isinstance(row, Heading)]
        assert names == ["db", "etl", "home", "mail", "net", "web", "no tag"]
        await stage.press("p", "x", "t", "enter", "l")
        assert isinstance(stage.app.screen, JobsScreen)
        assert stage.verbs == []
        await stage.press("j", "j", "space")
        assert stage.home.table.marked == {"extract", "transform", "load"}
        await stage.press("b")
        assert next((row.name, row.count) for row in stage.home.table.rows if isinstance(row, Heading)) == ("disk", 1)
        assert [row.name for row in stage.home.table.rows if isinstance(row, Heading)] == ["disk", "no pool"]
        await stage.press("b")
        assert {row.name for row in stage.home.table.rows if isinstance(row, Heading)} >= {
            "running",
            "waiting",
            "held",
        } - {"held"}
        await stage.press("b")
        assert not any(isinstance(row, Heading) for row in stage.home.table.rows)


async def test_wide_shows_words_in_place_of_curves() -> None:
    """More columns in the same width."""
    async with console(size=(120, 30)) as stage:
        before = {placed.column.id for placed in stage.home.table.placed}
        await stage.press("w")
        after = {placed.column.id for placed in stage.home.table.placed}
        assert not after & {"cpu-curve", "memory-curve"}
        assert after > before - {"cpu-curve", "memory-curve"}
        await stage.press("w")
        assert {placed.column.id for placed in stage.home.table.placed} == before


async def test_columns_are_chosen_by_name() -> None:
    """`:columns`; status and name are always there."""
    async with console(size=(120, 30)) as stage:
        await stage.press("colon", *"columns", "enter")
        assert isinstance(stage.app.screen, FormDialog)
        await stage.press("space", "tab", "space", *["tab"] * 20, "escape")
        assert {"priority", "next"} <= {placed.column.id for placed in stage.home.table.placed}
        await stage.press("colon", *"columns", "enter", "space", "tab", "space")
        form = stage.app.screen
        assert isinstance(form, FormDialog)
        form.choices.focus()
        await stage.press("enter")
        ids = {placed.column.id for placed in stage.home.table.placed}
        assert not {"priority", "next"} & ids
        assert {"status", "name", "outcome"} <= ids


async def test_the_cursor_may_be_told_to_stay() -> None:
    """`F`: another job comes under it, and verbs wait for a moment."""
    async with console() as stage:
        await stage.press("F", "N", "j")
        before = stage.home.table.cursor
        stage.engine.add("aaa")
        await stage.settle()
        assert stage.home.table.cursor == before
        assert stage.home.aimed() is None
        stage.hand.at += 0.31
        assert stage.home.aimed() is not None


async def test_why_nothing_is_shown_is_said_anew_when_the_reason_changes() -> None:
    """Nothing passes the filter, then no problem does."""
    async with console() as stage:
        await stage.press("slash", *"zzz", "enter")
        assert any("No job passes the filter" in line for line in stage.text())
        await stage.press("exclamation_mark")
        assert any("No problem passes the filter" in line for line in stage.text())


# ---- zoom


async def test_zoom_shows_one_part_then_the_other_then_both() -> None:
    """The cursor and its keys stay."""
    async with console() as stage:
        home = stage.home
        await stage.press("z")
        assert home.tail.size.height == 0
        await stage.press("z", "j")
        assert home.table.size.height == 1
        assert home.tail.size.height > 20
        assert home.table.cursor == 1
        await stage.press("z")
        assert home.table.size.height > 5
        assert home.tail.size.height > 4


# ---- filters that were used


async def test_filters_that_were_used_come_back_with_up() -> None:
    """The newest first; down goes forward; also on another screen."""
    async with console() as stage:
        await stage.press("slash", *"dump", "enter", "escape", "slash", *"etl", "enter", "escape", "slash", "up")
        assert stage.home.filter_bar.text == "etl"
        await stage.press("up")
        assert stage.home.filter_bar.text == "dump"
        assert shown(stage) == ["db-dump"]
        await stage.press("down")
        assert stage.home.filter_bar.text == "etl"
        await stage.press("escape", "6", "right_square_bracket", "slash", "up", "up")
        assert isinstance(stage.app.focused, Input)
        assert stage.app.focused.value == "dump"
