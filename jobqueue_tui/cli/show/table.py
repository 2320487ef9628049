"""A table of text that fits its terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

_ANY: Final = ""
_HEADER: Final = {_ANY: "1"}


def render(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, room: int | None, colour: bool, numeric: Sequence[bool]
) -> str:
    """Lines of a table. `room`: cells per line, None for no bound. `numeric` columns are right-aligned.

    Columns that are too wide together lose cells from the widest ones first, never below six; what still does not fit is
    cut at the edge.
    """
    widths = [max(width(cell) for cell in column) for column in zip(headers, *rows, strict=True)]
    if room is not None:
        _shrink(widths, room - len(GAP) * (len(widths) - 1))
    lines = [_line(headers, widths, numeric, room, _HEADER if colour else None)]
    lines += [_line(row, widths, numeric, room, _COLOURS if colour else None) for row in rows]
    return "".join(f"{line}\n" for line in lines)


def _line(
    row: Sequence[str],
    widths: Sequence[int],
    numeric: Sequence[bool],
    room: int | None,
    colours: Mapping[str, str] | None,
) -> str:
    left = sum(widths) + len(GAP) * len(widths) if room is None else room
    parts: list[str] = []
    for cell, cells, right in zip(row, widths, numeric, strict=True):
        if left <= 0:
            break
        text = _padded(cell, min(cells, left), right=right)
        left -= cells + len(GAP)
        code = None if colours is None else colours.get(cell, colours.get(_ANY))
        parts.append(f"\x1b[{code}m{text}\x1b[0m" if code else text)
    return GAP.join(parts).rstrip()


def _shrink(widths: list[int], room: int) -> None:
    while sum(widths) > room:
        widest = max(widths)
        if widest <= _NARROWEST:
            return
        widths[widths.index(widest)] -= 1


def _padded(text: str, cells: int, *, right: bool) -> str:
    room = cells - width(text)
    if room < 0:
        text = fitted(text, cells)
        room = cells - width(text)
    return " " * room + text if right else text + " " * room
