"""Failures by job and day: how much of what ran went wrong. Pure: day records in, rows of cells out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from engine.model.day import DayRecord
from engine.values import lean
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.signs import Role

NONE: Final = " "
FINE: Final = "·"
_SHARES: Final = "▂▃▄▅▆▇█"


def bad_of(day: DayRecord) -> int:
    """Runs that ended badly."""
    return day.failed + day.timed_out + day.lost


def ran(day: DayRecord) -> int:
    """Runs that were started and are over."""
    return day.success + day.stopped + bad_of(day)


@lean(frozen=True, slots=True)
class HeatRow:
    """A job: a cell per day, the oldest first, and its sums. `missed` counts occurrences that never ran."""

    job: str
    cells: str
    bad: int
    runs: int
    missed: int

    @property
    def share(self) -> float:
        """Bad ones among its runs."""
        return self.bad / self.runs if self.runs else 0.0


def cell_of(day: DayRecord | None) -> str:
    """Blank: nothing ran. A dot: all went well. Else a bar as high as the share that went wrong; `?`: only missed ones."""
    if day is None:
        return NONE
    total, bad = ran(day), bad_of(day)
    if not total:
        return "?" if day.missed else NONE
    if not bad:
        return FINE
    return _SHARES[min(len(_SHARES) - 1, int(bad / total * len(_SHARES)))]


def role_of(cell: str) -> Role:
    """The colour of a cell; its height says the same."""
    if cell in _SHARES:
        return Role.FAILED if _SHARES.index(cell) >= 2 else Role.WARN
    return Role.WARN if cell == "?" else Role.OK


def rows_of(days: Iterable[DayRecord], first: int, count: int) -> list[HeatRow]:
    """Jobs with any record in the `count` days from `first` (days since 1970, UTC), the worst first."""
    by_job: dict[str, dict[int, DayRecord]] = {}
    for day in days:
        if first <= day.day < first + count:
            by_job.setdefault(day.job, {})[day.day] = day
    rows = []
    for job, own in by_job.items():
        cells = "".join(cell_of(own.get(number)) for number in range(first, first + count))
        if cells.strip():
            mine = own.values()
            rows.append(
                HeatRow(job, cells, sum(map(bad_of, mine)), sum(map(ran, mine)), sum(one.missed for one in mine))
            )
    rows.sort(key=lambda row: (-row.bad, -row.share, row.job))
    return rows


def segments(cells: str) -> Sequence[Cell]:
    """The cells with their roles, equal neighbours together."""
    found: list[tuple[str, Role]] = []
    for cell in cells:
        role = role_of(cell)
        if found and found[-1][1] is role:
            found[-1] = (found[-1][0] + cell, role)
        else:
            found.append((cell, role))
    return found
