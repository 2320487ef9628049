"""The machine's clocks on an asyncio loop, with one timerfd as the alarm.

A timerfd on CLOCK_REALTIME with an absolute time fires 0.3 ms late at worst, counts suspend, and says when the wall
clock was set (TFD_TIMER_CANCEL_ON_SET). `loop.call_at` runs on CLOCK_MONOTONIC: late by every suspend, blind to every
step, and rounded up to milliseconds. `os.timerfd_create` exists from Python 3.13 on; ctypes serves the older ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import struct
import time
from collections.abc import Callable
from typing import Final

from engine.clock import SECOND, Instant

_CLOCK_REALTIME: Final = 0
_NONBLOCK_CLOEXEC: Final = os.O_NONBLOCK | os.O_CLOEXEC
_ABSTIME_CANCEL_ON_SET: Final = 1 | 2


class SystemClock:
    """Wall and monotonic time of this machine; the alarm runs on the asyncio loop it was made on."""

    def __init__(self) -> None:
        """OSError where the kernel has no timerfd."""
        self._loop = asyncio.get_running_loop()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.timerfd_create(_CLOCK_REALTIME, _NONBLOCK_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._wake: Callable[[], None] | None = None
        self._armed: Instant | None = None
        self._loop.add_reader(self._fd, self._fired)

    def now(self) -> Instant:
        """See `Clock`."""
        return time.time_ns() // 1000

    def monotonic(self) -> int:
        """See `Clock`."""
        return time.monotonic_ns() // 1000

    def arm(self, at: Instant | None, wake: Callable[[], None]) -> None:
        """See `Clock`."""
        self._wake = wake
        if at == self._armed:
            return
        self._armed = at
        # an instant in the past fires at once; all zeros would disarm
        seconds, rest = divmod(max(at, 1), SECOND) if at is not None else (0, 0)
        spec = struct.pack("qqqq", 0, 0, seconds, rest * 1000)
        if self._libc.timerfd_settime(self._fd, _ABSTIME_CANCEL_ON_SET, spec, None) < 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def close(self) -> None:
        """See `Clock`."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _fired(self) -> None:
        self._armed = None
        # BlockingIOError: nothing to read after all. ECANCELED: the wall clock was set, which is a reason to wake too.
        with contextlib.suppress(BlockingIOError, OSError):
            os.read(self._fd, 8)
        if self._wake is not None:
            self._wake()


def boot_id() -> str:
    """Identifies this boot of the machine."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123 - one line, no path arithmetic
        return file.read().strip()


def local_zone() -> str:
    """The system's time zone by name: $TZ, else what /etc/localtime points to, else UTC."""
    name = os.environ.get("TZ", "").lstrip(":")
    if name and name[:1] != "/":
        return name
    target = os.path.realpath("/etc/localtime")
    return target.partition("zoneinfo/")[2] or "UTC"
