"""What a job can do to its engine, with the outcome that is promised for it (70-quality, Faults). Real processes.

Where a race is guarded against the test is a loop: `FAULT_ROUNDS=100` makes as many rounds of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from engine.executors.local.keeper import kernel, processes
from engine.facade import Engine
from engine.model.record import RunRecord
from engine.model.states import RunPhase
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, JobSpec, Shell, StopPolicy
from engine.spec.limits import Limits
from tests.faults.test_engine_killed import job_file, ran, start_engine

SOON: Final = 30.0
ROUNDS: Final = int(os.environ.get("FAULT_ROUNDS", "3"))
MIB: Final = 1 << 20
HOARD: Final = "kept = []\nwhile True: kept.append(b'x' * (1 << 20))"
ESCAPE: Final = "env -i /usr/bin/setsid /bin/sh -c '/usr/bin/setsid /bin/sleep 1000 & exec /bin/sleep 1000' &"


@asynccontextmanager
async def engine_with(folder: Path, *jobs: JobSpec) -> AsyncIterator[Engine]:
    """An engine on these jobs, gone with its keeper's runs at the end."""
    file = JobFile(engine=EngineSpec(max_running=64), jobs=jobs)
    engine = Engine.from_file(file, state_dir=folder / "state", version="test")
    await engine.start()
    try:
        yield engine
    finally:
        await engine.shutdown(drain=0.0)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not holds():
            await asyncio.sleep(0.005)


async def only_end(engine: Engine, job: str) -> RunRecord:
    """The record of the job's newest run, once nothing of it is active."""
    await until(lambda: not engine.job(job).active and not engine.job(job).queued)
    return (await engine.history(job=job))[0]


def tree_of(pid: int) -> list[processes.Member]:
    """Everybody who carries the tag of a run's leader."""
    tag = processes.tag_of(pid)
    assert tag is not None
    return processes.members(tag)


async def leader_of(engine: Engine, job: str) -> int:
    """The pid of its run, once it runs."""
    await until(lambda: any(run.phase is RunPhase.RUNNING and run.pid for run in engine.job(job).active))
    pid = engine.job(job).active[0].pid
    assert pid is not None
    return pid


def spec(job: str, command: str, **fields: object) -> JobSpec:
    return JobSpec(id=job, command=Shell(command), stop=StopPolicy(grace=0.3), **fields)  # type: ignore[arg-type] # of many types


async def test_a_job_that_ignores_term_is_killed_after_its_grace(tmp_path: Path) -> None:
    deaf = spec("deaf", f"trap '' TERM; : > {tmp_path}/up; while :; do sleep 0.05; done")
    async with engine_with(tmp_path, deaf) as engine:
        pid = await leader_of(engine, "deaf")
        await until((tmp_path / "up").exists)
        begin = time.monotonic()
        await engine.job("deaf").stop()
        record = await only_end(engine, "deaf")
        assert time.monotonic() - begin >= 0.3
        assert (record.outcome, record.reason, record.signal) == ("stopped", "operator", signal.SIGKILL)
        assert processes.look_at(pid) is None


async def test_double_forks_without_session_and_environment_are_stopped_with_their_own_run_only(tmp_path: Path) -> None:
    """In every round two such trees live; the one that is stopped is gone to the last process, the other untouched."""
    one = spec("one", f"{ESCAPE} {ESCAPE} exec sleep 1000")
    two = spec("two", f"{ESCAPE} exec sleep 1000")
    async with engine_with(tmp_path, one, two) as engine:
        await until(lambda: bool(engine.job("two").active))
        other = await leader_of(engine, "two")
        await until(lambda: len(tree_of(other)) == 3)
        for number in range(ROUNDS):
            if number:
                await engine.job("one").trigger()
            pid = await leader_of(engine, "one")
            await until(lambda: len(tree_of(pid)) >= 2)  # noqa: B023 - awaited in this turn
            tag = processes.tag_of(pid)
            await engine.job("one").stop()
            record = await only_end(engine, "one")
            assert (record.outcome, record.left_behind) == ("stopped", ())
            assert tag is not None
            assert processes.members(tag) == []
            assert len(tree_of(other)) == 3


async def test_two_hundred_sleepers_are_paused_and_stopped_as_a_whole(tmp_path: Path) -> None:
    bomb = spec("bomb", "i=0; while [ $i -lt 200 ]; do setsid sleep 1000 & i=$((i+1)); done; wait")
    async with engine_with(tmp_path, bomb) as engine:
        for number in range(ROUNDS):
            if number:
                await engine.job("bomb").trigger()
            pid = await leader_of(engine, "bomb")
            await until(lambda: len(tree_of(pid)) > 20)  # noqa: B023 - awaited in this turn, in the middle of its forks
            tag = processes.tag_of(pid)
            await engine.job("bomb").pause()
            assert {member.state for member in tree_of(pid)} == {"T"}
            await engine.job("bomb").resume()
            await engine.job("bomb").stop()
            assert (await only_end(engine, "bomb")).outcome == "stopped"
            assert tag is not None
            assert processes.members(tag) == []


async def test_memory_filled_at_full_speed_ends_within_half_as_much_again(tmp_path: Path) -> None:
    """200 MiB: killed, with what was seen as the reason, at most 300 MiB by then."""
    hoard = JobSpec(
        id="hoard", command=Argv((sys.executable, "-I", "-S", "-c", HOARD)), limits=Limits(memory=200 * MIB)
    )
    async with engine_with(tmp_path, hoard) as engine:
        for number in range(ROUNDS):
            if number:
                await engine.job("hoard").trigger()
            record = await only_end(engine, "hoard")
            assert record.outcome == "failed"
            assert record.reason == f"memory_limit({record.exceeded['memory']:.0f})"
            assert 200 * MIB < record.exceeded["memory"] <= 300 * MIB


