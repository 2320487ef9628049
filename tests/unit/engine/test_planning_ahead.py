"""Next times are planned when what is due now has started, and soon whatever else starts."""

from __future__ import annotations

from engine.core.verbs.trigger import trigger
from engine.ports.executor import Launch
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, CronEntry, CronSchedule, JobSpec, Manual
from engine.testing import Bench
from engine.testing.executor import Act
from engine.testing.store import MemoryStore

TRUE = Argv(("true",))
DUE = JobSpec(id="due", command=TRUE, schedule=CronSchedule((CronEntry("* * * * *"),)))


class Due:
    """A job that has just fallen due, on a store that writes when it is told to; others that can be triggered."""

    def __init__(self, others: int = 0) -> None:
        self.store = MemoryStore(at_once=False)
        self.unplanned_at_launch: list[bool] = []
        more = [JobSpec(id=f"other-{number}", command=TRUE, manual=Manual.ONLY) for number in range(others)]
        file = JobFile(engine=EngineSpec(max_running=100), jobs=(DUE, *more))
        self.bench = Bench(file, store=self.store, script=self._launched)
        while self.store.pending:
            self.store.commit()
            self.bench.settle()
        self.bench.clock.advance(self.bench.now + 60_000_000)
        self.bench.settle()

    def unplanned(self) -> bool:
        return self.bench.job("due").unplanned

    def start(self, name: str) -> None:
        self.bench.loop.act(lambda turn: trigger(turn, name, bypass=False), lambda _: None, lambda _: None)

    def _launched(self, launch: Launch) -> Act:
        self.unplanned_at_launch.append(self.unplanned())
        return Act(1000.0)


def test_it_waits_for_the_claim_and_the_start() -> None:
    """Neither the commit of a claim nor the start behind it waits for the planning of next times."""
    due = Due()
    assert due.store.pending
    assert due.unplanned()
    due.store.commit()
    due.bench.settle()
    assert due.unplanned_at_launch == [True]
    assert not due.unplanned()
    assert due.bench.job("due").next_due == due.bench.now + 60_000_000


def test_a_store_that_fails_holds_up_no_planning() -> None:
    """What cannot be written comes back at once, and next times are planned then."""
    due = Due()
    due.store.failing = OSError("full")
    due.store.commit()
    due.bench.settle()
    assert not due.unplanned()
    assert due.unplanned_at_launch == []


def test_it_does_not_wait_for_ever() -> None:
    """Where each turn starts something, next times are planned all the same."""
    due = Due(others=3)
    for number in range(3):
        due.start(f"other-{number}")
        due.bench.settle()
        due.store.commit()
        due.bench._soon.popleft()()  # one turn, not all there are
    assert not due.unplanned()
