"""`Engine`: puts the parts together, starts and ends them, and is what screens, server and library users hold.

What it can be asked is in `questions`, which jobs it has in `comings`, the verbs that act on it as a whole in
`engine_verbs`, one job in `job` and `job_verbs`; its life is here.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from engine.clock import Clock, Instant, moment
from engine.core.boot import begin
from engine.core.state import Run as RunSubject
from engine.core.verbs.add import check_needs
from engine.core.verbs.shutdown import begin_shutdown
from engine.errors import EngineFault, Refused, RefusedCode
from engine.executors.call.executor import CallExecutor
from engine.executors.local.executor import LocalExecutor
from engine.executors.routing import Router
from engine.facade.alerting import Alerting
from engine.facade.comings import Comings
from engine.facade.engine_verbs import EngineVerbs
from engine.facade.feed import Feed
from engine.facade.following import watch_of
from engine.facade.machine import Machine, free_memory, total_memory
from engine.facade.mailbox import Mailbox
from engine.facade.members import Members
from engine.facade.monitor import Monitor
from engine.facade.parts import Phase
from engine.facade.questions import Questions
from engine.facade.records import Records
from engine.facade.reloading import Origin
from engine.facade.watched import Watched
from engine.model.events import EngineStopping
from engine.model.outcome import Because
from engine.ports.executor import Executor, Home, Limit
from engine.ports.monitoring import Monitoring
from engine.ports.store import Store
from engine.runtime.file_scan import look_at, to_text
from engine.runtime.launching import Launcher
from engine.runtime.log_upkeep import LogUpkeep
from engine.runtime.loop import Loop
from engine.runtime.records import run_record
from engine.runtime.starting import build_turn, restore, under_way
from engine.runtime.system_clock import SystemClock, boot_id, local_zone
from engine.spec.config import EngineSpec, JobFile, PoolSpec
from engine.spec.job import NOTHING, Call, JobSpec
from engine.spec.library import Duration, seconds
from engine.spec.notify import Notifier
from engine.store.memory import MemoryStore
from engine.store.sqlite import SqliteStore

CAMPAIGN: Final = "campaign"
"""Fact in the store: `open` while an `--until-idle` campaign is under way."""


_ENDED: Final = Refused(RefusedCode.SHUTTING_DOWN, "the engine has ended", "start it again")


class Engine(Comings, EngineVerbs, Questions):
    """One engine. Implements `engine.api.EngineView`. All calls on one asyncio loop, unless they say otherwise.

    engine = Engine()
    engine.add(JobSpec(id="sync", call=sync, every="30s"))
    async with engine:
        run = await engine.job("sync").trigger()
        record = await run.ended()
    """

    def __init__(
        self,
        specs: Iterable[JobSpec] = (),
        *,
        state_dir: Path | str | None = None,
        max_running: int | None = None,
        clock: Clock | None = None,
        executors: Mapping[str, Executor] | None = None,
        store: Store | None = None,
        monitoring: Monitoring | None = None,
        pools: Mapping[str, int] | None = None,
        idle_timeout: Duration = "100h",
        notifiers: Mapping[str, Notifier] | None = None,
        check_interval: object = None,
        zone: str | None = None,
    ) -> None:
        """`state_dir` None: a store in memory, logs in a temporary folder that goes with the engine.

        `clock`, `store` and `executors` (`local`: processes, `call`: functions) take the place of the machine's own.
        `monitoring` is given the record of every run that ends. `check_interval` is accepted and unnecessary: nothing
        here polls. `pools`: shared slots by name. A job with nothing due and nothing run for `idle_timeout` is shown as
        inactive. `zone`: the time zone of schedules that name none, by default the system's.

        ValueError for a spec that `add` would refuse.
        """
        super().__init__()
        if unknown := set(executors or ()) - set(Home):
            raise ValueError(f"there is no executor {sorted(unknown)[0]!r}; there are {', '.join(Home)}")
        if max_running is not None and max_running < 1:
            raise ValueError(f"max_running {max_running} is below 1")
        settings = EngineSpec(idle_timeout=seconds(idle_timeout))
        if max_running is not None:
            settings = replace(settings, max_running=max_running)
        self._file = JobFile(engine=settings, pools={name: PoolSpec(slots) for name, slots in (pools or {}).items()})
        self._max_running = max_running
        self._given_dir = None if state_dir is None else Path(state_dir)
        self._version = ""
        self._given_clock, self._given_store = clock, store
        self._given_executors = dict(executors or {})
        self._monitor = None if monitoring is None else Monitor(monitoring)
        self._host = socket.gethostname()
        self._feeds: list[Feed] = []
        self._machine = Machine()
        self._phase = Phase.NEW
        self._fault: EngineFault | None = None
        self._ending: asyncio.Task[None] | None = None
        self._stopped: asyncio.Event = asyncio.Event()
        self._damaged: str | None = None
        self._warnings: list[str] = []
        self._notifiers = dict(notifiers or {})
        self._started_at: Instant = 0
        self._zone = zone or local_zone()
        self._turn = build_turn(
            self._file,
            random.Random(),  # noqa: S311 - tags and jitter have to differ, nobody gains anything by guessing them
            boot_id=boot_id(),
            now=0,
            cpus=len(os.sched_getaffinity(0)),
            memory=total_memory(),
        )
        self._box = Mailbox()
        self._members = Members(self._box, self._host)
        self._temporary: Path | None = None
        self._processes: LocalExecutor | None = None
        self._cut_short: list[str] = []
        self._origin: Origin | None = None
        self.socket = ""
        for spec in specs:
            self.add(spec)

    @classmethod
    def from_file(
        cls, job_file: JobFile, *, state_dir: Path, version: str, given: Mapping[str, str] = NOTHING
    ) -> Engine:
        """An engine for this file on the machine's own clock, store and processes. `given`: what the file was loaded with;
        a reload gives it the same."""
        engine = cls(state_dir=state_dir)
        if job_file.path:
            watch = watch_of(job_file)
            engine._origin = Origin(Path(job_file.path), dict(os.environ), given, to_text(watch, look_at(watch)))
        engine._version = version
        engine._take(job_file)
        engine._members.own_file(job_file)
        return engine

    # -- begin and end -------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shutdown()

    async def start(self, *, campaign: bool = False) -> None:
        """Take the state, find what still runs, begin. Once: a second call changes nothing.

        StateLocked, NewerState, OSError; ValueError when a job needs one that was never added; RuntimeError after
        `shutdown`. `campaign`: a run of `--until-idle`; one-shots that have run run again, unless the last campaign was
        cut short.
        """
        if self._phase is Phase.OVER:
            raise RuntimeError("the engine was shut down; make a new one")
        if self._phase is Phase.STARTED:
            return
        turn = self._turn
        check_needs([job.spec for job in turn.state.listed_jobs()], lambda _: False)
        self._phase = Phase.STARTED
        self._clock = self._given_clock or SystemClock()
        stamp = moment(self._clock.now()).strftime("%Y%m%dT%H%M%SZ")
        try:
            folder = self._state_dir = self._given_dir or self._temporary_folder()
            self._store = self._given_store or self._open_store(folder, stamp)
        except BaseException:
            self._phase = Phase.NEW
            self._clock.close()
            raise
        try:
            stored = self._store.load({job.id: job.spec.was for job in turn.state.jobs.values() if job.spec.was})
            turn.now = self._clock.now()
            self._warnings += self._members.leave_out_removed(turn, stored)
            self._warnings += self._members.restore_added(turn, stored, self._zone)
            self._executor = self._make_executor(folder)
            self._loop = Loop(
                turn,
                clock=self._clock,
                store=self._store,
                executor=self._executor,
                launcher=self._make_launcher(folder.absolute() / "logs"),
                soon=asyncio.get_running_loop().call_soon,
                free_memory=free_memory,
            )
            self._box.open(self._loop)
            self._alerting = Alerting(self._loop, turn.state)
            self._watched = Watched(self._loop, turn.state)
            self._records = Records(self._loop, self._store, self._clock, self._host)
            self._loop.watchers.append(self)
            self._upkeep = LogUpkeep(str(folder.absolute() / "logs"), turn.state, self._clock, self._store)
            self._loop.watchers.append(self._upkeep)
            self._loop.on_fault = self._failed
            self._executor.on_fault(self._loop.fail)
            restore(turn, self._file, stored, campaign=campaign)
            known = under_way(turn.state)
            opening = asyncio.get_running_loop().create_task(self._executor.open(known, self._loop.report))
            # what became of earlier attempts comes before anything else; where there are none, jobs begin meanwhile
            await asyncio.sleep(0)  # where no keeper has to be started, it is open by then
            turn.state.opening = not (known or opening.done())
            recovered = () if turn.state.opening else await opening
        except BaseException:
            self._phase = Phase.OVER
            self._store.close()
            self._clock.close()
            raise
        self._damaged = stored.damaged
        self._started_at = self._clock.now()
        self._members.begin(turn, stored)
        anew = campaign and stored.facts.get(CAMPAIGN) != "open"
        if campaign:
            self._loop.remember(CAMPAIGN, "open")
        self._alerting.begin(stored.facts, self._notifiers)
        try:
            self._loop.first_tick(lambda turn: begin(turn, self._zone, campaign=anew), recovered)
            await opening
            self._executor.submit([Limit(turn.state.spec.max_running)])
            turn.state.opening = False
            self._loop.wake()
        except BaseException:
            opening.cancel()
            await self.close()
            raise
        self._watched.look_again()

    def _failed(self, fault: EngineFault) -> None:
        """The loop has ended: so does everything else, as by a crash, but for those who wait, who are told."""
        self._fault = fault
        self._box.close(fault)
        self._ending = asyncio.get_running_loop().create_task(self.close())

    def _temporary_folder(self) -> Path:
        self._temporary = Path(tempfile.mkdtemp(prefix="jobqueue-"))
        return self._temporary

    def _open_store(self, folder: Path, stamp: str) -> Store:
        if self._given_dir is None:
            return MemoryStore(folders=True)
        return SqliteStore(folder, stamp=lambda: stamp)

    def _make_launcher(self, logs: Path) -> Launcher:
        return Launcher(logs, os.environ, self._zone)

    def _make_executor(self, folder: Path) -> Router:
        """Processes get their keeper at once where there are any; a program of functions alone never starts one."""
        local = self._given_executors.get(Home.LOCAL) or LocalExecutor(folder, self._clock)
        self._processes = local if isinstance(local, LocalExecutor) else None
        call = self._given_executors.get(Home.CALL) or CallExecutor(self._clock, self._turn.state.boot_id)
        functions = all(isinstance(job.spec.command, Call) for job in self._turn.state.jobs.values())
        return Router(local, call, self._clock, lazy=functions)

    async def shutdown(self, drain: float | None = None, *, leave: bool = False) -> Sequence[str]:
        """See `engine.api`. `drain` None: as the job file says. Idempotent. Returns the ids of runs that were stopped.

        EngineFault when the engine has ended by a fault of its own.
        """
        if self._ending is not None:
            await self._ending
        if self._fault is not None:
            raise self._fault
        if self._phase is not Phase.STARTED:
            self._phase = Phase.OVER
            return tuple(self._cut_short)
        if leave and self._given_dir is None:
            raise ValueError("runs cannot be left to a next engine without a state_dir")
        patience = None if leave else self._turn.state.spec.drain if drain is None else drain
        deed = self._deed("shutdown", "", {"drain": patience, "leave": leave})
        if not self._turn.state.draining:
            self._loop.tell(EngineStopping)
        turn = self._turn
        try:
            await self._box.change(lambda turn: begin_shutdown(turn, patience), deed)
            await self._box.until(
                lambda: (
                    (leave or turn.state.taken == len(turn.state.lingering))
                    and not turn.pipeline.ordered
                    and self._loop.settled
                )
            )
        except Refused:
            if not self._stopped.is_set():
                raise
            return tuple(self._cut_short)  # somebody else's shutdown was faster
        await self.close()
        return tuple(self._cut_short)

    async def close(self) -> None:
        """Let go of everything at once; what runs goes on under the keeper."""
        if self._stopped.is_set():
            if self._ending is not None and self._ending is not asyncio.current_task():
                await self._ending
            return
        self._phase = Phase.OVER
        self._stopped.set()
        self._loop.events.close()
        await self._watched.close()
        if self._following is not None:
            await self._following.close()
        if await self._alerting.close() and self._fault is None:
            await self._box.until(lambda: self._loop.settled or self._loop.trouble is not None)
        self._box.close(_ENDED)
        await self._upkeep.close()
        await self._executor.close()
        await asyncio.to_thread(self._store.close)
        self._clock.close()
        if self._monitor is not None:
            await asyncio.to_thread(self._monitor.close)
        if self._temporary is not None and self._turn.state.taken == len(self._turn.state.lingering):
            await asyncio.to_thread(shutil.rmtree, self._temporary, ignore_errors=True)

    async def wait_idle(self) -> None:
        """Returns when nothing runs, waits or is scheduled any more, and that is on record (a campaign is then over)."""
        await self._box.until(lambda: self._loop.turn.state.nothing_left() and self._loop.settled)
        self._loop.remember(CAMPAIGN, "done")
        await self._box.until(lambda: self._loop.settled)

    async def wait_stopped(self) -> None:
        """Returns when the engine has ended, whoever ended it. EngineFault when a fault of its own did."""
        await self._stopped.wait()
        if self._fault is not None:
            raise self._fault

    @property
    def bad_ends(self) -> int:
        """Runs since the start that make a campaign a failure (exit code 1)."""
        return self._loop.turn.state.bad_ends

    # -- Watcher -------------------------------------------------------------------------------------------------

    def changed(self, jobs: set[str], resync: bool) -> None:
        """See `runtime.loop.Watcher`."""
        for feed in self._feeds:
            feed.add(jobs, resync)

    def ended(self, runs: Sequence[RunSubject]) -> None:
        """See `runtime.loop.Watcher`."""
        self._box.ended(runs)
        for run in runs:
            if run.reason is not None and run.reason.because is Because.SHUTDOWN:
                self._cut_short.append(run.run_id)
        if self._monitor is not None:
            for run in runs:
                self._monitor.give(run_record(run, self._clock.now(), self._host))

    def turned(self) -> None:
        """See `runtime.loop.Watcher`."""
        self._box.turned()
