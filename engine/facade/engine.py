"""`Engine`: puts the parts together, starts and ends them, and is what screens, server and library users hold."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.api import LogChunk, MachineLoad
from engine.clock import SECOND, Clock, Instant, moment
from engine.core.boot import adopt, begin
from engine.core.state import Run as RunSubject
from engine.core.turn import Turn
from engine.core.verbs.shutdown import begin_shutdown
from engine.executors.local.executor import LocalExecutor
from engine.facade.feed import Feed
from engine.facade.job import Job
from engine.facade.machine import Machine
from engine.facade.mailbox import Mailbox
from engine.facade.run import Run
from engine.logs.chunk import read_chunk
from engine.model.outcome import Outcome
from engine.model.record import EngineStatus, RunRecord
from engine.ports.executor import Executor, Limit
from engine.ports.store import Store
from engine.runtime.launching import Launcher
from engine.runtime.loop import Loop
from engine.runtime.starting import build_turn, restore, under_way
from engine.runtime.system_clock import SystemClock, boot_id, local_zone
from engine.spec.config import JobFile
from engine.store.sqlite import SqliteStore

CAMPAIGN: Final = "campaign"
"""Fact in the store: `open` while an `--until-idle` campaign is under way."""


class Engine:
    """One engine on one state folder. Implements `engine.api.EngineView`. All calls on one asyncio loop."""

    def __init__(
        self,
        job_file: JobFile,
        *,
        state_dir: Path,
        version: str = "",
        clock: Clock | None = None,
        executor: Executor | None = None,
        store: Store | None = None,
    ) -> None:
        """`clock`, `executor` and `store` take the place of the machine's own (tests, simulation)."""
        self._file = job_file
        self._state_dir = state_dir
        self._version = version
        self._given_clock, self._given_executor, self._given_store = clock, executor, store
        self._host = socket.gethostname()
        self._feeds: list[Feed] = []
        self._machine = Machine()
        self._lookers: list[asyncio.Future[None]] = []
        self._stopped: asyncio.Event = asyncio.Event()
        self._damaged: str | None = None
        self._started_at: Instant = 0
        self._handles: list[Job] = []
        self._by_id: dict[str, Job] = {}
        self.socket = ""
        """Where the control server listens; set by whoever runs one."""

    @classmethod
    def from_file(cls, job_file: JobFile, *, state_dir: Path, version: str) -> Engine:
        """An engine for this file on the machine's own clock, store and processes."""
        return cls(job_file, state_dir=state_dir, version=version)

    # -- begin and end -------------------------------------------------------------------------------------------

    async def start(self, *, campaign: bool = False) -> None:
        """Take the state, find what still runs, begin. StateLocked, NewerState, OSError.

        `campaign`: a run of `--until-idle`; one-shots that have run run again, unless the last campaign was cut short.
        """
        self._clock = self._given_clock or SystemClock()
        stamp = moment(self._clock.now()).strftime("%Y%m%dT%H%M%SZ")
        self._store = self._given_store or SqliteStore(self._state_dir, stamp=lambda: stamp)
        try:
            stored = self._store.load()
            self._executor = self._given_executor or LocalExecutor(self._state_dir, self._clock)
            zone = self._file.engine.timezone or local_zone()
            turn = build_turn(self._file, random.SystemRandom(), boot_id=boot_id(), now=self._clock.now())
            launcher = Launcher(self._state_dir.absolute() / "logs", os.environ, zone)
            self._loop = Loop(
                turn,
                clock=self._clock,
                store=self._store,
                executor=self._executor,
                launcher=launcher,
                soon=asyncio.get_running_loop().call_soon,
            )
            self._box = Mailbox(self._loop)
            self._loop.watchers.append(self)
            restore(turn, self._file, stored)
            recovered = await self._executor.open(under_way(turn.state), self._loop.report)
        except BaseException:
            self._store.close()
            self._clock.close()
            raise
        self._executor.submit([Limit(self._file.engine.max_running)])
        self._damaged = stored.damaged
        self._started_at = self._clock.now()
        self._handles = [Job(job, self._box, self._host) for job in turn.state.listed_jobs()]
        self._by_id = {job.id: job for job in self._handles}
        anew = campaign and stored.facts.get(CAMPAIGN) != "open"
        if campaign:
            self._loop.remember(CAMPAIGN, "open")

        def first(turn: Turn) -> None:
            adopt(turn, recovered)
            begin(turn, zone, campaign=anew)

        self._loop.first_tick(first)

    async def shutdown(self, *, drain: float | None = None, leave: bool = False) -> None:
        """See `engine.api`. `drain` None: as the job file says. Returns when everything is on record; idempotent."""
        patience = None if leave else self._file.engine.drain if drain is None else drain
        await self._box.change(lambda turn: begin_shutdown(turn, patience))
        turn = self._loop.turn
        await self._until(lambda: (leave or not turn.state.taken) and not turn.pipeline.ordered and self._loop.settled)
        await self.close()

    async def close(self) -> None:
        """Let go of everything at once; what runs goes on under the keeper."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        await self._executor.close()
        await asyncio.to_thread(self._store.close)
        self._clock.close()

    async def wait_idle(self) -> None:
        """Returns when nothing runs, waits or is scheduled any more, and that is on record (a campaign is then over)."""
        await self._until(lambda: self._loop.turn.state.nothing_left() and self._loop.settled)
        self._loop.remember(CAMPAIGN, "done")
        await self._until(lambda: self._loop.settled)

    async def wait_stopped(self) -> None:
        """Returns when the engine has ended, whoever ended it."""
        await self._stopped.wait()

    @property
    def bad_ends(self) -> int:
        """Runs since the start that make a campaign a failure (exit code 1)."""
        return self._loop.turn.state.bad_ends

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Look again after every tick of the loop until the condition holds."""
        while not holds():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._lookers.append(future)
            await future

    # -- Watcher -------------------------------------------------------------------------------------------------

    def changed(self, jobs: set[str], resync: bool) -> None:
        """See `runtime.loop.Watcher`."""
        for feed in self._feeds:
            feed.add(jobs, resync)

    def ended(self, runs: Sequence[RunSubject]) -> None:
        """See `runtime.loop.Watcher`."""
        self._box.ended(runs)

    def turned(self) -> None:
        """See `runtime.loop.Watcher`."""
        if self._lookers:
            lookers, self._lookers = self._lookers, []
            for future in lookers:
                if not future.done():
                    future.set_result(None)

    # -- EngineView ----------------------------------------------------------------------------------------------

    @property
    def jobs(self) -> Sequence[Job]:
        """See `engine.api`."""
        return self._handles

    def job(self, job_id: str) -> Job:
        """See `engine.api`."""
        return self._by_id[job_id]

    def run(self, run_id: str) -> Run:
        """See `engine.api`."""
        return Run(self._loop.turn.state.runs[run_id], self._box, self._host)

    def queue(self) -> Sequence[Run]:
        """See `engine.api`."""
        turn = self._loop.turn
        on_the_way = [*turn.pipeline.ahead.values(), *turn.pipeline.claimed]
        ready = list(turn.ready.in_order())
        seen = {run.no for run in (*on_the_way, *ready)}
        rest = [run for job in turn.state.jobs.values() for run in job.queue if run.no not in seen]
        return [Run(run, self._box, self._host) for run in (*on_the_way, *ready, *rest)]

    def status(self) -> EngineStatus:
        """See `engine.api`."""
        state = self._loop.turn.state
        return EngineStatus(
            version=self._version,
            pid=os.getpid(),
            uptime_seconds=(self._clock.now() - self._started_at) / SECOND,
            job_file=self._file.path,
            jobs=len(self._handles),
            running=state.taken,
            queued=state.waiting,
            max_running=state.spec.max_running,
            state_dir=str(self._state_dir),
            socket=self.socket,
            executors=(self._executor.name,),
            damaged_state=self._damaged,
            warnings=(self._loop.trouble,) if self._loop.trouble else (),
        )

    def machine(self) -> MachineLoad:
        """See `engine.api`."""
        return self._machine.load(self._clock.monotonic())

    def now(self) -> Instant:
        """See `engine.api`."""
        return self._clock.now()

    def changes(self) -> Feed:
        """See `engine.api`."""
        feed = Feed(self._forget)
        self._feeds.append(feed)
        return feed

    def _forget(self, feed: Feed) -> None:
        with contextlib.suppress(ValueError):
            self._feeds.remove(feed)

    @property
    def connected(self) -> bool:
        """See `engine.api`."""
        return True

    async def history(
        self,
        *,
        job: str | None = None,
        outcome: Outcome | None = None,
        since: Instant | None = None,
        limit: int = 100,
    ) -> Sequence[RunRecord]:
        """See `engine.api`."""
        state = self._loop.turn.state
        records = [
            Run(run, self._box, self._host).record()
            for run in sorted(state.runs.values(), key=lambda run: -run.no)
            if (job is None or run.job.id == job) and outcome is None and (since is None or run.queued_at >= since)
        ][:limit]
        past = await self._store.history(job=job, outcome=outcome, since=since, limit=limit - len(records))
        known = {record.run_id for record in records}
        return [*records, *(record for record in past if record.run_id not in known)]

    async def log(self, run_id: str, offset: int, limit: int) -> LogChunk:
        """See `engine.api`."""
        live = self._loop.turn.state.runs.get(run_id)
        if live is not None:
            path = live.log_path
        else:
            record = await self._store.find(run_id)
            if record is None:
                raise KeyError(run_id)
            path = record.log_path
        if path is None:
            raise FileNotFoundError(f"{run_id} has no log: it never started")
        return await asyncio.to_thread(read_chunk, path, offset, limit)
