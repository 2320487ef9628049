"""`Engine`: puts the parts together, starts and ends them, and is what screens, server and library users hold.

Long, since it is the whole interface in one place: its life is here, everything else is a few lines that hand on to
`members` (which jobs there are), `records` (what there is to read), the verbs of the core and the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Final, Self

from engine.api import LogChunk, LogHits, LogQuery, LogTime, MachineLoad, ProcessDetails
from engine.clock import SECOND, Clock, Instant, moment
from engine.core.blackouts import take_edge
from engine.core.boot import add_job, begin
from engine.core.changes import FACT as CHANGES
from engine.core.changes import files_changed
from engine.core.explain import hold_text
from engine.core.holds import EVERYTHING
from engine.core.ready import ReadyQueue, order_key
from engine.core.state import Job as JobSubject
from engine.core.state import Run as RunSubject
from engine.core.turn import Turn
from engine.core.verbs.ack import ack
from engine.core.verbs.add import check_needs, check_new
from engine.core.verbs.hold import hold, release
from engine.core.verbs.remove import forget_job, is_gone
from engine.core.verbs.rerun import rerun
from engine.core.verbs.shutdown import begin_shutdown
from engine.errors import EngineFault, Refused, RefusedCode
from engine.executors.call.executor import CallExecutor
from engine.executors.local.executor import LocalExecutor
from engine.executors.routing import Router
from engine.facade.added_file import Host, read_added
from engine.facade.feed import Feed
from engine.facade.job import Job
from engine.facade.machine import Machine, free_memory, total_memory
from engine.facade.mailbox import Mailbox
from engine.facade.members import Members
from engine.facade.monitor import Monitor
from engine.facade.records import Records
from engine.facade.reloading import Origin, Reload
from engine.facade.run import Run
from engine.facade.system import measure, pool_use
from engine.facade.taking_back import take_back
from engine.jobfile import load as read_file
from engine.jobfile import render
from engine.model.actor import actor
from engine.model.alert import Alert
from engine.model.audit import AuditRecord, Deed
from engine.model.day import DayRecord
from engine.model.events import EngineStopping, FactsAttached, JobAdded, JobRemoved
from engine.model.file_changes import FileChanges, FilePlace
from engine.model.outcome import Because, Outcome
from engine.model.record import EngineStatus, Json, RunRecord
from engine.model.states import JobStatus
from engine.model.system import SystemRecord
from engine.model.undo import NONE, Undo
from engine.notify.deliverer import Deliverer
from engine.ports.executor import Executor, Home, Limit
from engine.ports.monitoring import Monitoring
from engine.ports.store import Store, Stored
from engine.runtime.commits import ALERT
from engine.runtime.events import Subscription
from engine.runtime.file_watch import FileWatch, Seen
from engine.runtime.launching import Launcher
from engine.runtime.log_upkeep import LogUpkeep
from engine.runtime.loop import Loop
from engine.runtime.records import run_record
from engine.runtime.starting import build_turn, restore, under_way
from engine.runtime.system_clock import SystemClock, boot_id, local_zone
from engine.spec.config import EngineSpec, JobFile, PoolSpec
from engine.spec.context import DATA_LIMIT
from engine.spec.job import NOTHING, Call, JobSpec
from engine.spec.library import Duration, seconds
from engine.spec.matrix import job_of
from engine.spec.notify import ByPing, Notifier
from engine.store.memory import MemoryStore
from engine.store.sqlite import SqliteStore

MOST_ACKS: Final = 100_000
"""Runs that one `ack` of a job acknowledges."""

CAMPAIGN: Final = "campaign"
"""Fact in the store: `open` while an `--until-idle` campaign is under way."""


_ENDED: Final = Refused(RefusedCode.SHUTTING_DOWN, "the engine has ended", "start it again")


class Phase(Enum):
    """How far the engine's life has got."""

    NEW = 0
    STARTED = 1
    OVER = 2


