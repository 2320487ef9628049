"""What is closed is gone: a console is kept open for weeks."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from textual._styles_cache import StylesCache

from jobqueue_tui.console.widgets import job_tree
from jobqueue_tui.console.widgets.painted import Painted
from tests.screens.stage import PLACES, console

WAYS = [keys for place, keys in PLACES.items() if place != "jobs"]


@pytest.mark.slow
async def test_nothing_of_a_screen_that_was_left_stays_in_memory() -> None:
    """Neither the screen nor what was on it, whatever it had asked to be told of; nor the lines that were drawn of it."""
    left: dict[str, weakref.ref[object]] = {}
    drawn: list[StylesCache] = []
    async with console() as stage:
        for keys in WAYS:
            await stage.press("1", *keys)
            screen = stage.app.screen
            for one in screen.walk_children(Painted):
                left[f"{one} of {screen}"] = weakref.ref(one)
                drawn.append(one._styles_cache)
            left[str(screen)] = weakref.ref(screen)
            del screen, one
        await stage.press("1", *WAYS[0], "1")
        await stage.settle()
        gc.collect()
        kept = [name for name, one in left.items() if one() is not None]
    assert kept == []
    assert len(drawn) > 30
    assert sum(len(cache._cache) for cache in drawn) == 0


async def test_a_large_tree_that_was_left_goes_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is shown it is frozen: the collector does not walk it, and would never find it garbage."""
    monkeypatch.setattr(job_tree, "_LARGE", 1)
    monkeypatch.setattr(job_tree, "_LEFT", 0.3)
    try:
        async with console() as stage:
            await stage.press("4")
            left = weakref.ref(stage.app.screen)
            await stage.press("1")
            async with asyncio.timeout(20):
                while left() is not None:
                    await asyncio.sleep(0.01)
    finally:
        gc.unfreeze()


async def test_a_screen_that_is_left_leaves_no_lines_behind() -> None:
    """Dialogs come and go all day."""

    def caches() -> int:
        gc.collect()
        return sum(isinstance(one, StylesCache) for one in gc.get_objects())

    async with console() as stage:
        keys = ("colon", "escape", "x", "escape", "question_mark", "escape", "2", "escape")
        await stage.press(*keys)
        before = caches()
        for _ in range(3):
            await stage.press(*keys)
        assert caches() <= before + 5
