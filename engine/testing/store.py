"""A store in memory, whose rows outlive the engine that wrote them, and which can be told to fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.clock import Instant
from engine.model.outcome import Outcome
from engine.model.record import RunRecord
from engine.ports.store import Batch, JobRow, RunRow, Stored
from engine.store.history import to_record


class MemoryStore:
    """Keeps rows as SQLite would, the unique run key included. Commits when `commit` is called, or at once (`at_once`)."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.runs: dict[int, RunRow] = {}
        self.jobs: dict[str, JobRow] = {}
        self.facts: dict[str, str] = {}
        self.lines: list[str] = []
        self.failing: OSError | None = None
        self._at_once = at_once
        self._keys: dict[tuple[str, int, str, int], int] = {}
        self._waiting: list[tuple[Batch, Callable[[OSError | None], None]]] = []

    def load(self) -> Stored:
        """See `Store`. What was not committed is forgotten, as by a crash."""
        self._waiting.clear()
        return Stored(
            jobs=tuple(self.jobs.values()),
            runs=tuple(row for row in self.runs.values() if row.outcome is None),
            next_no=max(self.runs, default=0) + 1,
            facts=dict(self.facts),
        )

    def write(self, batch: Batch, done: Callable[[OSError | None], None]) -> None:
        """See `Store`."""
        self._waiting.append((batch, done))
        if self._at_once:
            self.commit()

    def commit(self) -> None:
        """Make everything durable that was given to `write`."""
        waiting, self._waiting = self._waiting, []
        for batch, done in waiting:
            if self.failing is not None:
                done(self.failing)
                continue
            assert not any(row.no in self.runs for row in batch.new), "a new run is written once"
            assert all(row.no in self.runs for row in batch.runs), "a run that changes is there"
            for row in (*batch.new, *batch.runs):
                key = (row.job, row.planned_at, row.kind, row.seq)
                assert self._keys.setdefault(key, row.no) == row.no, f"an occurrence has two runs: {key}"
                self.runs[row.no] = row
            self.jobs |= {row.id: row for row in batch.jobs}
            self.facts |= batch.facts
            self.lines += [line for _, line in batch.lines]
            done(None)

    @property
    def pending(self) -> bool:
        """Something waits for `commit`."""
        return bool(self._waiting)

    async def history(
        self, *, job: str | None, outcome: Outcome | None, since: Instant | None, limit: int
    ) -> Sequence[RunRecord]:
        """See `Store`."""
        rows = [
            row
            for row in sorted(self.runs.values(), reverse=True)
            if row.outcome is not None
            and (job is None or row.job == job)
            and (outcome is None or row.outcome == outcome)
            and (since is None or row.queued_at >= since)
        ]
        return [to_record(row) for row in rows[:limit]]

    async def find(self, run_id: str) -> RunRecord | None:
        """See `Store`."""
        return next((to_record(row) for row in self.runs.values() if row.run_id == run_id), None)

    def close(self) -> None:
        """See `Store`."""
