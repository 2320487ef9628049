"""What an engine can be asked: its jobs and runs, what is on record of them, the machine it is on."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence

from engine.clock import SECOND, Instant
from engine.core.explain import hold_text
from engine.core.holds import named
from engine.core.ready import order_at
from engine.errors import typed
from engine.facade.feed import Feed
from engine.facade.job import Job
from engine.facade.parts import Parts
from engine.facade.run import Run
from engine.facade.system import measure, pool_use
from engine.model.audit import AuditRecord
from engine.model.day import DayRecord
from engine.model.log_parts import LogChunk, LogHits, LogQuery, LogTime
from engine.model.machine import MachineLoad, ProcessDetails
from engine.model.outcome import Outcome
from engine.model.record import EngineStatus, RunRecord
from engine.model.states import JobStatus
from engine.model.system import SystemRecord
from engine.runtime.events import Subscription


class Questions(Parts):
    """The part of `engine.api.EngineView` that changes nothing."""

    @property
    def jobs(self) -> Sequence[Job]:
        """See `engine.api`."""
        return self._members.handles

    def job(self, job_id: str) -> Job:
        """See `engine.api`."""
        return self._members.by_id[job_id]

    def run(self, run_id: str) -> Run:
        """See `engine.api`."""
        return Run(self._loop.turn.state.runs[run_id], self._box, self._host)

    def find(self, *, tag: str | None = None, status: JobStatus | None = None) -> Sequence[Job]:
        """Jobs with this tag and this status."""
        return [
            job
            for job in self._members.handles
            if (tag is None or tag in job.tags) and (status is None or job.status is status)
        ]

    def queue(self) -> Sequence[Run]:
        """See `engine.api`."""
        turn = self._loop.turn
        on_the_way = [*turn.pipeline.ahead.values(), *turn.pipeline.claimed]
        ready = list(turn.ready.in_order())
        seen = {run.no for run in (*on_the_way, *ready)}
        rest = [run for job in turn.state.jobs.values() for run in job.queue if run.no not in seen]
        now = self.now()
        rest.sort(key=lambda run: order_at(run, now, turn.ready.ageing, turn.ready.pools))
        return [Run(run, self._box, self._host) for run in (*on_the_way, *ready, *rest)]

    def status(self) -> EngineStatus:
        """See `engine.api`."""
        state = self._loop.turn.state
        holds = sorted(state.holds.values(), key=lambda hold: hold.scope)  # the widest first
        news = None if self._following is None else self._following.news
        return EngineStatus(
            version=self._version,
            pid=os.getpid(),
            uptime_seconds=(self._clock.now() - self._started_at) / SECOND,
            job_file=self._file.path,
            jobs=len(self._members.handles),
            running=state.taken,
            queued=state.waiting,
            max_running=state.spec.max_running,
            state_dir=str(self._state_dir),
            socket=self.socket,
            executors=(self._executor.name,),
            damaged_state=self._damaged,
            warnings=(
                *self._warnings,
                *(
                    f"{job_id} of the file was removed; {typed('add', 'FILE')} brings it back"
                    for job_id in sorted(self._members.removed)
                ),
                *map(hold_text, holds),
                *self._alerting.warnings,
                *self._upkeep.warnings,
                *((self._loop.trouble,) if self._loop.trouble else ()),
                *((f"the job file was {news.text}",) if news is not None and news.waits else ()),
            ),
            trouble=self._loop.trouble,
            holds=tuple(named(hold.scope) for hold in holds),
            job_file_followed=self._following is not None,
            job_file_news=news,
        )

    def machine(self) -> MachineLoad:
        """See `engine.api`."""
        return self._machine.load(self._clock.monotonic())

    def now(self) -> Instant:
        """See `engine.api`."""
        return self._clock.now()

    @property
    def connected(self) -> bool:
        """See `engine.api`."""
        return True

    def changes(self) -> Feed:
        """See `engine.api`."""
        feed = Feed(self._forget)
        self._feeds.append(feed)
        return feed

    def _forget(self, feed: Feed) -> None:
        with contextlib.suppress(ValueError):
            self._feeds.remove(feed)

    def subscribe(self, after: int | None = None) -> Subscription:
        """What happens from now on, or after the event of that number (0: all that are kept; -100: the newest
        hundred and then new ones): an async iterator.

        The events are those of `engine.model.events`. It ends with the engine; leave it early by `close` or `async with`.
        A reader that is too slow gets a `Resync`.
        """
        return self._loop.events.subscribe(after, self._clock.now())

    async def history(
        self,
        *,
        job: str | None = None,
        outcome: Outcome | None = None,
        since: Instant | None = None,
        limit: int = 100,
    ) -> Sequence[RunRecord]:
        """See `engine.api`."""
        return await self._records.history(job=job, outcome=outcome, since=since, limit=limit)

    async def runs(
        self,
        *,
        job: str | None = None,
        outcome: Outcome | None = None,
        since: Instant | None = None,
        limit: int = 100,
    ) -> Sequence[RunRecord]:
        """`history`, by the name a program looks for: runs on record and under way, newest first."""
        return await self.history(job=job, outcome=outcome, since=since, limit=limit)

    async def record(self, run_id: str) -> RunRecord | None:
        """See `engine.api`."""
        return await self._records.record(run_id)

    async def inbox(self, *, job: str | None = None, limit: int = 100) -> Sequence[RunRecord]:
        """See `engine.api`."""
        return await self._records.inbox(job=job, limit=limit)

    async def days(self, *, job: str | None = None, count: int = 30) -> Sequence[DayRecord]:
        """See `engine.api`."""
        return await self._records.days(job=job, count=count)

    async def audit(
        self, *, job: str | None = None, since: Instant | None = None, limit: int = 100
    ) -> Sequence[AuditRecord]:
        """See `engine.api`."""
        return await self._records.audit(job=job, since=since, limit=limit)

    async def system(self) -> SystemRecord:
        """See `engine.api`."""
        state = self._loop.turn.state
        pools = pool_use(state)
        sizes = await asyncio.to_thread(measure, self._state_dir)
        return SystemRecord(
            pools=pools,
            store_bytes=sizes.store,
            log_disk_free=sizes.free,
            log_disk_total=sizes.total,
            limits=() if self._processes is None else self._processes.enforced,
        )

    async def processes_of(self, run_id: str) -> Sequence[ProcessDetails]:
        """See `engine.api`."""
        return await self._records.processes_of(run_id)

    async def log(self, run_id: str, offset: int, limit: int) -> LogChunk:
        """See `engine.api`."""
        return await self._records.log(run_id, offset, limit)

    async def log_since(self, run_id: str, at: Instant) -> int:
        """See `engine.api`."""
        return await self._records.log_since(run_id, at)

    async def log_times(self, run_id: str, start: int, end: int) -> Sequence[LogTime]:
        """See `engine.api`."""
        return await self._records.log_times(run_id, start, end)

    async def log_find(
        self, run_id: str, query: LogQuery, start: int, *, back: bool = False, most: int = 100
    ) -> LogHits:
        """See `engine.api`."""
        return await self._records.log_find(run_id, query, start, back=back, most=most)
