"""`y`: the job as it is in effect, read, copied and saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from jobqueue_tui.console.job_text import lines_of
from jobqueue_tui.console.saving import check_path
from jobqueue_tui.console.screens.effective import EffectiveScreen
from jobqueue_tui.console.signs import Role
from tests.screens.stage import console


def test_a_text_of_several_lines_has_no_keys() -> None:
    """What a script says is the script's, whatever it looks like; what an operator changed is set off."""
    text = "jobs:\n  a:\n    command: |  # why: so\n      echo: hi\n\n      x: y\n    priority: 3  # changed by an operator; was: 1\n"
    cells = lines_of(text, 80)
    assert [role for line in cells for _, role in line] == [
        Role.KEY, Role.KEY, Role.KEY, Role.TEXT, Role.TEXT, Role.TEXT, Role.TEXT, Role.KEY, Role.TEXT, Role.WARN,
    ]  # fmt: skip
    assert "".join(text for text, _ in cells[-1]) == "    priority: 3  # changed by an operator; was: 1"


@pytest.mark.parametrize("text", ["x" * 35, "工作" * 9 + "a", "\tb\x1b[31m"])
def test_a_long_line_goes_on_below_and_nothing_of_it_is_lost(text: str) -> None:
    """Wide characters are not cut in two; control characters are signs."""
    lines = lines_of(f'a: "{text}"', 12)
    whole = "".join(part for line in lines for part, _ in line)
    assert "\x1b" not in whole
    if text.isprintable():
        assert whole == f'a: "{text}"'


async def test_y_shows_the_job_and_escape_leads_back() -> None:
    """From the table, from the details, from the tree."""
    for keys in ((), ("2",), ("4",)):
        async with console() as stage:
            await stage.press(*keys)
            before = stage.app.screen
            await stage.press("y")
            assert isinstance(stage.app.screen, EffectiveScreen)
            assert any("priority:" in line and "changed by an operator" in line for line in stage.text())
            await stage.press("escape")
            assert stage.app.screen is before


async def test_what_an_operator_changes_meanwhile_is_shown() -> None:
    """Read anew within a second."""
    async with console() as stage:
        await stage.press("y")
        stage.engine.job("db-dump").priority = 77
        stage.engine.changed("db-dump")
        await stage.second()
        assert any("priority: 77" in line for line in stage.text())


async def test_brackets_go_to_the_job_before_and_after() -> None:
    """In the order of the file."""
    async with console() as stage:
        await stage.press("y", "right_square_bracket")
        assert stage.app.places.here.about == "extract"
        assert any('"extract":' in line for line in stage.text())
        await stage.press("l")
        assert stage.app.places.here.name == "effective"


async def test_all_of_it_is_copied_and_saved_as_a_job_file(tmp_path: Path) -> None:
    """`c`, and Ctrl-s to a new `.yaml`."""
    async with console() as stage:
        await stage.press("y")
        screen = stage.app.screen
        assert isinstance(screen, EffectiveScreen)
        await stage.press("c")
        text = await stage.engine.job("db-dump").effective_yaml()
        assert stage.app.clipboard + "\n" == text
        await stage.press("ctrl+s")
        stage.app.screen.query_one(Input).value = str(tmp_path / "job.yaml")
        await stage.settle()
        await stage.press("enter", "enter")
        assert (tmp_path / "job.yaml").read_text() == text
        with pytest.raises(ValueError, match=r"end it in \.yaml"):
            check_path(str(tmp_path / "job.csv"), (".yaml",))
