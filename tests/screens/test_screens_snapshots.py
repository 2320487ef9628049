"""What the screens look like, in defined states. Everything that behaves is asserted elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

import pytest
from textual.pilot import Pilot

from jobqueue_tui.console.ending import ConsoleEnd
from jobqueue_tui.console.settings import ConsoleSettings
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine
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


HOUR = 3600.0
SIZES = [(80, 24), (120, 40), (200, 60)]
THEMES = ["jobqueue-dark", "jobqueue-ansi"]
EVERYWHERE = pytest.mark.parametrize(
    ("size", "theme"),
    [pytest.param(size, theme, id=f"{size[0]}x{size[1]}-{theme}") for size in SIZES for theme in THEMES],
)


def shows(
    snap_compare: SnapCompare,
    size: tuple[int, int],
    theme: str,
    *keys: str,
    engine: FakeEngine | None = None,
    read_only: bool = False,
) -> bool:
    """Whether the screen after `keys` looks as it did."""
    engine = engine or small_engine()
    app = make_app(engine, ConsoleSettings(theme=theme), read_only=read_only)
    app.notify = partial(app.notify, timeout=HOUR)  # type: ignore[method-assign] # toasts go away by the wall clock

    async def before(pilot: Pilot[ConsoleEnd]) -> None:
        stage = Stage(engine, app, pilot)
        await stage.settle()
        await stage.press(*keys)
        await stage.settle()

    return snap_compare(app, terminal_size=size, run_before=before)


SCREENS = PLACES | {
    "tree": [*PLACES["tree"], "j", "j"],
    "timeline": [*PLACES["timeline"], "right", "right"],
}
"""Every screen, and the keys that lead there."""

PARTS = {
    "filter": ["slash", *"tag", "colon", *"etl"],
    "grouped": ["b"],
    "marked": ["space", "space"],
    "frozen": ["u"],
    "zoomed": ["z"],
    "log-search": ["l", "slash", *"11", "colon", *"58", "enter"],
    "log-merged": ["space", "space", "l", "T"],
    "toast": ["p"],
}
"""What a screen can show besides."""

DIALOGS = {
    "help": ["question_mark"],
    "jump": ["f"],
    "tour": ["colon", *"tour", "enter", "enter"],
    "menu": ["a"],
    "signal": ["x", "j", "j", "j", "enter"],
    "trigger": ["j", "j", "j", "t"],
    "hold": ["a", "h"],
    "backfill": ["a", "B"],
    "rerun": ["r"],
    "quit": ["q"],
    "commands": ["colon", *"sort"],
    "why": ["j", "j", "d"],
    "columns": ["colon", *"columns", "enter"],
    "save": ["ctrl+s"],
    "marked": ["space", "space", "b", "x"],
    "reload": ["ctrl+r"],
    "postpone": ["a", "P"],
    "timeout": ["a", "T"],
    "acknowledge": ["a", "A"],
    "stop": ["x"],
    "record": ["6", "right_square_bracket", "j", "d"],
    "compare": ["6", "right_square_bracket", "j", "space", "j", "j", "d"],
}


def empty() -> FakeEngine:
    """Of a job file without jobs."""
    return FakeEngine()


def out_of_reach() -> FakeEngine:
    """A server that does not answer any more."""
    engine = small_engine()
    engine.connected = False
    return engine


def damaged() -> FakeEngine:
    """One that found its state damaged."""
    engine = small_engine()
    engine.damaged_state = "/var/lib/jobqueue/state.db.damaged-1"
    return engine


@EVERYWHERE
@pytest.mark.parametrize("screen", SCREENS)
def test_screen(snap_compare: SnapCompare, screen: str, size: tuple[int, int], theme: str) -> None:
    """Every screen on an engine with a job in every state."""
    assert shows(snap_compare, size, theme, *SCREENS[screen])


@EVERYWHERE
@pytest.mark.parametrize("part", PARTS)
def test_part(snap_compare: SnapCompare, part: str, size: tuple[int, int], theme: str) -> None:
    """What a screen shows when it is asked for more, or less."""
    assert shows(snap_compare, size, theme, *PARTS[part])


@EVERYWHERE
@pytest.mark.parametrize("dialog", DIALOGS)
def test_dialog(snap_compare: SnapCompare, dialog: str, size: tuple[int, int], theme: str) -> None:
    """Dialogs over the screen that they were opened from."""
    assert shows(snap_compare, size, theme, *DIALOGS[dialog])


@EVERYWHERE
@pytest.mark.parametrize("state", [empty, out_of_reach, damaged], ids=lambda state: state.__name__)
def test_state(snap_compare: SnapCompare, state: Callable[[], FakeEngine], size: tuple[int, int], theme: str) -> None:
    """The home screen says what is the matter."""
    assert shows(snap_compare, size, theme, engine=state())


@EVERYWHERE
def test_read_only(snap_compare: SnapCompare, size: tuple[int, int], theme: str) -> None:
    """No key of a verb is offered."""
    assert shows(snap_compare, size, theme, read_only=True)


@pytest.mark.parametrize("screen", [name for name in SCREENS if name != "jobs"])
def test_empty(snap_compare: SnapCompare, screen: str) -> None:
    """The other screens when there is nothing to show."""
    assert shows(snap_compare, (80, 24), "jobqueue-dark", *SCREENS[screen], engine=empty())


@pytest.mark.parametrize("screen", SCREENS)
def test_smallest(snap_compare: SnapCompare, screen: str) -> None:
    """60 columns and 20 lines: less is shown, nothing is broken."""
    assert shows(snap_compare, (60, 20), "jobqueue-dark", *SCREENS[screen])


@pytest.mark.parametrize("theme", ["jobqueue-light", "jobqueue-high-contrast", "jobqueue-colour-blind"])
def test_other_themes(snap_compare: SnapCompare, theme: str) -> None:
    """Each shipped theme draws the home screen, sorted by status."""
    assert shows(snap_compare, (100, 30), theme, "S")
