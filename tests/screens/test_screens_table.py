"""The job table: order, filter, what is drawn anew, and names that try to be more than names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.geometry import Region

from engine.clock import SECOND
from engine.model.outcome import Outcome
from engine.model.record import Counters
from engine.model.states import JobStatus
from jobqueue_tui.console.columns import run_seconds
from jobqueue_tui.console.still import Still
from jobqueue_tui.console.widgets.job_table import JobTable
from tests.screens.engines import big_engine, small_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.fake_job import MIB
from tests.screens.stage import PLACES, console, shown

# ---- order


@pytest.mark.parametrize("letter", list("NSADCMPXO"))
async def test_a_letter_sorts_and_again_turns_round(letter: str) -> None:
    """Twice the same letter reverses those that have a value; jobs without one stay last, in file order."""
    async with console() as stage:
        in_file = shown(stage)
        await stage.press(letter)
        once = shown(stage)
        await stage.press(letter)
        twice = shown(stage)
        assert sorted(once) == sorted(twice) == sorted(in_file)
        assert once != in_file
        assert once != twice
        await stage.press(letter)
        assert shown(stage) == once


@pytest.mark.parametrize(
    ("letter", "first"),
    [
        ("N", "ad-hoc"),
        ("S", "db-dump"),
        ("A", "thumbnails"),
        ("D", "index-mail"),
        ("C", "extract"),
        ("M", "db-dump"),
        ("P", "db-dump"),
        ("X", "fetch-rates"),
        ("O", "load"),
    ],
)
async def test_the_useful_end_comes_first(letter: str, first: str) -> None:
    """Newest, longest, hungriest, most urgent, soonest, failed."""
    async with console() as stage:
        job = stage.engine.job("db-dump")
        job.active[0].started_at = stage.engine.at - 60 * SECOND
        stage.engine.job("mirror").active.clear()
        stage.engine.job("mirror").last_seconds = 1.0
        stage.engine.job("vacuum").last_seconds = 1.0
        await stage.press(letter)
        assert shown(stage)[0] == first


async def test_jobs_without_a_value_are_last_either_way() -> None:
    """An idle job is not the one that uses least CPU."""
    async with console() as stage:
        running = {job.id for job in stage.engine.jobs if job.active}
        for _ in range(2):
            await stage.press("C")
            assert set(shown(stage)[: len(running)]) == running


async def test_the_head_shows_letter_and_direction() -> None:
    """The arrow stands at the column in force."""
    async with console(size=(120, 30)) as stage:
        assert "Name" in stage.text()[1]
        await stage.press("N")
        assert "Name▲" in stage.text()[1]
        await stage.press("N")
        assert "Name▼" in stage.text()[1]


async def test_the_cursor_follows_its_job_when_the_order_changes() -> None:
    """A sort by what moves must not put another job under the user's finger."""
    async with console() as stage:
        table = stage.home.table
        table.select("extract")
        await stage.press("C")
        assert table.current is stage.engine.job("extract")
        db_dump = stage.engine.job("db-dump")
        db_dump.active[0].cpu_percent = 999.0
        db_dump.touch()
        await stage.second()
        assert shown(stage)[0] == "db-dump"
        assert table.current is stage.engine.job("extract")
        assert table.settled


# ---- filter


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        ("dump", {"db-dump"}),
        ("^load$|^report", {"report"}),
        ("Nightly", {"db-dump"}),
        ("nightly", {"db-dump"}),
        ("DUMP", set()),
        ("-f dbdmp", {"db-dump"}),
        ("tag:etl", {"extract", "transform", "load"}),
        ("tag:etl !load", {"extract", "transform"}),
        ("status:paused", {"sync-photos"}),
        ("status:queued", {"transform"}),
        ("status:timed", {"index-mail"}),
        ("status:failed", {"load", "seed-cache"}),
        ("!status:waiting tag:web", set()),
    ],
)
async def test_the_filter_grammar(text: str, passing: set[str]) -> None:
    """Regex with smart case, inverse, fuzzy, tags, status or last outcome; terms are joined by "and"."""
    async with console() as stage:
        await stage.press("slash")
        stage.home.filter_bar._field.value = text  # type: ignore[union-attr] # the field is there once it was opened
        await stage.settle()
        assert set(shown(stage)) == passing
        await stage.press("enter")
        assert stage.home.table.has_focus
        assert set(shown(stage)) == passing
        await stage.press("escape")
        assert len(shown(stage)) == 16
        assert not stage.home.filter_bar.display


@pytest.mark.parametrize(
    "text", ["([", "a)(", "(a+)+", "(?P<x>a)(?P=x)", r"(a)\1", "a*b*c*d*e*", "status:nonsense", "*"]
)
async def test_a_bad_filter_is_said_and_the_last_good_one_stays(text: str) -> None:
    """Typing must not crash, hang, or show everything."""
    async with console() as stage:
        await stage.press("slash", "e", "t", "l")
        field = stage.home.filter_bar._field
        assert field is not None
        field.value = text
        await stage.settle()
        assert shown(stage) == []
        assert stage.home.filter_bar.query_one("#note").has_class("-bad")
        field.value = "dump"
        await stage.settle()
        assert shown(stage) == ["db-dump"]
        assert not stage.home.filter_bar.query_one("#note").has_class("-bad")


