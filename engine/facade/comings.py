"""Jobs come and go: added by a program or a file, removed, and all of them at once by a reload."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.core.blackouts import take_edge
from engine.core.boot import add_job
from engine.core.ready import ReadyQueue
from engine.core.state import Job as JobSubject
from engine.core.verbs.add import check_needs, check_new
from engine.core.verbs.remove import forget_job, is_gone
from engine.errors import Refused, RefusedCode, typed
from engine.facade.added_file import Host, read_added
from engine.facade.following import Following, watch_of
from engine.facade.job import Job
from engine.facade.parts import Parts, Phase
from engine.facade.reloading import Origin, Reload
from engine.jobfile import load as read_file
from engine.jobfile import render
from engine.model.audit import Deed
from engine.model.events import JobAdded, JobRemoved
from engine.model.file_changes import FileChanges, FilePlace
from engine.ports.executor import Limit
from engine.spec.config import JobFile, OnFileChange
from engine.spec.job import JobSpec


class Comings(Parts):
    """What changes which jobs an engine has."""

    def __init__(self) -> None:
        self._removals: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()
        self._following = None

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
            remedy = f"{typed('remove', 'ID')} takes the old one away, or give the new one another id"
            raise Refused(RefusedCode.STATE, str(taken), remedy) from None
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
        self._watched.look_again()
        return self._members.enlist(joined)

    async def place_of(self, job_id: str | None) -> FilePlace:
        """See `engine.api`."""
        return await asyncio.to_thread(self._own_file().place_of, job_id)

    async def file_changes(self) -> FileChanges:
        """See `engine.api`."""
        return (await self._read_anew()).changes

    async def reload(self, digest: str | None = None, *, confirmed: bool = False, stop: bool = False) -> FileChanges:
        """See `engine.api`."""
        async with self._reloading:  # else what was read first might be taken last
            return await self._reload(digest, confirmed=confirmed, stop=stop)

    def follow_file(self) -> None:
        """From now on read the job file anew whenever it was written, since the engine was made; what asks for nobody's yes is
        taken, and what came of it is `status().job_file_news`. Refused: there is none."""
        origin = self._own_file()
        following = self._following = Following(self.reload, self._clock)
        self._watched.follow(watch_of(self._file), origin.looked, following.written)

    def _taken(self, file: JobFile, *, changed: bool) -> None:
        """`changed`: the engine goes by something else from now on; if not, the file says again what it went by all along."""
        self._file = replace(file, jobs=())
        if (following := self._following) is None:
            return
        self._watched.follow(watch_of(file), "", following.written)
        if changed or following.waits:
            following.news = None

    async def _reload(self, digest: str | None, *, confirmed: bool, stop: bool) -> FileChanges:
        reload = await self._read_anew()
        changes = reload.changes
        if digest not in {None, changes.digest}:
            raise Refused(RefusedCode.CHANGED, f"{changes.path} was written again since it was shown", "look again")
        if changes.nothing:
            self._loop.act_now(reload.own)
            self._taken(reload.file, changed=False)
            self._members.arrange(self._turn.state.jobs)
            return changes
        if changes.asks and not confirmed:
            raise Refused(
                RefusedCode.CONFIRM,
                f"{changes.path}: {changes.summary()}",
                f"{typed('reload', '--yes')} does it, or mend the file",
            )
        deed = self._deed("reload", "", {"path": changes.path, "changes": changes.summary()})
        if self._file.notifiers != reload.file.notifiers:
            self._notifiers = dict(reload.file.notifiers)
            self._alerting.change(self._notifiers)
        joined = self._loop.act_now(lambda turn: reload.perform(turn, stop=stop), deed)
        self._taken(reload.file, changed=True)
        self._members.strike(set(changes.removed))
        self._members.enlist(joined)
        self._members.arrange(self._turn.state.jobs)
        for job_id in changes.added:
            self._loop.tell(JobAdded, job=job_id)
        for job_id in changes.removed:
            self._loop.tell(JobRemoved, job=job_id)
            self._forget_later(self._turn.state.jobs[job_id])
        self._executor.submit([Limit(self._turn.state.spec.max_running)])
        self._watched.look_again()
        await self._box.change(lambda _: None)  # on record
        return changes

    async def _read_anew(self) -> Reload:
        if self._turn.state.spec.reload is OnFileChange.OFF:
            raise Refused(
                RefusedCode.STATE, "the job file says `reload: off`", "what else it says holds from the next start on"
            )
        there = {job.id: job.spec for job in self._turn.state.listed_jobs()}
        reading = await asyncio.to_thread(self._own_file().read, there)
        if self._phase is Phase.OVER or self._turn.state.draining:
            raise Refused(RefusedCode.SHUTTING_DOWN, "the engine is shut down; nothing can be changed")
        return Reload(self._file, reading, self._members, self._turn, self._zone)

    def _own_file(self) -> Origin:
        if self._origin is None:
            remedy = f"{typed('add', 'FILE')} and {typed('remove', 'ID')} change its jobs"
            raise Refused(RefusedCode.STATE, "this engine was not made from a job file", remedy)
        return self._origin

    async def remove(self, job_id: str, running: str = "drain", *, wait: bool = True) -> None:
        """See `engine.api`."""
        if running not in {"drain", "stop"}:
            raise ValueError(f"running is {running!r}, not drain or stop")
        deed = self._deed("remove", job_id, {"running": running})

        subject = await self._box.change(self._members.removing(job_id, stop=running == "stop"), deed)
        self._members.strike({job_id})
        self._loop.tell(JobRemoved, job=job_id)
        self._watched.look_again()
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
        await self._box.until(lambda: is_gone(subject) and self._loop.settled)
        await self._box.change(lambda turn: forget_job(turn, subject))
        self._members.remember(subject)
