"""Curves over time as block cells, with a limit as a line. Pure: samples in, rows of cells out."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final

from engine.values import lean
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.words import BLOCKS

LIMIT: Final = "┄"


@lean(frozen=True, slots=True)
class Scale:
    """From zero to `top`. A limit that is far above everything is left out: the curve would lie flat on the ground."""

    top: float
    limit: float | None

    @classmethod
    def of(cls, peak: float, limit: float | None, least: float) -> Scale:
        """The scale for samples with this peak; at least `least` high, so that noise is not blown up."""
        top = max(peak, least)
        if limit is not None and limit <= top * 4:
            return cls(max(top, limit * 1.1), limit)
        return cls(top, None)


def peaks(samples: Sequence[float], width: int, bucket: int) -> list[float | None]:
    """The newest `width * bucket` samples as `width` values, each the highest of its bucket; None where there is none."""
    found: list[float | None] = [None] * width
    have = min(len(samples), width * bucket)
    for column in range(ceil(have / bucket)):
        last = column * bucket
        # indexed from the end: a ring may be a deque, which cannot be sliced
        found[width - 1 - column] = max(samples[-1 - back] for back in range(last, min(last + bucket, have)))
    return found


def rows(values: Sequence[float | None], height: int, scale: Scale, role: Role) -> list[list[Cell]]:
    """`height` rows from top to bottom. What is above the limit is drawn in another role, and the limit as a dashed line."""
    steps = height * 8
    levels = [None if value is None else min(steps, round(value / (scale.top or 1.0) * steps)) for value in values]
    line = None if scale.limit is None else min(height - 1, int(scale.limit / scale.top * height))
    drawn: list[list[Cell]] = []
    for row in range(height - 1, -1, -1):
        cells: list[Cell] = []
        for column, level in enumerate(levels):
            filled = 0 if level is None else max(0, min(8, level - row * 8))
            value = values[column]
            over = value is not None and scale.limit is not None and value > scale.limit
            if filled:
                cells.append((BLOCKS[filled - 1], Role.FAILED if over and row >= (line or 0) else role))
            elif row == line:
                cells.append((LIMIT, Role.WARN))
            elif row == 0 and value is not None:
                cells.append((BLOCKS[0], role))
            else:
                cells.append((" ", Role.TEXT))
        drawn.append(joined(cells))
    return drawn


def joined(cells: Sequence[Cell]) -> list[Cell]:
    """Neighbours of one role as one cell of text."""
    found: list[Cell] = []
    for text, role in cells:
        if found and found[-1][1] is role:
            found[-1] = (found[-1][0] + text, role)
        else:
            found.append((text, role))
    return found
