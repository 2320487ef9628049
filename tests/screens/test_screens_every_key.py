"""Every key of the table, on every screen where it is listed: it does something of its own, and nothing that it should not."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from jobqueue_tui.console.actions import ACTIONS, UNBOUND, Where
from jobqueue_tui.console.screens.commands import CommandsScreen
from jobqueue_tui.console.screens.dialogs import ChoiceDialog
from jobqueue_tui.console.screens.form import FormDialog
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.console.screens.tree import TreeScreen
from tests.screens.stage import PLACES, Stage, console

AT_ONCE = {"jobs.pause", "jobs.suspend", "jobs.raise", "jobs.lower", "jobs.trigger"}
"""Actions that give a verb to one job without asking: all of them can be taken back, but for a start."""

LOOKS = {"runs.compare", "jobs.why", "all.jump", "all.tour"}
"""Actions that open something to read."""


async def keys_of(place: str) -> list[tuple[str, str]]:
    """Action ids with a key each, as they are listed on the screen (without keys that leave the program)."""
    async with console() as stage:
        await stage.press(*PLACES[place])
        assert stage.app.places.here.name == place
        found = [
            (binding.binding.id, key)
            for key, binding in stage.app.screen.active_bindings.items()
            if binding.binding.id and not key.startswith(UNBOUND)
        ]
    # that moving never acts is tested for each screen by itself
    moving = {action.id for action in ACTIONS if action.where is Where.MOVE}
    return [(action, key) for action, key in found if action != "all.quit" and action not in moving]


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
async def test_each_key_does_what_it_is_listed_for_and_no_more(place: str) -> None:
    """A verb is given at once only by keys that may; what ends work asks on Cancel; moving and looking give none."""
    by_id = {action.id: action for action in ACTIONS}
    listed = await keys_of(place)
    assert len(listed) > 8
    async with console() as stage:
        for action_id, key in listed:
            await back_to(stage, place)
            stage.engine.verbs.clear()
            await stage.press(key)
            action = by_id[action_id]
            given = [verb for verb, _ in stage.verbs]
            where = f"{key} ({action_id}) on {place}"
            if action.verb and action_id in AT_ONCE:
                assert len(given) <= 1, where
            elif action_id != "jobs.undo":
                assert given == [], where
            top = stage.app.screen
            if action_id in {"jobs.stop", "runs.stop"}:
                assert isinstance(top, ChoiceDialog), where
                assert top.choices.has_focus, where
                assert top.choices.choices[top.choices.cursor].id == "cancel", where
            if not isinstance(top, LiveScreen):
                assert isinstance(top, ChoiceDialog | FormDialog | CommandsScreen) or action_id in LOOKS, where
                await stage.press("escape")
                assert isinstance(stage.app.screen, LiveScreen), where
                if not action.verb:
                    assert stage.verbs == [], where


async def back_to(stage: Stage, place: str) -> None:
    """From wherever the last key led."""
    while not isinstance(stage.app.screen, LiveScreen):
        await stage.press("escape")
    if isinstance(stage.app.focused, Input):
        await stage.press("escape")  # from the filter's line
    if stage.app.frozen:
        await stage.press("u")
    if isinstance(stage.app.screen, TreeScreen):
        stage.app.screen.tree_list.move_to(0)  # from the heading of jobs without dependencies
    if stage.app.places.here.name == place:
        return
    await stage.press("1", *PLACES[place])
    for _ in range(4):  # which of the lists behind 6 is open depends on what was open last
        if stage.app.places.here.name == place:
            return
        await stage.press("right_square_bracket")
    assert stage.app.places.here.name == place


@pytest.mark.parametrize("place", PLACES)
async def test_the_footer_lists_only_keys_that_work(place: str) -> None:
    """Help and the way out always, at any width."""
    for width in (60, 80, 200):
        async with console(size=(width, 24)) as stage:
            await stage.press(*PLACES[place])
            footer = stage.text()[-1]
            assert "? help" in footer
            assert ("q quit" if place == "jobs" else "Esc back") in footer
            if place in {"history", "inbox", "failures", "system", "log", "effective"}:
                assert "pause" not in footer


@pytest.mark.parametrize("place", PLACES)
async def test_a_read_only_console_gives_no_verb_by_any_key(place: str) -> None:
    """Whatever is pressed; the keys of verbs are not listed."""
    verbs = {action.id for action in ACTIONS if action.verb}
    async with console(read_only=True) as stage:
        await stage.press(*PLACES[place])
        listed = {one.binding.id for one in stage.app.screen.active_bindings.values()}
        assert not verbs & listed
        for action in ACTIONS:
            if action.verb:
                await stage.press(*action.keys)
        assert isinstance(stage.app.screen, LiveScreen)
        assert stage.verbs == []
