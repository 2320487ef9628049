"""Reload: the engine's own job file as it stands there now, what of it differs, and the change that brings it in.

The file is read by whoever asks, and once more before anything changes: what is done is what was shown, or nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Final, TypeVar

from engine.core.blackouts import take_edge
from engine.core.changes import FACT as CHANGES
from engine.core.state import Job as JobSubject
from engine.core.state import State
from engine.core.turn import Turn
from engine.core.verbs.reload import arrange, change
from engine.core.verbs.remove import remove_job
from engine.errors import BadJobFile, Refused, RefusedCode
from engine.facade.members import ADDED, REMOVED, Members
from engine.jobfile import load, render
from engine.jobfile.words import flow, in_words
from engine.model.file_changes import FileChanges, FilePlace, JobChange, ValueChange
from engine.spec.config import EngineSpec, JobFile, PoolSpec
from engine.values import lean

AT_START: Final = frozenset(
    {"name", "timezone", "ageing", "heartbeat", "on_term", "on_quit", "state_dir", "on_lost_state"}
)
"""Keys of `engine:` that are looked at when the engine starts, or belong to whoever runs it."""


@lean(frozen=True, slots=True)
class Origin:
    """How the engine's job file is read: where it is, the environment, values for parameters."""

    path: Path
    environ: Mapping[str, str]
    given: Mapping[str, str]

    def read(self) -> JobFile:
        """The file as it stands there now. BadJobFile. May take a while."""
        loaded = load(self.path, self.environ, given=self.given)
        if loaded.file is None:
            raise BadJobFile(str(self.path), render(loaded.diagnostics, loaded.lines), "nothing was changed")
        return loaded.file

    def place_of(self, job_id: str) -> FilePlace:
        """Where the job stands, in however bad a file. May take a while."""
        found = load(self.path, self.environ, given=self.given).resolved.get(job_id)
        if found is None:
            return FilePlace(str(self.path), 1)
        written = found.written
        return FilePlace(os.path.abspath(written.source.name), written.key.line)  # noqa: PTH100 - symlinks stay


def compare(old: JobFile, new: JobFile, members: Members, state: State) -> FileChanges:
    """What differs between what the engine has and `new`; `old` without its jobs. Jobs that were removed at run time stay so."""
    wanted = {spec.id: spec for spec in new.jobs if spec.id not in members.removed}
    there = {job.id: job.spec for job in state.listed_jobs()}
    calendars = {
        name for name in {*old.calendars, *new.calendars} if old.calendars.get(name) != new.calendars.get(name)
    }
    added = [job_id for job_id in wanted if job_id not in there]
    changed = [
        JobChange(job_id, _values(in_words(there[job_id]), in_words(spec)))
        for job_id, spec in wanted.items()
        if job_id in there and (spec != there[job_id] or not calendars.isdisjoint({spec.calendar, spec.except_}))
    ]
    settings = [*_engine(old.engine, new.engine), *_maps(old, new)]
    return FileChanges(
        path=new.path,
        digest=hashlib.sha256(repr(new).encode(errors="surrogatepass")).hexdigest()[:16],
        added=tuple(added),
        at_once=tuple(job_id for job_id in added if wanted[job_id].one_shot and wanted[job_id].enabled),
        removed=tuple(job_id for job_id in there if job_id in members.own and job_id not in wanted),
        changed=tuple(changed),
        settings=tuple(settings),
        after_restart=tuple(one.key for one in settings if one.key.removeprefix("engine.") in AT_START),
    )


def _values(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[ValueChange, ...]:
    return tuple(
        ValueChange(key, _text(before.get(key)), _text(after.get(key)))
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    )


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool() | int() | float() | str() | list() | dict():
            return flow(value)
        case _:
            return str(value)


def _engine(old: EngineSpec, new: EngineSpec) -> list[ValueChange]:
    return [
        ValueChange(f"engine.{field.name}", _text(before), _text(after))
        for field in fields(EngineSpec)
        if (before := getattr(old, field.name)) != (after := getattr(new, field.name))
    ]


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
        found += [
            ValueChange(f"{what}.{name}", None if before is None else "as it was", None if after is None else "anew")
            for name, before, after in pairs
            if before != after
        ]
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

    def __init__(self, old: JobFile, new: JobFile, members: Members, turn: Turn, zone: str) -> None:
        """Refused: a job that stays needs one that goes, a job of a new id is still being removed."""
        self.changes = compare(old, new, members, turn.state)
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
                    f"`remove {job.id}` first",
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
        state.spec = file.engine
        state.calendars = file.calendars
        _take_pools(state, file)
        new = members.join(turn, self._new)
        change(turn, self._changed, new, self._zone)
        todo = list(self.changes.removed)
        while todo:  # first those that nobody needs: what needs a job that goes, goes as well
            for job_id in [job_id for job_id in todo if not state.jobs[job_id].needed_by]:
                todo.remove(job_id)
                remove_job(turn, job_id, stop=stop)
                turn.fx.facts[CHANGES + job_id] = ""
                state.facts.pop(CHANGES + job_id, None)
        came, gone = members.own_anew(file)
        turn.fx.facts.update({f"{REMOVED}{job_id}": "" for job_id in gone})
        turn.fx.facts.update(
            {f"{ADDED}{job_id}": "" for job_id in came}
        )  # if it was added at run time, it is the file's now
        arrange(turn, [spec.id for spec in file.jobs])
        if state.blackouts != file.blackouts:
            state.blackouts = file.blackouts
            take_edge(turn)
        return new


def _take_pools(state: State, file: JobFile) -> None:
    """In place: the ready queue has the same. A pool that is not in the file any more stays while somebody takes of it."""
    users = [*(job.spec for job in state.jobs.values()), *(run.spec for run in state.runs.values())]
    used = {name for spec in users for name in spec.pools}
    for name in [name for name in state.pools if name not in file.pools and name not in used]:
        del state.pools[name]
    state.pools.update(file.pools)
