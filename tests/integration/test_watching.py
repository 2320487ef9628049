"""What is known of a run's processes while it runs, and on record after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine import Engine, JobSpec, Monitor

TREE = "sleep 1000 & python3 -c 'kept = bytearray(60 << 20)\nwhile True: pass' & wait"


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


async def test_details_of_the_whole_tree_and_what_it_used_on_record() -> None:
    """All processes with their facts by psutil; least, mean and most of CPU and memory when it is over."""
    async with Engine() as engine:
        job = engine.add(JobSpec(id="a", command=TREE, manual="only"))
        run = await job.trigger()
        await until(lambda: len(job.cpu_ring) > 2 and max(job.rss_ring) > 60 << 20)
        found = await engine.processes_of("a:1")
        assert found[0].pid == job.active[0].pid
        assert {one.parent for one in found[1:]} == {found[0].pid}
        assert any(one.command == "sleep 1000" for one in found)
        assert sum(one.rss_bytes for one in found) > 60 << 20
        assert all(one.threads >= 1 and one.open_files is not None for one in found)
        await run.stop()
        record = await run.ended()
        assert record.usage["processes_max"] == 3
        assert record.usage["rss_bytes_max"] > 60 << 20
        assert record.usage["cpu_percent_max"] > 10
        assert record.usage["cpu_percent_min"] <= record.usage["cpu_percent_average"] <= record.usage["cpu_percent_max"]
        with pytest.raises(KeyError):
            await engine.processes_of("a:1")


async def test_a_job_says_how_it_is_watched() -> None:
    """`monitor: false`: not at all; `children: false`: its first process alone; `every`: less often."""
    async with Engine() as engine:
        off = engine.add(JobSpec(id="off", command=TREE, monitor=None))
        alone = engine.add(JobSpec(id="alone", command=TREE, monitor=Monitor(children=False)))
        seldom = engine.add(JobSpec(id="seldom", command=TREE, monitor=Monitor(every=30)))
        await until(lambda: len(alone.cpu_ring) > 3)
        assert len(off.cpu_ring) == 0
        assert len(seldom.cpu_ring) == 1, "the first look is early, so that a screen is live at once"
        assert max(alone.rss_ring) < 30 << 20
        runs = [job.active[0] for job in (off, alone, seldom)]
        for job in (off, alone, seldom):
            await job.kill()
        records = [await run.ended() for run in runs]
        assert records[0].usage == {}
        assert records[1].usage["processes_max"] == 1
