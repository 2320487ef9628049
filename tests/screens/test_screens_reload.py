"""Ctrl-r: what is different in the job file is shown before it is taken; a bad file is shown where it is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from engine.errors import BadJobFile, Refused, RefusedCode
from engine.model.file_changes import FileChanges, FilePlace, JobChange, ValueChange
from jobqueue_tui.console.screens.reload import FileDialog
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.stage import PLACES, Stage, console


def dialog(stage: Stage) -> FileDialog:
    top = stage.app.screen
    assert isinstance(top, FileDialog)
    return top


def texts(stage: Stage) -> list[str]:
    return [text for text, _ in dialog(stage).body.lines]


async def test_what_is_different_is_shown_and_nothing_happens_by_itself() -> None:
    """The cursor stands on Cancel."""
    async with console() as stage:
        await stage.press("ctrl+r")
        assert texts(stage)[:4] == ["+ archive", "+ import-old  (runs at once)", "- report", "~ extract"]
        top = dialog(stage)
        assert top.choices.has_focus
        assert top.choices.cursor == 0
        await stage.press("enter")
        assert stage.verbs == []


async def test_what_was_shown_is_taken() -> None:
    """The answer confirms it; what runs of a job that goes is stopped only where that was chosen."""
    async with console() as stage:
        await stage.press("ctrl+r", "j", "enter")
        assert stage.engine.verbs == [("reload", "", {"confirmed": True, "stop": False})]
        assert "2 jobs added, 1 removed, 2 changed" in stage.said[-1].message
        stage.engine.verbs.clear()
        await stage.press("ctrl+r", "j", "j", "enter")
        assert stage.engine.verbs == [("reload", "", {"confirmed": True, "stop": True})]


async def test_a_file_that_was_written_again_meanwhile_is_not_taken() -> None:
    """It is what was shown, or nothing."""
    async with console() as stage:
        await stage.press("ctrl+r")
        stage.engine.file = replace(stage.engine.file, digest="another")
        await stage.press("j", "enter")
        assert stage.engine.verbs == []
        assert stage.said[-1].title == "the file was written again"


async def test_an_engine_that_follows_its_file_asks_only_what_has_to_be_asked() -> None:
    """It takes the rest by itself: to ask first would promise that Cancel keeps it away."""
    async with console() as stage:
        stage.engine.job_file_followed = True
        await stage.press("ctrl+r")
        assert texts(stage)[2] == "- report"
        await stage.press("escape")
        stage.engine.file = replace(stage.engine.file, removed=(), at_once=())
        await stage.press("ctrl+r")
        assert stage.engine.verbs == [("reload", "", {"confirmed": True, "stop": False})]
        assert "2 jobs added" in stage.said[-1].message


async def test_without_jobs_that_vanish_nothing_can_be_stopped() -> None:
    """The third answer is there only where it means something."""
    engine = small_engine()
    engine.file = replace(engine.file, removed=())
    async with console(engine) as stage:
        await stage.press("ctrl+r")
        assert [choice.id for choice in dialog(stage).choices.choices] == ["cancel", "reload"]


async def test_nothing_to_reload_is_said() -> None:
    """No dialog."""
    engine = small_engine()
    engine.file = FileChanges(path="/srv/jobs.yaml", digest="same")
    async with console(engine) as stage:
        await stage.press("ctrl+r")
        assert "says what the engine has" in stage.said[-1].message
        assert stage.engine.verbs == [("reload", "", {"confirmed": False, "stop": False})]  # their order may be another


async def test_a_bad_file_is_shown_with_its_places() -> None:
    """As `check` prints it: nothing is cut off, and there is nothing to confirm."""
    engine = small_engine()
    long = "jobs.yaml:2:8: error: jobs.x.comand: " + "word " * 40
    engine.trouble = BadJobFile("/srv/jobs.yaml", f"{long}\n    x: {{comand: [red] a}}\n", "nothing was changed")
    async with console(engine) as stage:
        await stage.press("ctrl+r")
        top = dialog(stage)
        assert top.heading == "/srv/jobs.yaml cannot be used; nothing was changed"
        assert " ".join("".join(texts(stage)).split()).count("word") == 40
        assert max(map(len, texts(stage))) <= top.body.size.width - 2
        assert "    x: {comand: [red] a}" in texts(stage)
        assert len(top.choices.choices) == 1
        await stage.press("enter")
        assert stage.verbs == []


async def test_letters_that_take_two_columns_are_all_shown() -> None:
    """Lines are measured in columns."""
    engine = small_engine()
    wide = JobChange("load", (ValueChange("description", "\u65e5" * 100, "\u6708" * 100),))
    engine.file = replace(engine.file, changed=(wide,))
    async with console(engine) as stage:
        await stage.press("ctrl+r")
        assert max(map(cell_len, texts(stage))) <= dialog(stage).body.size.width - 2
        assert "".join(texts(stage)).count("\u6708") == 100


async def test_an_engine_without_a_file_says_so() -> None:
    """The refusal is a toast."""
    engine = small_engine()
    engine.trouble = Refused(RefusedCode.STATE, "this engine was not made from a job file")
    async with console(engine) as stage:
        await stage.press("ctrl+r")
        assert "not made from a job file" in stage.said[-1].message


async def test_a_long_difference_scrolls_and_the_answers_stay_in_sight() -> None:
    """Tab gives the lines the keys that move; Enter there answers nothing."""
    engine = small_engine()
    engine.file = replace(engine.file, added=tuple(f"job{number}" for number in range(500)))
    async with console(engine, size=(80, 24)) as stage:
        await stage.press("ctrl+r")
        top = dialog(stage)
        assert top.choices.region.bottom <= 24
        await stage.press("tab", "G")
        assert top.body.has_focus
        assert top.body.cursor == top.body.row_count - 1
        await stage.press("enter")
        assert stage.engine.verbs == []
        assert top.choices.has_focus


async def test_from_every_screen() -> None:
    """It belongs to none."""
    for keys in PLACES.values():
        async with console() as stage:
            await stage.press(*keys, "ctrl+r")
            assert isinstance(stage.app.screen, FileDialog)


async def test_not_where_nothing_may_be_changed() -> None:
    """Read-only: the key does nothing."""
    async with console(read_only=True) as stage:
        await stage.press("ctrl+r")
        assert not isinstance(stage.app.screen, FileDialog)


async def test_without_a_job_the_file_is_edited_at_its_top(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty file is where one begins."""
    engine = FakeEngine()
    asked: list[str | None] = []
    place_of = engine.place_of

    async def noted(job_id: str | None) -> FilePlace:
        asked.append(job_id)
        return await place_of(job_id)

    monkeypatch.setattr(engine, "place_of", noted)
    async with console(engine) as stage:
        await stage.press("e")
        assert asked == [None]
        assert (await place_of(None)).line == 1
        assert stage.toasts[0][0] == "Not edited"  # there is no terminal in a test; with one: test_screens_terminal
