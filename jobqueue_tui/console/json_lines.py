"""A line of JSON as people read it: level, message, then the rest."""

from __future__ import annotations

import json
from typing import Final

from jobqueue_tui.terminal import one_line

LONGEST: Final = 65536
"""Bytes of a line that is taken apart; a longer one is shown as it is."""
_FIRST: Final = ("time", "timestamp", "ts", "@timestamp", "level", "severity", "logger", "msg", "message", "event")


def as_fields(raw: bytes) -> str | None:
    """The fields of an object, harmless, on one line; None: it is no JSON object."""
    if not raw.startswith(b"{") or len(raw) > LONGEST:
        return None
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not found:
        return None
    first = [name for name in _FIRST if name in found]
    parts = [_value(found[name]) for name in first]
    parts += [f"{name}={_value(value)}" for name, value in found.items() if name not in _FIRST]
    return one_line("  ".join(parts))


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
