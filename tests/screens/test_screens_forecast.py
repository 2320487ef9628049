"""The tree says when what is under way will be over, and which chain takes longest: by a sign, not by colour alone."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Coroutine
from datetime import UTC

import pytest

from engine.api import Changes
from engine.clock import SECOND
from engine.model.critical_path import SLICE
from engine.model.outcome import Outcome
from engine.model.states import RunPhase
from engine.model.stats import JobStats, Spread
from jobqueue_tui.console.forecasting import Forecaster
from jobqueue_tui.console.outline import Facing, Graph, Outline
from tests.screens.fake_engine import FakeEngine
from tests.screens.fake_job import FakeJob, FakeRun
from tests.screens.stage import Hand, console

ALL = Changes(frozenset(), resync=True)


def took(seconds: float) -> JobStats:
    return JobStats(
        seconds=Spread(seconds, seconds, seconds, seconds),
        waits=Spread(),
        outcomes=(Outcome.SUCCESS,),
        cpu_seconds=1.0,
        peak_rss_bytes=1,
    )


def chain() -> FakeEngine:
    """`a` runs since 20 s of a minute; b and c follow it, d both of them; `lone` runs long and follows nothing."""
    engine = FakeEngine()
    engine.running(engine.add("a", taken=took(60.0)), 20.0, 1.0, 1)
    engine.add("b", needs=("a",), taken=took(10.0))
    engine.add("c", needs=("a",), taken=took(100.0))
    engine.add("d", needs=("b", "c"), taken=took(5.0))
    engine.running(engine.add("lone", taken=took(9000.0)), 20.0, 1.0, 1)
    return engine


def forecast(engine: FakeEngine, facing: Facing = Facing.ALL, centre: str | None = None) -> Forecaster:
    outline = Outline()
    outline.graph = Graph.of((job.id, job.needs) for job in engine.jobs)
    outline.face(facing, centre)
    found = Forecaster(lambda: 0.0)
    jobs = {job.id: job for job in engine.jobs}
    found.note(ALL, jobs)
    asyncio.run(found.look(outline, jobs, engine.at))
    return found


def slow_forecast(engine: FakeEngine, hand: Hand, seconds: float) -> tuple[Forecaster, Coroutine[None, None, None]]:
    """One by a clock that goes on by so much whenever a job is looked up, and its first look."""

    class Slow(dict[str, FakeJob]):
        """The jobs."""

        def __getitem__(self, name: str) -> FakeJob:
            hand.at += seconds
            return super().__getitem__(name)

    outline = Outline()
    outline.graph = Graph.of((job.id, job.needs) for job in engine.jobs)
    jobs = Slow({job.id: job for job in engine.jobs})
    found = Forecaster(hand)
    found.note(ALL, jobs)
    return found, found.look(outline, jobs, engine.at)


def cells(found: Forecaster, engine: FakeEngine) -> list[str]:
    return [found.cell(job.id, engine.at) for job in engine.jobs]


def test_what_is_to_run_has_its_end_and_the_longest_chain_a_sign() -> None:
    """A job without dependencies is on no chain."""
    engine = chain()
    found = forecast(engine)
    assert cells(found, engine) == ["»40s", "50s", "»2m20s", "»2m25s", ""]
    assert found.summary(engine.at, UTC, short=False) == "» 3 left, ends 12:02:25"
    assert found.summary(engine.at, UTC, short=True) == "» 3 left →12:02"


def test_one_direction_has_a_chain_of_its_own() -> None:
    """`o`: what follows b, and what b needs."""
    engine = chain()
    assert forecast(engine, Facing.UP, "b").path == ("a", "b")
    assert forecast(engine, Facing.DOWN, "b").path == ()
    assert forecast(engine, Facing.DOWN, "a").path == ("a", "c", "d")


def test_what_nobody_knows_is_said() -> None:
    """Never run, paused, going for longer than usual: not before that time, or no time at all."""
    engine = chain()
    engine.job("c").taken = None
    found = forecast(engine)
    assert cells(found, engine) == ["»40s", "»50s", "≥40s", "»≥55s", ""]
    assert found.summary(engine.at, UTC, short=False) == "» 3 left, ends after 12:00:55"
    engine = chain()
    engine.job("a").active[0].phase = RunPhase.PAUSED
    assert cells(forecast(engine), engine)[0] == "»?"
    engine = chain()
    engine.at += 100 * SECOND
    assert cells(forecast(engine), engine) == ["»?", "≥10s", "»≥1m40s", "»≥1m45s", ""]
    engine = FakeEngine()
    engine.running(engine.add("a"), 1.0, 1.0, 1)
    engine.add("b", needs=("a",))
    found = forecast(engine)
    assert found.summary(engine.at, UTC, short=False) == "» 2 left, end unknown"
    assert found.summary(engine.at, UTC, short=True) == "» 2 left ≥?"


def test_what_does_not_follow_by_itself_is_left_out() -> None:
    """Held, disabled, with a schedule of its own; a run of the latter that waits is counted behind what it needs."""
    engine = chain()
    engine.job("c").held = True
    assert forecast(engine).path == ("a", "b", "d")
    engine.job("b").enabled = False
    assert forecast(engine).path == ("a",)

    class Scheduled(FakeJob):
        """Its needs hold it up, no more."""

        triggered = False

    engine = chain()
    gated = Scheduled(engine, "gated", needs=("a",), taken=took(7.0))
    engine.by_id["gated"] = gated
    assert cells(forecast(engine), engine)[-1] == ""
    gated.queued.append(FakeRun("gated:1", "gated", RunPhase.QUEUED, engine.at, engine.at, None))
    assert cells(forecast(engine), engine)[-1] == "47s"


async def test_a_forecast_is_not_made_more_often_than_it_is_worth() -> None:
    """One that took 0.1 s is old after five seconds."""
    engine, hand = chain(), Hand(0.0)
    found, look = slow_forecast(engine, hand, 0.02)
    assert found.is_old
    await look
    assert hand.at == pytest.approx(0.08)
    old = []
    for _ in range(2):
        hand.at += 3.9
        old.append(found.is_old)
    assert old == [False, True]


async def test_a_key_does_not_wait_for_a_forecast() -> None:
    """A key goes through twenty turns of the loop: in that time a forecast of many jobs has one burst, or none."""
    engine = FakeEngine()
    engine.running(engine.add("job-0", taken=took(5.0)), 1.0, 1.0, 1)
    for number in range(1, 1_000):
        engine.add(f"job-{number}", needs=(f"job-{(number - 1) // 10}",), taken=took(5.0))
    hand = Hand(0.0)
    found, look = slow_forecast(engine, hand, 0.0001)
    looking = asyncio.create_task(look)
    waits = []
    while not looking.done():
        since = hand.at
        for _ in range(20):
            await asyncio.sleep(0)
        waits.append(hand.at - since)
    assert found.cell("job-999", engine.at) == "19s"
    assert sum(waits) == pytest.approx(0.1)
    held_up = [wait for wait in waits if wait]
    assert statistics.median(held_up) == pytest.approx(SLICE * 0.0001), "a burst is one slice of jobs that are so slow"


async def test_the_tree_follows_what_ends() -> None:
    """When the first of the chain is over, the rest is left; when nothing is under way, nothing is said."""
    engine = chain()
    async with console(engine, size=(120, 30)) as stage:
        await stage.press("4")
        assert any("» 3 left, ends 12:02:25" in line for line in stage.text())
        assert any("a " in line and "»40s" in line for line in stage.text())
        run = engine.job("a").active.pop()
        engine.running(engine.job("c"), 0.0, 1.0, 1)
        engine.changed("a", "c")
        await stage.second()
        await stage.settle()  # the top line says it with the next look
        assert any("» 2 left, ends 12:01:45" in line for line in stage.text())
        assert run.job_id == "a"
        engine.job("c").active.clear()
        engine.changed("c")
        await stage.second()
        await stage.settle()
        assert not any("»" in line for line in stage.text())
