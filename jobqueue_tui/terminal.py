"""Text of others made harmless before it reaches a terminal: job output, names, commands, tags, reasons.

Two ways of being harmless. What a terminal would have swallowed without a trace (a colour, a cursor move, a finished
OSC string) is dropped. What could hide or forge something (a control character, the beginning of a string that never
ends, a bidirectional override, a lone surrogate) leaves a visible sign of one cell. Every pattern here is linear in
the length of the text, since a hostile job chooses it.
"""

from __future__ import annotations

import re
from typing import Final

UNSEEN: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands for one character that has no harmless picture of its own."""

LONGEST_STRING: Final = 4096
"""Characters of an OSC, DCS, SOS, PM or APC string that are dropped; a longer one is shown as text."""

_STRING: Final = re.compile(
    # A body of printable characters only: it cannot run into the next introducer, so no text is scanned twice.
    rf"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]{{0,{LONGEST_STRING}}}(?:\x07|\x1b\\|\x9c)"
)
_CSI: Final = re.compile(r"(?:\x1b\[|\x9b)([0-?]{0,64})([ -/]{0,8})([@-~])")
_ESCAPE: Final = re.compile(r"\x1b[ -/]{0,8}[0-OQ-WYZ\\`-~]")
"""Two-character escapes, without the introducers of strings (P X ] ^ _) and of CSI ([)."""

_COLOUR: Final = re.compile(r"[0-9;:]*")


def _pictures() -> dict[int, str]:
    """One visible cell for each character that must not reach a terminal as itself. Line feed and tab are left."""
    table = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}
    table[0x7F] = "\N{SYMBOL FOR DELETE}"
    invisible = [
        *range(0x80, 0xA0),  # C1
        0x061C, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x2070),  # direction, zero width
        0x2028, 0x2029, 0xFEFF, *range(0xFFF9, 0xFFFC),  # line separators, byte order mark, annotations
        *range(0xD800, 0xE000),  # surrogates: no encoder takes them
        *range(0xE0000, 0xE0080),  # tags: invisible copies of ASCII
    ]  # fmt: skip
    return table | dict.fromkeys(invisible, UNSEEN)


_PICTURES: Final = _pictures()


def neutral(text: str | bytes, *, keep_colours: bool = False) -> str:
    """`text` with nothing in it that a terminal would obey; lines and tabs are kept.

    Bytes are read as UTF-8, each bad byte as U+FFFD. `keep_colours` lets SGR sequences (`ESC [ … m`) through and
    closes them with a reset at the end; everything else is treated the same.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    if keep_colours:
        return _with_colours(text)
    if "\x1b" in text or not text.isascii():
        text = _CSI.sub("", _STRING.sub("", text))
        text = _ESCAPE.sub("", text)
    return text.translate(_PICTURES)


def _with_colours(text: str) -> str:
    parts: list[str] = []
    coloured = False
    done = 0
    text = _STRING.sub("", text)
    for match in _CSI.finditer(text):
        parts.append(_plain(text[done : match.start()]))
        done = match.end()
        if match[3] == "m" and not match[2] and _COLOUR.fullmatch(match[1]):
            parts.append(f"\x1b[{match[1]}m")
            coloured = True
    parts.append(_plain(text[done:]))
    if coloured:
        parts.append("\x1b[0m")
    return "".join(parts)


def _plain(text: str) -> str:
    return _ESCAPE.sub("", text).translate(_PICTURES)


def one_line(text: str) -> str:
    """`text` for a cell of a table: neutral, and on one line."""
    if text.isprintable():
        return text
    return neutral(text).replace("\n", "\N{SYMBOL FOR NEWLINE}").replace("\t", " ")
