"""What the tests of engines inside programs have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from engine import (
    JobContext,
    JobSpec,
)
from engine.api import RunView
from engine.model.states import RunPhase

PATIENCE = 20.0


async def until(holds: Callable[[], object]) -> None:
    """Wait for a condition of other threads and of the loop."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.002)


async def reaches(run: RunView, phase: RunPhase) -> None:
    await until(lambda: run.phase is phase)


async def nothing(ctx: JobContext) -> None:
    """Ends at once."""


def by_hand(job_id: str, call: Callable[[JobContext], object], **fields: Any) -> JobSpec:
    return JobSpec(id=job_id, call=call, manual="only", **fields)
