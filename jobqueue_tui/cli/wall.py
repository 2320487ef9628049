"""The one place of the command line that reads the time of day: what runs without an engine has no Clock to ask."""

from __future__ import annotations

import time

from engine.clock import Instant


def now() -> Instant:
    """Wall time."""
    return time.time_ns() // 1000
