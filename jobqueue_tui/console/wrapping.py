"""What is wider than its place goes on below, between words where it can."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from rich.cells import cell_len, chop_cells

from jobqueue_tui.console.columns import Cell

LEAST: Final = 20
"""Columns that a line is given at least: what has less room is cut."""


def width_of(cells: Sequence[Cell]) -> int:
    """Columns that they take side by side."""
    return sum(cell_len(text) for text, _ in cells)


def wrapped(text: str, width: int, indent: str = "") -> Sequence[str]:
    """Lines of at most `width` columns; between words where each letter takes one. Nothing is left out."""
    width = max(LEAST, width)
    if not text.isascii() and cell_len(text) > len(text):
        return chop_cells(text, width)
    return wrap(text, width, subsequent_indent=indent, drop_whitespace=False, break_on_hyphens=False) or [""]


def wrapped_cells(cells: Sequence[Cell], width: int) -> list[tuple[Cell, ...]]:
    """The same for text of several looks. The blank at which a line was divided is left out."""
    lines: list[tuple[Cell, ...]] = []
    rest = list(cells)
    for text in wrapped("".join(text for text, _ in cells), width):
        line: list[Cell] = []
        left = len(text)
        while left:
            head, role = rest.pop(0)
            if len(head) > left:
                rest.insert(0, (head[left:], role))
                head = head[:left]
            left -= len(head)
            line.append((head if line or not lines else head.lstrip(" "), role))
        lines.append(tuple(line))
    return lines
