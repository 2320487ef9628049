"""What of its waiting raises a run's priority: it stands still while its job is held or in a blackout, and loses nothing by that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from engine.clock import SECOND, moment
from engine.core.holds import EVERYTHING
from engine.core.ready import ReadyQueue
from engine.core.turn import Turn
from engine.core.verbs.enable import disable, enable
from engine.core.verbs.hold import hold, release
from engine.core.verbs.pause import hold_job
from engine.core.verbs.priority import set_priority
from engine.core.verbs.resume import release_hold, release_job
from engine.core.verbs.stop import stop_run
from engine.core.verbs.suspend import suspend, unsuspend
from engine.core.verbs.trigger import trigger
from engine.spec.config import Ageing, EngineSpec, JobFile
from engine.spec.job import Argv, EverySchedule, JobSpec, Manual, Retry
from engine.spec.when import Blackout
from engine.testing import Bench
from engine.testing.clock import START
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec

STEP = Ageing(2.0, 1.0)
"""One step each two seconds."""


def waiting(*blackouts: Blackout) -> Bench:
    """One job takes the only slot, two wait."""
    jobs = (spec("hog"), spec("held", tags=("db",)), spec("twin"))
    file = JobFile(engine=EngineSpec(max_running=1, ageing=STEP), jobs=jobs, blackouts=blackouts)
    return Bench(file, script=lambda launch: Act(None if launch.attempt.startswith("hog") else 1.0))


def dark(start: float, end: float) -> Blackout:
    """A blackout, in seconds from the start of the bench."""
    return Blackout(moment(START) + timedelta(seconds=start), moment(START) + timedelta(seconds=end))


def aged(b: Bench) -> list[float]:
    """Effective priorities of what waits: of the held job, of the other one."""
    return [b.state.effective_priority(b.job(name).queue[0], b.now) for name in ("held", "twin")]


HOLDS: Sequence[tuple[Callable[[Turn], object], Callable[[Turn], object]]] = [
    (
        lambda turn: hold_job(turn, turn.state.jobs["held"], None),
        lambda turn: release_job(turn, turn.state.jobs["held"]),
    ),
    (
        lambda turn: hold_job(turn, turn.state.jobs["held"], None),
        lambda turn: release_hold(turn, turn.state.jobs["held"]),
    ),
    (lambda turn: hold(turn, "db", None, by="ada", reason=""), lambda turn: release(turn, "db")),
]


@pytest.mark.parametrize(("off", "on"), HOLDS, ids=["pause", "hold", "tag"])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_held_run_stands_still_and_goes_on_from_there(
    off: Callable[[Turn], object], on: Callable[[Turn], object], *, restarts: bool
) -> None:
    b = waiting()
    b.run_for(10.0)
    b.do(off)
    assert aged(b) == [5.0, 5.0]
    b.run_for(10.0)
    if restarts:
        b.crash()
    assert aged(b) == [5.0, 10.0]
    b.do(on)
    assert aged(b) == [5.0, 10.0]
    if restarts:
        b.crash()
    b.run_for(2.0)
    assert aged(b) == [6.0, 11.0]


def test_a_hold_of_all_stands_still_alike() -> None:
    b = waiting()
    b.run_for(10.0)
    b.do(lambda turn: hold(turn, EVERYTHING, None, by="ada", reason=""))
    b.run_for(10.0)
    assert aged(b) == [5.0, 5.0]
    b.do(lambda turn: release(turn, EVERYTHING))
    b.run_for(2.0)
    assert aged(b) == [6.0, 6.0]


def test_holds_that_overlap_are_one_standstill() -> None:
    b = waiting()
    b.run_for(10.0)
    b.do(lambda turn: hold(turn, "db", None, by="ada", reason=""))
    b.run_for(5.0)
    b.do(lambda turn: hold(turn, EVERYTHING, None, by="ada", reason=""))
    b.run_for(5.0)
    b.do(lambda turn: release(turn, "db"))
    b.crash()
    b.run_for(5.0)
    assert aged(b) == [5.0, 7.5]
    b.do(lambda turn: release(turn, EVERYTHING))
    b.run_for(2.0)
    assert aged(b) == [6.0, 8.5]


def test_what_was_gained_before_the_hold_counts_in_the_queue() -> None:
    """Held and let go, it is still before one that came later with a little more priority."""
    b = waiting()
    b.run_for(10.0)
    b.do(lambda turn: hold_job(turn, b.job("held"), None))
    b.run_for(100.0)
    b.do(lambda turn: release_job(turn, b.job("held")))
    b.do(lambda turn: stop_run(turn, b.job("twin").queue[0], None))
    b.do(lambda turn: set_priority(turn, b.job("twin"), 4))
    b.do(lambda turn: trigger(turn, "twin", bypass=False))
    b.do(lambda turn: stop_run(turn, b.active("hog")[0], None))
    b.run_for(5.0)
    assert [launch.attempt.partition(":")[0] for launch in b.executor.launched] == ["hog", "held", "twin"]


def test_suspended_is_its_schedule_alone_what_waits_ages() -> None:
    b = bench(
        spec("hog"), spec("a", schedule=EverySchedule(3600.0)), max_running=1, ageing=STEP, acts={"hog": Act(None)}
    )
    b.do(lambda turn: suspend(turn, b.job("a")))
    b.run_for(10.0)
    b.do(lambda turn: unsuspend(turn, b.job("a")))
    assert b.state.effective_priority(b.job("a").queue[0], b.now) == 5.0


@pytest.mark.parametrize("restarts", [False, True])
def test_a_blackout_is_a_standstill_too(*, restarts: bool) -> None:
    """Also for what comes in it, and for what is held when it begins or ends."""
    b = waiting(dark(10.0, 30.0))
    b.run_for(5.0)
    b.do(lambda turn: hold_job(turn, b.job("held"), None))
    b.run_for(15.0)
    if restarts:
        b.crash()
    assert aged(b) == [2.5, 5.0]
    b.do(lambda turn: release_job(turn, b.job("held")))
    assert aged(b) == [2.5, 5.0]
    b.run_for(5.0)
    b.do(lambda turn: hold_job(turn, b.job("twin"), None))
    b.run_for(15.0)
    if restarts:
        b.crash()
    assert aged(b) == [7.5, 5.0]
    b.do(lambda turn: release_job(turn, b.job("twin")))
    b.run_for(2.0)
    assert aged(b) == [8.5, 6.0]


def test_in_a_blackout_the_queue_stands_in_the_order_that_is_shown() -> None:
    """One that came in it and has more priority than the others have aged to is before them, then and afterwards."""
    late = JobSpec(id="late", command=Argv(("true",)), manual=Manual.ONLY, priority=6)
    b = bench(spec("hog"), spec("a"), late, max_running=1, ageing=STEP, acts={"hog": Act(None)})
    b.state.blackouts = (dark(10.0, 100.0),)
    b.crash(
        JobFile(engine=b.state.spec, jobs=tuple(job.spec for job in b.state.jobs.values()), blackouts=b.state.blackouts)
    )
    b.run_for(50.0)
    b.do(lambda turn: trigger(turn, "late", bypass=False))
    assert order(b.loop.turn.ready) == ["late", "a"]
    b.do(lambda turn: stop_run(turn, b.active("hog")[0], None))
    b.run_for(60.0)
    assert [launch.attempt.partition(":")[0] for launch in b.executor.launched][-2:] == ["late", "a"]


def order(ready: ReadyQueue) -> list[str]:
    return [run.job.id for run in ready.in_order()]


def test_a_clock_that_is_set_changes_no_age_of_what_stands_still() -> None:
    for by in (3600.0, -3600.0):
        b = waiting()
        b.run_for(10.0)
        b.do(lambda turn: hold_job(turn, turn.state.jobs["held"], None))
        b.run_for(10.0)
        b.clock.step(round(by * SECOND))
        b.run_for(0.0)
        assert aged(b) == [5.0, 10.0]
        b.do(lambda turn: release_job(turn, turn.state.jobs["held"]))
        b.run_for(2.0)
        assert aged(b) == [6.0, 11.0]


def test_a_retry_of_a_disabled_job_ages_from_when_it_is_enabled() -> None:
    b = bench(
        spec("a", retry=Retry(limit=1, delay=5.0)),
        spec("hog", manual=Manual.ONLY),
        max_running=1,
        ageing=STEP,
        acts={"a": Act(1.0, 3), "hog": Act(None)},
    )
    b.run_for(2.0)
    b.do(lambda turn: trigger(turn, "hog", bypass=False))
    b.run_for(6.0)
    (run,) = b.job("a").active
    assert b.state.effective_priority(run, b.now) == 1.0
    b.do(lambda turn: disable(turn, b.job("a")))
    b.run_for(10.0)
    b.crash()
    assert b.state.effective_priority(b.job("a").active[0], b.now) == 1.0
    b.do(lambda turn: enable(turn, b.job("a")))
    b.run_for(2.0)
    assert b.state.effective_priority(b.job("a").active[0], b.now) == 2.0


def test_a_state_of_an_earlier_version_knows_no_standstill() -> None:
    """What waits in it has aged since it was queued; what is held stands still from the start of this engine on."""
    b = waiting()
    b.run_for(10.0)
    b.do(lambda turn: hold_job(turn, b.job("held"), None))
    b.store.runs = {no: row._replace(ages_from=None, stands_since=None) for no, row in b.store.runs.items()}
    b.run_for(10.0)
    b.crash()
    b.run_for(10.0)
    assert aged(b) == [10.0, 15.0]
    assert b.now - START == 30 * SECOND
