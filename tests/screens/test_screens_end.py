"""How a console ends: who is asked, what holds, what is let go of."""

from __future__ import annotations

import pytest

from engine.clock import SECOND
from engine.model.states import JobStatus
from jobqueue_tui.console.ending import ConsoleEnd, OnQuit
from jobqueue_tui.console.settings import ConsoleSettings
from tests.screens.fake_engine import FakeEngine
from tests.screens.stage import console


def idle_engine() -> FakeEngine:
    """An engine with nothing active."""
    engine = FakeEngine()
    engine.add("a", status=JobStatus.WAITING, next_run=engine.at + 60 * SECOND)
    return engine


@pytest.mark.parametrize(
    ("settings", "idle", "keys", "end"),
    [
        (ConsoleSettings(), True, "q j enter", ConsoleEnd.QUIT_LEAVE),
        (ConsoleSettings(), True, "q enter", None),
        (ConsoleSettings(), False, "q j enter", ConsoleEnd.QUIT_LEAVE),
        (ConsoleSettings(), False, "q j j enter", ConsoleEnd.QUIT_STOP),
        (ConsoleSettings(), False, "ctrl+q j enter", ConsoleEnd.QUIT_LEAVE),
        (ConsoleSettings(), False, "4 q", None),
        (ConsoleSettings(), False, "4 q q j enter", ConsoleEnd.QUIT_LEAVE),
        (ConsoleSettings(), False, "4 ctrl+q j enter", ConsoleEnd.QUIT_LEAVE),
        (ConsoleSettings(on_quit=OnQuit.STOP), False, "q", ConsoleEnd.QUIT_STOP),
        (ConsoleSettings(on_quit=OnQuit.LEAVE), False, "q", ConsoleEnd.QUIT_LEAVE),
        (ConsoleSettings(embedded=False), False, "q", ConsoleEnd.QUIT_LEAVE),
        (ConsoleSettings(), False, "q enter", None),
        (ConsoleSettings(), False, "q escape", None),
        (ConsoleSettings(), False, "ctrl+c", None),
        (ConsoleSettings(), False, "escape", None),
    ],
)
async def test_quit_asks_and_elsewhere_q_is_back(
    settings: ConsoleSettings, idle: bool, keys: str, end: ConsoleEnd | None
) -> None:
    """Cancel first; an attached console just goes; `on_quit` answers for the user."""
    async with console(idle_engine() if idle else None, settings) as stage:
        for key in keys.split():
            await stage.pilot.press(key)
            await stage.pilot.pause()
        assert stage.app.ended is end
        assert stage.app.return_value is end


@pytest.mark.parametrize("on_quit", OnQuit)
@pytest.mark.parametrize("idle", [False, True])
async def test_who_may_only_read_ends_no_run_by_quitting(on_quit: OnQuit, idle: bool) -> None:
    """Whatever the job file says of it, and down to the last answer."""
    async with console(idle_engine() if idle else None, ConsoleSettings(on_quit=on_quit), read_only=True) as stage:
        for key in ("q", "G", "enter"):
            await stage.pilot.press(key)
            await stage.pilot.pause()
        assert stage.app.ended is ConsoleEnd.QUIT_LEAVE


async def test_the_first_reason_for_an_end_holds() -> None:
    """A SIGTERM during a quit does not change what the user chose."""
    async with console() as stage:
        stage.app.end(ConsoleEnd.QUIT_LEAVE)
        stage.app.end(ConsoleEnd.TERMINATED)
        assert stage.app.ended is ConsoleEnd.QUIT_LEAVE


async def test_the_feed_is_closed_with_the_console() -> None:
    """An engine that lives on does not collect for nobody."""
    async with console() as stage:
        engine = stage.engine
    assert [feed.closed for feed in engine.feeds] == [True]
