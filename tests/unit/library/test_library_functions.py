"""Functions as jobs: how they end, what they keep, how they are stopped and paused."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import (
    Engine,
    JobCancelled,
    JobContext,
    PauseTimeout,
    Refused,
    Retry,
)
from engine.model.states import RunPhase
from tests.unit.library.programs import by_hand, nothing, reaches, until

# -- functions -------------------------------------------------------------------------------------------------------


async def ends(call: Callable[[JobContext], object], **fields: Any) -> Any:
    async with Engine([by_hand("a", call, **fields)]) as engine:
        run = await engine.job("a").trigger()
        record = await run.ended()
        log = await engine.log(run.run_id, 0, 1 << 16)
    return record, log.data.decode()


@pytest.mark.parametrize("kind", ["async", "thread"])
async def test_an_exception_is_a_failure_with_its_traceback(kind: str) -> None:
    """Rows 30 and 41: what a function raises is its run's failure, its traceback in the log and on the record."""

    async def in_loop(ctx: JobContext) -> None:
        raise ValueError("no (rows)\nat all")

    def in_thread(ctx: JobContext) -> None:
        raise ValueError("no (rows)\nat all")

    record, log = await ends(in_loop if kind == "async" else in_thread)
    assert (record.outcome, record.reason) == ("failed", "exception(ValueError: no (rows) at all)")
    assert "Traceback" in record.error.job_error
    assert record.error.job_error in log
    assert not record.error.is_empty()
    assert "executor.py" not in log, "frames of the engine tell a user nothing"


async def test_a_failed_function_is_tried_again_with_its_data() -> None:
    """Row 47: the data of a run outlives its attempts; the next run begins with none."""
    seen: list[tuple[int, dict[str, Any]]] = []

    def flaky(ctx: JobContext) -> None:
        seen.append((ctx.attempt, ctx.get_data()))
        ctx.save_data("tried", ctx.attempt)
        if ctx.attempt < 3:
            raise OSError("busy")

    async with Engine([by_hand("a", flaky, retry=Retry(limit=3))]) as engine:
        first = await (await engine.job("a").trigger()).ended()
        await (await engine.job("a").trigger()).ended()
    assert (first.outcome, first.data, len(first.attempts)) == ("success", {"tried": 3}, 3)
    assert seen[:4] == [(1, {}), (2, {"tried": 1}), (3, {"tried": 2}), (1, {})]


async def test_the_data_of_a_job_lasts(tmp_path: Path) -> None:
    """Row 47: what is saved for the job is there in its next run, over a restart too; None removes it."""

    def count(ctx: JobContext) -> None:
        known = ctx.get_job_data()
        ctx.save_job_data({"n": known.get("n", 0) + 1, "gone": None if known else 1})
        ctx.save_data(ctx.get_job_data())

    for expected in ({"n": 1, "gone": 1}, {"n": 2}):
        async with Engine([by_hand("a", count)], state_dir=tmp_path) as engine:
            record = await (await engine.job("a").trigger()).ended()
            assert record.data == expected


async def test_data_is_a_copy_and_is_checked() -> None:
    """Row 47: later changes of a saved value change nothing; what JSON cannot hold and what is too much raises."""
    faults: list[type[Exception]] = []

    async def save(ctx: JobContext) -> None:
        rows = [1]
        ctx.save_data({"rows": rows})
        rows.append(2)
        ctx.get_data()["rows"].append(3)
        for bad in (object(), "x" * 70_000, float("nan")):
            try:
                ctx.save_data("bad", bad)
            except (TypeError, ValueError) as error:
                faults.append(type(error))

    record, _ = await ends(save)
    assert faults == [TypeError, ValueError, ValueError]
    assert record.data["rows"][:1] == [1]
    assert "bad" not in record.data


async def test_the_context_knows_its_run() -> None:
    """Row 77: a function is told which run of which job it is, and when that was planned."""
    seen: dict[str, object] = {}

    def look(ctx: JobContext) -> None:
        seen.update(job=ctx.job_id, run=ctx.run_id, attempt=ctx.attempt, at=ctx.scheduled_at, params=dict(ctx.params))
        ctx.log("one line")

    record, log = await ends(look)
    assert (seen["job"], seen["run"], seen["attempt"], seen["params"]) == ("a", "a:1", 1, {})
    assert seen["at"].isoformat() == record.to_json()["planned_at"]  # type: ignore[attr-defined] # of many types
    assert log == "one line\n"


async def test_a_function_may_take_nothing() -> None:
    """Any function without parameters is a job as it is."""
    done = threading.Event()
    record, _ = await ends(done.set)  # type: ignore[arg-type] # `ends` is typed for functions with a context
    assert record.outcome == "success"
    assert done.is_set()


class Awkward:
    """A callable that cannot be asked for a hash."""

    def __call__(self, ctx: JobContext) -> None:
        ctx.save_data("called", True)

    def __hash__(self) -> int:
        raise ValueError("no hash")


async def test_a_callable_is_not_asked_for_more_than_its_call() -> None:
    """What has no hash is a job as any other."""
    record, _ = await ends(Awkward())
    assert record.data == {"called": True}


async def test_a_function_whose_code_is_replaced_is_looked_at_anew() -> None:
    """As tools do that load a module again while the program runs."""

    def one(ctx: JobContext) -> None:
        ctx.save_data("takes", 1)

    def none() -> None:
        pass

    async with Engine([by_hand("a", one)]) as engine:
        assert (await (await engine.job("a").trigger()).ended()).data == {"takes": 1}
        one.__code__ = none.__code__
        assert (await (await engine.job("a").trigger()).ended()).outcome == "success"


