"""Widgets that draw their lines whole: each is drawn when it is dirty, and looks as Textual would have it look."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.filter import Monochrome
from textual.geometry import Region
from textual.strip import Strip

from jobqueue_tui.console.widgets.line_cache import LineCache
from jobqueue_tui.console.widgets.painted import Painted

RED = Style(color="#ff0000", bgcolor="#000000")


class Lines(Painted):
    """Says which lines it drew; each is its number, shorter than the widget."""

    drawn: list[int]
    restless = broken = False

    def render_line(self, y: int) -> Strip:
        self.drawn.append(y)
        if self.restless:
            self.refresh()
        if self.broken and y == 2:
            raise ZeroDivisionError
        return Strip([Segment(str(y), RED)])


class Shown(App[None]):
    """Nothing but that."""

    CSS = """
    Lines { height: 4; width: 20; background: blue; }
    .bordered { border: solid white; }
    .faint { opacity: 50%; }
    .tinted { tint: white 50%; }
    """

    def __init__(self, classes: str = "") -> None:
        super().__init__()
        self.lines = Lines(classes=classes)
        self.lines.drawn = []

    def compose(self) -> ComposeResult:
        yield self.lines


async def test_only_dirty_lines_are_drawn() -> None:
    """A line that nobody refreshed is the one that was drawn; another width draws all."""
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        lines = app.lines
        assert set(lines.drawn) == {0, 1, 2, 3}
        lines.drawn = []
        lines.refresh(Region(0, 2, 20, 1))
        await pilot.pause()
        assert lines.drawn == [2]
        lines.styles.width = 30
        await pilot.pause()
        assert {0, 1, 2, 3} <= set(lines.drawn)
        assert all(strip.cell_length == 30 for strip in lines.render_lines(lines.size.region))


async def test_lines_are_kept_as_they_were_last_asked_for() -> None:
    """Asked for the same, each line that nobody refreshed is the same strip; another part, or another filter, is not mixed up
    with it."""
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        lines = app.lines
        every = lines.size.region
        before = list(lines.render_lines(every))
        lines.refresh(Region(0, 1, 20, 2))
        await pilot.pause()
        after = list(lines.render_lines(every))
        assert [one is other for one, other in zip(before, after, strict=True)] == [True, False, False, True]
        (third,) = lines.render_lines(Region(0, 2, 4, 1))
        assert third.text == "2   "
        assert [strip.text.strip() for strip in lines.render_lines(every)] == ["0", "1", "2", "3"]
        app._filters.append(Monochrome())
        lines.drawn = []
        grey = {segment.style for strip in lines.render_lines(every) for segment in strip}
        assert lines.drawn == []
        assert RED not in grey


async def test_a_widget_that_refreshes_itself_as_it_draws_is_drawn_again() -> None:
    """Its lines are there all the same: what was kept ended, what was asked for did not."""
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        lines = app.lines
        lines.restless = True
        lines.refresh(Region(0, 2, 20, 1))
        await pilot.pause()
        lines.restless = False
        await pilot.pause()
        lines.drawn = []
        strips = lines.render_lines(lines.size.region)
        assert [strip.text.strip() for strip in strips] == ["0", "1", "2", "3"]


async def test_a_widget_that_fails_to_draw_is_asked_again() -> None:
    """What was not drawn is not kept as if it had been."""
    app = Shown()
    async with app.run_test(size=(40, 10)):
        lines, every = app.lines, Region(0, 0, 20, 4)
        lines.refresh()
        lines.broken = True
        with pytest.raises(ZeroDivisionError):
            lines.render_lines(every)
        lines.broken = False
        assert [strip.text.strip() for strip in lines.render_lines(every)] == ["0", "1", "2", "3"]


async def test_what_stands_behind_all_is_as_wide_as_it_is_asked_for() -> None:
    """While a terminal changes its size, screen and frame have different ones for a moment; kept lines are no shorter."""
    app = Shown()
    async with app.run_test(size=(40, 10)):
        app.lines._styles_cache = LineCache(hindmost=True)
        for width in (20, 30, 10, 25):
            assert {strip.cell_length for strip in app.lines.render_lines(Region(0, 0, width, 4))} == {width}
        app.lines._styles_cache = LineCache()
        assert {strip.cell_length for strip in app.lines.render_lines(Region(0, 0, 20, 4))} == {20}


async def test_a_line_that_is_drawn_anew_leaves_no_garbage() -> None:
    """What was drawn is freed at once, not when the collector of garbage comes by."""
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        app.lines.styles.width = 40  # nothing stands beside it: no line is cut
        await pilot.pause()
        (line,) = app.lines.render_lines(
            Region(0, 1, 40, 1)
        )  # through a filter, since the colours are not the terminal's
        (part,) = line.divide([40])
        assert part is line
        assert len(line._divide_cache) == 0
        assert [part.text for part in line.divide([1, 40])] == ["1", " " * 39]


async def test_a_short_line_is_filled_with_the_ground() -> None:
    """What a widget does not draw has its background; a part of it can be had."""
    app = Shown()
    async with app.run_test(size=(40, 10)):
        (strip,) = app.lines.render_lines(Region(0, 1, 20, 1))
        assert strip.text == "1".ljust(20)
        first, rest = strip
        assert first.style == RED
        assert rest.style is not None
        assert rest.style.bgcolor == app.lines.rich_style.bgcolor
        (part,) = app.lines.render_lines(Region(0, 1, 5, 1))
        assert part.text == "1    "


@pytest.mark.parametrize("dress", ["bordered", "faint", "tinted"])
async def test_a_widget_with_more_around_its_lines_is_textuals(dress: str) -> None:
    """A border is drawn; what is faint, or tinted, has other colours."""
    app = Shown(dress)
    async with app.run_test(size=(40, 10)):
        first, second = app.lines.render_lines(app.lines.region.size.region)[:2]
        if dress == "bordered":
            assert first.text == "┌" + "─" * 18 + "┐"
            assert second.text == "│0".ljust(19) + "│"
        else:
            assert first.text == "0".ljust(20)
            assert next(iter(first)).style != RED


async def test_no_colour_is_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Filters of the app hold for each line, whenever it was drawn."""
    monkeypatch.setenv("NO_COLOR", "1")
    app = Shown()
    async with app.run_test(size=(40, 10)):
        for _ in range(2):
            styles = {segment.style for strip in app.lines.render_lines(Region(0, 0, 20, 4)) for segment in strip}
            assert styles
            for style in styles:
                assert style is not None
                for colour in (style.color, style.bgcolor):
                    assert colour is None or colour.triplet is None or len(set(colour.triplet)) == 1