async def test_a_job_that_no_longer_passes_leaves_within_a_second() -> None:
    """A filter by status is a live view."""
    async with console() as stage:
        await stage.press("slash", *"status", "colon", *"paused", "enter")
        assert shown(stage) == ["sync-photos"]
        stage.hand.at += 1.0
        await stage.press("p")
        assert "1 of 16" in stage.text()[1]
        await stage.second()
        assert shown(stage) == []
        assert "0 of 16" in stage.text()[1]
        assert any("No job passes the filter" in line for line in stage.text())


# ---- what is drawn


async def test_only_visible_rows_that_changed_are_drawn() -> None:
    """With 10,000 jobs a change off screen draws nothing, one on screen draws its one line."""
    async with console(big_engine(2000), size=(120, 40)) as stage:
        drawn: list[Region] = []
        table = stage.home.table

        class Watch:
            """Notes what is asked to be drawn."""

            def refresh(self, *regions: Region, **_: object) -> None:
                drawn.extend(regions)

        table.refresh = Watch().refresh  # type: ignore[method-assign,assignment] # what is asked for is the subject
        for number in (1500, 1999):
            stage.engine.job(f"job-{number:05d}").touch()
        stage.app.flush()
        assert drawn == []
        stage.engine.job("job-00003").touch()
        stage.app.flush()
        assert drawn == [Region(0, 3, table.size.width, 1)]


async def test_a_row_is_painted_once_for_what_it_shows() -> None:
    """Moving the cursor to and fro paints two rows each time, not the screen."""
    async with console(big_engine(500)) as stage:
        table = stage.home.table
        await stage.press("j", "k")
        painted: list[int] = []
        paint = table.paint

        def counting(row: int, *arguments: object, **more: object) -> object:
            painted.append(row)
            return paint(row, *arguments, **more)  # type: ignore[arg-type] # handed on as they came

        table.paint = counting  # type: ignore[method-assign,assignment] # what is painted is the subject
        await stage.press("j")
        assert sorted(painted) == [0, 1]


async def test_countdowns_and_ages_move_with_the_engines_clock() -> None:
    """Once a second, without any change of the job."""
    async with console() as stage:
        row = next(line for line in stage.text() if "thumbnails" in line)
        assert "22s" in row
        await stage.second()
        row = next(line for line in stage.text() if "thumbnails" in line)
        assert "21s" in row
        assert " 9s" in row


async def test_changes_appear_at_the_next_flush() -> None:
    """Status, outcome and counts of a job, and the header's figures."""
    async with console(size=(120, 30)) as stage:
        job = stage.engine.job("extract")
        job.active.clear()
        job.status = JobStatus.WAITING
        stage.engine.ended(job, 0, 14.0, Outcome.FAILED, "exit(9)")
        job.counters = replace(job.counters, failed=job.counters.failed + 1)
        job.touch()
        await stage.settle()
        lines = stage.text()
        row = next(line for line in lines if " extract " in line)
        assert "waiting" in row
        assert "failed" in row
        assert "1198/7" in row
        assert "failing 4" in lines[0]
        assert "run 4/3" in lines[0]


async def test_jobs_that_come_and_go_are_seen() -> None:
    """A reload of the job file."""
    async with console() as stage:
        del stage.engine.by_id["mirror"]
        stage.engine.add("newcomer")
        stage.engine.changed(resync=True)
        await stage.settle()
        assert "mirror" not in shown(stage)
        assert shown(stage)[-1] == "newcomer"


async def test_the_tail_says_how_its_run_ended_whatever_was_skipped_since() -> None:
    """The reason of what was skipped is not that of the run."""
    async with console() as stage:
        job = stage.engine.job("report")
        stage.engine.ended(job, 60, 3.0, Outcome.FAILED, "exit(9)")
        assert stage.home.table.select("report")
        await stage.settle()
        assert any(f"{job.last_run_id}  failed  exit(9)" in line for line in stage.text())
        stage.engine.ended(job, 1, 0.0, Outcome.SKIPPED, "overlap")
        job.touch()
        await stage.settle()
        lines = stage.text()
        assert any(f"{job.last_run_id}  failed " in line for line in lines)
        assert not any("skipped  overlap" in line for line in lines)


async def test_a_pause_is_no_part_of_a_duration() -> None:
    """Neither in its column nor for `slow`."""
    engine = small_engine()
    job = engine.job("db-dump")
    run = job.active[0]
    run.started_at = engine.at - 60 * SECOND
    assert run_seconds(job, engine.at) == 60
    run.paused_us = 45 * SECOND
    assert run_seconds(job, engine.at) == run_seconds(Still.of(job), engine.at) == 15


