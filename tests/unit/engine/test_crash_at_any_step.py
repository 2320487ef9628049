"""The engine dies at each call of its store, before or after the commit; the next one goes on as if nothing had happened.

The executor lives on, as the keeper does. One run without a crash counts the store's calls and gives the outcomes; then, for
each call, an engine that dies there, a second one on the same store, and the same outcomes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from engine.clock import SECOND
from engine.core.verbs.backfill import backfill
from engine.core.verbs.priority import set_priority
from engine.core.verbs.trigger import trigger
from engine.ports.executor import Launch
from engine.ports.store import Batch
from engine.spec.config import EngineSpec, JobFile, PoolSpec
from engine.spec.hooks import CommandHolds, Hook, HookSlot, OnFalse
from engine.spec.job import (
    Argv,
    AtSchedule,
    EverySchedule,
    JobSpec,
    Join,
    Manual,
    Need,
    Overlap,
    Required,
    Retry,
)
from engine.testing import Bench
from engine.testing.clock import START
from engine.testing.executor import Act
from engine.testing.store import MemoryStore
from tests.unit.engine.making import spec

HOOKS: Final = {slot: Hook(Argv((slot.value,))) for slot in HookSlot}
SECONDS: Final = 400.0


class Died(BaseException):
    """The engine's process is gone: nothing in it that catches faults of its own sees this."""


class MortalStore(MemoryStore):
    """Lets the engine die at one of its calls; keeps what was acknowledged: the fates that the engine was told are durable."""

    def __init__(self, *, at: int | None = None, after_commit: bool = False) -> None:
        super().__init__()
        self.calls = 0
        self.acknowledged: dict[str, str] = {}
        self._at = at
        self._after = after_commit

    def write(self, batch: Batch, done: Callable[[Exception | None], None]) -> None:
        """See `Store`."""
        self.calls += 1
        dies = self.calls == self._at
        if dies and not self._after:
            raise Died
        if dies:
            super().write(batch, lambda _: None)
            raise Died

        def told(problem: Exception | None) -> None:
            self.acknowledged |= {row.run_id: f"{row.outcome} {row.reason}" for row in batch.ended}
            done(problem)

        super().write(batch, told)


def engine(*jobs: JobSpec, max_running: int = 8) -> JobFile:
    return JobFile(engine=EngineSpec(max_running=max_running), pools={"db": PoolSpec(1)}, jobs=jobs)


FILES: Final = {
    "a chain with hooks": engine(
        spec("a", hooks=HOOKS), spec("b", needs=(Need("a"),), hooks=HOOKS), spec("c", needs=(Need("b"),))
    ),
    "a failing chain": engine(
        spec("a", hooks=HOOKS),
        spec("b", needs=(Need("a"),)),
        spec("c", needs=(Need("b"),)),
        spec("alarm", needs=(Need("a", Required.FAILURE),)),
    ),
    "retries and failover": engine(
        spec("a", retry=Retry(limit=2, delay=5.0), hooks=HOOKS, failover=Argv(("other",))),
        spec("d", retry=Retry(limit=1, reset_on_success=False)),
    ),
    "preconditions": engine(
        spec("a", conditions=(CommandHolds(Argv(("one",))), CommandHolds(Argv(("two",))))),
        spec("b", conditions=(CommandHolds(Argv(("no",))),), on_false=OnFalse(5.0, 12.0)),
    ),
    "one after the other": engine(
        spec("a", exclusive=True), spec("b", pools={"db": 1}), spec("c", pools={"db": 1}), spec("d"), max_running=1
    ),
    "gated and timed": engine(
        spec("a", schedule=AtSchedule(()), manual=Manual.ONLY),
        spec("t", schedule=EverySchedule(60.0), needs=(Need("b", within=300.0),), join=Join.ANY),
        spec("b"),
        spec("q", schedule=EverySchedule(30.0), overlap=Overlap.QUEUE, max_queued=2, max_runs=4),
    ),
    "a matrix": engine(
        spec("a", matrix={"item": ("x", "y", "z")}, concurrency=2, retry=Retry(limit=1, delay=5.0)),
        spec("b", needs=(Need("a", Required.DONE),)),
    ),
    "verbs": engine(
        spec("a", schedule=EverySchedule(50.0)), spec("b", manual=Manual.ONLY), spec("c", needs=(Need("b"),))
    ),
}

