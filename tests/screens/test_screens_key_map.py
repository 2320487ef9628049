"""`console.toml`: what cannot be meant is said, with what could be; a theme of another time is no reason to be silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobqueue_tui.console import kept
from jobqueue_tui.console.kept import KeptError
from jobqueue_tui.console.key_map import checked
from jobqueue_tui.console.settings import ConsoleSettings
from tests.screens.stage import console


def test_keys_are_taken_by_name_or_sign() -> None:
    assert checked({"jobs.hold": "f6, ctrl+x", "jobs.skip": "~", "all.save": "Q", "go.last": ";"}) == (
        {"jobs.hold": "f6,ctrl+x", "jobs.skip": "tilde", "all.save": "Q", "go.last": "semicolon"},
        [],
    )


@pytest.mark.parametrize(
    ("wanted", "map_", "said"),
    [
        ({"jobs.stpo": "f6"}, {}, "jobs.stpo is no action; is jobs.stop meant?"),
        ({"jobs.stop": "hyperfoo"}, {}, "jobs.stop: 'hyperfoo' is no key; keys are x, f6, ctrl+x, slash"),
        ({"jobs.stop": "f6,foo"}, {"jobs.stop": "f6"}, "jobs.stop: 'foo' is no key; keys are x, f6, ctrl+x, slash"),
        (
            {"jobs.hold": "s"},
            {"jobs.hold": "s"},
            "s is jobs.hold, so jobs.suspend has it no more: give that another one",
        ),
        (
            {"jobs.hold": "?"},
            {"jobs.hold": "question_mark"},
            "? is jobs.hold, so all.help has it no more: give that another one",
        ),
    ],
)
def test_what_cannot_be_meant_is_left_out_and_said(wanted: dict[str, str], map_: dict[str, str], said: str) -> None:
    keys, doubts = checked(wanted)
    assert keys == map_
    assert said in doubts


def test_an_action_that_has_another_key_gives_its_own_away() -> None:
    """Two that change their keys are no clash."""
    assert checked({"jobs.hold": "s", "jobs.suspend": "h"})[1] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('columns = ["bogus"]', "columns: there is no 'bogus', only status, name,"),
        ('sort = "Q"', "sort: there is no 'Q', only N, S,"),
        ('group = "colour"', "group: there is no 'colour', only none, tag,"),
        ("wide = 1", "wide is 1, not true or false"),
    ],
)
def test_a_value_that_there_is_not_is_named_with_those_that_there_are(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "console.toml").write_text(text)
    with pytest.raises(KeptError) as error:
        kept.read(tmp_path)
    assert said in str(error.value)


async def test_keys_that_cannot_be_meant_are_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_text('[keys]\n"jobs.nope" = "f6"\n')
    async with console(settings=ConsoleSettings(config_folder=tmp_path)) as stage:
        assert stage.toasts[0][0] == "[keys] of console.toml"


async def test_a_theme_that_there_is_not_is_said_with_those_that_there_are(tmp_path: Path) -> None:
    """The palette offers no other."""
    (tmp_path / "console.toml").write_text('theme = "nord"\n')
    async with console(settings=ConsoleSettings(config_folder=tmp_path)) as stage:
        assert stage.toasts[0][1].startswith("There is no theme nord; `:theme` chooses one of jobqueue-")
        assert "nord" not in stage.app.themes
