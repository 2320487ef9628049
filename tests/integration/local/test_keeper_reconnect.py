"""Engines come and go, the keeper and its runs stay: what the next engine is told."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from engine.executors.local.connection import KeeperError, start_keeper
from engine.executors.local.executor import LocalExecutor
from engine.executors.local.held import boot_id
from engine.executors.local.keeper import link
from engine.ports.executor import (
    Acknowledge,
    AttemptRef,
    Cause,
    Ended,
    Missing,
    NotFound,
    Pause,
    Paused,
    Resume,
    Resumed,
    SpawnFailed,
    Started,
    StillRunning,
    Stop,
)
from tests.integration.local.bench import Bench, RealClock, eventually, exit_of, gone


async def test_next_engine_finds_what_runs_and_what_ended(bench: Bench) -> None:
    """Running, paused, ended and failed attempts are found as they are, with true exit codes, in the order asked."""
    runs, paused = bench.shell("sleep 1000"), bench.shell("sleep 1000")
    ends = bench.shell("while [ ! -e go ]; do sleep 0.005; done; exit 7")
    fails = bench.launch("/no/such/program")
    bench.submit(Pause(paused))
    await bench.heard(paused, Paused)
    await bench.heard(fails, SpawnFailed)
    started = await bench.heard(runs, Started)
    leader = await bench.heard(ends, Started)
    known = [bench.reference(attempt) for attempt in (fails, ends, paused, runs)]
    before = bench.keeper_pid
    await bench.executor.close()
    (bench.folder / "go").touch()
    await exit_of(leader.pid)
    failed, ended, still_paused, running = await bench.reopen(known)
    assert bench.keeper_pid == before
    assert isinstance(failed, SpawnFailed)
    assert isinstance(ended, Ended)
    assert ended.exit_code == 7
    assert isinstance(still_paused, StillRunning)
    assert still_paused.paused
    assert running == StillRunning(started, paused=False, exit_known=True)
    bench.submit(Resume(paused))
    await bench.heard(paused, Resumed)
    bench.submit(Stop(runs, 15, 5.0))
    assert (await bench.ended(runs)).signal == 15


async def test_end_is_told_until_it_is_acknowledged(bench: Bench) -> None:
    """An end that was told but not acknowledged is told again to the next engine, and no more after that."""
    attempt = bench.shell("exit 9")
    await bench.ended(attempt)
    known = [bench.reference(attempt)]
    for _ in range(2):
        (again,) = await bench.reopen(known)
        assert isinstance(again, Ended)
        assert again.exit_code == 9
    other = bench.shell("sleep 1000")  # keeps this keeper alive
    await bench.heard(other, Started)
    bench.submit(Acknowledge((attempt,)))
    assert await bench.reopen(known) == [NotFound(attempt, Missing.GONE)]


async def test_attempt_that_the_living_keeper_never_got_may_be_started(bench: Bench) -> None:
    """The same keeper lives and does not know it: it was never started."""
    other = bench.shell("sleep 1000")
    await bench.heard(other, Started)
    reference = AttemptRef("job:99.1", 4711, boot_id(), None, None, "")
    assert await bench.reopen([reference]) == [NotFound("job:99.1", Missing.NEVER_STARTED)]


async def test_attempt_of_a_keeper_that_is_gone_is_gone(bench: Bench) -> None:
    """A new keeper, and nobody carries the tag: whether it ran is unknown; of another boot: the machine was restarted."""
    reference = AttemptRef("job:99.1", 4711, boot_id(), None, None, "")
    rebooted = replace(reference, attempt="job:98.1", boot_id="another")
    pid = bench.keeper_pid
    await bench.executor.close()
    await exit_of(pid)
    assert await bench.reopen([reference, rebooted]) == [
        NotFound("job:99.1", Missing.GONE),
        NotFound("job:98.1", Missing.REBOOTED),
    ]


async def test_second_engine_is_refused(bench: Bench) -> None:
    """One engine at a time; the first is not disturbed."""
    second = LocalExecutor(bench.state, RealClock())
    with pytest.raises(KeeperError, match="another engine"):
        await second.open([], lambda _: None)
    await second.close()
    assert (await bench.ended(bench.shell("exit 4"))).exit_code == 4


async def test_keeper_of_another_version_is_left_to_its_runs(tmp_path: Path) -> None:
    """A keeper that speaks another protocol keeps its socket's connections but not its place: a new one takes new runs."""
    bench = Bench(tmp_path)
    path = bench.state / "keeper.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as older:
        older.bind(str(path))
        older.listen()

        def answer() -> None:
            connection, _ = older.accept()
            with connection:
                assert json.loads(connection.recv(1000)) == [["hello", link.PROTOCOL]]
                connection.send(b'[["version",0]]')

        answering = asyncio.create_task(asyncio.to_thread(answer))
        await bench.open()
        await answering
    assert (await bench.ended(bench.shell("exit 4"))).exit_code == 4
    await bench.clear()


