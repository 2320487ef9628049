"""Values of the stable JSON in words for a table's cell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Final

from engine.model.record import Json
from engine.spec.units import format_duration
from jobqueue_tui.cli.show.cells import one_line

NOTHING: Final = "-"
_DAY: Final = 86_400.0


def text_of(key: str, value: Json, zone: tzinfo | None = None) -> str:
    """The cell for `value` under the stable key `key`. Times are shown in `zone` (None: the local one)."""
    if isinstance(value, str) and value:
        return _time(value, zone) if key in _TIMES else one_line(value)
    if value is None or value in ("", []):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    shown = _BY_KEY.get(key)
    if shown is not None and isinstance(value, int | float):
        return shown(value)
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return one_line(" ".join(str(item) for item in value))
    if isinstance(value, list):
        return str(len(value))
    return one_line(json.dumps(value))


@lru_cache(maxsize=64)  # of a long table many lines are of one instant
def _time(text: str, zone: tzinfo | None) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return one_line(text)


def duration(seconds: float) -> str:
    """Seconds in a form that is short rather than exact: 0.42s, 12.3s, 4m5s, 3d2h."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 10:
        return f"{seconds:.2f}s"
    if seconds < 60:
        return f"{seconds:.1f}s"
    if seconds < _DAY:
        return format_duration(round(seconds))
    return format_duration(seconds // 3600 * 3600)


def size(count: float) -> str:
    """Bytes as 4.0K, 151M, 2.1G (powers of 1024)."""
    unit = ""
    for larger in "KMGT":
        if count < 1024:
            break
        count, unit = count / 1024, larger
    return f"{count:.1f}{unit}" if unit and count < 10 else f"{count:.0f}{unit}"


_TIMES: Final = frozenset(
    {"planned_at", "first_planned_at", "queued_at", "started_at", "ended_at", "next_run", "last_run", "acked_at", "at"}
)
_BY_KEY: Final[Mapping[str, Callable[[float], str]]] = {
    "wall_seconds": duration,
    "cpu_seconds": duration,
    "paused_seconds": duration,
    "throttled_seconds": duration,
    "uptime_seconds": duration,
    "rss_bytes": size,
    "peak_rss_bytes": size,
    "read_bytes": size,
    "written_bytes": size,
    "cpu_percent": lambda value: f"{value:.1f}%",
    "effective_priority": lambda value: f"{value:.4g}",
}
