"""SIGKILL of the engine harms no run: the next engine shows it running and records its true exit code."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import StateLocked
from engine.facade import Engine
from engine.model.states import RunPhase
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import JobSpec, Need, Retry, Shell

SOON = 20.0
"""Seconds after which a condition that should hold within one has failed, also on a loaded machine."""


def job_file(folder: Path) -> JobFile:
    gate = folder / "gate"
    note = 'echo "$RUN_ID $ATTEMPT" >> ' + str(folder / "ran")
    return JobFile(
        engine=EngineSpec(max_running=1),
        jobs=(
            JobSpec(id="long", command=Shell(f"{note}; while [ ! -e {gate} ]; do sleep 0.05; done; exit 7")),
            JobSpec(id="behind", command=Shell(note)),
            JobSpec(id="after", command=Shell(note), needs=(Need("behind"),), retry=Retry(limit=1)),
        ),
    )


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not holds():
            await asyncio.sleep(0.01)


PROGRAM = """
import asyncio, importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("jobs", sys.argv[2])
jobs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(jobs)
asyncio.run(jobs.serve(getattr(jobs, sys.argv[3]), Path(sys.argv[1])))
"""


def start_engine(folder: Path, jobs: str) -> subprocess.Popen[bytes]:
    """An engine in a process of its own, on a job file of this module."""
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder), __file__, jobs])


async def serve(jobs: Callable[[Path], JobFile], folder: Path) -> None:
    """What the child does: an engine until it is killed."""
    engine = Engine.from_file(jobs(folder), state_dir=folder / "state", version="test")
    await engine.start()
    await asyncio.Event().wait()


def ran(folder: Path) -> list[str]:
    try:
        return (folder / "ran").read_text().splitlines()
    except FileNotFoundError:
        return []


async def test_a_killed_engine_loses_nothing_and_starts_nothing_twice(tmp_path: Path) -> None:
    child = start_engine(tmp_path, "job_file")
    try:
        await until(lambda: ran(tmp_path) == ["long:1 1"])
    finally:
        child.kill()
        child.wait()
    engine = Engine.from_file(job_file(tmp_path), state_dir=tmp_path / "state", version="test")
    await engine.start()
    try:
        (run,) = engine.job("long").active
        assert run.phase is RunPhase.RUNNING
        assert run.pid is not None
        os.kill(run.pid, 0)
        (tmp_path / "gate").touch()
        async with asyncio.timeout(SOON):
            await engine.wait_idle()
        history = {record.run_id: record for record in await engine.history()}
        assert (history["long:1"].outcome, history["long:1"].exit_code) == ("failed", 7)
        assert history["behind:1"].outcome == "success"
        assert history["after:1"].outcome == "success"
        assert sorted(ran(tmp_path)) == ["after:1 1", "behind:1 1", "long:1 1"]
    finally:
        await engine.shutdown(drain=0.0)


async def test_a_second_engine_on_the_same_state_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    first = Engine.from_file(job_file(tmp_path), state_dir=tmp_path / "state", version="test")
    await first.start()
    try:
        second = Engine.from_file(job_file(tmp_path), state_dir=tmp_path / "state", version="test")
        with pytest.raises(StateLocked) as refused:
            await second.start()
        assert refused.value.pid == os.getpid()
    finally:
        await first.shutdown(drain=0.0)


async def test_an_end_that_came_while_no_engine_lived_is_recorded(tmp_path: Path) -> None:
    child = start_engine(tmp_path, "job_file")
    try:
        await until(lambda: ran(tmp_path) == ["long:1 1"])
    finally:
        child.kill()
        child.wait()
    (tmp_path / "gate").touch()
    log = tmp_path / "state" / "logs" / "long" / "1.log"
    assert log.exists()
    engine = Engine.from_file(job_file(tmp_path), state_dir=tmp_path / "state", version="test")
    # the run may be over before or after this engine asks: both must give the true exit code
    await engine.start()
    try:
        async with asyncio.timeout(SOON):
            await engine.wait_idle()
        record = (await engine.history(job="long"))[0]
        assert (record.outcome, record.reason) == ("failed", "exit(7)")
        assert record.attempts[0].exit_code == 7
    finally:
        await engine.shutdown(drain=0.0)


@pytest.mark.slow
async def test_ten_kills_at_any_moment_under_load(tmp_path: Path) -> None:
    """300 short runs, the engine killed ten times in between: every job ran exactly once."""
    for _ in range(10):
        child = start_engine(tmp_path, "many")
        before = len(ran(tmp_path))
        try:
            await until(lambda: len(ran(tmp_path)) >= min(before + 20, 300))  # noqa: B023 - awaited in this turn
        finally:
            child.kill()
            child.wait()
    engine = Engine.from_file(many(tmp_path), state_dir=tmp_path / "state", version="test")
    await engine.start()
    try:
        async with asyncio.timeout(3 * SOON):
            await engine.wait_idle()
        assert sorted(ran(tmp_path)) == sorted(f"j{number}:1" for number in range(300))
        records = await engine.history(limit=1000)
        assert [record.outcome for record in records] == ["success"] * 300
    finally:
        await engine.shutdown(drain=0.0)


def many(folder: Path) -> JobFile:
    command = Shell(f'echo "$RUN_ID" >> {folder / "ran"}')
    return JobFile(
        engine=EngineSpec(max_running=4), jobs=tuple(JobSpec(id=f"j{n}", command=command) for n in range(300))
    )
