"""Between an occurrence and the planning of the next one: a turn without time left leaves the job there for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.clock import micros
from engine.core.verbs.stop import stop_run
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, DelaySchedule, EverySchedule, JobSpec, Overlap, Schedule
from engine.testing import Bench
from engine.testing.executor import Act
from engine.testing.store import MemoryStore


def bench(schedule: Schedule, store: MemoryStore | None = None, **fields: object) -> Bench:
    job = JobSpec(id="a", command=Argv(("true",)), schedule=schedule, **fields)  # type: ignore[arg-type] # of many types
    return Bench(JobFile(engine=EngineSpec(), jobs=(job,)), store=store, script=lambda _: Act(1.0))


@contextmanager
def no_time_left(b: Bench) -> Iterator[None]:
    """Turns that have used up their slice before they come to planning."""
    b.loop._plan_ahead = lambda until: None  # type: ignore[method-assign] # a turn of its own kind
    yield
    del b.loop._plan_ahead
    b.loop.wake()
    b.settle()


def commit_all(b: Bench, store: MemoryStore) -> None:
    b.settle()
    for _ in range(100):
        if not store.pending:
            return
        store.commit()
        b.settle()
    raise AssertionError("it never comes to rest")


def test_a_delay_that_begins_anew_meanwhile_is_due_again() -> None:
    """Its run is stopped before it has begun: the next one comes after the delay, planned or not."""
    store = MemoryStore(at_once=False)
    b = bench(DelaySchedule(5.0), store)
    commit_all(b, store)
    b.clock.advance(b.now + 1_000_000)
    b.executor.play()
    commit_all(b, store)
    with no_time_left(b):
        b.clock.advance(b.now + 5_000_000)
        b.settle()
        (run,) = [*b.job("a").queue, *b.active("a")]
        b.loop.act(lambda turn: stop_run(turn, run, None), lambda _: None, lambda _: None)
        commit_all(b, store)
        b.clock.advance(b.now + 6_000_000)
        commit_all(b, store)
    commit_all(b, store)
    assert b.fates("a") == ["success", "skipped operator", "running"]


@pytest.mark.parametrize("late", [False, True])
def test_a_clock_put_back_meanwhile_repeats_nothing(late: bool) -> None:
    """The time after the one that was taken is what is put back."""
    b = bench(EverySchedule(10.0), overlap=Overlap.ALLOW)
    b.run_for(9.0)
    before = len(b.fates("a"))
    if late:
        with no_time_left(b):
            b.run_for(1.0)
            b.clock.step(micros(-3600))
            b.settle()
    else:
        b.run_for(1.0)
        b.clock.step(micros(-3600))
        b.settle()
    assert len(b.fates("a")) == before + 1
    b.run_for(9.5)
    assert len(b.fates("a")) == before + 1
    b.run_for(1.0)
    assert len(b.fates("a")) == before + 2
