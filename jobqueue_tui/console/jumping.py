"""Letters for places on the screen: one each where they suffice, else two each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from engine.values import lean

LETTERS: Final = "asdfghjklqwertyuiopzxcvbnm"
"""Those under the fingers first."""


@lean(frozen=True, slots=True)
class Spot:
    """A place that can be gone to: its cell on the screen, and how to go there."""

    x: int
    y: int
    go: Callable[[], object]


def labels(count: int) -> list[str]:
    """A label for each of so many places, none the beginning of another; fewer where there are more than two letters can name."""
    if count <= len(LETTERS):
        return list(LETTERS[:count])
    # as many first letters as are needed: the others stay single
    firsts = -(-(count - len(LETTERS)) // (len(LETTERS) - 1))
    firsts = min(firsts, len(LETTERS))
    single = list(LETTERS[: len(LETTERS) - firsts])
    double = [first + second for first in LETTERS[len(LETTERS) - firsts :] for second in LETTERS]
    return (single + double)[:count]


def in_order(spots: Sequence[Spot]) -> list[Spot]:
    """From top to bottom, and from left to right."""
    return sorted(spots, key=lambda spot: (spot.y, spot.x))
