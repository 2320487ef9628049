"""The engine that users test their jobs with."""

from __future__ import annotations

import asyncio
import threading

import pytest

from engine import JobContext, JobSpec, Retry
from engine.api import RunView
from engine.model.states import RunPhase
from engine.testing import Act, VirtualEngine


async def until_running(run: RunView) -> None:
    while run.phase is not RunPhase.RUNNING:
        await asyncio.sleep(0)


async def test_a_year_of_a_job_takes_a_moment() -> None:
    """Row 80: a program's own jobs run on a clock that jumps; a daily job runs 365 times in a year."""
    calls: list[str] = []

    async def daily(ctx: JobContext) -> None:
        calls.append(ctx.scheduled_at.isoformat())

    async with VirtualEngine([JobSpec(id="daily", call=daily, schedule="30 2 * * *")], zone="Europe/Berlin") as engine:
        await engine.run_for("365d")
    assert len(calls) == 365
    assert len(set(calls)) == 365


@pytest.mark.parametrize(
    ("exits", "outcome", "codes"),
    [
        (0, "success", [0]),
        (3, "failed", [3, 3, 3]),
        ([1, Act(10.0, 2), 0], "success", [1, 2, 0]),
        ([1, 0], "success", [1, 0]),
    ],
)
async def test_processes_end_as_the_test_says(exits: object, outcome: str, codes: list[int]) -> None:
    """Row 80: no process is started; each attempt ends as `exits` has it, the last for all further ones."""
    job = JobSpec(id="a", command="false", retry=Retry(limit=2, delay="1m"))
    async with VirtualEngine([job], exits={"a": exits}) as engine:  # type: ignore[dict-item] # several kinds
        await engine.run_for("1h")
        (record,) = await engine.runs()
        assert record.outcome == outcome
        assert [attempt.exit_code for attempt in record.attempts] == codes
        assert [launch.argv[-1] for launch in engine.processes.launched] == ["false"] * len(codes)


async def test_functions_in_threads_end_before_time_goes_on() -> None:
    """Time stands still while a function runs."""
    seen: list[int] = []

    def work(ctx: JobContext) -> None:
        before = engine.clock.now()
        threading.Event().wait(0.01)
        seen.append(engine.clock.now() - before)

    async with VirtualEngine([JobSpec(id="a", call=work, every="1m")]) as engine:
        await engine.run_for("5m")
    assert seen == [0] * 6


async def test_the_end_of_a_test_waits_for_nothing() -> None:
    """What still runs when the test is over gets its time on the test's clock."""
    jobs = [JobSpec(id=name, command="x", manual="only") for name in ("short", "endless")]
    async with VirtualEngine(jobs, exits={"short": Act(10.0), "endless": Act(None)}) as engine:
        runs = [await job.trigger() for job in engine.jobs]
        await engine.settle()
    assert [run.record().outcome for run in runs] == ["success", "stopped"]


async def test_a_function_without_end_is_named() -> None:
    """A test that would hang says which run it hangs on."""
    release = threading.Event()

    def work(ctx: JobContext) -> None:
        release.wait()

    async with VirtualEngine([JobSpec(id="a", call=work)], patience=0.05) as engine:
        with pytest.raises(TimeoutError, match="a:1"):
            await engine.run_for("1s")
        release.set()


async def test_a_paused_function_lets_time_pass() -> None:
    """A function that stands at a checkpoint waits for the test, not the test for it."""

    async def work(ctx: JobContext) -> None:
        while not ctx.get_data():
            await ctx.checkpoint()
            await asyncio.sleep(0)

    async with VirtualEngine([JobSpec(id="a", call=work, manual="only")]) as engine:
        run = await engine.job("a").trigger()
        await until_running(run)
        await run.pause(for_seconds=600)
        await engine.run_for("5m")
        assert run.phase is RunPhase.PAUSED
        await run.stop()
        assert (await run.ended()).outcome == "stopped"


async def test_what_is_held_waits_in_the_order_of_its_aged_priority() -> None:
    """One that was held at once is behind one that came much later and waited before it was held."""
    names = ("hog", "old", "young")
    jobs = [JobSpec(id=name, command="true", manual="only") for name in names]
    async with VirtualEngine(jobs, max_running=1, exits={"hog": Act(None)}) as engine:
        await engine.job("hog").trigger()
        await engine.run_for("1s")
        await engine.job("old").trigger()
        await engine.job("old").hold()
        await engine.run_for("1h")
        await engine.job("young").trigger()
        await engine.run_for("10m")
        await engine.job("young").hold()
        await engine.run_for("1h")
        assert [(run.run_id, run.effective_priority) for run in engine.queue()] == [("young:1", 2.0), ("old:1", 0.0)]
