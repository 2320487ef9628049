"""A view that stands still while the engine goes on."""

from __future__ import annotations

import pytest

from engine.model.outcome import Outcome
from engine.model.states import JobStatus
from jobqueue_tui.console.columns import TABLE, TREE, Column
from jobqueue_tui.console.screens.dialogs import ChoiceDialog
from jobqueue_tui.console.still import Still
from tests.screens.engines import big_engine, small_engine
from tests.screens.stage import PLACES, console


async def test_a_frozen_view_stands_still_and_its_verbs_ask() -> None:
    """Also for rows that are drawn anew under the cursor; the feed keeps what happens."""
    async with console() as stage:
        await stage.press("u")
        assert "FROZEN" in stage.text()[0]
        job = stage.engine.job("extract")
        job.active.clear()
        job.status = JobStatus.WAITING
        job.touch()
        await stage.second()
        await stage.press("j", "j", "k")
        assert any("running" in line and " extract " in line for line in stage.text())
        await stage.press("p")
        assert isinstance(stage.app.screen, ChoiceDialog)
        assert "frozen" in stage.app.screen.lines[0]
        await stage.press("j", "enter")
        assert stage.verbs == []
        assert stage.toasts[-1][0] == "extract has changed"
        await stage.press("u")
        assert any("waiting" in line and " extract " in line for line in stage.text())


async def test_a_frozen_view_can_be_looked_at_in_other_ways() -> None:
    """Narrower, wider, with other columns: what each job was is kept, not what was drawn of it."""
    async with console(size=(160, 45)) as stage:
        await stage.press("u")
        job = stage.engine.job("extract")
        job.active.clear()
        job.status, job.schedule_text = JobStatus.WAITING, "every 99m"
        job.touch()
        for width in (60, 100, 200):
            await stage.pilot.resize_terminal(width, 20)
            await stage.settle()
            assert any("running" in line and " extract " in line for line in stage.text())
        assert any(" extract " in line and "every 15m" in line for line in stage.text())
        await stage.press("w")
        assert any("running" in line and " extract " in line for line in stage.text())
        saved = stage.home.to_save()
        assert saved is not None
        assert [row["status"] for row in saved.make() if row["id"] == "extract"] == ["running"]
        await stage.press("u")
        saved = stage.home.to_save()
        assert saved is not None
        assert [row["status"] for row in saved.make() if row["id"] == "extract"] == ["waiting"]


@pytest.mark.parametrize("place", ["jobs", "tree"])
async def test_what_was_not_on_screen_stands_still_as_well(place: str) -> None:
    """It is seen when the cursor goes there."""
    async with console(big_engine(500), size=(120, 30)) as stage:
        await stage.press(*PLACES[place])
        last = stage.engine.jobs[-1]
        word = "failed" if last.last_outcome is Outcome.SUCCESS else "success"
        await stage.press("u")
        last.last_outcome = Outcome.FAILED if word == "failed" else Outcome.SUCCESS
        last.touch()
        await stage.second()
        await stage.press("G")
        line = next(line for line in stage.text() if f" {last.id} " in line)
        assert word not in line
        await stage.press("u")
        line = next(line for line in stage.text() if f" {last.id} " in line)
        assert word in line


@pytest.mark.parametrize("column", [*TABLE, *TREE], ids=lambda column: column.id)
def test_a_job_that_stands_still_looks_as_it_did(column: Column) -> None:
    """In each column, narrow and wide."""
    engine = small_engine()
    for job in engine.jobs:
        for width in {column.narrow, column.wide, column.most or column.wide}:
            assert column.draw(Still.of(job), engine.at, width) == column.draw(job, engine.at, width)


async def test_another_screen_is_live_again() -> None:
    """A frozen view is left behind."""
    async with console() as stage:
        await stage.press("u", "6")
        assert not stage.app.frozen
        await stage.press("1")
        assert "FROZEN" not in stage.text()[0]
