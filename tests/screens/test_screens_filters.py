"""`/` on every list: what passes is shown, what is typed is no verb, Esc brings all back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual import events
from textual.widgets import Input

from engine.clock import SECOND
from engine.model.outcome import Outcome
from jobqueue_tui.console.screens.failures import FailuresScreen
from jobqueue_tui.console.screens.filtered import Filtered
from jobqueue_tui.console.screens.inbox import InboxScreen
from jobqueue_tui.console.screens.job import JobScreen
from jobqueue_tui.console.screens.queue import QueueScreen
from jobqueue_tui.console.screens.system import SystemScreen
from jobqueue_tui.console.screens.timeline import TimelineScreen
from jobqueue_tui.console.screens.tree import TreeScreen
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.fake_job import ended_run
from tests.screens.stage import PLACES, Stage, console

LISTS = [place for place in PLACES if place not in {"log", "effective"}]


@pytest.mark.parametrize("place", LISTS)
async def test_what_is_typed_after_a_slash_is_no_verb_however_fast(place: str) -> None:
    """The line has the keys at once: letters that come with the slash go into it, and open, give and end nothing."""
    async with console() as stage:
        await stage.press(*PLACES[place])
        screen = stage.app.screen
        assert isinstance(screen, Filtered)
        bar = screen.filter_bar
        for key in ("slash", *"pstxq1el"):
            stage.app.post_message(events.Key(key, None if len(key) > 1 else key))
        await stage.settle()
        assert stage.app.screen is screen
        assert stage.verbs == []
        assert stage.app.ended is None
        assert bar.text == "pstxq1el"


@pytest.mark.parametrize("place", LISTS)
async def test_a_filter_narrows_says_how_many_and_is_cleared_by_esc(place: str) -> None:
    """Nothing passes, which is said where the rows would be; Esc in the line, or behind it, brings all back."""
    async with console(size=(120, 40)) as stage:
        await stage.press(*PLACES[place])
        before = stage.text()[:18]
        await stage.press("slash", *"zzz")
        assert stage.has("zzz", "0 of ")
        assert stage.has("passes the filter; Esc clears it")
        await stage.press("enter", "escape")
        assert stage.text()[:18] == before
        await stage.press("slash", *"zzz", "escape")
        assert stage.text()[:18] == before
        await stage.press("slash", "(")
        assert stage.has("bad pattern")


@pytest.mark.parametrize("place", ["job", "history"])
async def test_an_empty_list_says_why_it_is_empty_now(place: str) -> None:
    """There was nothing; then runs come, none of which passes."""
    engine = FakeEngine()
    job = engine.add("load")
    async with console(engine) as stage:
        await stage.press(*PLACES[place])
        assert stage.has("No runs on record.")
        await stage.press("slash", *"zzz")
        assert stage.has("No runs on record.")
        engine.records = [ended_run("load:1", "load", engine.at, Outcome.SUCCESS)]
        job.last_run_id = "load:1"
        job.touch()
        for _ in range(3):
            await stage.second()
        assert stage.has("zzz", "0 of 1")
        assert stage.has("No run passes the filter; Esc clears it.")
        engine.trouble = OSError("the disk is gone")
        job.last_run_id = "load:2"
        job.touch()
        for _ in range(3):
            await stage.second()
        assert stage.has("cannot be read: the disk is gone")
        engine.trouble = None
        job.last_run_id = "load:3"
        job.touch()
        for _ in range(3):
            await stage.second()
        assert stage.has("No run passes the filter; Esc clears it.")


async def test_the_job_as_a_file_says_that_it_has_no_filter() -> None:
    """Better than silence."""
    async with console() as stage:
        await stage.press("y", "slash")
        assert "There is no filter here" in stage.toasts[-1][1]


# ---- tree


def tree_of(stage: Stage) -> list[str]:
    """Ids of the lines that are shown."""
    screen = stage.app.screen
    assert isinstance(screen, TreeScreen)
    return [line.job_id for line in screen.tree_list.lines]


async def test_the_tree_shows_what_passes_and_what_is_on_the_way_to_it() -> None:
    """Whatever was folded away; folds come back with all the others."""
    async with console() as stage:
        await stage.press("4", "g", "enter")
        before = tree_of(stage)
        await stage.press("slash", *"^load", "enter")
        assert tree_of(stage) == ["extract", "transform", "load"]
        assert stage.has("1 of 16")
        await stage.press("escape")
        assert tree_of(stage) == before


async def test_a_job_that_stands_alone_in_a_narrowed_tree_is_not_called_one_without_dependencies() -> None:
    """What needs it is left out, not gone."""
    async with console() as stage:
        await stage.press("4", "slash", *"^load|^db-dump|^vacuum", "enter")
        assert tree_of(stage) == ["extract", "transform", "load", "db-dump", "vacuum"]
        assert not stage.has("without dependencies")


async def test_a_narrowed_tree_follows_what_changes_and_which_way_it_faces() -> None:
    """Once a second; with `o` only what follows, only what is needed."""
    async with console() as stage:
        await stage.press("4", "slash", *"status:failed", "enter")
        assert tree_of(stage) == ["extract", "transform", "load", "migrate", "seed-cache"]
        load = stage.engine.job("load")
        load.last_outcome = Outcome.SUCCESS
        load.touch()
        await stage.second()
        assert tree_of(stage) == ["migrate", "seed-cache"]
        await stage.press("escape", "g", "slash", *"load|report", "enter")
        screen = stage.app.screen
        assert isinstance(screen, TreeScreen)
        screen.tree_list.select("report")
        await stage.press("o", "o")
        assert tree_of(stage)[0] == "report"
        assert "transform" not in tree_of(stage)


# ---- the others


async def test_the_timeline_has_rows_of_jobs_that_pass_and_the_load_of_all() -> None:
    """The same grammar as the jobs."""
    engine = FakeEngine()
    for number in range(4):
        job = engine.add(f"job-{number}", next_run=engine.at + 3600 * SECOND, tags=("odd",) if number % 2 else ())
        job.every(86400, 1, usual=600.0)
    async with console(engine, size=(120, 40)) as stage:
        await stage.press("5", "slash", *"tag:odd", "enter")
        screen = stage.app.screen
        assert isinstance(screen, TimelineScreen)
        assert [job.id for job in screen.table.jobs] == ["job-1", "job-3"]
        assert stage.has("of 3 slots", "!")
        assert stage.has("2 of 4")


async def test_runs_that_wait_keep_their_places_in_the_queue() -> None:
    """By what they come from, too."""
    async with console() as stage:
        extract = stage.engine.job("extract")
        waiting = stage.engine.job("transform").queued[0]
        extract.queued.append(replace(waiting, run_id="extract:1206", job_id="extract"))
        stage.engine.changed(resync=True)
        await stage.press("6", "slash", *"transform kind:sched", "enter")
        screen = stage.app.screen
        assert isinstance(screen, QueueScreen)
        assert [run.run_id for run in screen.list.runs] == ["transform:1191"]
        assert stage.has("   2  transform:1191")
        assert stage.has("1 of 2")


async def test_the_inbox_a_job_and_the_failures_are_narrowed_as_the_history() -> None:
    """Runs by outcome, tag and kind; jobs by name and tag."""
    async with console() as stage:
        await stage.press(*PLACES["inbox"], "slash", *"kind:manual", "enter")
        screen = stage.app.screen
        assert isinstance(screen, InboxScreen)
        assert {run.job for run in screen.runs.runs} == {"index-mail"}
        await stage.press("right_square_bracket", "slash", *"tag:etl", "enter")
        failures = stage.app.screen
        assert isinstance(failures, FailuresScreen)
        assert {row.job for row in failures.list.rows} == {"extract", "load"}
        await stage.press("2", "slash", *"status:failed", "enter")
        job = stage.app.screen
        assert isinstance(job, JobScreen)
        assert {run.outcome for run in job.runs.runs} <= {Outcome.FAILED}


async def test_lists_of_the_system_are_narrowed_by_what_their_lines_say() -> None:
    """And stay so from list to list."""
    async with console(size=(160, 40)) as stage:
        await stage.press("7", "slash", *"refused", "enter")
        screen = stage.app.screen
        assert isinstance(screen, SystemScreen)
        assert [entry.id for entry in screen.list.entries] == ["audit 5", "audit 1"]
        await stage.press("escape", "right_square_bracket", "slash", *"thumb")
        assert [entry.id for entry in screen.list.entries] == ["event 42"]
        assert stage.has("1 of 2")
        assert isinstance(stage.app.focused, Input)


async def test_many_jobs_that_pass_are_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timeline asks so many jobs and no more; those that are to be seen are among them."""
    monkeypatch.setattr("jobqueue_tui.console.screens.timeline.MOST_JOBS", 2)
    engine = small_engine()
    async with console(engine, size=(120, 40)) as stage:
        await stage.press("5", "slash", *"db-dump", "enter")
        screen = stage.app.screen
        assert isinstance(screen, TimelineScreen)
        assert [job.id for job in screen.table.jobs] == ["db-dump"]
        assert screen.table.lane.coming
