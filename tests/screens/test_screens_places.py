"""The sections: what they show, that they follow what changes, and what their keys do."""

from __future__ import annotations

import pytest

from engine.clock import SECOND
from engine.model.outcome import Outcome
from engine.model.states import RunPhase
from jobqueue_tui.console.actions import ACTIONS, Where
from jobqueue_tui.console.screens.compare import CompareScreen
from jobqueue_tui.console.screens.failures import FailuresScreen
from jobqueue_tui.console.screens.form import FormDialog
from jobqueue_tui.console.screens.history import HistoryScreen
from jobqueue_tui.console.screens.inbox import InboxScreen
from jobqueue_tui.console.screens.job import JobScreen
from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.log import LogScreen
from jobqueue_tui.console.screens.queue import QueueScreen
from jobqueue_tui.console.screens.system import SystemScreen
from jobqueue_tui.console.screens.timeline import TimelineScreen
from jobqueue_tui.console.screens.tree import TreeScreen
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.fake_job import FakeRun, ended_run
from tests.screens.stage import PLACES, at, console

OTHERS = [place for place in PLACES if place not in {"jobs", "log", "tree"}]


# ---- all of them


@pytest.mark.parametrize("place", OTHERS)
async def test_moving_never_acts(place: str) -> None:
    """No key of movement gives a verb, opens or closes anything."""
    async with console() as stage:
        await stage.press(*PLACES[place])
        screen = stage.app.screen
        for action in ACTIONS:
            if action.where is Where.MOVE:
                await stage.press(*action.keys)
        assert stage.app.screen is screen
        assert stage.app.places.here.name == place
        assert stage.verbs == []


@pytest.mark.parametrize("place", OTHERS)
async def test_an_engine_with_nothing_is_a_screen_not_a_crash(place: str) -> None:
    """Every key does nothing, or says why."""
    async with console(FakeEngine()) as stage:
        await stage.press(*PLACES[place])
        await stage.press("enter", "l", "r", "d", "space", "U", "p", "s", "x", "t", "plus", "left", "right", "A")
        await stage.press("left_square_bracket", "right_square_bracket", "escape", "escape")
        assert stage.verbs == []


@pytest.mark.parametrize("place", ["history", "inbox", "timeline", "job"])
async def test_a_record_that_cannot_be_read_is_said_where_it_would_be(place: str) -> None:
    """The console lives on."""
    engine = small_engine()
    engine.trouble = OSError("disk [full]")
    if place == "inbox":

        async def broken(**_: object) -> list[object]:
            raise OSError("disk [full]")

        engine.inbox = broken  # type: ignore[method-assign,assignment] # that it fails is the subject
    async with console(engine) as stage:
        await stage.press(*PLACES[place])
        assert stage.has("disk [full]")


@pytest.mark.parametrize("place", OTHERS)
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 60)])
async def test_lines_are_as_wide_as_the_screen(place: str, size: tuple[int, int]) -> None:
    """Nothing overflows or leaves a gap, whatever the names."""
    engine = small_engine()
    evil = engine.add("工作" * 30, title="[red]x[/", tags=("[b]",))
    engine.ended(evil, 30, 3.0, Outcome.FAILED, "exit(\x1b[31m3)")
    engine.records.insert(
        0, ended_run(f"{evil.id}:1", evil.id, engine.at - 60 * SECOND, Outcome.FAILED, reason="\x1b[2J")
    )
    engine.bad = list(engine.records)
    evil.queued.append(FakeRun(f"{evil.id}:2", evil.id, RunPhase.QUEUED, engine.at, engine.at, None))
    async with console(engine, size=size) as stage:
        await stage.press(*PLACES[place])
        strips = stage.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {size[0]}
        assert not any("\x1b" in line for line in stage.text())


