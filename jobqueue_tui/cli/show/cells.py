"""Text in cells of a terminal: how wide it is, cut to fit, free of everything a terminal would obey."""

from __future__ import annotations

import unicodedata
from typing import Final

from jobqueue_tui.terminal import neutral

_CUT: Final = "…"


def one_line(text: str) -> str:
    """`text` harmless and in one line."""
    if text.isprintable():
        return text
    return " ".join(neutral(text).split())


def width(text: str) -> int:
    """Cells that the text takes: two for wide characters, none for combining ones."""
    return len(text) if text.isascii() else sum(_cell(sign) for sign in text)


def fitted(text: str, cells: int) -> str:
    """`text`, cut with an ellipsis where it is wider than `cells`."""
    if width(text) <= cells:
        return text
    taken, room = [], cells - 1
    for sign in text:
        room -= _cell(sign)
        if room < 0:
            break
        taken.append(sign)
    return "".join(taken) + _CUT if cells > 0 else ""


def _cell(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
