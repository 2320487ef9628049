"""What the screens look like, in defined states. Everything that behaves is asserted elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest
from textual.pilot import Pilot

from jobqueue_tui.console.ending import ConsoleEnd
from jobqueue_tui.console.settings import ConsoleSettings
from tests.screens.engines import small_engine
from tests.screens.stage import PLACES, Stage, make_app


class SnapCompare(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(
        self,
        app: object,
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[ConsoleEnd]], Awaitable[None]],
    ) -> bool: ...


SIZES = [(80, 24), (120, 40), (200, 60)]
THEMES = ["jobqueue-dark", "jobqueue-ansi"]


def shows(snap_compare: SnapCompare, size: tuple[int, int], theme: str, *keys: str) -> bool:
    """Whether the screen after `keys` looks as it did."""
    engine = small_engine()
    app = make_app(engine, ConsoleSettings(theme=theme))

    async def before(pilot: Pilot[ConsoleEnd]) -> None:
        stage = Stage(engine, app, pilot)
        await stage.settle()
        await stage.press(*keys)
        await stage.settle()

    return snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_jobs(snap_compare: SnapCompare, size: tuple[int, int], theme: str) -> None:
    """The home screen with a job in every state."""
    assert shows(snap_compare, size, theme)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_tree(snap_compare: SnapCompare, size: tuple[int, int], theme: str) -> None:
    """The dependency tree."""
    assert shows(snap_compare, size, theme, "4", "j", "j")


SHOWN = {place: keys for place, keys in PLACES.items() if place not in {"jobs", "log", "tree"}}
SHOWN["timeline"] = [*PLACES["timeline"], "right", "right"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("place", SHOWN)
def test_place(snap_compare: SnapCompare, place: str, size: tuple[int, int], theme: str) -> None:
    """The other screens."""
    assert shows(snap_compare, size, theme, *SHOWN[place])


@pytest.mark.parametrize("place", ["jobs", *SHOWN])
def test_smallest(snap_compare: SnapCompare, place: str) -> None:
    """60 columns and 20 lines: less is shown, nothing is broken."""
    assert shows(snap_compare, (60, 20), "jobqueue-dark", *SHOWN.get(place, []))


DIALOGS = {
    "menu": ("a",),
    "signal": ("x", "j", "j", "j", "enter"),
    "trigger": ("j", "j", "j", "t"),
    "hold": ("a", "h"),
    "backfill": ("a", "B"),
    "rerun": ("r",),
    "quit": ("q",),
    "commands": ("colon", *"sort"),
    "why": ("j", "j", "d"),
    "columns": ("colon", *"columns", "enter"),
    "save": ("ctrl+s",),
    "marked": ("space", "space", "b", "x"),
    "reload": ("ctrl+r",),
    "postpone": ("a", "P"),
    "timeout": ("a", "T"),
    "acknowledge": ("a", "A"),
    "stop": ("x",),
    "record": ("6", "right_square_bracket", "j", "d"),
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("dialog", DIALOGS)
def test_dialog(snap_compare: SnapCompare, dialog: str, size: tuple[int, int], theme: str) -> None:
    """Dialogs over the screen that they were opened from."""
    assert shows(snap_compare, size, theme, *DIALOGS[dialog])


@pytest.mark.parametrize("theme", ["jobqueue-light", "jobqueue-high-contrast", "jobqueue-colour-blind"])
def test_other_themes(snap_compare: SnapCompare, theme: str) -> None:
    """Each shipped theme draws the home screen, sorted by status."""
    assert shows(snap_compare, (100, 30), theme, "S")


def test_log(snap_compare: SnapCompare) -> None:
    """The log of a run, searched."""
    assert shows(snap_compare, (80, 24), "jobqueue-dark", "l", "slash", *"11", "colon", *"58", "enter")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
def test_merged_logs(snap_compare: SnapCompare, size: tuple[int, int], theme: str) -> None:
    """The logs of two marked jobs as one, with times."""
    assert shows(snap_compare, size, theme, "space", "space", "l", "T")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
def test_jump_mode(snap_compare: SnapCompare, size: tuple[int, int], theme: str) -> None:
    """A letter on each row and on the log below."""
    assert shows(snap_compare, size, theme, "f")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
def test_tour(snap_compare: SnapCompare, size: tuple[int, int], theme: str) -> None:
    """The second card, over the home screen."""
    assert shows(snap_compare, size, theme, "colon", *"tour", "enter", "enter")


def test_help(snap_compare: SnapCompare) -> None:
    """All keys of the home screen."""
    assert shows(snap_compare, (80, 40), "jobqueue-dark", "question_mark")


def test_filter(snap_compare: SnapCompare) -> None:
    """A filter that is being typed, and how many pass."""
    assert shows(snap_compare, (80, 24), "jobqueue-dark", "slash", *"tag", "colon", *"etl")
