"""Lines of a widget that draws them whole: kept until they are dirty, and nothing added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual._styles_cache import StylesCache
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.color import Color
    from textual.filter import LineFilter
    from textual.geometry import Region
    from textual.widget import Widget


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

    def render_widget(self, widget: Widget, crop: Region) -> list[Strip]:
        """See `StylesCache`."""
        if _dressed(widget):
            return super().render_widget(widget, crop)
        width = widget.size.width
        if width != self._width:
            self.clear()
            self._width = width
        inner = widget.scrollable_content_region.width  # a scroll bar stands beside it
        strips: list[Strip] = []
        for y in crop.line_range:
            strip = None if y in self._dirty_lines else self._cache.get(y)
            if strip is None:
                strip = widget.render_line(y)
                if strip.cell_length != inner:
                    strip = strip.adjust_cell_length(inner, widget.rich_style)
                strip = self._cache[y] = Line(strip, strip.cell_length)
            strips.append(strip)
        self._dirty_lines.difference_update(crop.line_range)
        if filters := widget.get_line_filters():
            background = widget.background_colors[1]
            for one in filters:
                strips = [strip.apply_filter(one, background) for strip in strips]
        if crop.column_span != (0, width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips


def _dressed(widget: Widget) -> bool:
    """Is there anything to put around its lines."""
    styles = widget.styles
    around = bool(styles.gutter) or bool(styles.outline) or styles.has_rule("hatch")
    return around or bool(styles.tint.a) or styles.text_opacity != 1.0 or widget.opacity != 1.0
