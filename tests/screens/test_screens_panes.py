"""Tab: from part to part of a screen, what the keys mean there, and the way back."""

from __future__ import annotations

import pytest

from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.log import LogScreen
from jobqueue_tui.console.widgets.facts import Facts
from jobqueue_tui.console.widgets.job_table import JobTable
from jobqueue_tui.console.widgets.log_tail import LogTail
from jobqueue_tui.console.widgets.run_list import RunList
from tests.screens.engines import small_engine
from tests.screens.stage import PLACES, console

WITH_PANES = {"jobs", "job", "tree"}


@pytest.mark.parametrize("place", PLACES)
async def test_tab_goes_round_the_parts_of_a_screen_and_shift_tab_back(place: str) -> None:
    """Where there is one part, there is no such key; no filter line and no footer is ever reached."""
    async with console(size=(120, 40)) as stage:
        await stage.press(*PLACES[place])
        main = stage.app.focused
        listed = {one.binding.id for one in stage.app.screen.active_bindings.values()}
        assert ("all.pane" in listed) == (place in WITH_PANES)
        await stage.press("tab")
        assert (stage.app.focused is not main) == (place in WITH_PANES)
        await stage.press("tab")
        assert stage.app.focused is main
        await stage.press("shift+tab", "shift+tab")
        assert stage.app.focused is main


async def test_in_the_log_pane_moving_moves_the_log_and_verbs_mean_the_job() -> None:
    """The cursor of the table stays; the log stands still above its end and follows at it."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"".join(b"line %03d\n" % n for n in range(100))
    async with console(engine) as stage:
        await stage.press("tab")
        assert isinstance(stage.app.focused, LogTail)
        height = stage.home.tail.size.height
        await stage.press("k", "k")
        assert stage.home.table.cursor == 0
        assert "line 097" in stage.text()[-2]
        engine.logs["db-dump:212"] += b"line 100\n"
        await stage.second()
        assert "line 097" in stage.text()[-2]
        assert any("2 more below" in line for line in stage.text())
        await stage.press("g")
        assert "line 000" in stage.text()[-height]
        await stage.press("k")
        assert "line 000" in stage.text()[-height]
        await stage.press("pagedown", "s")
        assert stage.verbs == [("suspend", "db-dump")]
        await stage.press("G")
        await stage.second()
        assert "line 100" in stage.text()[-2]
        await stage.press("l")
        assert isinstance(stage.app.screen, LogScreen)


async def test_esc_goes_back_to_the_table_before_it_clears_a_filter() -> None:
    """One thing at a time."""
    async with console() as stage:
        await stage.press("slash", *"dump", "enter", "tab", "escape")
        assert isinstance(stage.app.focused, JobTable)
        assert stage.home.table.row_count == 1
        await stage.press("escape")
        assert stage.home.table.row_count > 1


async def test_another_job_is_read_from_its_end() -> None:
    """What was gone up in one log has no meaning in the next."""
    engine = small_engine()
    engine.logs["db-dump:212"] = b"".join(b"line %03d\n" % n for n in range(100))
    async with console(engine) as stage:
        await stage.press("tab", "g", "escape", "j")
        assert not any("more below" in line for line in stage.text())
        await stage.press("k")
        assert "line 099" in stage.text()[-2]


async def test_z_shows_the_part_that_has_the_keys_alone() -> None:
    """Then the other, then both; the keys never stay with what cannot be seen."""
    async with console() as stage:
        home = stage.home
        await stage.press("tab", "z")
        assert home.tail.has_focus
        assert (home.table.size.height, home.tail.size.height > 20) == (1, True)
        await stage.press("z")
        assert home.table.has_focus
        assert home.tail.size.height == 0
        await stage.press("tab")
        assert home.table.has_focus
        await stage.press("z")
        assert home.tail.size.height > 4


async def test_facts_without_room_can_be_gone_through() -> None:
    """On the screen of a job, in a small terminal."""
    async with console(size=(80, 24)) as stage:
        await stage.press("2", "tab")
        facts = stage.app.focused
        assert isinstance(facts, Facts)
        facts.styles.height = 3
        await stage.settle()
        first = facts.render_line(0).text
        await stage.press("j")
        assert facts.render_line(0).text != first
        await stage.press("G", "j")
        last = facts.render_line(2).text
        await stage.press("g")
        assert facts.render_line(0).text == first
        await stage.press("pagedown", "pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        assert facts.render_line(2).text == last
        await stage.press("escape")
        assert isinstance(stage.app.focused, RunList)
        await stage.press("escape")
        assert isinstance(stage.app.screen, JobsScreen)
