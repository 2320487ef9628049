"""The one place of the command line that reads the time of day: what runs without an engine has no Clock to ask."""

from __future__ import annotations

import time
from datetime import datetime

from engine.clock import Instant, instant, micros
from engine.spec.units import parse_duration
from jobqueue_tui.cli.exits import Exit, Failure


def now() -> Instant:
    """Wall time."""
    return time.time_ns() // 1000


def beginning(text: str) -> Instant:
    """What `--since` says: so long ago, or a time, without an offset that of this place. Failure for anything else."""
    try:
        return now() - micros(parse_duration(text))
    except ValueError:
        pass
    try:
        return instant(datetime.fromisoformat(text).astimezone())
    except ValueError:
        raise Failure(Exit.USAGE, f"--since: {text!r} is neither a duration such as 2h nor a time") from None
