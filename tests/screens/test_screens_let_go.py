"""What is closed is gone: a console is kept open for weeks."""

from __future__ import annotations

import gc
import weakref

import pytest
from textual._styles_cache import StylesCache
from textual.widget import Widget

from tests.screens.stage import PLACES, console

WAYS = [keys for place, keys in PLACES.items() if place != "jobs"]


@pytest.mark.slow
async def test_nothing_of_a_screen_that_was_left_stays_in_memory() -> None:
    """Neither the screen nor what was on it, whatever it had asked to be told of."""
    left: dict[str, weakref.ref[object]] = {}
    async with console() as stage:
        for keys in WAYS:
            await stage.press("1", *keys)
            screen = stage.app.screen
            for one in screen.walk_children():
                left[f"{one} of {screen}"] = weakref.ref(one)
            left[str(screen)] = weakref.ref(screen)
            del screen, one
        await stage.press("1", *WAYS[0], "1")
        await stage.settle()
        gc.collect()
        kept = [name for name, one in left.items() if one() is not None]
        shown = {id(one._styles_cache) for one in gc.get_objects() if isinstance(one, Widget)}
        lines = sum(
            len(one._cache) for one in gc.get_objects() if isinstance(one, StylesCache) and id(one) not in shown
        )
    assert kept == []
    assert lines < 50  # of Textual's own widgets; ours had hundreds
