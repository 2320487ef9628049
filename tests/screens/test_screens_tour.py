"""The first-run tour: when it comes, what it names, that it stands in nobody's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.states import JobStatus, RunPhase
from jobqueue_tui.console import kept
from jobqueue_tui.console.actions import BY_ID, bound, shown
from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.tour import TourScreen
from jobqueue_tui.console.settings import ConsoleSettings
from jobqueue_tui.console.touring import cards
from tests.screens.stage import Stage, console


def first_start(folder: Path) -> ConsoleSettings:
    """As the program starts it, with nothing kept."""
    return ConsoleSettings(config_folder=folder, tour=True)


async def test_it_comes_with_the_first_start_and_with_no_other(tmp_path: Path) -> None:
    """What is kept remembers it, also when it was skipped at once."""
    async with console(settings=first_start(tmp_path)) as stage:
        assert isinstance(stage.app.screen, TourScreen)
        await stage.press("escape")
        assert isinstance(stage.app.screen, JobsScreen)
    assert not kept.read(tmp_path).first
    async with console(settings=first_start(tmp_path)) as stage:
        assert isinstance(stage.app.screen, JobsScreen)


@pytest.mark.parametrize("text", ["", "sort = 3"])
async def test_it_does_not_come_where_settings_are_kept_even_bad_ones(tmp_path: Path, text: str) -> None:
    """Who has a file knows the console."""
    (tmp_path / "console.toml").write_text(text)
    async with console(settings=first_start(tmp_path)) as stage:
        assert isinstance(stage.app.screen, JobsScreen)


async def test_it_does_not_come_where_nothing_can_be_kept_or_nobody_asked_for_it(tmp_path: Path) -> None:
    """It would come with every start; a console in a program of one's own shows none."""
    async with console(settings=ConsoleSettings(tour=True)) as stage:
        assert isinstance(stage.app.screen, JobsScreen)
    async with console(settings=ConsoleSettings(config_folder=tmp_path)) as stage:
        assert isinstance(stage.app.screen, JobsScreen)


async def walk(stage: Stage) -> list[str]:
    """All text of all cards."""
    screen = stage.app.screen
    assert isinstance(screen, TourScreen)
    seen = []
    for _ in screen.cards:
        seen += stage.text()
        await stage.press("enter")
    return seen


async def test_enter_goes_from_card_to_card_and_ends_behind_the_last(tmp_path: Path) -> None:
    """And back by the arrow; no verb is given by any key that is pressed in it."""
    async with console(settings=first_start(tmp_path)) as stage:
        screen = stage.app.screen
        assert isinstance(screen, TourScreen)
        await stage.press("left", "enter", "left", "p", "x", "t", "s", "d", "l")
        assert (stage.app.screen, screen.at, stage.verbs) == (screen, 0, [])
        text = await walk(stage)
        assert isinstance(stage.app.screen, JobsScreen)
        for card in screen.cards:
            assert any(card.title in line for line in text)
            for keys, does in card.lines:
                assert any(keys in line and does[:40] in line for line in text)


async def test_the_cards_name_only_keys_that_are_in_force(tmp_path: Path) -> None:
    """A user's own, and none of a verb in a read-only console."""
    async with console(settings=first_start(tmp_path), read_only=True) as stage:
        screen = stage.app.screen
        assert isinstance(screen, TourScreen)
        named = {does for card in screen.cards for _, does in card.lines}
        assert not named & {action.text for action in BY_ID.values() if action.verb}
    own = ConsoleSettings(config_folder=tmp_path / "own", tour=True, keys={"jobs.pause": "f5"})
    async with console(settings=own) as stage:
        screen = stage.app.screen
        assert isinstance(screen, TourScreen)
        lines = {does: keys for card in screen.cards for keys, does in card.lines}
        assert lines[BY_ID["jobs.pause"].text] == "F5"
        await stage.press("escape")
        in_force = bound(stage.app.screen.active_bindings)
        for id, keys in in_force.items():
            if BY_ID[id].text in lines and keys:
                assert lines[BY_ID[id].text] in {shown(key) for key in keys}


async def test_it_can_be_had_again_by_name() -> None:
    """From the command line and from the help."""
    async with console() as stage:
        await stage.press("colon", *"tour", "enter")
        assert isinstance(stage.app.screen, TourScreen)
        await stage.press("q", "2", "question_mark", *"tour", "enter")
        assert isinstance(stage.app.screen, TourScreen)


async def test_jobs_are_shown_as_they_run_behind_it(tmp_path: Path) -> None:
    """Nothing waits for the reader of a card."""
    async with console(settings=first_start(tmp_path), size=(100, 40)) as stage:
        assert isinstance(stage.app.screen, TourScreen)
        job = stage.engine.job("db-dump")
        job.status, job.active[0].phase = JobStatus.PAUSED, RunPhase.PAUSED
        job.touch()
        await stage.second()
        assert "paused" in stage.text()[2]
        assert "12:00:01" in stage.text()[0]


def test_without_any_key_there_is_no_card() -> None:
    """And none about what is not in force; a key of the user's own is named where the table's is not in force."""
    assert cards({}) == []
    (card,) = cards({"all.help": ["f2"]})
    assert card.lines == (("F2", BY_ID["all.help"].text),)
