"""A table of text that fits its terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jobqueue_tui.cli.show.cells import fitted, width

GAP: Final = "  "
_NARROWEST: Final = 6

_COLOURS: Final = {
    "success": "32", "completed": "32", "running": "36", "starting": "36", "paused": "33", "retrying": "33",
    "stopping": "33", "skipped": "33", "missed": "33", "failed": "31", "timed_out": "31", "lost": "31", "error": "31",
    "stopped": "35", "warning": "33",
}  # fmt: skip
"""SGR codes by state; the word is always there beside the colour."""

_HEADER: Final = "1"


def render(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, room: int | None, colour: bool, numeric: Sequence[bool]
) -> str:
    """Lines of a table. `room`: cells per line, None for no bound. `numeric` columns are right-aligned.

    Columns that are too wide together lose cells from the widest ones first, never below six; what still does not fit is
    cut at the edge.
    """
    columns = list(zip(headers, *rows, strict=True))
    widths = [max(width(cell) for cell in column) for column in columns]
    if room is not None:
        _shrink(widths, room - len(GAP) * (len(widths) - 1))
    left = sum(widths) + len(GAP) * len(widths) if room is None else room
    shown: list[list[str]] = []
    for column, cells, right in zip(columns, widths, numeric, strict=True):
        if left <= 0:
            break
        shown.append(_column(column, min(cells, left), right=right, colour=colour))
        left -= cells + len(GAP)
    return "".join([f"{GAP.join(line).rstrip()}\n" for line in zip(*shown, strict=True)])


def _column(column: Sequence[str], cells: int, *, right: bool, colour: bool) -> list[str]:
    """The cells of a column, header first, as wide as it is. A column at once: lists have hundreds of thousands of lines."""
    padded = [_padded(cell, cells, right=right) for cell in column]
    if not colour:
        return padded
    coloured = [
        f"\x1b[{code}m{text}\x1b[0m" if (code := _COLOURS.get(cell)) else text
        for cell, text in zip(column, padded, strict=True)
    ]
    return [f"\x1b[{_HEADER}m{padded[0]}\x1b[0m", *coloured[1:]]


def _shrink(widths: list[int], room: int) -> None:
    while sum(widths) > room:
        widest = max(widths)
        if widest <= _NARROWEST:
            return
        widths[widths.index(widest)] -= 1


def _padded(text: str, cells: int, *, right: bool) -> str:
    if len(text) <= cells and text.isascii():
        return text.rjust(cells) if right else text.ljust(cells)
    room = cells - width(text)
    if room < 0:
        text = fitted(text, cells)
        room = cells - width(text)
    return " " * room + text if right else text + " " * room
