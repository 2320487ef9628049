"""Toasts go when their time is over, and stop nothing."""

from __future__ import annotations

import itertools

import pytest
from textual.widgets._toast import Toast

from jobqueue_tui.console.toasts import Lasting
from tests.screens.stage import console


@pytest.mark.parametrize("late", [0.0, 0.0001, 5.0])
def test_a_toast_that_is_put_up_as_it_expires_has_a_timer_that_ends(
    monkeypatch: pytest.MonkeyPatch, late: float
) -> None:
    """Textual looks twice, and time passes in between: a timer of a negative length never ends."""
    said = Lasting("here", timeout=2, raised_at=100.0)
    times = itertools.chain([101.9999], itertools.repeat(102.0 + late))
    monkeypatch.setattr("textual.notifications.time", lambda: next(times))
    assert not said.has_expired
    assert said.time_left > 0
    assert said.has_expired


async def test_what_the_console_says_is_such_a_toast() -> None:
    """Whoever says it: the app, a screen or a widget; and it goes."""
    async with console() as stage:
        stage.app.notify("by the app", timeout=0.3)
        stage.app.screen.notify("by the screen", timeout=0.3)
        while len(stage.said) < 2:
            await stage.pilot.pause()
        assert [type(one) for one in stage.said] == [Lasting, Lasting]
        while stage.app.screen.query(Toast):
            await stage.pilot.pause(0.01)
