"""What becomes of runs while the state cannot be written, on the bench."""

from __future__ import annotations

from engine.core.explain import why_queued
from engine.core.verbs.trigger import trigger
from engine.spec.job import (
    EverySchedule,
    Manual,
    WhenNotDurable,
)
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec


def test_nothing_starts_that_is_not_durable() -> None:
    b = bench(spec("tick", schedule=EverySchedule(60.0)))
    b.run_for(30)
    b.store.failing = OSError("no space left on device")
    b.run_for(60)
    assert len(b.executor.launched) == 1
    assert b.loop.trouble == "no space left on device"
    (waits,) = b.job("tick").queue
    assert (
        why_queued(b.state, waits, b.now)
        == "nothing starts while the state cannot be written; the engine's warnings say why"
    )
    b.store.failing = None
    b.run_for(60)
    assert len(b.executor.launched) >= 2
    assert b.loop.trouble is None


def test_an_outcome_is_kept_and_written_when_the_store_comes_back() -> None:
    b = bench(spec("once"), acts={"once": Act(10.0)})
    b.run_for(1)
    b.store.failing = OSError("no space left on device")
    b.run_for(30)
    b.store.failing = None
    b.run_for(5)
    assert b.fates("once") == ["success"]


def test_a_run_that_starts_undurably_has_its_log() -> None:
    """`when_not_durable: run`: claimed and ordered in one tick while the store fails, a run knows where its output goes."""
    b = bench(spec("a", manual=Manual.ONLY, when_not_durable=WhenNotDurable.RUN))
    b.store.failing = OSError("no space left on device")
    b.run_for(61.0)
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    b.run_for(5.0)
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    b.run_for(5.0)
    assert [launch.log_path.rpartition("/")[2] for launch in b.executor.launched] == ["1.log", "2.log"]


def test_a_store_that_failed_on_an_answer_alone_is_tried_again_and_the_engine_does_not_spin() -> None:
    """Nothing was to be written but a verb to be answered: the next try is a second later, once, and ends the trouble."""
    b = bench(spec("a"), acts={"a": Act(None)})
    b.run_for(5)
    b.store.failing = OSError("no space left on device")
    b.do(lambda turn: None)
    assert b.loop.trouble
    b.run_for(5)
    b.store.failing = None
    b.run_for(5)
    assert b.loop.trouble is None
