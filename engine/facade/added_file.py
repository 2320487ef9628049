"""A job file whose jobs join a running engine: what such a file may hold.

Its jobs are kept in the store, everything else of an engine's configuration is not: so it may use pools, calendars and
notifiers that the engine has, and define none of its own. Nor may values from an `env_file` be stored. Whom its jobs
may run as, the engine's own file says: who may speak to the engine of root is not root.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.errors import BadJobFile
from engine.jobfile import load, render
from engine.spec.config import EngineSpec, JobFile
from engine.spec.when import Blackout
from engine.values import lean


@lean(frozen=True, slots=True)
class Host:
    """What the engine has: its settings and blackouts, names of pools, calendars and notifiers, and the jobs of its own file."""

    engine: EngineSpec
    blackouts: frozenset[Blackout]
    pools: frozenset[str]
    calendars: frozenset[str]
    notifiers: frozenset[str]
    own: frozenset[str]
    accounts: frozenset[tuple[str | None, str | None]]
    """The users and groups that jobs of its own file run as."""


def read_added(path: Path, environ: Mapping[str, str], host: Host) -> JobFile:
    """The file. BadJobFile. May take a while."""
    loaded = load(path, environ)
    file = loaded.file
    if file is None:
        raise BadJobFile(str(path), render(loaded.diagnostics, loaded.lines))
    problems: list[str] = []
    for what, names, known in (
        ("pools", file.pools, host.pools),
        ("calendars", file.calendars, host.calendars),
        ("notifiers", file.notifiers, host.notifiers),
    ):
        problems += [
            f"{what}.{name}: this engine has none of that name; define it in the engine's own job file"
            for name in names
            if name not in known
        ]
    if file.engine not in (EngineSpec(), host.engine):
        problems.append("engine: cannot be changed by a file that is added; remove it")
    if not host.blackouts.issuperset(file.blackouts):
        problems.append("blackouts: cannot be changed by a file that is added; remove them")
    problems += [
        f"jobs.{spec.id}.env_file: its values would have to be stored; let the job read the file, or use `secrets`"
        for spec in file.jobs
        if spec.id not in host.own and spec.from_env_files
    ]
    problems += [
        f"jobs.{spec.id}.{'user' if spec.user is not None else 'group'}: only who jobs of the engine's own file run as"
        " can be named by a file that is added"
        for spec in file.jobs
        if (spec.user, spec.group) not in host.accounts | {(None, None)}
    ]
    if problems:
        raise BadJobFile(str(path), "".join(f"{path}: error: {problem}\n" for problem in problems))
    return file