BAD: Final = {
    "a matrix": {"a[y]:1.1", "a[z]:1.1", "a[z]:1.2"},
    "a failing chain": {"a:1.1"},
    "retries and failover": {"a:1.1", "a:1.2", "a:1.3", "d:1.1"},
    "preconditions": {"b:1.if0.0", "b:1.if0.1", "b:1.if0.2"},
}


def play(name: str) -> Callable[[Launch], Act]:
    def script(launch: Launch) -> Act:
        step = launch.attempt.rpartition(":")[2].partition(".")[2]
        return Act(3.0 if step.isdigit() else 0.5, int(launch.attempt in BAD.get(name, ())))

    return script


class Story:
    """What happens to one file: time passes, and in `verbs` somebody acts. An engine that dies is followed by another."""

    def __init__(self, name: str, store: MortalStore) -> None:
        self.name, self.store = name, store
        self.bench: Bench | None = None

    def tell(self) -> Bench:
        """To the end."""
        self.alive(lambda: None)
        if self.name == "verbs":
            self.until(10.0)
            self.once("b", lambda: self._bench().do(lambda turn: trigger(turn, "b", bypass=False, downstream=True)))
            self.until(70.0)
            self.alive(lambda: self._bench().do(lambda turn: set_priority(turn, turn.state.jobs["a"], 7)))
            self.once("a", self._backfill)
        self.until(SECONDS)
        return self._bench()

    def until(self, seconds: float) -> None:
        """Time passes up to so long after the beginning."""
        self.alive(lambda: self._bench().run_for(START / SECOND + seconds - self._bench().now / SECOND))

    def _backfill(self) -> object:
        return self._bench().do(lambda turn: backfill(turn, turn.state.jobs["a"], START, START + 50 * SECOND, 1))

    def _bench(self) -> Bench:
        assert self.bench is not None
        return self.bench

    def once(self, job_id: str, act: Callable[[], object]) -> None:
        """A verb that makes runs; when the engine died over it the person looks whether it was done, and else does it again."""
        kinds = {"manual", "backfill"}

        def done() -> int:
            return sum(row.job == job_id and row.kind in kinds for row in self.store.runs.values())

        before = done()
        self.alive(act, wanted=lambda: done() == before)

    def alive(self, act: Callable[[], object], wanted: Callable[[], bool] = lambda: True) -> None:
        """Do it; with another engine once more, where the first dies over it."""
        try:
            if self.bench is None:
                # made apart from its beginning, so that it is there when that fails
                self.bench = Bench.__new__(Bench)
                Bench.__init__(self.bench, FILES[self.name], script=play(self.name), store=self.store)
            act()
        except Died:
            self._bench().crash(FILES[self.name])
            if wanted():
                act()


def outcome_of(bench: Bench) -> dict[str, list[str]]:
    return {job.id: bench.fates(job.id) for job in bench.state.listed_jobs()}


def counters_of(bench: Bench) -> dict[str, object]:
    return {job.id: job.tally.frozen() for job in bench.state.listed_jobs()}


def without_a_crash(name: str) -> tuple[Bench, int]:
    store = MortalStore()
    return Story(name, store).tell(), store.calls


@pytest.mark.parametrize("after_commit", [False, True], ids=["before the commit", "after it"])
@pytest.mark.parametrize("name", list(FILES))
def test_an_engine_that_dies_at_any_call_of_its_store_changes_no_outcome(name: str, after_commit: bool) -> None:
    """No acknowledged fact is lost, nothing starts twice, and what the runs end with is the same as without the crash."""
    calm, calls = without_a_crash(name)
    assert calls > 5
    for at in range(1, calls + 1):
        store = MortalStore(at=at, after_commit=after_commit)
        bench = Story(name, store).tell()
        where = f"died at call {at} of {calls}"
        assert outcome_of(bench) == outcome_of(calm), where
        assert counters_of(bench) == counters_of(calm), where
        started = Counter(launch.attempt for launch in bench.executor.launched)
        assert max(started.values()) == 1, where
        rows = {row.run_id: f"{row.outcome} {row.reason}" for row in store.runs.values()}
        assert store.acknowledged.items() <= rows.items(), where
        assert bench.executor.kept == [], where
