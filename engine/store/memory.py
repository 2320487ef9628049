"""A store in memory: for engines whose past nobody needs after them, and, told when to commit and to fail, for tests."""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from engine.clock import Instant
from engine.model.audit import AuditRecord, aimed_at
from engine.model.day import DayRecord
from engine.model.outcome import Outcome
from engine.model.record import RunRecord
from engine.ports.store import AckRow, AuditRow, Batch, Done, JobRow, LogRow, RunRow, Stored, claimed
from engine.spec.job import NOTHING
from engine.spec.params import Given
from engine.store.audit import to_audit_record
from engine.store.days import add_days, day_of
from engine.store.history import giving_way, to_record
from engine.store.renaming import needs_renamed

KEPT: Final = 10_000
"""Runs that are over and still known, over all jobs."""


BAD: Final = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST, Outcome.MISSED})
"""Ends that wait in the Inbox until somebody acknowledges them."""


class MemoryStore:
    """Keeps rows as SQLite would. `folders`: make the folders for logs, as a store on disk does."""

    def __init__(self, *, folders: bool = False, keep: int = KEPT) -> None:
        self.runs: dict[int, RunRow] = {}
        self.jobs: dict[str, JobRow] = {}
        self.facts: dict[str, str] = {}
        self.lines: deque[str] = deque(maxlen=keep)
        self.audited: deque[AuditRow] = deque(maxlen=keep)
        self.acked: dict[str, AckRow] = {}
        self.offs: str | None = None
        self._folders = folders
        self._keep = keep
        self._over: deque[int] = deque()
        self._days: dict[tuple[int, str], DayRecord] = {}

    def load(self, old_ids: Mapping[str, str] = NOTHING) -> Stored:
        """See `Store`."""
        self._rename({new: old for new, old in old_ids.items() if old in self.jobs and new not in self.jobs})
        return Stored(
            jobs=tuple(self.jobs.values()),
            runs=tuple(row for row in self.runs.values() if row.outcome is None),
            next_no=max(self.runs, default=0) + 1,
            facts=dict(self.facts),
        )

    def _rename(self, found: Mapping[str, str]) -> None:
        for new, old in found.items():
            row = self.jobs.pop(old)
            last = row.last_run_id and new + row.last_run_id.removeprefix(old)
            self.jobs[new] = row._replace(id=new, last_run_id=last)
            for no, run in self.runs.items():
                if run.job == old:
                    self.runs[no] = run._replace(job=new, run_id=new + run.run_id.removeprefix(old))
        for job_id, row in self.jobs.items() if found else ():
            if row.needs is not None:
                self.jobs[job_id] = row._replace(needs=needs_renamed(row.needs, found))

    def write(self, batch: Batch, done: Done) -> None:
        """See `Store`. Committed at once."""
        done(self.keep(batch))

    def keep(self, batch: Batch) -> OSError | None:
        """Take the rows of a batch. The oldest runs that are over make room."""
        if self._folders:
            try:
                for folder in batch.folders:
                    os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - beside its like in the other store
            except OSError as error:
                return error
        for row in batch.ended:
            new = day_of(row)
            self._days[new.day, row.job] = add_days(self._days.get((new.day, row.job)), new)
        for row in (*batch.new, *batch.runs):
            before = self.runs.get(row.no)
            if row.outcome is not None and (before is None or before.outcome is None):
                self._over.append(row.no)
            self.runs[row.no] = row
        for claim in batch.claims:
            self.runs[claim.no] = claimed(self.runs[claim.no], claim)
        while len(self._over) > self._keep:
            gone = self.runs.pop(self._over.popleft(), None)
            self.acked.pop("" if gone is None else gone.run_id, None)
        for run_id, text in batch.attached:
            for no, row in self.runs.items():
                if row.run_id == run_id:
                    self.runs[no] = row._replace(
                        facts=json.dumps({**json.loads(row.facts or "{}"), **json.loads(text)})
                    )
        self.jobs |= {row.id: row for row in batch.jobs}
        for name, value in batch.facts.items():
            if value:
                self.facts[name] = value
            else:
                self.facts.pop(name, None)
        self.audited += batch.audit
        for ack in batch.acks:
            self.acked.setdefault(ack.run_id, ack)
        self.offs = self.offs if batch.offs is None else batch.offs
        self.lines += [line for _, line in batch.lines]
        return None

    async def history(
        self, *, job: str | None, outcome: Outcome | None, since: Instant | None, limit: int
    ) -> Sequence[RunRecord]:
        """See `Store`."""
        rows = (
            row
            for row in self._newest_first()
            if row.outcome is not None
            and (job is None or row.job == job)
            and (outcome is None or row.outcome == outcome)
            and (since is None or row.queued_at >= since)
        )
        return await asyncio.to_thread(giving_way, list(islice(rows, limit)), self._record)

    async def inbox(self, *, job: str | None, limit: int) -> Sequence[RunRecord]:
        """See `Store`."""
        rows = (
            row
            for row in self._newest_first()
            if row.outcome in BAD and job in (None, row.job) and row.run_id not in self.acked
        )
        return await asyncio.to_thread(giving_way, list(islice(rows, limit)), self._record)

    async def audit(self, *, job: str | None, since: Instant | None, limit: int) -> Sequence[AuditRecord]:
        """See `Store`."""
        numbered = zip(range(len(self.audited), 0, -1), reversed(self.audited), strict=True)
        rows = (
            (number, row)
            for number, row in numbered
            if (job is None or aimed_at(row.target, row.run_id) == job) and (since is None or row.at >= since)
        )
        return [to_audit_record(number, row) for number, row in islice(rows, limit)]

    async def find(self, run_id: str) -> RunRecord | None:
        """See `Store`."""
        return next((self._record(row) for row in self.runs.values() if row.run_id == run_id), None)

    async def logs(self, job: str) -> Sequence[LogRow]:
        """See `Store`."""
        return [
            LogRow(
                row.log_path,
                row.ended_at or row.queued_at,
                row.outcome,
                row.run_id in self.acked,
                row.left_behind is not None,
            )
            for row in self.runs.values()
            if row.job == job and row.outcome is not None and row.log_path is not None
        ]

    async def given(self, run_id: str) -> Given:
        """See `Store`."""
        return Given.from_text(next((row.params for row in self.runs.values() if row.run_id == run_id), None))

    def _newest_first(self) -> Iterator[RunRow]:
        return map(self.runs.__getitem__, sorted(self.runs, reverse=True))

    def _record(self, row: RunRow) -> RunRecord:
        ack = self.acked.get(row.run_id)
        if ack is None:
            return to_record(row)
        return replace(to_record(row), acked_at=ack.at, acked_by=ack.by, ack_reason=ack.reason)

    async def backup(self, target: Path, taken_at: Instant) -> int:
        """See `Store`."""
        raise OSError("the state is in memory only, there is nothing to copy")

    async def days(self, *, job: str | None, since_day: int) -> Sequence[DayRecord]:
        """See `Store`."""
        return [day for (at, name), day in sorted(self._days.items()) if at >= since_day and job in {None, name}]

    def close(self) -> None:
        """See `Store`."""