async def test_an_engine_of_another_version_starts_nothing_and_who_does_not_greet_is_not_served(bench: Bench) -> None:
    pid = bench.keeper_pid
    await bench.ended(bench.shell("exit 0"))  # kept, so that the keeper stays
    await bench.executor.close()
    for hello, verbs in (
        ([["hello", 999], ["limit", 3]], ["welcome"]),
        ([["hello", 999], ["launch", "job:9.1"]], ["welcome"]),
        ([["limit", 3]], []),
        ("nonsense", []),
    ):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as engine:
            engine.connect(str(bench.state / "keeper.sock"))
            engine.send(json.dumps(hello).encode())
            heard = []
            while data := await asyncio.to_thread(engine.recv, 10000):
                heard += [message[0] for message in json.loads(data)]
            assert heard == verbs, "and then it hangs up"
    await bench.reopen()
    assert bench.keeper_pid == pid


async def test_keeper_leaves_at_once_after_a_goodbye(bench: Bench) -> None:
    """With nothing living and nothing kept there is nothing to wait for; the socket goes with it."""
    pid = bench.keeper_pid
    await bench.executor.close()
    await exit_of(pid)
    assert not (bench.state / "keeper.sock").exists()
    await bench.reopen()


async def test_keeper_outlives_an_engine_that_vanished(tmp_path: Path) -> None:
    """Without a goodbye it waits for its idle time, then leaves."""
    bench = Bench(tmp_path)
    bench.executor = LocalExecutor(bench.state, RealClock(), idle=0.2)
    await bench.open()
    pid = bench.keeper_pid
    connection = bench.executor._connection
    assert connection is not None
    connection.close()
    assert not gone(pid)
    await exit_of(pid)
    bench.executor = LocalExecutor(bench.state, RealClock())
    await bench.open()
    await bench.clear()


async def test_keeper_with_unacknowledged_ends_stays(tmp_path: Path) -> None:
    """What nobody has taken note of is not thrown away, however long the engine is gone; without using any CPU."""
    bench = Bench(tmp_path)
    bench.executor = LocalExecutor(bench.state, RealClock(), idle=0.05)
    await bench.open()
    pid = bench.keeper_pid
    attempt = bench.shell("exit 8")
    await bench.ended(attempt)
    other = bench.shell("sleep 0.3; exit 6")
    known = [bench.reference(attempt), bench.reference(other)]
    await bench.executor.close()
    used = _cpu_ns(pid)
    begin = asyncio.get_running_loop().time()
    await eventually(lambda: asyncio.get_running_loop().time() > begin + 0.5)
    assert _cpu_ns(pid) - used < 50_000_000
    await bench.reopen(known)
    assert [(await bench.ended(one)).exit_code for one in (attempt, other)] == [8, 6]
    await bench.clear()


async def test_keeper_whose_folder_is_gone_leaves(tmp_path: Path) -> None:
    """When its path is no longer its own nobody can ever ask for what it keeps."""
    bench = Bench(tmp_path)
    bench.executor = LocalExecutor(bench.state, RealClock(), idle=0.05)
    await bench.open()
    pid = bench.keeper_pid
    await bench.ended(bench.shell("exit 8"))
    await bench.executor.close()
    assert not gone(pid)
    (bench.state / "keeper.sock").unlink()
    await exit_of(pid)


async def test_timeout_and_stop_go_on_without_an_engine(bench: Bench) -> None:
    """Deadlines are the keeper's: a run that takes too long ends while no engine is there."""
    late = bench.shell("sleep 1000", timeout=0.2)
    stopping = bench.shell("trap '' TERM; echo up; while :; do sleep 1000; done")
    leaders = [(await bench.heard(late, Started)).pid, (await bench.heard(stopping, Started)).pid]
    await bench.wrote(stopping, "up")
    known = [bench.reference(late), bench.reference(stopping)]
    bench.submit(Stop(stopping, 15, 0.2))
    await bench.executor.close()
    for leader in leaders:
        await exit_of(leader)
    await bench.reopen(known)
    assert [(await bench.ended(attempt)).cause for attempt in (late, stopping)] == [Cause.TIMEOUT, Cause.STOP]


async def test_path_longer_than_an_address(tmp_path: Path) -> None:
    """A state folder whose path is longer than the 107 bytes of a socket address works like any other."""
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    bench = Bench(deep)
    await bench.open()
    assert (await bench.ended(bench.shell("exit 4"))).exit_code == 4
    assert stat.S_ISSOCK((bench.state / "keeper.sock").stat().st_mode)
    await bench.clear()


async def test_stale_socket_is_replaced(tmp_path: Path) -> None:
    """A socket file without a keeper behind it is no obstacle."""
    bench = Bench(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
        dead.bind(str(bench.state / "keeper.sock"))
    await bench.open()
    await bench.clear()


async def test_no_state_folder_is_an_os_error(tmp_path: Path) -> None:
    """`open` raises OSError when there can be no keeper."""
    executor = LocalExecutor(tmp_path / "missing", RealClock())
    with pytest.raises(OSError, match="No such file"):
        await executor.open([], lambda _: None)
    await executor.close()


def test_keeper_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    """A keeper that fails at once is told with the place of its log."""
    (tmp_path / "keeper.sock").mkdir()
    with pytest.raises(KeeperError, match=r"keeper\.log"):
        start_keeper(tmp_path, 1.0)
    assert "Error" in (tmp_path / "keeper.log").read_text()


def _cpu_ns(pid: int) -> int:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
