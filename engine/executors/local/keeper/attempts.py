"""The attempts in the keeper's hands: in line, alive, and over but not yet acknowledged."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .reports import Reports
    from .run import Run


class Attempts:
    """Each attempt is in one place: it waits, it is alive, or its end is kept."""

    __slots__ = ("alive", "kept", "limit", "limited", "reports", "slots_taken", "waiting")

    def __init__(self, reports: Reports) -> None:
        self.reports = reports
        self.limit = 0  # how many of those that wait may be alive
        self.slots_taken = 0
        self.alive: dict[str, Run] = {}
        self.limited: dict[str, Run] = {}  # of those, runs with a limit of memory or cores
        self.waiting: dict[str, list[Any]] = {}  # arguments of `start`, as they came from JSON
        self.kept: dict[str, list[object]] = {}

    def add(self, run: Run) -> None:
        self.alive[run.attempt] = run
        self.slots_taken += run.slot

    def remove(self, run: Run) -> None:
        del self.alive[run.attempt]
        self.limited.pop(run.attempt, None)
        self.slots_taken -= run.slot

    def keep(self, attempt: str, report: list[object]) -> None:
        """Tell an end, and keep it until it is acknowledged."""
        self.kept[attempt] = report
        self.reports.add(report)

    # -- orders

    def set_limit(self, running: int) -> None:
        self.limit = running

    def withdraw(self, attempts: list[str]) -> None:
        self.reports.add(["withdrawn", [a for a in attempts if self.waiting.pop(a, None) is not None]])

    def acknowledge(self, attempts: list[str]) -> None:
        for attempt in attempts:
            self.kept.pop(attempt, None)
