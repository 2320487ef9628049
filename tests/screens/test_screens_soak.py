"""A console that is kept open all day."""

from __future__ import annotations

import gc
import logging
import random

import psutil
import pytest

from engine.model.outcome import Outcome
from engine.model.states import JobStatus
from tests.screens.engines import big_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.fake_job import MIB
from tests.screens.stage import PLACES, console

_LOG = logging.getLogger(__name__)

HOURS = 8
STAY = 600
"""Seconds on one screen."""
RING = 600
LOG = 256 * 1024


def live_a_second(engine: FakeEngine, dice: random.Random, second: int) -> None:
    """What a busy engine shows: each running job is sampled, one ends and one starts every five seconds, a log grows."""
    running = [job for job in engine.jobs if job.active]
    for job in running:
        run = job.active[-1]
        run.cpu_percent, run.rss_bytes = dice.random() * 200, dice.randrange(1, 500) * MIB
        job.cpu_ring = [*job.cpu_ring[-RING + 1 :], run.cpu_percent]
        job.rss_ring = [*job.rss_ring[-RING + 1 :], run.rss_bytes]
        job.touch()
    if second % 5 == 0:
        over = dice.choice(running)
        engine.logs.pop(over.active.pop().run_id, None)
        over.status = JobStatus.WAITING
        engine.ended(over, 0, 5.0, dice.choice((Outcome.SUCCESS, Outcome.FAILED)))
        over.touch()
        begun = dice.choice([job for job in engine.jobs if not job.active])
        engine.running(begun, 0, 1.0, MIB)
        begun.touch()
    for job in running[:3]:
        if job.active:
            name = job.active[-1].run_id
            engine.logs[name] = (engine.logs.get(name, b"") + b"%d: something was done\n" % second)[-LOG:]


def resident() -> int:
    """Bytes, once what is garbage is gone."""
    gc.collect()
    return psutil.Process().memory_info().rss


@pytest.mark.long
async def test_eight_hours_of_updates_take_no_more_memory() -> None:
    """After the first hour, in which every screen was open, resident memory grows by less than 5 %.

    Run by hand: `python -m pytest tests/screens/test_screens_soak.py -m long --log-cli-level INFO -o faulthandler_timeout=0`.
    """
    engine, dice = big_engine(500), random.Random(5)
    for job in engine.jobs:  # full from the beginning, as they are after a day
        job.cpu_ring = [dice.random() for _ in range(RING)]
        job.rss_ring = [dice.randrange(1, 500) * MIB for _ in range(RING)]
    ways = list(PLACES.values())
    seen: list[int] = []
    async with console(engine, size=(160, 45)) as stage:
        for second in range(HOURS * 3600):
            live_a_second(engine, dice, second)
            await stage.second()
            if second % STAY == 0:
                await stage.press("1", *ways[second // STAY % len(ways)])
                await stage.press("j")
                engine.verbs.clear()
                engine.log_reads.clear()
            if second % 3600 == 3599:
                stage.said.clear()
                seen.append(resident())
                _LOG.info("after %d h: %.1f MiB", second // 3600 + 1, seen[-1] / MIB)
    assert max(seen[1:]) < 1.05 * seen[0]
