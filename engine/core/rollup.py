"""What a job used over the last hours."""

from __future__ import annotations

from array import array
from dataclasses import field
from typing import Final

from engine.values import mutable

ROLLED: Final = 10
"""Samples, a second apart, that make one point of the last hours."""
LONG: Final = 2160
"""Points that are kept: six hours."""
_SPARE: Final = LONG // 8
"""Points beyond those before the oldest are dropped, so that not each point moves all others."""


@mutable(slots=True)
class Rollup:
    """CPU (mean of ten seconds) and memory (their most) over six hours of running, in 17 KiB."""

    cpu: array[float] = field(default_factory=lambda: array("f"))
    rss: array[float] = field(default_factory=lambda: array("f"))
    _count: int = 0
    _cpu_sum: float = 0.0
    _rss_most: float = 0.0

    def add(self, cpu_percent: float, rss: int) -> None:
        """One more sample, a second after the last one."""
        self._count += 1
        self._cpu_sum += cpu_percent
        self._rss_most = max(self._rss_most, rss)
        if self._count < ROLLED:
            return
        self.cpu.append(self._cpu_sum / self._count)
        self.rss.append(self._rss_most)
        self._count, self._cpu_sum, self._rss_most = 0, 0.0, 0.0
        if len(self.cpu) > LONG + _SPARE:
            del self.cpu[:_SPARE], self.rss[:_SPARE]
