"""CPU and memory of a job over the samples that the engine has, each with its limit as a line."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final

from textual.strip import Strip

from engine.api import JobView
from jobqueue_tui.console import words
from jobqueue_tui.console.columns import Cell, cpu_of, memory_of
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.plotting import Scale, peaks, rows
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.painted import Painted

_AXIS: Final = 6
"""Cells of the labels at the left."""
_ROLLED: Final = 10
"""Seconds that a value of the last hours stands for."""
_LEAST_CPU: Final = 10.0
_LEAST_MEMORY: Final = float(1 << 20)


class Plot(Painted):
    """One curve: a title line, the curve, the time below it."""

    def __init__(self, job: JobView, *, cpu: bool) -> None:
        super().__init__(classes="plot")
        self.job = job
        self._cpu = cpu
        self.hours = False
        """The last hours in means (CPU) and peaks (memory) of ten seconds, instead of the last minutes second by second."""
        self._lines: list[list[Cell]] = []

    def flush(self) -> None:
        """Look at the samples again."""
        lines = self._drawn()
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def on_resize(self) -> None:
        """Another size is another picture."""
        self.flush()

    def _drawn(self) -> list[list[Cell]]:
        width, height = self.size.width - _AXIS - 1, self.size.height - 2
        if width < 4 or height < 1:
            return []
        job = self.job
        samples = self._samples()
        bucket = max(1, ceil(len(samples) / width))
        values = peaks(samples, width, bucket)
        peak = max((value for value in values if value is not None), default=0.0)
        limits = job.limits
        cores, memory = limits.cpu, limits.memory
        limit = (None if not cores else cores * 100.0) if self._cpu else (None if not memory else float(memory))
        scale = Scale.of(peak, limit, _LEAST_CPU if self._cpu else _LEAST_MEMORY)
        role = Role.CPU if self._cpu else Role.MEMORY
        lines = [self._title(limit, peak, bool(samples))]
        top, shown = self._amount(scale.top), rows(values, height, scale, role)
        for number, cells in enumerate(shown):
            label = top if number == 0 else "0" if number == height - 1 else ""
            lines.append([(f"{label:>{_AXIS - 1}} ", Role.MUTED), *cells])
        span = f"-{words.coarse(width * bucket * (_ROLLED if self.hours else 1))}"
        lines.append([(f"{'':{_AXIS}}{span}{'now':>{width - len(span)}}", Role.MUTED)])
        return lines

    def _samples(self) -> Sequence[float]:
        job = self.job
        if self.hours:
            return job.cpu_rollup if self._cpu else job.rss_rollup
        return job.cpu_ring if self._cpu else job.rss_ring

    def _amount(self, value: float) -> str:
        return f"{words.percent(value)}%" if self._cpu else words.size(value)

    def _title(self, limit: float | None, peak: float, sampled: bool) -> list[Cell]:
        now = cpu_of(self.job) if self._cpu else memory_of(self.job)
        cells: list[Cell] = [(f"{'cpu' if self._cpu else 'mem':>{_AXIS - 1}} ", Role.TITLE)]
        if not sampled:
            return [*cells, ("no samples yet", Role.MUTED)]
        cells.append(
            ("not running" if now is None else self._amount(now), Role.STRONG if now is not None else Role.MUTED)
        )
        cells.append((f"  peak {self._amount(peak)}", Role.MUTED))
        if limit is not None:
            cells.append((f"  limit {self._amount(limit)}, peak at {100 * peak / limit:.0f}% of it", Role.WARN))
        return cells

    def render_line(self, y: int) -> Strip:
        """One line."""
        cells = self._lines[y] if y < len(self._lines) else []
        return text_strip(cells, self.palette.row, self.size.width)
