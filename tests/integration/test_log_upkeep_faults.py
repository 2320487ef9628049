"""Trouble with logs ends no engine."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from engine import Engine, JobContext, JobSpec
from engine.logs.upkeep import Upkeep


async def test_a_fault_in_looking_after_logs_is_said_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs go on, their ends are on record, and the warning goes once it works again."""
    look = Upkeep.look
    monkeypatch.setattr(Upkeep, "look", lambda *_: 1 // 0)
    async with Engine([JobSpec(id="a", command=["sleep", "1000"])], state_dir=tmp_path) as engine:
        async with asyncio.timeout(60):
            while not any("logs could not be looked after" in one for one in engine.status().warnings):
                await asyncio.sleep(0.02)
            run = engine.job("a").active[0]
            monkeypatch.setattr(Upkeep, "look", look)
            while any("looked after" in one for one in engine.status().warnings):
                await asyncio.sleep(0.02)
        await run.stop()
        assert (await run.ended()).outcome == "stopped"


def test_a_loop_that_is_taken_down_under_an_engine_is_no_fault_of_its_logs(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that ends without stopping its engine, in the midst of a look: asyncio cancels it, and has nothing to report."""
    entered, released = threading.Event(), threading.Event()

    def look(*_: object) -> None:
        entered.set()
        released.wait(60)

    async def release_when_cancelled() -> None:
        try:
            await asyncio.Future()
        finally:
            released.set()

    async def work(_: JobContext) -> None:
        await asyncio.Future()

    async def program() -> None:
        engine = Engine([JobSpec(id="a", call=work)])
        await engine.start()
        held = asyncio.create_task(release_when_cancelled())
        await asyncio.to_thread(entered.wait, 60)
        assert not held.done()

    monkeypatch.setattr(Upkeep, "look", look)
    asyncio.run(program())
    assert entered.is_set()
    assert [record.getMessage() for record in caplog.records if "LogUpkeep" in record.getMessage()] == []
