"""Lines of a widget: kept until they are dirty, and nothing added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from textual._styles_cache import StylesCache
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.color import Color
    from textual.filter import LineFilter
    from textual.geometry import Region
    from textual.widget import Widget


_NOTHING: Final = Strip([])


class Line(Strip):
    """A strip that does not keep itself as the one part of itself.

    Textual's does where nothing is cut off, and is then freed by the collector of garbage only: a hundred lines a second
    held a sixth of a MiB a second.
    """

    __slots__ = ()

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """See `Strip`."""
        places = [cut for cut in cuts if cut <= self.cell_length]
        return (self,) if places == [self.cell_length] else super().divide(places)

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:
        """See `Strip`."""
        kept = self._filter_cache.get((filter, background))
        if kept is None:
            found = super().apply_filter(filter, background)
            kept = self._filter_cache[filter, background] = Line(found, found.cell_length)
        return kept


class LineCache(StylesCache):
    """Textual's cache of lines, which puts border, padding, outline, hatch, tint and opacity around each that has changed.

    A widget with none of them pays for that all the same: a tenth of what a busy table costs, and each line becomes
    another strip than the one that was drawn, whose divisions and sequences are made anew. There is no way round it that
    Textual offers; this is the one method that it calls, and for widgets with such styles it is Textual's.
    """

    def __init__(self, *, hindmost: bool = False) -> None:
        """`hindmost`: nothing stands behind the widget. Its lines are as long as they are asked for: not shorter by what a scroll
        bar hides, nor where the terminal has become smaller and what is drawn has not yet."""
        super().__init__()
        self._hindmost = hindmost
        self._plain: bool | None = None
        self._crop: Region | None = None
        self._filters: Sequence[LineFilter] = ()
        self._shown: list[Strip] = []
        """What was asked for last: the lines of `_crop`, through `_filters`."""

    def clear(self) -> None:
        """See `StylesCache`. Whatever makes lines look otherwise, styles among it, ends here."""
        super().clear()
        self._plain = self._crop = None
        self._shown = []

    def render_widget(self, widget: Widget, crop: Region) -> list[Strip]:
        """See `StylesCache`."""
        if self._plain is None:
            self._plain = not _dressed(widget)
        if not self._plain:
            return super().render_widget(widget, crop)
        width = widget.size.width
        if width != self._width:
            self.clear()
            self._width = width
        filters = widget.get_line_filters()
        if crop == self._crop and filters == self._filters:
            anew = self._dirty_lines.intersection(crop.line_range)
            shown = self._shown
        else:
            self._crop = None
            shown = self._shown = [_NOTHING] * crop.height
            anew = set(crop.line_range)
        if anew:
            self._draw(widget, crop, anew, shown, filters)
        # unless the widget has refreshed itself as it drew: then what was asked for is there, and nothing is kept
        if shown is self._shown:
            self._crop, self._filters = crop, filters
        return shown

    def _draw(
        self, widget: Widget, crop: Region, anew: set[int], shown: list[Strip], filters: Sequence[LineFilter]
    ) -> None:
        inner = crop.right if self._hindmost else widget.scrollable_content_region.width
        background = widget.background_colors[1] if filters else None
        span = None if crop.column_span == (0, self._width) else crop.column_span
        for y in anew:
            strip = None if y in self._dirty_lines else self._cache.get(y)
            if strip is None or strip.cell_length != inner:
                strip = widget.render_line(y) if strip is None else strip
                if strip.cell_length != inner:
                    strip = strip.adjust_cell_length(inner, widget.rich_style)
                strip = self._cache[y] = Line(strip, inner)
            if background is not None:
                for one in filters:
                    strip = strip.apply_filter(one, background)
            shown[y - crop.y] = strip if span is None else strip.crop(*span)
        self._dirty_lines -= anew


def _dressed(widget: Widget) -> bool:
    """Is there anything to put around its lines."""
    styles = widget.styles
    around = bool(styles.gutter) or bool(styles.outline) or styles.has_rule("hatch")
    return around or bool(styles.tint.a) or styles.text_opacity != 1.0 or widget.opacity != 1.0
