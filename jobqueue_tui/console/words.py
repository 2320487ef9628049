"""Numbers as the short words of a table: spans, countdowns, sizes, sparklines. Pure, and never wider than they say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from itertools import islice, zip_longest
from typing import Final

from engine.clock import SECOND, Instant, moment
from jobqueue_tui.terminal import one_line

BLOCKS: Final = "▁▂▃▄▅▆▇█"
_SCALE: Final = (10.0, 25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0)


def span(seconds: float) -> str:
    """A duration in at most six cells: `340ms`, `12.3s`, `4m05s`, `2h07m`, `3d04h`, `412d`."""
    if seconds < 0:
        seconds = 0.0
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    minutes = whole // 60
    if minutes < 1440:
        return f"{minutes // 60}h{minutes % 60:02d}m"
    hours = minutes // 60
    return f"{hours // 24}d{hours % 24:02d}h" if hours < 2400 else f"{hours // 24}d"


def coarse(seconds: float) -> str:
    """A duration in at most four cells, for ages: `0s`, `59s`, `12m`, `23h`, `40d`, `3y`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h"
    days = whole // 86400
    return f"{days}d" if days < 1000 else f"{min(days // 365, 999)}y"


def countdown(at: Instant | None, now: Instant) -> str:
    """Time left in at most six cells; `now` when it is due, empty when nothing is planned."""
    if at is None:
        return ""
    left = -((now - at) // SECOND)  # rounded up: 0.4 s before its time a job is not due yet
    if left <= 0:
        return "now"
    if left < 60:
        return f"{left}s"
    if left < 3600:
        return f"{left // 60}m{left % 60:02d}s"
    return span(left)


def ago(at: Instant | None, now: Instant) -> str:
    """Time since, coarse; empty for never."""
    return "" if at is None else coarse((now - at) / SECOND)


def held(hold: str) -> str:
    """What a hold holds, which is given as `release` is told it: `all jobs`, `tag nightly`, or a job's id."""
    return "all jobs" if hold == "--all" else one_line(hold.replace(":", " ", 1))


def clock(at: Instant, zone: tzinfo | None) -> str:
    """A time of day in eight cells, by that zone's clock; the machine's for None."""
    return moment(at).astimezone(zone).strftime("%H:%M:%S")


def size(count: float) -> str:
    """Bytes in at most five cells, powers of 1024: `0`, `812`, `1.2K`, `34M`, `1.5G`."""
    if count < 1000:
        return f"{count:.0f}"
    for unit in "KMGT":
        count /= 1024
        if count < 9.95:
            return f"{count:.1f}{unit}"
        if count < 999.5:
            return f"{count:.0f}{unit}"
    return f"{count / 1024:.0f}P"


def percent(value: float) -> str:
    """CPU percent in at most five cells: one decimal below ten, none above."""
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def top_of_scale(peak: float) -> float:
    """The round CPU percentage that a curve with this peak is drawn against, so that its scale seldom jumps."""
    return next((top for top in _SCALE if peak <= top), peak)


def sparkline(ring: Sequence[float], width: int, bucket: int, *, cpu: bool) -> str:
    """The newest `width * bucket` samples as `width` block cells, the highest of each `bucket`, newest at the right.

    CPU is drawn against a round percentage, anything else against its own peak, both from zero: a leak is seen as a
    slope, not as noise blown up. Cells without a sample are blank.
    """
    newest = islice(reversed(ring), width * bucket)  # not sliced: a ring may be a deque
    peaks = list(map(max, zip_longest(*[newest] * bucket, fillvalue=0.0)))
    if not peaks:
        return " " * width
    if min(peaks) < 0:  # an executor of somebody else's
        peaks = [max(0.0, peak) for peak in peaks]
    peak = max(peaks)
    step = 7 / ((top_of_scale(peak) if cpu else peak) or 1.0)
    return "".join([BLOCKS[int(peak * step + 0.5)] for peak in reversed(peaks)]).rjust(width)


def counted(count: int, what: str) -> str:
    """`1 job`, `2 jobs`."""
    return f"{grouped(count)} {what}" + ("" if count == 1 else "s")


def grouped(count: int) -> str:
    """A count with thousands set apart."""
    return f"{count:,}"
