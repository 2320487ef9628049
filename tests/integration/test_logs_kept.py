"""Logs of real runs: cut while the job writes, compressed and pruned behind it, gone when their folder is."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from engine import Engine, JobSpec, LogKeep, LogPolicy

PATIENCE = 60.0


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition of files, which tell nobody."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.02)


def names(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()} if folder.is_dir() else set()


async def test_a_job_that_never_stops_printing_has_a_log_of_bounded_size(tmp_path: Path) -> None:
    """The middle is cut while it runs, once more when it has ended, and the positions count what was printed."""
    program = (
        "import sys,time\nn=0\nwhile True:\n    print(f'{n:09d} ' + 'x' * 60); n += 1\n    n % 2000 or time.sleep(.01)"
    )
    spec = JobSpec(
        id="chatty", command=[sys.executable, "-u", "-c", program], manual="only", log=LogPolicy(max_size=256 << 10)
    )
    async with Engine([spec], state_dir=tmp_path) as engine:
        run = await engine.job("chatty").trigger()
        log = tmp_path / "logs" / "chatty" / "1.log"
        await until(lambda: log.exists() and b"bytes were cut out here" in log.read_bytes()[: 80 << 10])
        await run.stop()
        await engine.wait_idle()
        await until(lambda: log.stat().st_blocks * 512 <= 256 << 10)
        end = await engine.log("chatty:1", -70 * 4, 70 * 4)
        assert end.gap is not None
        assert end.size > log.stat().st_size
        lines = end.data.splitlines()
        assert [int(line[:9]) for line in lines[1:]] == [int(lines[1][:9]) + n for n in range(len(lines) - 1)]


async def test_logs_of_earlier_runs_are_compressed_and_old_ones_go(tmp_path: Path) -> None:
    """`keep.runs`; the record names the log that is there, and none where there is none."""
    policy = LogPolicy(keep=LogKeep(runs=2, failed=0))
    async with Engine(state_dir=tmp_path) as engine:
        job = engine.add(JobSpec(id="a", command="seq 1 3000", manual="only", log=policy))
        for _ in range(4):
            await (await job.trigger()).ended()
        folder = tmp_path / "logs" / "a"
        await until(lambda: {"3.log.gz", "4.log"} <= names(folder) and not {"1.log", "2.log"} & names(folder))
        assert names(folder) - {"3.index", "4.index"} == {"3.log.gz", "4.log", "runs.log"}
        paths = [record.log_path for record in await engine.history(job="a")]
        assert paths == [str(folder / "4.log"), str(folder / "3.log.gz"), None, None]
        assert (await engine.log("a:3", -5, 5)).data == b"3000\n"


async def test_a_log_folder_that_is_removed_harms_no_run_and_is_made_anew(tmp_path: Path) -> None:
    """The run goes on, its record is as ever, the next run has its log again, and an operator is told."""
    async with Engine(state_dir=tmp_path) as engine:
        job = engine.add(JobSpec(id="a", command="echo before; sleep 1000 || echo after", manual="only"))
        run = await job.trigger()
        folder = tmp_path / "logs" / "a"
        await until(lambda: (folder / "1.log").exists() and (folder / "1.log").stat().st_size > 0)
        shutil.rmtree(folder)
        await until(lambda: any("was removed" in warning for warning in engine.status().warnings))
        await run.stop()
        assert (await run.ended()).outcome == "stopped"
        again = await job.trigger()
        await until((folder / "2.log").exists)
        await until(lambda: not any("was removed" in warning for warning in engine.status().warnings))
        await again.stop()
        await again.ended()
