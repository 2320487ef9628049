"""What every widget here has: the palette of the current theme, made once and dropped when the theme changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from jobqueue_tui.console.jumping import Spot
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.widgets.line_cache import LineCache


class Painted(Widget):
    """A widget that draws its lines itself."""

    is_pane: ClassVar[bool] = False
    """Whether Tab goes to it: a part of a screen that can have the keys that move."""

    _palette: Palette | None = None

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._styles_cache = LineCache()

    def spots(self) -> Iterable[Spot]:
        """Places in it that can be gone to; a pane is one itself."""
        if self.is_pane:
            yield Spot(self.region.x, self.region.y, self.focus)

    @property
    def palette(self) -> Palette:
        """Styles of the current theme."""
        if self._palette is None:
            self._palette = Palette.of(self.app.theme_variables, ansi=self.app.native_ansi_color)
        return self._palette

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        """A scroll bar is drawn with each line beside it, and looks the same nearly always."""
        if shown:
            self.vertical_scrollbar._styles_cache = LineCache()

    def on_mount(self) -> None:
        """Follow the theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.forget())

    def on_unmount(self) -> None:
        """Let go of it: the app would keep this widget, and with it its screen, until the theme changes."""
        self.app.theme_changed_signal.unsubscribe(self)
        # Textual remembers the cache itself among the last thousand that it mixed colours for (an `lru_cache` on a method)
        self._styles_cache.clear()

    def forget(self) -> None:
        """Drop what was made for the last theme and draw anew."""
        self._palette = None
        self.refresh()
