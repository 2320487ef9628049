"""A store in memory whose rows outlive the engine that wrote them, and which can be told to wait and to fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from engine.ports.store import Batch, Done, Stored
from engine.spec.job import NOTHING
from engine.store import memory

_ALL: Final = 1_000_000_000


class MemoryStore(memory.MemoryStore):
    """Forgets nothing and checks the unique run key. Commits when `commit` is called, or at once (`at_once`)."""

    def __init__(self, *, at_once: bool = True) -> None:
        super().__init__(keep=_ALL)
        self.lost = False
        """The database is gone at the next `load`; the second file is not."""
        self.failing: OSError | None = None
        self._at_once = at_once
        self._keys: dict[tuple[str, int, str, int, str], int] = {}
        self._waiting: list[tuple[Batch, Done]] = []

    def load(self, old_ids: Mapping[str, str] = NOTHING) -> Stored:
        """See `Store`. What was not committed is forgotten, as by a crash."""
        self._waiting.clear()
        if self.lost:
            self.runs, self.jobs, self.facts, self._keys = {}, {}, {}, {}
            self.lost = False
            return replace(super().load(old_ids), offs=self.offs, damaged="lost")
        return super().load(old_ids)

    def write(self, batch: Batch, done: Done) -> None:
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
                key = (row.job, row.planned_at, row.kind, row.seq, row.item)
                assert self._keys.setdefault(key, row.no) == row.no, f"an occurrence has two runs: {key}"
            done(self.keep(batch))

    @property
    def pending(self) -> bool:
        """Something waits for `commit`."""
        return bool(self._waiting)
