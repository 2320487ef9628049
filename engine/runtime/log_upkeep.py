"""When logs are looked after: each second while something runs, and the logs of a job some time after one of its runs ended.

The loop is asked which logs are being written; the work is done in a worker's thread, one round at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from engine.clock import SECOND, Clock, Instant
from engine.core.state import Job, Run, State
from engine.logs.places import hooks_path, stem_of
from engine.logs.upkeep import LiveLog, LogFacts, Upkeep
from engine.model.outcome import Outcome
from engine.ports.executor import Home
from engine.ports.store import LogRow, Store

_LOG: Final = logging.getLogger(__name__)

LOOK: Final = 1.0
"""Seconds between two looks at what is being written."""
TIDY_AFTER: Final = 10 * SECOND
"""Until the logs of a job that had a run are tidied once more."""
TIDY_ALL: Final = 3_600 * SECOND
"""Until those of all jobs are: for what has become too old, and for what an earlier engine left."""
TIDY_FIRST: Final = 60 * SECOND
"""Until that is done for the first time: not beside the work of a start."""
BRIEF: Final = SECOND // 100
"""A run as short as this has not printed more than a log may hold, and nobody asks when it printed what."""
AT_ONCE: Final = 8
"""Jobs whose logs are tidied in one round."""

_BAD: Final = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST, Outcome.MISSED})


class LogUpkeep:
    """A watcher of the loop (`runtime.loop.Watcher`). Use it on the engine's asyncio loop."""

    def __init__(self, folder: str, state: State, clock: Clock, store: Store, *, look: float = LOOK) -> None:
        self._upkeep = Upkeep(folder)
        self._state = state
        self._clock = clock
        self._store = store
        self._look = look
        self._due: dict[str, Instant] = {}
        """Jobs whose logs are to be tidied, and when (monotonic)."""
        self._tidied: dict[str, Instant] = {}
        self._all_at = clock.monotonic() + TIDY_FIRST
        self._just_over: list[LiveLog] = []
        """Logs of runs that have ended since the last look."""
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._low = False
        self._fault: str | None = None
        self._room_at = clock.monotonic()

    @property
    def warnings(self) -> Sequence[str]:
        """What an operator should know."""
        disk = self._upkeep.disk
        return (*(one for one in (self._fault, disk) if one), *self._upkeep.problems)

    # -- Watcher

    def changed(self, jobs: set[str], resync: bool) -> None:
        """See `runtime.loop.Watcher`."""

    def ended(self, runs: Sequence[Run]) -> None:
        """See `runtime.loop.Watcher`."""
        for run in runs:
            job = run.job
            if run.log_path is not None and (run.ended_at or 0) - (run.started_at or 0) > BRIEF:
                self._just_over.append(_log_of(run, run.log_path))
            if run.attempts_made and job.seq > 1 and job.id not in self._due:
                self._due[job.id] = self._tidied.get(job.id, -TIDY_AFTER) + TIDY_AFTER

    def turned(self) -> None:
        """See `runtime.loop.Watcher`."""
        if self._timer is None and self._task is None and not self._closed and self._work:
            self._timer = asyncio.get_running_loop().call_later(self._look, self._begin)

    async def close(self) -> None:
        """Let go; what is under way is finished, or left as it was where that would take long."""
        self._closed = self._upkeep.ending = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await asyncio.wait([self._task])

    @property
    def _work(self) -> bool:
        return bool(self._state.by_attempt or self._due or self._just_over)

    # -- rounds

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self._round())
        self._task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        """Whatever goes wrong with logs ends no run and no engine: it is said, and tried again."""
        self._task = None
        if task.cancelled():
            return  # the loop is taken down under an engine that was not stopped
        error = task.exception()
        if error is not None and self._fault is None:
            _LOG.error("logs could not be looked after", exc_info=error)
        self._fault = None if error is None else f"logs could not be looked after: {error}"
        self.turned()

    async def _round(self) -> None:
        over, self._just_over = self._just_over, []
        known = set(self._upkeep.problems)
        await asyncio.to_thread(self._upkeep.look, self._live(), over, self._clock.now())
        await self._look_at_disk()
        await self._tidy_some()
        for problem in self._upkeep.problems:
            if problem not in known:
                _LOG.warning("%s", problem)

    def _live(self) -> list[LiveLog]:
        live: list[LiveLog] = []
        for run in {run.no: run for run in self._state.by_attempt.values()}.values():
            if run.log_path is not None and run.live and (run.pid is not None or run.home is Home.CALL):
                log = _log_of(run, run.log_path)
                live.append(log)
                if run.spec.staged:
                    live.append(replace(log, path=hooks_path(log.path), optional=True))
        return live

    async def _tidy_some(self) -> None:
        now = self._clock.monotonic()
        if now >= self._all_at:
            self._all_at = now + TIDY_ALL
            for name in self._state.jobs:
                self._due.setdefault(name, now)
        due = [job for job, at in self._due.items() if at <= now][:AT_ONCE]
        for job_id in due:
            del self._due[job_id]
            self._tidied[job_id] = now
            job = self._state.jobs.get(job_id)
            on_record = None if job is None else await self._on_record(job_id)
            if job is not None and on_record is not None:
                policy, at = job.spec.log, self._clock.now()
                await asyncio.to_thread(self._upkeep.tidy, job_id, policy, _busy(job), on_record, at)

    async def _look_at_disk(self) -> None:
        if self._upkeep.low and not self._low:
            _LOG.warning("%s", self._upkeep.disk)
        self._low = self._upkeep.low
        now = self._clock.monotonic()
        if self._upkeep.short and now >= self._room_at:
            self._room_at = now + TIDY_AFTER  # what always stays may be all there is
            on_record = {
                job: facts for job in list(self._state.jobs) if (facts := await self._on_record(job)) is not None
            }
            busy = {job: _busy(self._state.jobs[job]) for job in on_record if job in self._state.jobs}
            count = await asyncio.to_thread(self._upkeep.make_room, on_record, busy)
            if count:
                _LOG.warning("the disk is nearly full: the logs of the %d oldest runs were removed", count)

    async def _on_record(self, job: str) -> Mapping[str, LogFacts] | None:
        try:
            rows = await self._store.logs(job)
        except OSError:  # asked again with its next run
            return None
        return await asyncio.to_thread(_by_stem, rows)  # nearly 2 us each, and there may be any number


def _busy(job: Job) -> frozenset[str]:
    """Stems of its runs that are not over. Asked for right before it is used: compressing takes seconds, runs begin meanwhile."""
    return frozenset(stem_of(run.log_path) for run in (*job.queue, *job.active) if run.log_path is not None)


def _by_stem(rows: Sequence[LogRow]) -> Mapping[str, LogFacts]:
    return {stem_of(row.log_path): _facts(row) for row in rows}


def _log_of(run: Run, path: str) -> LiveLog:
    return LiveLog(run.job.id, path, run.attempts_made, run.spec.log.max_size, optional=run.home is Home.CALL)


def _facts(row: LogRow) -> LogFacts:
    success = True if row.outcome == Outcome.SUCCESS else False if row.outcome in _BAD else None
    return LogFacts(row.ended_at, success, success is False and not row.acked, row.left_behind)
