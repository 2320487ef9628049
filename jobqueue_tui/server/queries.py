"""Query parameters of the routes, read with their bounds."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from aiohttp import web

from engine.clock import Instant, instant, micros
from engine.model.outcome import Outcome
from engine.spec.units import parse_duration
from jobqueue_tui.server.faults import bad_input

MOST_RUNS: Final = 100_000
"""Largest `limit` of a list of runs."""

MOST_BYTES: Final = 1 << 20
"""Largest `limit` of a piece of log."""


def whole(request: web.Request, name: str, default: int, *, least: int | None = None, most: int | None = None) -> int:
    """A whole number; `Failed` 422 when it is none or out of bounds."""
    text = request.query.get(name)
    if text is None:
        return default
    try:
        number = int(text) if len(text) <= 20 else None
    except ValueError:
        number = None
    if number is None or (least is not None and number < least) or (most is not None and number > most):
        bounds = " to ".join(str(bound) for bound in (least, most) if bound is not None)
        raise bad_input(f"{name}: {text[:40]!r} is not a whole number{bounds and f' of {bounds}'}")
    return number


def outcome(request: web.Request) -> Outcome | None:
    """An outcome's word; `Failed` 422 for another one."""
    text = request.query.get("outcome")
    if text is None:
        return None
    try:
        return Outcome(text)
    except ValueError:
        raise bad_input(f"outcome: {text[:40]!r} is none of {', '.join(Outcome)}") from None


def since(request: web.Request, now: Instant) -> Instant | None:
    """A time with offset, or how long ago (`2h`); `Failed` 422 for anything else."""
    text = request.query.get("since")
    if text is None:
        return None
    try:
        return now - micros(parse_duration(text))
    except ValueError:
        pass
    try:
        return instant(datetime.fromisoformat(text))
    except ValueError:
        raise bad_input(f"since: {text[:40]!r} is neither a duration such as 2h nor a time with offset") from None
