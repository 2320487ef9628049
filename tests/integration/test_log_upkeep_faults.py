"""Trouble with logs ends no engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine import Engine, JobSpec
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
