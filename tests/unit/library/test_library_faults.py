"""A fault of the engine's own: it ends as by a crash, and nobody is left waiting."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from engine import Engine, JobContext, JobSpec
from engine.errors import EngineFault, Refused
from engine.model.states import RunPhase
from engine.runtime.loop import Loop
from engine.store.sqlite import SqliteStore


async def forever(ctx: JobContext) -> None:
    await asyncio.Event().wait()


def broken(*_: object, **__: object) -> None:
    raise LookupError("injected")


async def begun(state: Path | None = None) -> Engine:
    engine = Engine([JobSpec(id="long", call=forever, manual="only")], state_dir=state)
    await engine.start()
    run = await engine.job("long").trigger()
    while run.phase is not RunPhase.RUNNING:
        await asyncio.sleep(0.002)
    return engine


async def test_a_fault_in_a_tick_ends_the_engine_and_tells_everybody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Verbs, waits for a run, for idleness and for the end get the fault; the log has the traceback."""
    engine = await begun()
    run = engine.run("long:1")
    waits = [
        asyncio.ensure_future(wait)
        for wait in (run.ended(), engine.wait_idle(), engine.wait_stopped(), engine.remove("long"))
    ]
    reader = engine.subscribe()
    await asyncio.sleep(0)
    monkeypatch.setattr(Loop, "_take_timers", broken)
    with caplog.at_level(logging.CRITICAL), pytest.raises(EngineFault, match="injected"):
        await engine.hold()
    async with asyncio.timeout(10):
        told = await asyncio.gather(*waits, return_exceptions=True)
    assert [type(one) for one in told] == [EngineFault] * 4
    assert "in broken" in caplog.text, "the traceback"
    with pytest.raises(EngineFault):
        await engine.release()
    with pytest.raises(EngineFault):
        await engine.shutdown()
    assert [event async for event in reader] == [], "subscriptions end with the engine"


async def test_a_fault_in_a_plain_call_is_raised_there() -> None:
    """`add` runs its tick at once."""
    engine = await begun()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "_take_timers", broken)
        with pytest.raises(EngineFault):
            engine.add(JobSpec(id="more", call=forever, manual="only"))
    with pytest.raises(EngineFault):
        await engine.shutdown()


async def test_a_fault_when_a_commit_comes_back_ends_the_engine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = await begun(tmp_path / "s")
    monkeypatch.setattr(Loop, "_committed", broken)
    with pytest.raises(EngineFault, match="injected"):
        await engine.hold()
    with pytest.raises(EngineFault):
        await engine.shutdown()


async def test_a_fault_of_the_store_ends_the_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its thread would be gone and no commit would ever come back."""
    engine = await begun(tmp_path / "s")
    monkeypatch.setattr("engine.store.sqlite._commit", broken)
    with pytest.raises(EngineFault, match="injected"):
        await engine.hold()
    with pytest.raises(EngineFault):
        await engine.shutdown()
    monkeypatch.undo()
    SqliteStore(tmp_path / "s", stamp=str).close()  # and the state is free


async def test_a_fault_in_a_callback_of_an_executor_ends_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reports would be lost, and what they were about would run for ever."""
    engine = await begun()
    run = engine.run("long:1")
    monkeypatch.setattr("engine.executors.call.executor.CallExecutor._tell_end", broken)
    await run.stop()
    with pytest.raises(EngineFault, match="injected"):
        async with asyncio.timeout(10):
            await run.ended()
    with pytest.raises(EngineFault):
        await engine.shutdown()


async def test_a_verb_given_to_an_engine_that_has_ended_is_refused() -> None:
    """In order or not: nobody waits for an engine that is gone."""
    engine = await begun()
    await engine.shutdown(drain=0.0)
    with pytest.raises(Refused):
        await engine.job("long").trigger()