async def test_numbers_open_sections_and_brackets_go_through_lists() -> None:
    """6 comes back to the list that was open last."""
    async with console() as stage:
        kinds = []
        for key in ("5", "6", *["right_square_bracket"] * 4, "left_square_bracket", "7", "6", "grave_accent", "escape"):
            await stage.press(key)
            kinds.append(type(stage.app.screen))
        assert kinds[:-1] == [
            TimelineScreen, QueueScreen, HistoryScreen, InboxScreen, FailuresScreen, QueueScreen, FailuresScreen,
            SystemScreen, FailuresScreen, SystemScreen,
        ]  # fmt: skip
        assert stage.app.screen is stage.home


async def test_the_key_for_the_screen_before_goes_to_and_fro() -> None:
    """Grave accent: there and back again."""
    async with console() as stage:
        await stage.press("4", "1", "grave_accent")
        assert isinstance(stage.app.screen, TreeScreen)
        await stage.press("grave_accent")
        assert isinstance(stage.app.screen, JobsScreen)


async def test_a_job_that_was_just_removed_is_said_to_be_gone() -> None:
    """Keys pressed between its end and the next frame."""
    async with console() as stage:
        await at(stage, "report")
        del stage.engine.by_id["report"]
        for key in ("enter", "2", "3"):
            await stage.pilot.press(key)
            await stage.pilot.pause()
        assert isinstance(stage.app.screen, JobsScreen)
        assert stage.toasts[0] == ("", "report is no longer in the job file.")


# ---- queue


async def test_the_queue_says_what_each_run_waits_for() -> None:
    """In the order of the engine, with aged priority."""
    async with console() as stage:
        await stage.press("6")
        assert stage.has("transform:1191", "5→", "3m00s", "no free slot: 3 of 3 are taken")
        await stage.press("plus")
        assert stage.verbs == [("bump", "transform")]
        job = stage.engine.job("transform")
        job.queued.clear()
        job.touch()
        await stage.settle()
        assert stage.has("Nothing waits.")


async def test_a_verb_in_the_queue_waits_when_another_run_came_under_the_cursor() -> None:
    """The one that was meant has just started."""
    async with console() as stage:
        other = stage.engine.job("report")
        other.queued.append(FakeRun("report:41", "report", RunPhase.QUEUED, stage.engine.at, stage.engine.at, None))
        await stage.press("6")
        stage.engine.job("transform").queued.clear()
        stage.engine.job("transform").touch()
        stage.app.flush()
        await stage.press("p")
        assert stage.verbs == []
        stage.hand.at += 0.31
        await stage.press("p")
        assert stage.verbs == [("pause", "report")]


# ---- history, inbox


async def test_the_history_is_filtered_by_job_outcome_kind_and_tag() -> None:
    """The same words as on the table."""
    async with console() as stage:
        await stage.press("6", "right_square_bracket")
        screen = stage.app.screen
        assert isinstance(screen, HistoryScreen)
        for text, jobs in (
            ("dump", {"db-dump"}),
            ("status:timed", {"index-mail"}),
            ("kind:manual", {"index-mail"}),
            ("tag:etl status:failed", {"load"}),
            ("!extract !dump status:failed", {"load", "seed-cache"}),
        ):
            await stage.press("slash")
            screen.filter_bar._field.value = text  # type: ignore[union-attr] # it is open
            await stage.settle()
            assert {run.job for run in screen.runs.runs} == jobs, text
            await stage.press("escape")
        assert len(screen.runs.runs) > 20


async def test_the_history_follows_what_ends() -> None:
    """At most every two seconds, and the cursor stays on its run."""
    async with console() as stage:
        await stage.press("6", "right_square_bracket", *["j"] * 9)
        screen = stage.app.screen
        assert isinstance(screen, HistoryScreen)
        run = screen.runs.current
        stage.engine.records.insert(0, ended_run("report:41", "report", stage.engine.at, Outcome.SUCCESS))
        stage.engine.job("report").touch()
        for _ in range(3):
            await stage.second()
        assert "report:41" in [one.run_id for one in screen.runs.runs]
        assert screen.runs.current == run


