"""Jump mode: letters on places, and the letter goes there."""

from __future__ import annotations

import pytest

from jobqueue_tui.console.jumping import LETTERS, labels
from jobqueue_tui.console.screens.history import HistoryScreen
from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.jump import JumpScreen
from jobqueue_tui.console.screens.log import LogScreen
from jobqueue_tui.console.screens.system import SystemScreen
from jobqueue_tui.console.widgets.line_list import LineList
from jobqueue_tui.console.widgets.log_tail import LogTail
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.stage import PLACES, Stage, console


@pytest.mark.parametrize("count", [0, 1, 25, 26, 27, 51, 52, 100, 500, 676, 900])
def test_labels_are_short_and_none_begins_another(count: int) -> None:
    """So that the last letter of a label always goes at once; at most two letters."""
    made = labels(count)
    assert len(made) == len(set(made)) == min(count, len(LETTERS) ** 2)
    assert not any(one != other and other.startswith(one) for one in made for other in made)
    assert max(map(len, made), default=0) <= (1 if count <= len(LETTERS) else 2)


def label_of(stage: Stage, y: int) -> str:
    """The label on a line of the screen."""
    assert isinstance(stage.app.screen, JumpScreen)
    return next(label for label, spot in stage.app.screen.spots.items() if spot.y == y)


async def test_a_letter_moves_the_cursor_to_its_row() -> None:
    """And nothing else: no verb is given, though the letters are those of verbs."""
    async with console() as stage:
        top = stage.home.table.region.y
        await stage.press("f")
        assert isinstance(stage.app.screen, JumpScreen)
        letter = label_of(stage, top + 3)
        assert stage.text()[top + 3].startswith(letter)
        await stage.press(letter)
        assert isinstance(stage.app.screen, JobsScreen)
        assert stage.home.table.cursor == 3
        for row in range(10):
            await stage.press("f", *label_of_row(stage, row))
            assert stage.home.table.cursor == row
        assert stage.verbs == []


def label_of_row(stage: Stage, row: int) -> str:
    """The label that the row of the table will have: places are named from top to bottom."""
    table = stage.home.table
    return labels(len(table.visible_rows()) + 1)[row]


async def test_a_verb_typed_behind_the_letter_means_the_row_that_was_gone_to() -> None:
    """However fast: the cursor is there before the next key."""
    async with console() as stage:
        await stage.press("f")
        letter = label_of(stage, stage.home.table.region.y + 3)
        wanted = stage.home.table.view[3].id
        await stage.pilot.press(letter, "s")
        await stage.settle()
        assert stage.verbs == [("suspend", wanted)]


async def test_another_pane_is_gone_to() -> None:
    """The log below the table."""
    async with console() as stage:
        await stage.press("f")
        await stage.press(*label_of(stage, stage.home.tail.region.y))
        assert isinstance(stage.app.focused, LogTail)


@pytest.mark.parametrize("key", ["escape", "!"])
async def test_esc_and_what_is_no_label_leave_it(key: str) -> None:
    """Nothing has moved."""
    async with console() as stage:
        await stage.press("j", "j", "f", "exclamation_mark" if key == "!" else key)
        assert isinstance(stage.app.screen, JobsScreen)
        assert stage.home.table.cursor == 2
        assert not stage.home.table.looked.problems_only


async def test_two_letters_where_one_does_not_suffice() -> None:
    """The first leaves those that begin with it."""
    engine = FakeEngine()
    for number in range(60):
        engine.add(f"job{number:02}")
    async with console(engine, size=(80, 60)) as stage:
        await stage.press("f")
        screen = stage.app.screen
        assert isinstance(screen, JumpScreen)
        label, spot = list(screen.spots.items())[-2]
        assert len(label) == 2
        await stage.press(label[0])
        assert isinstance(stage.app.screen, JumpScreen)
        left = [one.name for one in screen.query(".label") if one.display]
        assert left == [one for one in screen.spots if one.startswith(label[0])]
        await stage.press(label[1])
        assert stage.home.table.cursor == spot.y - stage.home.table.region.y


async def test_names_of_lists_can_be_opened_by_letter_and_by_mouse() -> None:
    """History from the queue; events of the system."""
    async with console() as stage:
        await stage.press("6", "f")
        screen = stage.app.screen
        assert isinstance(screen, JumpScreen)
        tabs = [label for label, spot in screen.spots.items() if spot.y == min(one.y for one in screen.spots.values())]
        assert len(tabs) == 4
        await stage.press(tabs[1])
        assert isinstance(stage.app.screen, HistoryScreen)
        await stage.press("7")
        system = stage.app.screen
        assert isinstance(system, SystemScreen)
        await stage.pilot.click(system.tabs, offset=(10, 0))
        await stage.settle()
        assert any("[events]" in line for line in stage.text())


async def test_a_line_of_a_log_is_chosen() -> None:
    """And copied: jump mode is the way to a line that no search finds."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"one\ntwo\nthree\n"
    async with console(engine, size=(80, 24)) as stage:
        await stage.press("l", "f", "s", "c")
        assert isinstance(stage.app.screen, LogScreen)
        assert stage.app.clipboard == "two"


@pytest.mark.parametrize("place", PLACES)
async def test_every_place_with_rows_has_letters(place: str) -> None:
    """Each leads to something that can be seen, and the cursor of its list is where the letter was."""
    async with console(size=(120, 40)) as stage:
        await stage.press(*PLACES[place], "f")
        screen = stage.app.screen
        if not isinstance(screen, JumpScreen):
            assert "nothing to go to" in stage.toasts[-1][1]
            return
        labels_here = list(screen.spots)
        assert len(labels_here) > 1
        spot = screen.spots[labels_here[-1]]
        await stage.press(*labels_here[-1])
        assert stage.verbs == []
        focused = stage.app.focused
        if isinstance(focused, LineList) and focused.region.contains(spot.x, spot.y):
            assert focused.cursor - focused.scroll_offset.y == spot.y - focused.region.y


async def test_an_empty_screen_has_nothing_to_go_to() -> None:
    """It is said, and no empty overlay stands in the way."""
    async with console(size=(80, 24)) as stage:
        stage.home.table.select("ad-hoc")
        stage.engine.logs["db-dump:212"] = b""
        await stage.press("g", "l", "f")
        assert isinstance(stage.app.screen, LogScreen)
        assert "nothing to go to" in stage.toasts[-1][1]
