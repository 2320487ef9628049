"""Cells to strips: exact widths, ready styles, no markup. What is drawn here is text that was made harmless before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from jobqueue_tui.console.columns import GAP, Cell, Layout
from jobqueue_tui.console.signs import Role

_GAP: Final = " " * GAP


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis at its end."""
    long = len(text) if text.isascii() else cell_len(text)
    if long == width:
        return text
    if long < width:
        pad = " " * (width - long)
        return pad + text if right else text + pad
    if width < 1:
        return ""
    return set_cell_size(text, width - 1) + "…"


def row_strip(cells: Iterable[Cell], layout: Layout, styles: Mapping[Role, Style], mark: str, width: int) -> Strip:
    """A row of `width` cells: one for the mark, then the columns of `layout`.

    A gap is part of the cell before it, and cells that look alike are one piece: of a blank cell only the ground is seen.
    """
    style = styles[Role.TITLE]
    pieces = [mark]
    total = 1
    segments: list[Segment] = []
    for (text, role), placed in zip(cells, layout, strict=True):
        if total > 1:
            pieces.append(_GAP)
            total += GAP
        if not text:
            pieces.append(" " * placed.width)
        else:
            if (its := styles[role]) is not style:
                segments.append(Segment("".join(pieces), style))
                style = its
                pieces = []
            pieces.append(fitted(text, placed.width, right=placed.column.right))
        total += placed.width
    pieces.append(" " * (width - total))
    segments.append(Segment("".join(pieces), style))
    return Strip(segments, max(total, width))


def text_strip(parts: Iterable[Cell], styles: Mapping[Role, Style], width: int) -> Strip:
    """One line of text in `width` cells, cut or filled up."""
    strip = Strip([Segment(text, styles[role]) for text, role in parts if text])
    return strip.adjust_cell_length(width, styles[Role.TEXT])
