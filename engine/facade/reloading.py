"""Reload: the engine's own job file as it stands there now, what of it differs, and the change that brings it in.

The file is read by whoever asks, and once more before anything changes: what is done is what was shown, or nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Final, TypeVar

from engine.core.blackouts import take_edge
from engine.core.state import Job as JobSubject
from engine.core.state import State
from engine.core.turn import Turn
from engine.core.verbs.reload import arrange, change
from engine.core.verbs.remove import remove_job
from engine.errors import BadJobFile, Refused, RefusedCode, typed
from engine.facade.members import ADDED, REMOVED, Members
from engine.jobfile import load, render
from engine.jobfile.words import flow, in_words
from engine.model.file_changes import FileChanges, FilePlace, JobChange, ValueChange
from engine.spec.config import Ageing, EngineSpec, History, JobFile, PoolSpec
from engine.spec.job import JobSpec
from engine.values import lean

AT_START: Final = frozenset(
    {"name", "timezone", "ageing", "heartbeat", "on_term", "on_quit", "reload", "state_dir", "on_lost_state"}
)
"""Keys of `engine:` that are looked at when the engine starts, or belong to whoever runs it."""


@lean(frozen=True, slots=True)
class Origin:
    """How the engine's job file is read: where it is, the environment, values for parameters."""

    path: Path
    environ: Mapping[str, str]
    given: Mapping[str, str]
    looked: str = ""
    """What its files looked like when the engine took them, for whoever follows them (`file_scan.to_text`)."""

    def read(self, there: Mapping[str, JobSpec]) -> Reading:
        """The file as it stands there now, beside the jobs that are there. BadJobFile. May take a while."""
        loaded = load(self.path, self.environ, given=self.given)
        if loaded.file is None:
            raise BadJobFile(str(self.path), render(loaded.diagnostics, loaded.lines), "nothing was changed")
        return reading(loaded.file, there)

    def place_of(self, job_id: str | None) -> FilePlace:
        """Where the job stands, in however bad a file. May take a while."""
        found = None if job_id is None else load(self.path, self.environ, given=self.given).resolved.get(job_id)
        if found is None:
            return FilePlace(str(self.path), 1)
        written = found.written
        return FilePlace(os.path.abspath(written.source.name), written.key.line)  # noqa: PTH100 - symlinks stay


@lean(frozen=True, slots=True)
class Reading:
    """A file that was read, and what takes long to say of it and needs no loop."""

    file: JobFile
    digest: str
    there: Mapping[str, JobSpec]
    """The specs that it was read beside."""
    values: Mapping[str, tuple[ValueChange, ...]]
    """What differs, of jobs that do."""

    def differences(self, before: JobSpec, after: JobSpec) -> tuple[ValueChange, ...] | None:
        """None: it is the same job."""
        if self.there.get(after.id) is before:
            return self.values.get(after.id)
        return None if before == after else _values(before, after)


def reading(file: JobFile, there: Mapping[str, JobSpec]) -> Reading:
    """Beside the specs of the jobs that are there. May take a while."""
    digest = hashlib.sha256(repr(file).encode(errors="surrogatepass")).hexdigest()[:16]
    others = [(old, spec) for spec in file.jobs if (old := there.get(spec.id)) is not None and old != spec]
    return Reading(file, digest, there, {spec.id: _values(old, spec) for old, spec in others})


