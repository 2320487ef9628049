"""Ways to an action other than its key: the menu, the command line, the help; and that the table of actions is their source."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobqueue_tui.console import keys_page
from jobqueue_tui.console.actions import ACTIONS, Where
from jobqueue_tui.console.screens.commands import CommandsScreen
from jobqueue_tui.console.screens.dialogs import ChoiceDialog
from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.tree import TreeScreen
from jobqueue_tui.console.settings import ConsoleSettings
from tests.screens.stage import at, console

# ---- the table


def test_the_page_of_keys_is_the_table() -> None:
    """docs/reference/keys.md is made from it: `python -m jobqueue_tui.console.keys_page > docs/reference/keys.md`."""
    kept = Path(__file__).parents[2] / "docs/reference/keys.md"
    assert kept.read_text("utf-8") == keys_page.page()


def test_letters_of_the_menu_are_unique_and_do_not_move() -> None:
    """A letter that also moves the cursor, or cancels, would do one of two things."""
    letters = [action.letter for action in ACTIONS if action.letter]
    assert len(letters) == len(set(letters))
    taken = {key for action in ACTIONS if action.where is Where.MOVE for key in action.keys} | {"q"}
    assert not taken & set(letters)


# ---- the menu


@pytest.mark.parametrize(
    ("letter", "verb"),
    [
        ("p", ("pause", {"for_seconds": None})),
        ("s", ("suspend", {})),
        ("n", ("skip_next", {"undo": False})),
        ("o", ("release", {})),
        ("E", ("disable", {})),
    ],
)
async def test_a_letter_of_the_menu_does_what_its_line_says(letter: str, verb: tuple[str, dict[str, object]]) -> None:
    """`a` and the letter; the menu is closed then."""
    async with console() as stage:
        await at(stage, "cert-renew")
        await stage.press("a")
        assert isinstance(stage.app.screen, ChoiceDialog)
        assert stage.app.screen.choices.cursor == 0
        await stage.press(letter)
        assert stage.engine.verbs == [(verb[0], "cert-renew", verb[1])]
        assert isinstance(stage.app.screen, JobsScreen)


async def test_the_menu_opens_on_cancel() -> None:
    """Enter pressed ahead does nothing."""
    async with console() as stage:
        await stage.press("a", "enter")
        assert stage.verbs == []
        assert isinstance(stage.app.screen, JobsScreen)


async def test_suspend_shows_and_turns_round() -> None:
    """`s` again lets the schedule go on; both can be undone."""
    async with console() as stage:
        await at(stage, "cert-renew")
        await stage.press("s")
        assert any("suspended" in line and "cert-renew" in line for line in stage.text())
        await stage.press("s", "backspace")
        assert [verb for verb, _ in stage.verbs] == ["suspend", "unsuspend", "suspend"]


async def test_a_schedule_that_changed_since_it_was_drawn_refuses_s() -> None:
    """Somebody else suspended it: the key must not let it go on."""
    async with console() as stage:
        await at(stage, "cert-renew")
        await stage.engine.job("cert-renew").suspend()
        await stage.pilot.press("s")
        await stage.app.workers.wait_for_complete()
        assert stage.verbs == [("suspend", "cert-renew")]
        assert stage.toasts[-1] == ("cert-renew has changed", "look again and repeat the key")


# ---- the command line and the help


async def test_the_command_line_does_what_it_finds() -> None:
    """By the name of an action, on the job under the cursor."""
    async with console() as stage:
        await at(stage, "report")
        await stage.press("colon", *"jobs", "full_stop", *"sus", "enter")
        assert stage.verbs == [("suspend", "report")]
        assert isinstance(stage.app.screen, JobsScreen)


async def test_the_command_line_completes_names() -> None:
    """`theme lig` Tab; `job rep` Enter."""
    async with console() as stage:
        await stage.press("colon", *"theme", "space", *"light", "down", "up", "tab", "enter")
        assert stage.app.theme.endswith("light")
        await stage.press("colon", *"job", "space", *"rep", "enter")
        assert stage.app.places.here.about == "report"


async def test_the_help_is_searched_and_does_what_is_chosen() -> None:
    """`?` shows what works here by groups; a word narrows it; Enter does it."""
    async with console() as stage:
        await stage.press("question_mark")
        screen = stage.app.screen
        assert isinstance(screen, CommandsScreen)
        assert "On a job" in screen.list.rows
        await stage.press(*"dependency", "space", *"tree", "enter")
        assert isinstance(stage.app.screen, TreeScreen)
        await stage.press("question_mark", "question_mark")
        assert isinstance(stage.app.screen, TreeScreen)


async def test_every_action_that_works_here_is_in_the_help() -> None:
    """Those without a key as well."""
    async with console() as stage:
        await stage.press("question_mark")
        screen = stage.app.screen
        assert isinstance(screen, CommandsScreen)
        names = {command.name for command in screen.commands}
        here = {Where.JOBS, Where.FILTER, Where.TABLE, Where.EVERYWHERE, Where.PANES, Where.MOVE}
        # home has no items to go through
        assert names == {action.id for action in ACTIONS if action.where in here} - {"all.previous", "all.next"}


async def test_a_user_can_give_a_key_to_an_action_that_has_none() -> None:
    """By its id, in the key map."""
    async with console(settings=ConsoleSettings(keys={"jobs.skip": "f6"})) as stage:
        await stage.press("f6")
        assert stage.verbs == [("skip_next", "db-dump")]