async def test_no_jobs_at_all() -> None:
    """An empty job file is a screen, not a crash; no verb has anything to act on."""
    async with console(FakeEngine()) as stage:
        await stage.press(
            "j", "G", "pagedown", "p", "x", "t", "plus", "l", "enter", "N", "3", "2", "4", "o", "asterisk"
        )
        assert stage.verbs == []
        await stage.press("1")
        assert any("The job file has no jobs: e edits it" in line for line in stage.text())
        await stage.press("4")
        assert any("The job file has no jobs: e edits it" in line for line in stage.text())
    async with console(FakeEngine(), read_only=True) as stage:
        assert any("The job file has no jobs." in line for line in stage.text())


HOSTILE = [
    "[red]x", "[/", "[bold]a[/bold]", "a\x1b[31mb", "\x1b]0;own\x07c", "工作工作工作工作工作工作", "e\u0301te\u0301", "a\nb\tc",
    "ev\u202etxt.exe", "x" * 300, "\x9b2J", "\udcff", "👩‍👩‍👧 family", " lead", "",
]  # fmt: skip


@pytest.mark.parametrize("size", [(80, 24), (200, 40)])
async def test_hostile_names_are_drawn_literally_and_keep_the_columns(size: tuple[int, int]) -> None:
    """Markup is text, control sequences are gone, each row is exactly as wide as the table."""
    engine = FakeEngine()
    for number, name in enumerate(HOSTILE):
        job = engine.add(name or "empty", title=f"{name}!", tags=(name,), schedule_text=name, description=name)
        job.needs = (HOSTILE[number - 1],) if number else ()
        engine.running(job, 5, 1.0, MIB)
        engine.logs[job.last_run_id or ""] = name.encode("utf-8", "surrogateescape") * 3
    async with console(engine, size=size) as stage:
        for keys in (["1"], ["4"], ["2"], ["l"], ["escape", "x"], ["escape", "1", "question_mark"]):
            await stage.press(*keys)
            for line in stage.text():
                assert not any(
                    ord(char) < 32 or 127 <= ord(char) < 160 or 0xD800 <= ord(char) < 0xE000 for char in line
                )
                assert "\u202e" not in line
        await stage.press("escape")
        assert any("[red]x" in line for line in stage.text())
        await stage.press(*["j"] * len(HOSTILE))
        strips = stage.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {size[0]}


@pytest.mark.parametrize("height", [6, 8, 12, 16, 19])
@pytest.mark.parametrize("place", PLACES)
async def test_a_low_terminal_is_given_whole_lines(place: str, height: int) -> None:
    """Opened in it, and made so low: a screen that gets a scroll bar of its own leaves no gap."""
    async with console(size=(100, height)) as stage:
        await stage.press(*PLACES[place])
        await stage.pilot.resize_terminal(100, 40)
        await stage.settle()
        await stage.pilot.resize_terminal(100, height)
        await stage.settle()
        assert {strip.cell_length for strip in stage.app.screen._compositor.render_strips()} == {100}


async def test_every_width_is_drawn_without_a_gap_or_an_overflow() -> None:
    """From absurdly narrow to very wide."""
    async with console() as stage:
        for width in (10, 20, 39, 60, 79, 80, 81, 100, 133, 200, 300):
            await stage.pilot.resize_terminal(width, 24)
            await stage.settle()
            table = stage.home.table
            assert {strip.cell_length for strip in (table.render_line(y) for y in range(5))} == {table.row_width}
            names = [placed.column.id for placed in table.placed]
            assert "name" in names


async def test_rows_that_follow_each_other_are_drawn_as_one_block() -> None:
    """In whatever order they are named; those that are not on screen are not drawn."""
    async with console(big_engine(200), size=(80, 24)) as stage:
        table = stage.home.table
        table.scroll_to(y=2, animate=False)
        await stage.settle()
        table.refresh_rows([7, 199, 5, 6, 3, 5, 0])
        width = table.size.width
        assert table._repaint_regions == {Region(0, 1, width, 1), Region(0, 3, width, 3)}


async def test_what_is_shown_at_80_columns() -> None:
    """The columns of the home screen that must be there in the smallest usual terminal."""
    async with console(size=(80, 24)) as stage:
        names = {placed.column.id for placed in stage.home.table.placed}
        assert names == {
            "status", "name", "priority", "next", "outcome", "age", "duration",
            "cpu", "cpu-curve", "memory", "memory-curve",
        }  # fmt: skip
    async with console(size=(120, 40)) as stage:
        names = {placed.column.id for placed in stage.home.table.placed}
        assert {"runs", "tags"} <= names


async def test_counters_of_a_job_that_never_ran_are_blank() -> None:
    """A zero is a statement; nothing is none."""
    engine = FakeEngine()
    engine.add("a", counters=Counters())
    async with console(engine, size=(120, 30)) as stage:
        assert "0/0" not in next(line for line in stage.text() if " a " in line)


def test_the_table_is_not_a_data_table() -> None:
    """DataTable costs half a core at 100 updates/s; the base must stay the line list."""
    assert "DataTable" not in {base.__name__ for base in JobTable.__mro__}


async def test_the_small_engine_shows_every_status() -> None:
    """The snapshots are worth something only if every state is in them."""
    assert {job.status for job in small_engine().jobs} == set(JobStatus)