def compare(old: JobFile, reading: Reading, members: Members, state: State) -> FileChanges:
    """What differs between what the engine has and what was read; `old` without its jobs. Jobs that were removed at run time
    stay so, unless one that is in the file needs them."""
    new, gone = reading.file, members.stay_removed(reading.file)
    wanted = {spec.id: spec for spec in new.jobs if spec.id not in gone}
    jobs = {job.id: job for job in state.listed_jobs()}
    there = {job.id: job.spec for job in jobs.values()}
    calendars = {
        name for name in {*old.calendars, *new.calendars} if old.calendars.get(name) != new.calendars.get(name)
    }
    added = [job_id for job_id in wanted if job_id not in there]
    changed: list[JobChange] = []
    for job_id, spec in wanted.items():
        if (before := there.get(job_id)) is None:
            continue
        values = reading.differences(before, spec)
        if values is not None or not calendars.isdisjoint({spec.calendar, spec.except_}):
            changed.append(JobChange(job_id, values or ()))
    settings = [*_engine(old.engine, new.engine), *_maps(old, new)]
    return FileChanges(
        path=new.path,
        digest=reading.digest,
        added=tuple(added),
        at_once=(
            *(job_id for job_id in added if wanted[job_id].one_shot and wanted[job_id].enabled),
            *(one.id for one in changed if _becomes_one_shot(jobs[one.id], wanted[one.id])),
        ),
        removed=tuple(job_id for job_id in there if job_id in members.own and job_id not in wanted),
        changed=tuple(changed),
        settings=tuple(settings),
        after_restart=tuple(one.key for one in settings if one.key.removeprefix("engine.") in AT_START),
    )


def _becomes_one_shot(job: JobSubject, spec: JobSpec) -> bool:
    """One that has never been due, and was none or disabled: nobody has seen it run by itself."""
    enabled = spec.enabled if job.enabled_set is None else job.enabled_set
    begun = job.planned_until is not None or job.active or job.queue
    return spec.one_shot and enabled and not (begun or (job.spec.one_shot and job.enabled))


def _values(before: JobSpec, after: JobSpec) -> tuple[ValueChange, ...]:
    old, new = in_words(before), in_words(after)
    differ = [
        ValueChange(key, _text(old.get(key)), _text(new.get(key)))
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    ]
    named = {one.key for one in differ}
    if "env_file" not in named and _from_files(before) != _from_files(after):
        differ.append(_otherwise("env_file", before, after))
    if "params" not in named and before.params != after.params:
        differ.append(_otherwise("params", before, after))
    return tuple(differ)


def _from_files(spec: JobSpec) -> Mapping[str, str]:
    return {name: value for name, value in spec.env.items() if name in spec.from_env_files}


def _otherwise(key: str, before: object, after: object) -> ValueChange:
    """That it is another, where what it is may be secret."""
    return ValueChange(key, None if before is None else "as it was", None if after is None else "anew")


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool() | int() | float() | str() | list() | dict():
            return flow(value)
        case tuple():
            return flow([str(one) for one in value])
        case Ageing() | History():
            return flow({field.name: getattr(value, field.name) for field in fields(value)})
        case _:
            return str(value)


def _engine(old: EngineSpec, new: EngineSpec) -> list[ValueChange]:
    found = [
        ValueChange(f"engine.{field.name}", _text(before), _text(after))
        for field in fields(EngineSpec)
        if (before := getattr(old, field.name)) != (after := getattr(new, field.name)) and field.name != "heartbeat"
    ]
    if old.heartbeat != new.heartbeat:
        found.append(_otherwise("engine.heartbeat", old.heartbeat, new.heartbeat))
    return found


def _maps(old: JobFile, new: JobFile) -> list[ValueChange]:
    """Pools with their slots; of calendars and notifiers only which are others: who is told how may be secret."""
    found = [
        ValueChange(f"pools.{name}", _slots(before), _slots(after))
        for name, before, after in _pairs(old.pools, new.pools)
        if before != after
    ]
    for what, pairs in {
        "calendars": _pairs(old.calendars, new.calendars),
        "notifiers": _pairs(old.notifiers, new.notifiers),
    }.items():
        found += [_otherwise(f"{what}.{name}", before, after) for name, before, after in pairs if before != after]
    if old.blackouts != new.blackouts:
        found.append(ValueChange("blackouts", str(len(old.blackouts)), str(len(new.blackouts))))
    return found


