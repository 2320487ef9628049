"""The top line, on every screen: what concerns all that is below it."""

from __future__ import annotations

import pytest
from textual.strip import Strip

from engine.model.record import FileNews
from tests.screens.stage import PLACES, console


@pytest.mark.parametrize("place", PLACES)
async def test_an_engine_out_of_reach_is_said_on_every_screen(place: str) -> None:
    """What stands there may be old."""
    async with console() as stage:
        await stage.press(*PLACES[place])
        stage.engine.connected = False
        await stage.second()
        assert stage.has("engine out of reach")


@pytest.mark.parametrize(("read_only", "said"), [(False, "file changed: Ctrl-r"), (True, "file changed")])
async def test_a_job_file_that_waits_for_a_yes_is_said_until_it_has_one(read_only: bool, said: str) -> None:
    """On every screen; without the key where there is none."""
    async with console(read_only=read_only) as stage:
        stage.engine.job_file_news = FileNews(stage.engine.now(), "changed, not taken yet: 1 job removed", waits=True)
        await stage.second()
        assert stage.text()[0].split("failing 3  ")[1].split("  ")[0] == said
        await stage.press("4")
        assert said in stage.text()[0]
        stage.engine.job_file_news = None
        await stage.second()
        assert said not in stage.text()[0]


async def test_that_the_job_file_was_taken_is_said_for_a_while() -> None:
    """The operator sees what changed what he looks at."""
    async with console() as stage:
        stage.engine.job_file_news = FileNews(stage.engine.now(), "taken: 1 job changed", waits=False)
        await stage.second()
        assert "file taken: 1 job changed" in stage.text()[0]
        for _ in range(15):
            await stage.second()
        assert "file taken" not in stage.text()[0]


@pytest.mark.parametrize("place", PLACES)
async def test_why_nothing_starts_is_said_in_every_header(place: str) -> None:
    """Somebody who wonders why nothing starts need not search."""
    async with console() as stage:
        stage.engine.holds = ("--all", "tag:etl")
        await stage.press(*PLACES[place])
        await stage.second()
        assert "HELD all jobs +1" in stage.text()[0]
        stage.engine.holds, stage.engine.unwritten = (), "disk full"
        await stage.second()
        assert "state cannot be written" in stage.text()[0]


async def test_the_top_line_is_drawn_when_it_says_something_else() -> None:
    """Most changes of jobs do not show there."""
    async with console() as stage:
        drawn: list[str] = []
        line, render = stage.home.status, stage.home.status.render_line

        def counting(y: int) -> Strip:
            strip = render(y)
            drawn.append(strip.text)
            return strip

        line.render_line = counting  # type: ignore[method-assign] # what is drawn is the subject
        stage.engine.job("thumbnails").touch()
        await stage.settle()
        assert drawn == []
        stage.engine.job("extract").active.clear()
        stage.engine.job("extract").touch()
        await stage.settle()
        assert ["run 4/3" in text for text in drawn] == [True]
