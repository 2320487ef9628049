"""Marks, and verbs for many."""

from __future__ import annotations

import pytest

from jobqueue_tui.console.screens.dialogs import ChoiceDialog
from tests.screens.engines import small_engine
from tests.screens.stage import at, console, shown, type_in


async def test_verbs_act_on_the_marked_after_asking() -> None:
    """All are listed; Cancel has the cursor; one toast counts, one Backspace takes all back."""
    async with console() as stage:
        await stage.press("space", "j", "space", "p")
        dialog = stage.app.screen
        assert isinstance(dialog, ChoiceDialog)
        assert dialog.choices.cursor == 0
        assert [line.split()[0] for line in dialog.lines] == ["db-dump", "transform"]
        await stage.press("enter")
        assert stage.verbs == []
        await stage.press("p", "j", "enter")
        assert stage.verbs == [("pause", "db-dump"), ("pause", "transform")]
        assert stage.toasts[-1][1].startswith("1 paused, 1 held  ·  Backspace undoes it: all 2")
        await stage.press("backspace")
        assert stage.verbs[2:] == [("resume", "transform"), ("resume", "db-dump")]


async def test_space_marks_and_goes_on_and_shows_it_by_a_sign() -> None:
    """The top line counts; `U` takes all marks off."""
    async with console() as stage:
        await stage.press("space", "space", "j", "space")
        assert stage.home.table.marked == {"db-dump", "extract", "load"}
        assert "3 marked" in stage.text()[0]
        assert sum("◆" in line for line in stage.text()) == 3
        await stage.press("g", "space")
        assert stage.home.table.marked == {"extract", "load"}
        await stage.press("U")
        assert stage.home.table.marked == set()
        assert "marked" not in stage.text()[0]


async def test_a_range_is_marked_from_the_last_mark() -> None:
    """Ctrl-Space, in either direction."""
    async with console() as stage:
        await stage.press("j", "space", "j", "j", "ctrl+@")
        assert [job for job in shown(stage) if job in stage.home.table.marked] == shown(stage)[1:5]


async def test_marked_jobs_that_are_not_shown_are_left_alone() -> None:
    """What a filter hides is not acted upon, and the top line says so."""
    async with console() as stage:
        await stage.press("space", "space", "slash", *"dump", "enter")
        assert "1 marked, 1 not shown" in stage.text()[0]
        await stage.press("s")
        assert stage.verbs == [("suspend", "db-dump")]


async def test_refusals_among_many_are_named() -> None:
    """What could be done is done."""
    engine = small_engine()
    from engine.errors import Refused, RefusedCode

    engine.job("extract").refusal = Refused(RefusedCode.STATE, "extract [red]cannot")
    async with console(engine) as stage:
        await stage.press("space", "space", "s", "j", "enter")
        assert stage.verbs == [("suspend", "db-dump")]
        assert stage.toasts[-1] == ("1 of 2 were refused", "extract [red]cannot")


@pytest.mark.parametrize("key", ["x", "t", "a", "plus", "minus", "p", "s"])
async def test_every_verb_on_many_opens_a_dialog_on_cancel(key: str) -> None:
    """Whatever is harmless for one is asked for many."""
    async with console() as stage:
        await stage.press("space", "space", key)
        dialog = stage.app.screen
        assert isinstance(dialog, ChoiceDialog)
        assert dialog.choices.choices[dialog.choices.cursor].id == "cancel"
        await stage.press("enter")
        assert stage.verbs == []


async def test_the_stop_menu_of_many_stops_those_that_run() -> None:
    """Only jobs with runs are told to stop their runs."""
    async with console() as stage:
        await stage.press("space", "space", "j", "space", "x", "j", "enter")
        assert [job for _, job in stage.verbs] == ["db-dump", "extract"]


async def test_rerun_and_backfill_act_on_the_marked_that_the_dialog_lists() -> None:
    """As every verb; the cursor's own job is not among them. One without a run is counted."""
    async with console() as stage:
        for job_id in ("db-dump", "load", "ad-hoc"):
            await at(stage, job_id)
            await stage.press("space")
        await at(stage, "report")
        await stage.press("r")
        assert isinstance(stage.app.screen, ChoiceDialog)
        shown = "\n".join(stage.text())
        assert "Run the last runs of 2 jobs once more" in shown
        assert "1 of the marked has not run yet" in shown
        await stage.press("enter")
        assert [verb[:2] for verb in stage.engine.verbs] == [("rerun", "db-dump:212"), ("rerun", "load:1189")]
        await stage.press("a", "B")
        assert "Backfill 3 jobs" in "\n".join(stage.text())
        await type_in(stage, "2026-03-01T00:00")
        await stage.press("enter")
        await type_in(stage, "2026-03-02T00:00")
        await stage.press("enter", "enter", "enter")
        assert [job for verb, job, _ in stage.engine.verbs if verb == "backfill"] == ["db-dump", "load", "ad-hoc"]


async def test_a_mark_goes_with_its_job() -> None:
    """One that comes back under its name is not marked, and is not counted meanwhile."""
    async with console() as stage:
        table = stage.home.table
        for job_id in ("load", "report"):
            assert table.select(job_id)
            await stage.press("space")
        assert "2 marked" in stage.text()[0]
        gone = stage.engine.by_id.pop("load")
        stage.engine.changed(resync=True)
        await stage.settle()
        assert "1 marked" in stage.text()[0]
        assert "not shown" not in stage.text()[0]
        stage.engine.by_id["load"] = gone
        stage.engine.changed(resync=True)
        await stage.settle()
        assert table.marked == {"report"}