T = TypeVar("T")


def _pairs(old: Mapping[str, T], new: Mapping[str, T]) -> Iterator[tuple[str, T | None, T | None]]:
    return ((name, old.get(name), new.get(name)) for name in dict.fromkeys((*old, *new)))


def _slots(pool: PoolSpec | None) -> str | None:
    return None if pool is None else f"{pool.slots} by {pool.order}"


class Reload:
    """One reload, checked: the change to make on the loop, and what follows from it."""

    def __init__(self, old: JobFile, reading: Reading, members: Members, turn: Turn, zone: str) -> None:
        """Refused: a job that stays needs one that goes, a job of a new id is still being removed."""
        new = reading.file
        self.changes = compare(old, reading, members, turn.state)
        self.file = new
        self._members = members
        self._zone = zone
        by_id = {spec.id: spec for spec in new.jobs}
        self._new = [by_id[job_id] for job_id in self.changes.added]
        self._changed = [by_id[one.id] for one in self.changes.changed]
        self._check(turn)

    def _check(self, turn: Turn) -> None:
        gone = set(self.changes.removed)
        changed = {spec.id for spec in self._changed}
        for job in turn.state.listed_jobs():
            needed = gone & {need.job for need in job.spec.needs}
            if needed and job.id not in gone and job.id not in changed:
                raise Refused(
                    RefusedCode.STATE,
                    f"{min(needed)} is not in the file any more, and {job.id}, which was added at run time, needs it",
                    f"{typed('remove', job.id)} first",
                )
        for spec in self._new:
            known = turn.state.jobs.get(spec.id)
            if known is not None and known.removing:
                raise Refused(
                    RefusedCode.STATE,
                    f"{spec.id} is being removed, and the file has it again",
                    "wait for its runs to end",
                )
            if spec.was in gone:
                raise Refused(
                    RefusedCode.STATE,
                    f"{spec.id} was {spec.was}, and no job changes its id while the engine runs",
                    "start the engine again; runs of commands go on meanwhile",
                )

    def perform(self, turn: Turn, *, stop: bool) -> list[JobSubject]:
        """The change; to be made on the loop. Returns the jobs that came. `stop`: what runs of those that go is stopped."""
        state, file, members = turn.state, self.file, self._members
        state.spec = replace(file.engine, **{name: getattr(state.spec, name) for name in AT_START})
        state.calendars = file.calendars
        state.pools.update(file.pools)  # in place: the ready queue has the same
        new = members.join(turn, self._new)
        change(turn, self._changed, new, self._zone)
        todo = list(self.changes.removed)
        while todo:  # first those that nobody needs: what needs a job that goes, goes as well
            for job_id in [job_id for job_id in todo if not state.jobs[job_id].needed_by]:
                todo.remove(job_id)
                remove_job(turn, job_id, stop=stop)
        _drop_pools(state, file)
        self.own(turn)
        if state.blackouts != file.blackouts:
            state.blackouts = file.blackouts
            take_edge(turn)
        return new

    def own(self, turn: Turn) -> None:
        """The jobs of the engine's own file are those of this one, in its order. To be done even where nothing else differs."""
        came, gone = self._members.own_anew(self.file)
        turn.fx.facts.update({f"{REMOVED}{job_id}": "" for job_id in gone})
        # one that was added at run time is the file's now
        turn.fx.facts.update({f"{ADDED}{job_id}": "" for job_id in came})
        arrange(turn, [spec.id for spec in self.file.jobs])


def _drop_pools(state: State, file: JobFile) -> None:
    """A pool that is not in the file any more stays while somebody takes of it; the next reload looks again."""
    users = [*(job.spec for job in state.jobs.values()), *(run.spec for run in state.runs.values())]
    used = {name for spec in users for name in spec.pools}
    for name in [name for name in state.pools if name not in file.pools and name not in used]:
        del state.pools[name]