async def test_more_of_the_history_is_read_when_it_is_wanted() -> None:
    """Two hundred runs at first; further down, and for a filter, more of them."""
    engine = small_engine()
    engine.records = [
        ended_run(f"extract:{5000 - n}", "extract", engine.at - n * 60 * SECOND, Outcome.SUCCESS) for n in range(900)
    ]
    async with console(engine) as stage:
        await stage.press("6", "right_square_bracket")
        screen = stage.app.screen
        assert isinstance(screen, HistoryScreen)
        assert len(screen.runs.runs) == 200
        await stage.press("G")
        assert len(screen.runs.runs) == 600
        await stage.press("slash", *"extract", "enter")
        assert len(screen.runs.runs) > 890


async def test_a_long_queue_is_put_in_order_less_often() -> None:
    """Each asking goes through all that waits."""
    engine = small_engine()
    job = engine.job("transform")
    job.queued = [FakeRun(f"transform:{n}", job.id, RunPhase.QUEUED, engine.at, engine.at, None) for n in range(4100)]
    asked = []
    order = engine.queue
    engine.queue = lambda: asked.append(1) or order()  # type: ignore[method-assign,func-returns-value] # counted
    async with console(engine) as stage:
        await stage.press("6")
        before = len(asked)
        for _ in range(5):
            job.touch()
            stage.app.flush()
        assert len(asked) == before
        for _ in range(3):
            job.touch()
            await stage.second()
        assert before < len(asked) <= before + 2


async def test_d_shows_the_record_beside_the_run_before() -> None:
    """Differences are marked by a sign; a marked run takes the place of the one before."""
    async with console(size=(120, 40)) as stage:
        await stage.press("6", "right_square_bracket", "slash", *"extract", "enter", "j", "d")
        assert isinstance(stage.app.screen, CompareScreen)
        assert stage.has("extract:1204", "extract:1203")
        assert stage.has("took", "48.0s", "≠", "49.0s", "-2%")
        await stage.press("escape", "G", "space", "g", "j", "d")
        assert stage.has("extract:1204", "extract:1193")


async def test_r_in_the_history_repeats_that_run() -> None:
    """Not the newest of its job."""
    async with console() as stage:
        await stage.press("6", "right_square_bracket", "slash", *"extract", "enter", "j", "j", "r", "enter")
        assert stage.verbs == [("rerun", "extract:1203")]


async def test_enter_in_the_history_opens_the_log_and_escape_comes_back() -> None:
    """To the same run."""
    async with console() as stage:
        await stage.press("6", "right_square_bracket", "slash", *"extract", "enter", "j", "enter")
        assert isinstance(stage.app.screen, LogScreen)
        assert stage.app.screen.run_id == "extract:1204"
        await stage.press("escape")
        assert isinstance(stage.app.screen, HistoryScreen)


async def test_acknowledging_takes_runs_out_of_the_inbox() -> None:
    """The marked ones, else the one under the cursor; the reason goes on record."""
    async with console() as stage:
        await stage.press(*PLACES["inbox"])
        screen = stage.app.screen
        assert isinstance(screen, InboxScreen)
        before = [run.run_id for run in screen.runs.runs]
        await stage.press("A")
        assert isinstance(stage.app.screen, FormDialog)
        await stage.press(*"mended", "enter", "enter")
        assert stage.engine.verbs == [("ack", before[0], {"reason": "mended"})]
        assert [run.run_id for run in screen.runs.runs] == before[1:]
        await stage.press("g", "space", "space", "A", "enter", "enter")
        assert [target for _, target in stage.verbs[1:]] == before[1:3]


# ---- failures


async def test_the_heat_map_has_the_worst_first_and_tells_by_shape() -> None:
    """Bars for shares, a dot for a good day, a question mark for missed ones only."""
    async with console(size=(120, 40)) as stage:
        await stage.press(*PLACES["failures"])
        screen = stage.app.screen
        assert isinstance(screen, FailuresScreen)
        rows = screen.list.rows
        assert [row.bad for row in rows] == sorted((row.bad for row in rows), reverse=True)
        by_job = {row.job: row for row in rows}
        assert set(by_job["extract"].cells) == {" ", "·"}
        assert set(by_job["vacuum"].cells) == {" ", "?"}
        await stage.press("enter")
        assert isinstance(stage.app.screen, JobScreen)
        assert stage.app.screen.job.id == rows[0].job