async def test_a_record_says_how_long_it_took_in_nanoseconds() -> None:
    """Row 42: `execution_time` in nanoseconds stands beside outcome, error and data of every run."""
    record, _ = await ends(nothing)
    row = record.to_json()
    assert row["execution_time"] == round(record.wall_seconds * 1e6) * 1000
    assert {"job", "started_at", "ended_at", "error", "outcome", "data", "execution_time"} <= set(row)
    json.dumps(row)


# -- ending them -----------------------------------------------------------------------------------------------------


async def test_a_stop_cancels_a_coroutine() -> None:
    """Row 48: stop sets `cancelled` and cancels the task; the outcome is `stopped`."""
    seen: list[bool] = []

    async def long(ctx: JobContext) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(ctx.cancelled.is_set())

    async with Engine([by_hand("a", long)]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.stop()
        record = await run.ended()
    assert (record.outcome, record.reason, seen) == ("stopped", "operator", [True])
    assert record.error.is_empty()


@pytest.mark.parametrize("way", ["timeout", "shutdown"])
async def test_timeout_and_shutdown_set_cancelled_as_well(way: str) -> None:
    """Row 48: a plain function sees `cancelled` by timeout and by shutdown."""

    def long(ctx: JobContext) -> None:
        ctx.cancelled.wait()

    engine = Engine([by_hand("a", long, timeout=0.05 if way == "timeout" else None)])
    await engine.start()
    run = await engine.job("a").trigger()
    await reaches(run, RunPhase.RUNNING)
    if way == "timeout":
        assert (await run.ended()).outcome == "timed_out"
    await engine.shutdown(0.0)
    assert run.record().outcome == ("timed_out" if way == "timeout" else "stopped")


async def test_checkpoint_ends_a_plain_function() -> None:
    """A function that calls `checkpoint_sync` needs no other care to be stopped."""
    raised: list[BaseException] = []

    def loop(ctx: JobContext) -> None:
        try:
            while True:
                ctx.checkpoint_sync()
        except JobCancelled as error:
            raised.append(error)
            raise

    async with Engine([by_hand("a", loop)]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.stop()
        record = await run.ended()
    assert record.outcome == "stopped"
    assert raised
    assert record.error.is_empty()


async def test_a_function_that_ignores_its_stop_keeps_its_slot() -> None:
    """A stubborn function's outcome is recorded; its slot and its job stay taken, and the record says so, until it ends."""
    release = threading.Event()

    def stubborn(ctx: JobContext) -> None:
        release.wait()

    async with Engine([by_hand("a", stubborn), by_hand("b", nothing)], max_running=1) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.stop(grace=0.02)
        record = await run.ended()
        assert (record.outcome, record.may_still_run, engine.status().running) == ("stopped", True, 1)
        with pytest.raises(Refused, match="running already"):
            await engine.job("a").trigger()
        other = await engine.job("b").trigger()
        assert other.phase is RunPhase.QUEUED
        release.set()
        assert (await other.ended()).outcome == "success"
        (stored,) = [one for one in await engine.runs(job="a") if one.run_id == "a:1"]
        assert (stored.outcome, stored.may_still_run) == ("stopped", False)


# -- pausing them ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["async", "thread"])
async def test_a_pause_is_a_handshake(kind: str) -> None:
    """Row 32: a pause is granted at a checkpoint; until resumed the function stands there."""
    beats = 0

    async def in_loop(ctx: JobContext) -> None:
        nonlocal beats
        while not ctx.get_data().get("done"):
            beats += 1
            await ctx.checkpoint()
            await asyncio.sleep(0)

    def in_thread(ctx: JobContext) -> None:
        nonlocal beats
        while True:
            beats += 1
            ctx.checkpoint_sync()

    async with Engine([by_hand("a", in_loop if kind == "async" else in_thread)]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.pause()
        assert run.phase is RunPhase.PAUSED
        at_rest = beats
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert beats == at_rest
        await run.resume()
        await until(lambda: beats > at_rest)
        await run.pause()
        await run.stop()
        assert (await run.ended()).outcome == "stopped"


async def test_a_pause_that_is_not_acknowledged_fails() -> None:
    """Row 32: without a checkpoint within `pause_timeout` the pause fails with PauseTimeout and the run goes on."""
    release = asyncio.Event()

    async def deaf(ctx: JobContext) -> None:
        await release.wait()

    async with Engine([by_hand("a", deaf, pause_timeout="20ms")]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        with pytest.raises(PauseTimeout) as refused:
            await run.pause()
        assert refused.value.code == "pause_timeout"
        assert run.phase is RunPhase.RUNNING
        release.set()
        assert (await run.ended()).outcome == "success"


async def test_a_pause_for_a_time_ends_by_itself() -> None:
    """Row 32: `pause(for_seconds)` is an automatic resume."""

    def loop(ctx: JobContext) -> None:
        while True:
            ctx.checkpoint_sync()

    async with Engine([by_hand("a", loop)]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.pause(0.02)
        await reaches(run, RunPhase.RUNNING)
        await run.stop()
        assert (await run.ended()).paused_seconds > 0


async def test_a_pause_stops_the_clock_of_the_timeout() -> None:
    """Row 31: the time of a pause does not count toward the timeout of a function."""
    release = threading.Event()

    def loop(ctx: JobContext) -> None:
        while not release.is_set():
            ctx.checkpoint_sync()

    async with Engine([by_hand("a", loop, timeout=0.3)]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.pause()
        await asyncio.sleep(0.4)  # longer than its timeout, which must not come
        assert run.phase is RunPhase.PAUSED
        release.set()
        await run.resume()
        assert (await run.ended()).outcome == "success"
