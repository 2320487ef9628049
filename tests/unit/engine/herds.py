"""A dozen functions that are due together on a bench, in one line, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable

from engine.clock import SECOND
from engine.core.foretold import FORETOLD, LEAST
from engine.spec.command import Call
from engine.spec.config import EngineSpec, JobFile
from engine.spec.context import JobContext
from engine.spec.job import Argv, EverySchedule, JobSpec, Manual
from engine.testing import Bench
from engine.testing.clock import START
from engine.testing.executor import Act
from engine.testing.store import MemoryStore

EACH_MINUTE = EverySchedule(60.0, align=True)
NAMES = [f"f{number:02}" for number in range(LEAST + 2)]
FIRST = [f"{name}:1.1" for name in NAMES]
DUE = (START // (60 * SECOND) + 1) * 60 * SECOND


HAND = JobSpec(id="hand", command=Argv(("true",)), manual=Manual.ONLY)


def nothing(_context: JobContext) -> None:
    """A function; the executor of these tests calls none."""


def function(name: str, **fields: object) -> JobSpec:
    return JobSpec(id=name, command=Call(nothing), schedule=EACH_MINUTE, **fields)  # type: ignore[arg-type] # of many types


def herd(
    *more: JobSpec,
    store: MemoryStore | None = None,
    max_running: int = 40,
    seconds: float = 1.0,
    foretells: bool = True,
    names: Iterable[str] = NAMES,
    **fields: object,
) -> Bench:
    """A dozen functions that are due at each full minute."""
    jobs = (*(function(name, **fields) for name in names), *more)
    file = JobFile(engine=EngineSpec(max_running=max_running), jobs=jobs)
    return Bench(file, store=store, script=lambda _: Act(seconds), foretells=foretells)


def waiting_store() -> tuple[Bench, MemoryStore]:
    """All is on record a second before the herd is due; from then on nothing is until it is said."""
    store = MemoryStore(at_once=False)
    b = herd(store=store)
    commit_all(b, store)
    until(b, DUE - SECOND)
    commit_all(b, store)
    return b, store


def until(b: Bench, at: int) -> None:
    """Let time pass up to this instant, and everything happen that is due then."""
    b.run_for((at - b.now) / SECOND)


def commit_all(b: Bench, store: MemoryStore) -> None:
    while store.pending:
        store.commit()
        b.settle()


def begun(b: Bench) -> list[str]:
    return [launch.attempt for launch in b.executor.launched]


def foretold(b: Bench) -> list[str]:
    """The jobs that the store holds for foretold."""
    fact = b.store.facts.get(FORETOLD)
    return [] if not fact else sorted(json.loads(fact)["jobs"])


def facts(b: Bench) -> dict[str, list[str]]:
    return {job.id: b.fates(job.id) for job in b.state.jobs.values()}
