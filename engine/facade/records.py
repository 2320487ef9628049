"""What there is to read of runs: records, live or on record, and their logs. Questions only; nothing here changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from engine.clock import SECOND, Clock, Instant
from engine.errors import Refused, RefusedCode, typed
from engine.facade.processes import details_of
from engine.logs.chunk import read_chunk
from engine.logs.on_record import may_have_none, with_logs
from engine.logs.search import find
from engine.logs.times import RunLog, since, times
from engine.model.audit import AuditRecord
from engine.model.day import DayRecord
from engine.model.log_parts import LogChunk, LogHits, LogQuery, LogTime
from engine.model.machine import ProcessDetails
from engine.model.outcome import Outcome
from engine.model.record import RunRecord
from engine.ports.executor import Home
from engine.ports.store import Store
from engine.runtime.loop import Loop
from engine.runtime.records import run_record

FIND_SECONDS: Final = 0.25
"""Until a search in a log says how far it has got."""

NOTHING_PRINTED: Final = LogChunk(b"", 0, 0, more=False)

T = TypeVar("T")


class Records:
    """Of one engine that has started; each method is the one of that name in `engine.api`, unless it says otherwise."""

    def __init__(self, loop: Loop, store: Store, clock: Clock, host: str) -> None:
        self._loop = loop
        self._store = store
        self._clock = clock
        self._host = host

    async def history(
        self, *, job: str | None, outcome: Outcome | None, since: Instant | None, limit: int
    ) -> Sequence[RunRecord]:
        """Live runs first, then those on record, newest first."""
        state = self._loop.turn.state
        # what is over and not yet on record is in neither place
        here = sorted({*state.runs.values(), *self._loop.just_over()}, key=lambda run: -run.no)
        records = [
            run_record(run, self._clock.now(), self._host)
            for run in here
            if (job is None or run.job.id == job)
            and (outcome is None or run.outcome is outcome)
            and (since is None or run.queued_at >= since)
        ][:limit]
        past = await self._store.history(job=job, outcome=outcome, since=since, limit=limit - len(records))
        known = {record.run_id for record in records}
        return [*records, *await asyncio.to_thread(with_logs, [one for one in past if one.run_id not in known])]

    async def record(self, run_id: str) -> RunRecord | None:
        """None: there is no such run."""
        live = self._loop.turn.state.runs.get(run_id)
        if live is not None:
            return run_record(live, self._clock.now(), self._host)
        record = await self._store.find(run_id)
        return None if record is None else with_logs([record])[0]

    async def known(self, run_id: str) -> RunRecord:
        """`record`, for verbs: Refused for a run that there is not."""
        record = await self.record(run_id)
        if record is None:
            raise Refused(RefusedCode.UNKNOWN_ID, f"no run {run_id!r} on record", f"{typed('history')} shows the runs")
        return record

    async def inbox(self, *, job: str | None, limit: int) -> Sequence[RunRecord]:
        """Bad ends that nobody has acknowledged."""
        return await asyncio.to_thread(with_logs, await self._store.inbox(job=job, limit=limit))

    async def days(self, *, job: str | None, count: int) -> Sequence[DayRecord]:
        """Of the last `count` days."""
        return await self._store.days(job=job, since_day=self._clock.now() // (86_400 * SECOND) - count)

    async def audit(self, *, job: str | None, since: Instant | None, limit: int) -> Sequence[AuditRecord]:
        """Verbs that were given, to that job or one of its runs; None: all."""
        return await self._store.audit(job=job, since=since, limit=limit)

    async def processes_of(self, run_id: str) -> Sequence[ProcessDetails]:
        """KeyError for a run that is not under way."""
        run = self._loop.turn.state.runs[run_id]
        attempt = run.attempt
        if attempt is None or run.home is not Home.LOCAL:
            return ()
        return await asyncio.to_thread(details_of, attempt.tag, attempt.pid)

    async def log(self, run_id: str, offset: int, limit: int) -> LogChunk:
        """Bytes of the log."""
        return await self._ask_log(run_id, lambda log: read_chunk(log.path, offset, limit), NOTHING_PRINTED)

    async def log_since(self, run_id: str, at: Instant) -> int:
        """The offset of what was printed from then on."""
        return await self._ask_log(run_id, lambda log: since(log, at), 0)

    async def log_times(self, run_id: str, start: int, end: int) -> Sequence[LogTime]:
        """When bytes of the log were printed."""
        now = self._clock.now()
        return await self._ask_log(run_id, lambda log: times(log, start, end, now), [])

    async def log_find(self, run_id: str, query: LogQuery, start: int, *, back: bool, most: int) -> LogHits:
        """Lines of the log that match."""
        return await self._ask_log(
            run_id,
            lambda log: find(log.path, query, start, back=back, most=most, seconds=FIND_SECONDS),
            LogHits((), start, done=True),
        )

    async def _ask_log(self, run_id: str, ask: Callable[[RunLog], T], nothing: T) -> T:
        """`nothing` of a run that is under way, and of a function's: there is no log before something is logged. KeyError,
        FileNotFoundError."""
        live = self._loop.turn.state.runs.get(run_id)
        record = await self._store.find(run_id) if live is None else run_record(live, self._clock.now(), self._host)
        if record is None:
            raise KeyError(run_id)
        if record.log_path is None:
            raise FileNotFoundError(f"{run_id} has no log: it never started")
        path = record.log_path
        log = RunLog.of(record, path) if live is None else RunLog(path, None, live.attempts_made)
        try:
            return await asyncio.to_thread(ask, log)
        except FileNotFoundError:
            if may_have_none(record):
                return nothing
            raise
