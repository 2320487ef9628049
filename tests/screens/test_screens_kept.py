"""What the console keeps from one time to the next."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color
from textual.css.stylesheet import Stylesheet

from engine.model.states import RunPhase
from jobqueue_tui.console import kept
from jobqueue_tui.console.arranging import Heading
from jobqueue_tui.console.kept import Kept, KeptError
from jobqueue_tui.console.settings import ConsoleSettings
from tests.screens.stage import console


async def test_the_look_of_the_table_is_kept(tmp_path: Path) -> None:
    """Sort, groups, columns, wide, theme: the next console begins as this one ended."""
    settings = ConsoleSettings(config_folder=tmp_path)
    async with console(settings=settings) as stage:
        await stage.press("M", "M", "b", "w", "colon", *"theme", "space", *"light", "enter")
        await stage.press("colon", *"theme", "space", *"jobqueue-light", "enter")
    assert kept.read(tmp_path) == Kept(theme="jobqueue-light", sort="M", reversed=True, group="tag", wide=True)
    async with console(settings=settings) as stage:
        table = stage.home.table
        assert (table.order.letter, table.order.reverse) == ("M", True)
        assert isinstance(table.rows[0], Heading)
        assert "cpu-curve" not in {placed.column.id for placed in table.placed}
        assert stage.app.theme == "jobqueue-light"


async def test_nothing_is_written_when_nothing_was_changed(tmp_path: Path) -> None:
    """A console that was only looked at leaves no file."""
    async with console(settings=ConsoleSettings(config_folder=tmp_path / "new")):
        pass
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["theme = ", "colour = 1", "sort = 3", "[keys]\nx = 3", "columns = [1]", "\x00"])
async def test_a_bad_file_is_said_and_left_alone(tmp_path: Path, text: str) -> None:
    """The console begins with its defaults and does not overwrite what the user is to mend."""
    (tmp_path / "console.toml").write_text(text)
    with pytest.raises(KeptError):
        kept.read(tmp_path)
    async with console(settings=ConsoleSettings(config_folder=tmp_path)) as stage:
        assert "console.toml" in stage.toasts[0][1]
        await stage.press("M")
    assert (tmp_path / "console.toml").read_text() == text


async def test_settings_that_cannot_be_written_are_said_at_the_end(tmp_path: Path) -> None:
    """What was there stays, and nothing is left lying about."""
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "console.toml").mkdir()  # nobody can replace that by a file, not even root
    async with console(settings=ConsoleSettings(config_folder=folder)) as stage:
        stage.app._unread = ""
        await stage.press("M")
    assert stage.app.unkept.startswith("the console's settings cannot be kept: ")
    assert [one.name for one in folder.iterdir()] == ["console.toml"]


async def test_keys_of_the_users_file_hold_and_are_kept(tmp_path: Path) -> None:
    """`[keys]` is the user's; the console writes it back as it was."""
    (tmp_path / "console.toml").write_text('[keys]\n"jobs.pause" = "f5"\n')
    async with console(settings=ConsoleSettings(config_folder=tmp_path)) as stage:
        await stage.press("f5", "M")
        assert stage.verbs == [("pause", "db-dump")]
        assert stage.engine.job("db-dump").active[0].phase is RunPhase.PAUSED
    assert kept.read(tmp_path) == Kept(sort="M", keys={"jobs.pause": "f5"})


async def test_styles_are_read_once_in_the_colours_of_the_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual would read all of them again for a theme that is there from the beginning; another theme is followed."""
    again = 0
    reparse = Stylesheet.reparse

    def counted(self: Stylesheet) -> None:
        nonlocal again
        again += 1
        reparse(self)

    monkeypatch.setattr(Stylesheet, "reparse", counted)
    async with console(settings=ConsoleSettings(theme="jobqueue-light")) as stage:
        app = stage.app
        assert again == 0
        for name in ("jobqueue-light", "jobqueue-dark"):
            app.theme = name
            await stage.settle()
            assert app.screen.styles.background == Color.parse(app.get_css_variables()["background"])
        assert again == 1
