"""The text of a job file as lines to draw: keys, values, what an operator changed; long lines go on below. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import chop_cells

from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.signs import Role
from jobqueue_tui.terminal import one_line

_TAB: Final = 4
_KEY: Final = re.compile(r"( *(?:[^\s\"':#]+|\"(?:[^\"\\]|\\.)*\"):)(?= |$)")
_BLOCK: Final = re.compile(r"\|-?(?=$|  #)")
_CHANGED: Final = "  # changed by an operator"


def lines_of(text: str, width: int) -> list[Sequence[Cell]]:
    """The lines in at most `width` cells each."""
    return [part for cells in _cells_of(text) for part in _folded(cells, max(10, width))]


def _cells_of(text: str) -> Iterator[Sequence[Cell]]:
    block: int | None = None  # how far the key of a text of several lines stands in; that text is nobody's keys
    for line in text.splitlines():
        shown = one_line(line.expandtabs(_TAB))
        inside = len(shown) - len(shown.lstrip(" "))
        if block is not None and (inside > block or not shown.strip()):
            yield [(shown, Role.TEXT)]
            continue
        block = None
        found = _KEY.match(shown)
        key = "" if found is None else found[1]
        value, mark, remark = shown[len(key) :].partition(_CHANGED)
        if _BLOCK.match(value.strip()):
            block = inside
        cells = [(key, Role.KEY), (value, Role.TEXT), (mark + remark, Role.WARN)]
        yield [cell for cell in cells if cell[0]]


def _folded(cells: Sequence[Cell], width: int) -> Iterator[Sequence[Cell]]:
    whole = "".join(text for text, _ in cells)
    if whole.isascii() and len(whole) <= width:
        yield cells
        return
    roles = [role for text, role in cells for _ in text]
    at = 0
    for piece in chop_cells(whole, width):
        parts: list[Cell] = []
        for sign, role in zip(piece, roles[at : at + len(piece)], strict=True):
            if parts and parts[-1][1] is role:
                parts[-1] = (parts[-1][0] + sign, role)
            else:
                parts.append((sign, role))
        at += len(piece)
        yield parts