class Engine:
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
        self._lookers: list[asyncio.Future[None]] = []
        self._phase = Phase.NEW
        self._fault: EngineFault | None = None
        self._ending: asyncio.Task[None] | None = None
        self._stopped: asyncio.Event = asyncio.Event()
        self._damaged: str | None = None
        self._warnings: list[str] = []
        self._notifiers = dict(notifiers or {})
        self._deliverer: Deliverer | None = None
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
        self._files: FileWatch | None = None
        self._processes: LocalExecutor | None = None
        self._removals: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()
        self._cut_short: list[str] = []
        self._origin: Origin | None = None
        self.socket = ""
        """Where the control server listens; set by whoever runs one."""
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
            engine._origin = Origin(Path(job_file.path), dict(os.environ), given)
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
        self._begin_telling(stored)
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
        self._watch_files()

    def _watch_files(self) -> None:
        """Let what jobs watch be watched; to be called when jobs have come or gone."""
        state, facts = self._turn.state, self._turn.state.facts
        wanted = {
            job.id: (job.spec.watch, facts.get(CHANGES + job.id, ""))
            for job in state.listed_jobs()
            if job.spec.watch is not None
        }
        if not wanted and self._files is None:
            return
        if self._files is None:
            loop = asyncio.get_running_loop()

            def tell(seen: Seen) -> None:
                with contextlib.suppress(RuntimeError):  # the loop is gone, and the engine with it
                    loop.call_soon_threadsafe(self._files_changed, seen)

            self._files = FileWatch(tell, lambda fault: _soon(loop, self._loop.fail, fault))
        self._files.set(wanted)

    def _files_changed(self, seen: Seen) -> None:
        job = self._turn.state.jobs.get(seen.job)
        if job is not None and not self._stopped.is_set():
            self._loop.act(
                lambda turn: files_changed(turn, job, seen.text, changed=seen.changed), lambda _: None, lambda _: None
            )

    def _failed(self, fault: EngineFault) -> None:
        """The loop has ended: so does everything else, as by a crash, but for those who wait, who are told."""
        self._fault = fault
        self._box.close(fault)
        lookers, self._lookers = self._lookers, []
        for future in lookers:
            if not future.done():
                future.set_exception(fault)
                future.exception()  # whoever gave up waiting need not be warned
        self._ending = asyncio.get_running_loop().create_task(self.close())

    def _begin_telling(self, stored: Stored) -> None:
        """Alerts go to their notifiers from here on; first those that the last engine could not hand over."""
        state = self._turn.state
        state.pings = _pings(self._notifiers)
        kept = {int(name.removeprefix(ALERT)): text for name, text in stored.facts.items() if name.startswith(ALERT)}
        state.alert_no = max(kept, default=0)
        if not (self._notifiers or kept or state.spec.heartbeat):
            return
        self._tell_by(self._notifiers).put([(number, Alert.from_text(text)) for number, text in sorted(kept.items())])

    def _tell_by(self, notifiers: Mapping[str, Notifier]) -> Deliverer:
        """These are the notifiers now."""
        if self._deliverer is None:
            state = self._turn.state
            self._deliverer = Deliverer(
                notifiers, state.spec.heartbeat, lambda number: self._loop.remember(f"{ALERT}{number}", "")
            )
            self._loop.on_alerts = self._deliverer.put
        else:
            self._deliverer.change(notifiers)
        return self._deliverer

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
            await self._until(
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
        if self._files is not None:
            await asyncio.to_thread(self._files.close)
        if self._deliverer is not None:
            await self._deliverer.close()
            if self._fault is None:
                await self._until(lambda: self._loop.settled or self._loop.trouble is not None)
        self._box.close(_ENDED)
        self.turned()
        await self._upkeep.close()
        await self._executor.close()
        await asyncio.to_thread(self._store.close)
        self._clock.close()
        if self._monitor is not None:
            await asyncio.to_thread(self._monitor.close)
        if self._temporary is not None and self._turn.state.taken == len(self._turn.state.lingering):
            await asyncio.to_thread(shutil.rmtree, self._temporary, ignore_errors=True)

    # -- jobs come and go ----------------------------------------------------------------------------------------

    def add(self, spec: JobSpec) -> Job:
        """A new job, from now on. Refused whole: ValueError (id taken, bad schedule, unknown need or pool), RuntimeError
        after `shutdown`.

        A job that runs a command is kept over restarts of an engine with a `state_dir`; one that calls a function is
        not, since no other process could find the function again: add it anew each time.
        """
        return self._add([spec])[0]

    def load(self, path: Path | str) -> Sequence[Job]:
        """Add the jobs of a job file, all or none; before the start its `engine:` settings hold as well.

        ValueError with every problem of the file, one a line; else as `add`. Jobs that came from a file are not kept
        over restarts: the file is, load it again.
        """
        loaded = read_file(Path(path), os.environ)
        if loaded.file is None:
            raise ValueError(render(loaded.diagnostics, loaded.lines))
        return self._take(loaded.file)

    def _take(self, job_file: JobFile) -> Sequence[Job]:
        if self._phase is Phase.NEW:
            settings = job_file.engine
            if self._max_running is not None:
                settings = replace(settings, max_running=self._max_running)
            self._turn.state.spec = settings
            self._turn.ready = ReadyQueue(settings.ageing, self._turn.state.pools)
            self._zone = settings.timezone or self._zone
            self._file = replace(job_file, engine=settings, jobs=())
        state = self._turn.state
        if self._phase is not Phase.STARTED:
            self._notifiers |= job_file.notifiers
        state.calendars = {**job_file.calendars, **state.calendars}
        state.blackouts = tuple(sorted({*state.blackouts, *job_file.blackouts}, key=lambda span: span.start))
        if self._phase is Phase.STARTED and job_file.blackouts:
            self._loop.act(take_edge, lambda _: None, lambda _: None)
        pools = state.pools
        new = {name: pool for name, pool in job_file.pools.items() if name not in pools}
        pools.update(new)
        try:
            return self._add(job_file.jobs, kept=False, checked=True)
        except (ValueError, RuntimeError):
            for name in new:
                del pools[name]
            raise

    async def add_file(self, path: Path) -> Sequence[str]:
        """See `engine.api`."""
        state = self._turn.state
        host = Host(
            self._file.engine,
            frozenset(state.blackouts),
            frozenset(state.pools),
            frozenset(state.calendars),
            frozenset(self._notifiers),
            self._members.own,
            self._members.accounts,
        )
        file = await asyncio.to_thread(read_added, path, dict(os.environ), host)
        new = [
            spec for spec in file.jobs if (job := state.jobs.get(spec.id)) is None or job.spec != spec or not job.listed
        ]
        if not new:
            return ()
        deed = self._deed("add", ", ".join(spec.id for spec in new), {"path": str(path)})
        try:
            self._add(new, checked=True, deed=deed)
        except RuntimeError as over:
            raise Refused(RefusedCode.SHUTTING_DOWN, str(over)) from None
        except ValueError as taken:
            raise Refused(RefusedCode.STATE, str(taken), "`remove` it first, or give the new one another id") from None
        await self._box.change(lambda _: None)  # on record
        return tuple(spec.id for spec in new)

    def _add(
        self, specs: Sequence[JobSpec], *, kept: bool = True, checked: bool = False, deed: Deed | None = None
    ) -> Sequence[Job]:
        """`checked`: the job file's loader has seen that the schedules can be planned."""
        turn = self._turn
        if self._phase is Phase.OVER or turn.state.draining:
            raise RuntimeError("the engine is shut down; nothing can be added")
        check_new(turn, specs, self._zone, plans=not checked)
        if self._phase is Phase.NEW:
            return self._members.enlist([add_job(turn, spec) for spec in specs])
        check_needs(specs, lambda job_id: (job := turn.state.jobs.get(job_id)) is not None and job.listed)
        if kept:
            for name, text in self._members.keep(specs).items():
                self._loop.remember(name, text)
        for spec in specs:
            self._loop.tell(JobAdded, job=spec.id)
        joining = self._members.joining(specs, self._zone)
        joined = self._loop.act_now(joining, (deed or self._deed("add", specs[0].id)) if kept else None)
        self._watch_files()
        return self._members.enlist(joined)

    async def place_of(self, job_id: str) -> FilePlace:
        """See `engine.api`."""
        return await asyncio.to_thread(self._own_file().place_of, job_id)

    async def file_changes(self) -> FileChanges:
        """See `engine.api`."""
        return (await self._read_anew()).changes

    async def reload(self, digest: str | None = None, *, confirmed: bool = False, stop: bool = False) -> FileChanges:
        """See `engine.api`."""
        async with self._reloading:  # else what was read first might be taken last
            return await self._reload(digest, confirmed=confirmed, stop=stop)

    async def _reload(self, digest: str | None, *, confirmed: bool, stop: bool) -> FileChanges:
        reload = await self._read_anew()
        changes = reload.changes
        if digest not in {None, changes.digest}:
            raise Refused(RefusedCode.CHANGED, f"{changes.path} was written again since it was shown", "look again")
        if changes.nothing:
            self._loop.act_now(reload.own)
            self._members.arrange(self._turn.state.jobs)
            return changes
        if changes.asks and not confirmed:
            raise Refused(
                RefusedCode.CONFIRM, f"{changes.path}: {changes.summary()}", "`reload --yes` does it, or mend the file"
            )
        deed = self._deed("reload", "", {"path": changes.path, "changes": changes.summary()})
        if self._file.notifiers != reload.file.notifiers:
            self._notifiers = dict(reload.file.notifiers)
            self._turn.state.pings = _pings(self._notifiers)
            self._tell_by(self._notifiers)
        joined = self._loop.act_now(lambda turn: reload.perform(turn, stop=stop), deed)
        self._file = replace(reload.file, jobs=())
        self._members.strike(set(changes.removed))
        self._members.enlist(joined)
        self._members.arrange(self._turn.state.jobs)
        for job_id in changes.added:
            self._loop.tell(JobAdded, job=job_id)
        for job_id in changes.removed:
            self._loop.tell(JobRemoved, job=job_id)
            self._forget_later(self._turn.state.jobs[job_id])
        self._executor.submit([Limit(self._turn.state.spec.max_running)])
        self._watch_files()
        await self._box.change(lambda _: None)  # on record
        return changes

    async def _read_anew(self) -> Reload:
        there = {job.id: job.spec for job in self._turn.state.listed_jobs()}
        reading = await asyncio.to_thread(self._own_file().read, there)
        if self._phase is Phase.OVER or self._turn.state.draining:
            raise Refused(RefusedCode.SHUTTING_DOWN, "the engine is shut down; nothing can be changed")
        return Reload(self._file, reading, self._members, self._turn, self._zone)

    def _own_file(self) -> Origin:
        if self._origin is None:
            raise Refused(
                RefusedCode.STATE, "this engine was not made from a job file", "`add` and `remove` change its jobs"
            )
        return self._origin

    async def remove(self, job_id: str, running: str = "drain", *, wait: bool = True) -> None:
        """See `engine.api`."""
        if running not in {"drain", "stop"}:
            raise ValueError(f"running is {running!r}, not drain or stop")
        deed = self._deed("remove", job_id, {"running": running})

        subject = await self._box.change(self._members.removing(job_id, stop=running == "stop"), deed)
        self._members.strike({job_id})
        self._loop.tell(JobRemoved, job=job_id)
        self._watch_files()
        if wait:
            await self._forget_when_gone(subject)
            return
        self._forget_later(subject)

    def _forget_later(self, subject: JobSubject) -> None:
        task = asyncio.get_running_loop().create_task(self._forget_when_gone(subject))
        self._removals.add(task)
        task.add_done_callback(self._removal_over)

    def _removal_over(self, task: asyncio.Task[None]) -> None:
        self._removals.discard(task)
        if not task.cancelled():
            task.exception()  # the engine has ended before the job's runs: the next one sees them to their end

    async def _forget_when_gone(self, subject: JobSubject) -> None:
        await self._until(lambda: is_gone(subject) and self._loop.settled)
        await self._box.change(lambda turn: forget_job(turn, subject))
        self._members.remember(subject)

    async def wait_idle(self) -> None:
        """Returns when nothing runs, waits or is scheduled any more, and that is on record (a campaign is then over)."""
        await self._until(lambda: self._loop.turn.state.nothing_left() and self._loop.settled)
        self._loop.remember(CAMPAIGN, "done")
        await self._until(lambda: self._loop.settled)

    async def wait_stopped(self) -> None:
        """Returns when the engine has ended, whoever ended it. EngineFault when a fault of its own did."""
        await self._stopped.wait()
        if self._fault is not None:
            raise self._fault

    @property
    def bad_ends(self) -> int:
        """Runs since the start that make a campaign a failure (exit code 1)."""
        return self._loop.turn.state.bad_ends

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Look again after every tick of the loop until the condition holds."""
        while not holds():
            if self._fault is not None:
                raise self._fault
            if self._box.closed:
                raise _ENDED
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
        for run in runs:
            if run.reason is not None and run.reason.because is Because.SHUTDOWN:
                self._cut_short.append(run.run_id)
        if self._monitor is not None:
            for run in runs:
                self._monitor.give(run_record(run, self._clock.now(), self._host))

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
        return self._members.handles

    def job(self, job_id: str) -> Job:
        """See `engine.api`."""
        return self._members.by_id[job_id]

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
        rest.sort(key=lambda run: order_key(run, turn.ready.ageing, turn.ready.pools))
        return [Run(run, self._box, self._host) for run in (*on_the_way, *ready, *rest)]

    def status(self) -> EngineStatus:
        """See `engine.api`."""
        state = self._loop.turn.state
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
                    f"{job_id} of the file was removed; `ctl add` brings it back"
                    for job_id in sorted(self._members.removed)
                ),
                *map(hold_text, self._turn.state.holds.values()),
                *(self._deliverer.warnings if self._deliverer is not None else ()),
                *self._upkeep.warnings,
                *((self._loop.trouble,) if self._loop.trouble else ()),
            ),
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

    def subscribe(self, after: int | None = None) -> Subscription:
        """What happens from now on, or after the event of that number (0: all that are kept): an async iterator.

        The events are those of `engine.model.events`. It ends with the engine; leave it early by `close` or `async with`.
        A reader that is too slow gets a `Resync`.
        """
        return self._loop.events.subscribe(after, self._clock.now())

    async def attach(self, run_id: str, facts: Mapping[str, object]) -> None:
        """Put facts on the record of a run, under way or over; a later value of a name wins, None removes it once it is over.

        KeyError: no such run. TypeError, ValueError: no JSON, or more than `DATA_LIMIT` bytes of it.
        """
        text = json.dumps(dict(facts), allow_nan=False)
        if len(text) > DATA_LIMIT:
            raise ValueError(f"the facts of a run may have {DATA_LIMIT} bytes as JSON")
        copied = json.loads(text)
        state = self._loop.turn.state
        lingering = {run.run_id: run for run in state.lingering.values()}
        if run_id not in state.runs and run_id not in lingering and await self._store.find(run_id) is None:
            raise KeyError(run_id)

        def act(turn: Turn) -> None:
            run = turn.state.runs.get(run_id) or lingering.get(run_id)
            if run is None:
                turn.fx.attached.append((run_id, text))
            else:
                run.facts = {**run.facts, **copied}
                turn.fx.save(run)

        self._loop.tell(FactsAttached, job=job_of(run_id), run_id=run_id, facts=copied)
        await self._box.change(act)

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

    def find(self, *, tag: str | None = None, status: JobStatus | None = None) -> Sequence[Job]:
        """Jobs with this tag and this status."""
        return [
            job
            for job in self._members.handles
            if (tag is None or tag in job.tags) and (status is None or job.status is status)
        ]

    async def hold(self, reason: str = "", for_seconds: float | None = None, *, tag: str | None = None) -> Undo:
        """See `engine.api`."""
        target = "" if tag is None else f"tag:{tag}"
        deed = self._deed("hold", target, {"for": for_seconds}, reason)
        scope = EVERYTHING if tag is None else tag
        await self._box.change(lambda turn: hold(turn, scope, for_seconds, by=deed.who, reason=reason), deed)
        return Undo("release", target)

    async def release(self, *, tag: str | None = None) -> None:
        """See `engine.api`."""
        deed = self._deed("release", "" if tag is None else f"tag:{tag}")
        await self._box.change(lambda turn: release(turn, EVERYTHING if tag is None else tag), deed)

    async def rerun(self, target: str) -> str:
        """See `engine.api`."""
        run_id = target if ":" in target else self._newest_run(target)
        record = await self._records.known(run_id)
        deed = self._deed("rerun", run_id, state=record.outcome or record.state)
        given = await self._store.given(run_id)
        return await self._box.change(
            lambda turn: rerun(turn, run_id, record.job, record.planned_at, given).run_id, deed
        )

    async def ack(self, target: str, reason: str = "") -> int:
        """See `engine.api`."""
        found = [await self._records.known(target)] if ":" in target else await self.inbox(job=target, limit=MOST_ACKS)
        deed = self._deed("ack", target, {}, reason)
        return await self._box.change(lambda turn: ack(turn, target, found, by=deed.who, reason=reason), deed)

    async def inbox(self, *, job: str | None = None, limit: int = 100) -> Sequence[RunRecord]:
        """See `engine.api`."""
        return await self._records.inbox(job=job, limit=limit)

    async def days(self, *, job: str | None = None, count: int = 30) -> Sequence[DayRecord]:
        """See `engine.api`."""
        return await self._records.days(job=job, count=count)

    async def backup(self, path: Path) -> int:
        """See `engine.api`."""
        if not path.is_absolute():
            raise ValueError(f"{path} is not an absolute path")
        deed = self._deed("backup", "", {"path": str(path)})
        try:
            size = await self._store.backup(path, self._clock.now())
        except FileExistsError:
            raise Refused(RefusedCode.STATE, f"{path} exists already", "name a file that does not") from None
        except OSError as error:
            raise Refused(RefusedCode.STATE, f"no copy was made: {error}") from None
        await self._box.change(lambda _: None, deed)
        return size

    async def audit(self, *, since: Instant | None = None, limit: int = 100) -> Sequence[AuditRecord]:
        """See `engine.api`."""
        return await self._records.audit(since=since, limit=limit)

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

    async def undo(self, undo: Undo) -> None:
        """See `engine.api`."""
        await take_back(self, undo)

    def _newest_run(self, job_id: str) -> str:
        if job_id not in self._members.by_id:
            raise Refused(RefusedCode.UNKNOWN_ID, f"no job {job_id!r}", "`ctl list` shows the ids")
        newest = self._members.by_id[job_id].last_run_id
        if newest is None:
            raise Refused(RefusedCode.STATE, f"{job_id} has not run yet", f"`trigger {job_id}` starts it")
        return newest

    async def record(self, run_id: str) -> RunRecord | None:
        """See `engine.api`."""
        return await self._records.record(run_id)

    def _deed(
        self,
        verb: str,
        target: str,
        arguments: Mapping[str, Json] = NONE,
        reason: str = "",
        *,
        state: str | None = None,
    ) -> Deed:
        run_id = target if ":" in target and not target.startswith("tag:") else None
        return Deed(
            who=actor(), verb=verb, target=target, arguments=arguments, run_id=run_id, state=state, reason=reason
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


def _pings(notifiers: Mapping[str, Notifier]) -> frozenset[str]:
    """Those that are told of every run."""
    return frozenset(name for name, one in notifiers.items() if isinstance(one, ByPing))


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[Exception], None], fault: Exception) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is gone, and the engine with it
        loop.call_soon_threadsafe(call, fault)
