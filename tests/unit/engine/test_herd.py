"""Thousands of jobs due at one instant: in slices, each once, whatever is lost in between."""

from __future__ import annotations

import pytest

from engine.core.verbs.trigger import trigger
from engine.runtime.flight import HERD
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, CronEntry, CronSchedule, JobSpec, Manual
from engine.testing import Bench
from engine.testing.executor import Act
from engine.testing.store import MemoryStore

MINUTELY = CronSchedule((CronEntry("* * * * *"),))
COUNT = 3 * HERD + 10


def herd(store: MemoryStore, *more: JobSpec) -> Bench:
    jobs = [JobSpec(id=f"j{number}", command=Argv(("true",)), schedule=MINUTELY) for number in range(COUNT)]
    file = JobFile(engine=EngineSpec(max_running=4), jobs=(*jobs, *more))
    return Bench(file, store=store, script=lambda _: Act(0.0))


def commit_all(b: Bench, store: MemoryStore) -> None:
    for _ in range(10_000):
        b.executor.play()
        b.settle()
        if not store.pending:
            return
        store.commit()


def test_each_of_a_herd_runs_once() -> None:
    """All of them, in the order of the file."""
    b = herd(MemoryStore())
    b.run_for(61)
    assert [launch.attempt for launch in b.executor.launched] == [f"j{number}:1.1" for number in range(COUNT)]
    assert {job.tally.success for job in b.state.jobs.values()} == {1}


@pytest.mark.parametrize("commits", [0, 1, 2, 5])
def test_a_crash_in_the_middle_of_a_herd_loses_and_repeats_nothing(commits: int) -> None:
    """What was not written yet is due again; what was written is not."""
    store = MemoryStore(at_once=False)
    b = herd(store)
    commit_all(b, store)
    b.clock.advance(b.clock.now() + 60_000_000)
    b.settle()
    for _ in range(commits):
        store.commit()
        b.settle()
    b.crash()
    commit_all(b, store)
    assert sorted(launch.attempt for launch in b.executor.launched) == sorted(f"j{n}:1.1" for n in range(COUNT))


def test_one_flight_takes_a_part_of_the_herd_and_what_cannot_wait_goes_first() -> None:
    """A run by hand is written with the next flight."""
    store = MemoryStore(at_once=False)
    b = herd(store, JobSpec(id="hand", command=Argv(("true",)), manual=Manual.ONLY))
    commit_all(b, store)
    b.clock.advance(b.clock.now() + 60_000_000)
    b.settle()
    b.loop.act(lambda turn: trigger(turn, "hand", bypass=False), lambda _: None, lambda _: None)
    b.settle()
    store.commit()  # the flight that was under way
    b.settle()
    first = len(store.runs)
    store.commit()
    assert first <= HERD + 60
    assert len(store.runs) <= 2 * (HERD + 60)
    assert any(row.job == "hand" for row in store.runs.values())
    commit_all(b, store)
    assert len(store.runs) == COUNT + 1
