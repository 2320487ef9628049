"""Full disks, for logs and for the state: running jobs go on, nothing starts that is not durable, and it is said (70-quality)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import Engine, JobSpec, LogKeep, LogPolicy
from engine.logs.index import Stamp, add_stamps, read_index
from engine.logs.upkeep import LiveLog, Upkeep
from engine.store.history import one_run

PATIENCE = 60.0
CALM = """
import os, sys, time
while not os.path.exists(sys.argv[1]):
    try:
        os.write(1, b'still here\\n')
    except OSError:
        pass
    time.sleep(0.05)
os.write(1, b'the end\\n')
"""


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.02)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of that size at `folder`."""
    if os.geteuid() != 0:
        pytest.skip("a small disk is mounted, which takes root")
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all room that is left."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)
    return path


async def test_a_full_disk_of_logs_harms_no_running_job_and_is_said(tmp_path: Path) -> None:
    """A job that goes on is told nothing; what may be missing is marked; with room again all is as before."""
    with small_disk(tmp_path / "logs", "4m") as logs:
        stop = tmp_path / "stop"
        async with Engine(state_dir=tmp_path) as engine:
            calm = engine.add(JobSpec(id="calm", command=["python3", "-c", CALM, str(stop)], manual="only"))
            run = await calm.trigger()
            await until(lambda: len(read_index(str(logs / "calm" / "1.index")).stamps) > 0)
            filler = fill(logs)
            await until(lambda: any("free on the disk of the logs" in one for one in engine.status().warnings))
            other = engine.add(JobSpec(id="other", command="echo hi || exit 7", manual="only"))
            await (await other.trigger()).ended()  # whatever becomes of it, the engine answers
            assert calm.active[0].phase == "running"
            filler.unlink()
            await until(lambda: not any("free on the disk" in one for one in engine.status().warnings))
            stop.write_text("")
            record = await run.ended()
            assert (record.outcome, record.exit_code) == ("success", 0)
            times = await engine.log_times("calm:1", 0, 1 << 40)
            assert any(one.incomplete for one in times)
            assert not times[0].incomplete
            again = await (await other.trigger()).ended()
            assert again.outcome == "success"
            assert (await engine.log(again.run_id, 0, 100)).data == b"hi\n"


async def test_old_logs_make_room_before_the_disk_is_full(tmp_path: Path) -> None:
    """Oldest first, over all jobs; the newest success and the newest failure stay."""
    with small_disk(tmp_path / "logs", "4m") as logs:
        keep = LogPolicy(keep=LogKeep(runs=1000), compress=False)
        async with Engine(state_dir=tmp_path) as engine:
            job = engine.add(JobSpec(id="a", command="head -c 300000 /dev/zero | tr '\\0' x", manual="only", log=keep))
            for _ in range(14):
                await (await job.trigger()).ended()

            def kept() -> list[int]:
                return sorted(int(path.stem) for path in (logs / "a").glob("*.log") if path.stem.isdigit())

            await until(lambda: 1 not in kept())
            left = kept()
            assert left == list(range(left[0], 15))


def test_a_log_that_is_too_large_is_cut_though_its_time_cannot_be_noted(tmp_path: Path) -> None:
    """The cut is what makes room again. The index ends where its page does: the next time needs another one."""
    with small_disk(tmp_path / "logs", "4m") as logs:
        log, index = logs / "a" / "1.log", logs / "a" / "1.index"
        log.parent.mkdir()
        log.write_bytes(b"a line\n" * 400_000)
        add_stamps(str(index), [Stamp(n, n, 1) for n in range(168)])
        live = [LiveLog("a", str(log), 1, 1 << 20)]
        upkeep = Upkeep(str(logs))
        fill(logs)
        upkeep.look(live, [], 1_000)
        assert "No space left" in upkeep.problems[0]
        assert log.stat().st_blocks * 512 <= 1 << 20
        upkeep.look(live, [], 2_000)
        assert not upkeep.problems
        assert read_index(str(index)).stamps[-1] == Stamp(2_800_000, 2_000, 1, 1)


async def test_a_full_disk_of_the_state_stops_starts_and_no_run(tmp_path: Path) -> None:
    """What runs goes on and its end is written once there is room; what would start waits; it is said meanwhile."""
    with small_disk(tmp_path / "state", "3m") as state:
        async with Engine(state_dir=state) as engine:
            going = engine.add(JobSpec(id="going", command="read x < $0 2>/dev/null; sleep 0.1; exit 3", manual="only"))
            nap = engine.add(JobSpec(id="nap", command=["sleep", "1000"], manual="only"))
            new = engine.add(JobSpec(id="new", command="echo started > /tmp/none; true", manual="only"))
            run = await nap.trigger()
            await until(lambda: bool(nap.active) and nap.active[0].pid is not None)
            filler = fill(state)
            waiting = [asyncio.ensure_future(job.trigger()) for job in (going, new)]
            await until(lambda: any("cannot be written" in one for one in engine.status().warnings))
            assert going.counters.success + going.counters.failed == 0
            assert nap.active[0].phase == "running"
            await run.kill()
            await until(lambda: not nap.active)
            filler.unlink()
            await until(lambda: not any("cannot be written" in one for one in engine.status().warnings))
            ended = [await (await one).ended() for one in waiting]
            assert [(one.job, one.outcome) for one in ended] == [("going", "failed"), ("new", "success")]
            record = one_run(state / "state.db", "nap:1")
            assert record is not None
            assert (record.outcome, record.signal) == ("stopped", 9)