async def test_a_daemon_that_holds_standard_output_holds_up_nobody(tmp_path: Path) -> None:
    """The run is over when its command is; the daemon is on record and writes on into the log."""
    daemon = spec("daemon", "setsid sh -c 'sleep 0.5; echo late; sleep 1000' & echo early; exit 5")
    async with engine_with(tmp_path, daemon) as engine:
        record = await only_end(engine, "daemon")
        assert (record.outcome, record.reason) == ("failed", "exit(5)")
        assert record.left_behind != ()
        assert record.log_path is not None
        log = Path(record.log_path)
        await until(lambda: log.read_text() == "early\nlate\n")
        tags = {
            tag for pid, _ in record.left_behind if (tag := processes.tag_of(pid)) is not None
        }  # some were on their way to become it
        for tag in tags:
            for member in processes.members(tag):
                processes.send_signal(member, tag, signal.SIGKILL)


async def test_a_job_that_reads_standard_input_reads_nothing(tmp_path: Path) -> None:
    async with engine_with(tmp_path, spec("reads", "cat; read line || echo nothing; exit 0")) as engine:
        record = await only_end(engine, "reads")
        assert (record.outcome, Path(record.log_path or "").read_text()) == ("success", "nothing\n")


async def test_a_job_that_exits_at_once_has_its_true_code(tmp_path: Path) -> None:
    """Its end may come before its start is heard of: fifty of them, each with a code of its own."""
    jobs = [spec(f"quick{code}", f"exit {code}") for code in range(50)]
    async with engine_with(tmp_path, *jobs) as engine:
        async with asyncio.timeout(SOON):
            await engine.wait_idle()
        records = {record.job: record for record in await engine.history(limit=100)}
        assert {name: record.exit_code for name, record in records.items()} == {
            f"quick{code}": code for code in range(50)
        }


async def test_a_killed_keeper_is_replaced_and_its_runs_go_on(tmp_path: Path) -> None:
    """They are found, can be stopped, and end as `lost`: nobody could wait for them. What is triggered next runs."""
    long, next_ = spec("long", f"{ESCAPE} exec sleep 1000"), spec("next", "exit 0")
    async with engine_with(tmp_path, long, next_) as engine:
        await only_end(engine, "next")
        for number in range(ROUNDS):
            if number:
                await engine.job("long").trigger()
            pid = await leader_of(engine, "long")
            await until(lambda: len(tree_of(pid)) == 3)  # noqa: B023 - awaited in this turn
            tag = processes.tag_of(pid)
            killed = keeper_of(pid)
            os.kill(killed, signal.SIGKILL)
            executor = engine._processes
            assert executor is not None
            await until(lambda: executor.keeper_pid not in {None, killed})  # noqa: B023 - awaited in this turn
            await engine.job("next").trigger()
            assert (await only_end(engine, "next")).outcome == "success"
            assert engine.job("long").active[0].phase is RunPhase.RUNNING
            assert processes.look_at(pid) is not None, "the run is unharmed"
            await engine.job("long").stop()
            record = await only_end(engine, "long")
            assert (record.outcome, record.exit_code) == ("stopped", None)
            assert tag is not None
            assert processes.members(tag) == []


def keeper_of(pid: int) -> int:
    """Its parent."""
    member = processes.look_at(pid)
    assert member is not None
    return member.parent


async def test_engine_and_keeper_killed_together_lose_an_exit_code_and_no_run(tmp_path: Path) -> None:
    """The next engine shows the run, which nobody harmed, and says at its end what it cannot know. What was claimed behind it has an
    unknown start, and is not begun by guess."""
    child = start_engine(tmp_path, "job_file")
    try:
        await until(lambda: ran(tmp_path) == ["long:1 1"])
    finally:
        child.kill()
        child.wait()
    socket = tmp_path / "state" / "keeper.sock"
    killed = [
        int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit() and serves(folder, socket)
    ]
    assert len(killed) == 1
    os.kill(killed[0], signal.SIGKILL)
    await until(lambda: processes.look_at(killed[0]) is None)
    engine = Engine.from_file(job_file(tmp_path), state_dir=tmp_path / "state", version="test")
    await engine.start()
    try:
        (run,) = engine.job("long").active
        assert run.phase is RunPhase.RUNNING
        assert run.pid is not None
        assert processes.look_at(run.pid) is not None
        (tmp_path / "gate").touch()
        async with asyncio.timeout(SOON):
            await engine.wait_idle()
        history = {record.run_id: record for record in await engine.history()}
        assert (history["long:1"].outcome, history["long:1"].reason) == ("lost", "exit_unknown")
        behind = history["behind:1"]
        assert (behind.outcome, behind.reason) in {("success", "exit(0)"), ("lost", "claim")}, (
            "claimed: may have been begun"
        )
        assert ran(tmp_path).count("long:1 1") == 1
        assert ran(tmp_path).count("behind:1 1") == (behind.outcome == "success")
    finally:
        await engine.shutdown(drain=0.0)


def serves(folder: Path, socket: Path) -> bool:
    """Is this process the keeper of that socket."""
    return str(socket).encode() in kernel.proc_file(folder.name, "cmdline").split(b"\0")
