"""Many functions that are due together, called by a whole engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine import Engine, JobContext, JobSpec
from engine.clock import SECOND, moment
from engine.core.foretold import LEAST
from engine.executors.call.executor import CallExecutor
from engine.ports.executor import Calling, Ended, Launch, Report
from engine.testing import VirtualEngine
from engine.testing.clock import VirtualClock

NAMES = [f"f{number:02}" for number in range(2 * LEAST)]


def jobs(function: object) -> list[JobSpec]:
    return [JobSpec(id=name, every="10s", align=True, call=function) for name in NAMES]  # type: ignore[arg-type] # two kinds


@pytest.mark.parametrize("kind", ["coroutine", "plain"])
async def test_a_function_finds_its_own_run_under_way(kind: str) -> None:
    """Called at its instant, by an engine that knows that it is."""
    seen: list[tuple[str, bool]] = []

    def look(ctx: JobContext) -> None:
        active = engine.job(ctx.job_id).active
        seen.append((ctx.run_id, [run.run_id for run in active] == [ctx.run_id]))

    async def look_too(ctx: JobContext) -> None:
        look(ctx)

    engine = VirtualEngine(jobs(look_too if kind == "coroutine" else look), max_running=100)
    async with engine:
        await engine.run_for("60s")
        records = await engine.runs()
    assert sorted(seen) == sorted((f"{name}:{number}", True) for name in NAMES for number in range(1, 7))
    assert {record.outcome for record in records} == {"success"}
    assert all(record.started_at == record.planned_at for record in records)


async def test_a_herd_on_the_machine_s_own_clock_and_disk(tmp_path: Path) -> None:
    """Each run began after it was due, once, and its record has the function's own data."""
    called: list[str] = []

    async def work(ctx: JobContext) -> None:
        called.append(ctx.run_id)
        ctx.save_data("seen", ctx.job_id)
        if len(called) == 2 * len(NAMES):
            done.set()

    done = asyncio.Event()
    specs = [JobSpec(id=name, every="1s", align=True, call=work) for name in NAMES]
    async with Engine(specs, state_dir=tmp_path, max_running=100) as engine:
        await asyncio.wait_for(done.wait(), 30)
    async with Engine(specs, state_dir=tmp_path, max_running=100) as engine:
        records = [record for record in await engine.history(limit=1_000) if record.run_id in called]
    assert len(records) == len(set(called)) == len(called)
    assert {record.outcome for record in records} == {"success"}
    assert all(record.planned_at <= (record.started_at or 0) < record.planned_at + 60 * SECOND for record in records)
    assert all(record.data == {"seen": record.job} for record in records)


async def test_what_was_made_ready_is_not_taken_for_another_order_of_that_name() -> None:
    """An attempt that is ordered as it was foretold begins with what it was told then, any other with its own."""
    seen: list[object] = []

    async def work(ctx: JobContext) -> None:
        seen.append(ctx.get_data())

    def order(data: str) -> Launch:
        calling = Calling(
            function=work, job_id="a", run_id="a:1", number=1, scheduled_at=moment(0), data={"seen": data}
        )
        return Launch("a:1.1", (), {}, "", "", 1, calling=calling)

    executor = CallExecutor(VirtualClock(), "boot")
    reports: list[Report] = []
    await executor.open([], reports.extend)
    first, second = order("first"), order("second")
    for wanted in (first, second):
        executor.prepare([first])
        executor.submit([wanted])
        while not any(isinstance(report, Ended) for report in reports):
            await asyncio.sleep(0)
        reports.clear()
    await executor.close()
    assert seen == [{"seen": "first"}, {"seen": "second"}]
