"""Stop, pause, timeout: what is done to one process is done to the whole tree, and to nobody else."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from engine.ports.executor import Cause, Ended, Pause, Paused, PauseRefused, Resume, Resumed, Started, Stop
from engine.spec.job import OnLeftBehind
from tests.integration.local.bench import Bench, eventually, gone

PAIR = "setsid sleep 1000 & echo up; sleep 1000"
ESCAPEES = "for i in 1 2; do (env -i setsid sh -c 'sleep 1000 & sleep 1000 &' &); done; echo up; sleep 1000"
STUBBORN = "trap '' TERM; echo up; while :; do sleep 1000; done"


async def test_stop_ends_a_process_in_another_session(bench: Bench) -> None:
    """A child that has left the session is stopped with the rest."""
    attempt = bench.shell(PAIR)
    await bench.wrote(attempt, "up")
    await eventually(lambda: len(bench.members(attempt)) == 3)
    bench.submit(Stop(attempt, signal.SIGTERM, 10.0))
    end = await bench.ended(attempt)
    assert (end.exit_code, end.signal, end.cause, end.left_behind) == (None, signal.SIGTERM, Cause.STOP, ())
    assert bench.members(attempt) == []


async def test_stop_kills_who_ignores_the_signal(bench: Bench) -> None:
    """After the grace a job that ignores TERM is killed."""
    attempt = bench.shell(STUBBORN)
    await bench.wrote(attempt, "up")
    bench.submit(Stop(attempt, signal.SIGTERM, 0.05))
    end = await bench.ended(attempt)
    assert (end.signal, end.cause) == (signal.SIGKILL, Cause.STOP)


async def test_stop_waits_for_members_within_the_grace(bench: Bench) -> None:
    """A child may finish its work after the leader has gone, and the end is told only then."""
    script = "(trap 'echo closing; echo closed; exit 0' TERM; echo up; while :; do sleep 0.01; done) & wait"
    attempt = bench.shell(script)
    await bench.wrote(attempt, "up")
    bench.submit(Stop(attempt, signal.SIGTERM, 30.0))
    await bench.ended(attempt)
    assert "closed" in bench.log(attempt).read_text()
    assert bench.members(attempt) == []


async def test_stop_kills_members_that_outlive_the_leader(bench: Bench) -> None:
    """A daemon that ignores TERM is killed at the end of the grace though its leader has long gone."""
    attempt = bench.shell("setsid sh -c 'trap \"\" TERM; echo up; while :; do sleep 1000; done' & sleep 1000")
    await bench.wrote(attempt, "up")
    bench.submit(Stop(attempt, signal.SIGTERM, 0.1))
    end = await bench.ended(attempt)
    assert end.signal == signal.SIGTERM
    assert bench.members(attempt) == []


async def test_second_stop_hastens_the_first(bench: Bench) -> None:
    """A KILL ordered during a long grace acts at once; the first cause stays."""
    attempt = bench.shell(STUBBORN)
    await bench.wrote(attempt, "up")
    bench.submit(Stop(attempt, signal.SIGTERM, 1000.0, Cause.SHUTDOWN), Stop(attempt, signal.SIGKILL, 0.0))
    end = await bench.ended(attempt)
    assert (end.signal, end.cause) == (signal.SIGKILL, Cause.SHUTDOWN)


async def test_stop_finds_the_right_escapees(bench: Bench) -> None:
    """Of several runs whose double forks have cleared environment and session, only the stopped one's die."""
    attempts = [bench.shell(ESCAPEES) for _ in range(3)]
    for attempt in attempts:
        await bench.wrote(attempt, "up")
        await eventually(lambda attempt=attempt: len(bench.members(attempt)) == 6)  # type: ignore[misc]  # binds attempt
    bench.submit(Stop(attempts[1], signal.SIGTERM, 10.0))
    await bench.ended(attempts[1])
    assert [len(bench.members(attempt)) for attempt in attempts] == [6, 0, 6]


async def test_what_outlives_a_success_is_named_and_lives(bench: Bench) -> None:
    """A run is over when its leader is; what it leaves is on record and goes on."""
    attempt = bench.shell("setsid sleep 1000 & sleep 1001 & exit 0")
    end = await bench.ended(attempt)
    assert end.exit_code == 0
    assert len(end.left_behind) == 2
    left = {member.pid for member in bench.members(attempt)}
    assert {behind.pid for behind in end.left_behind} == left


async def test_what_another_run_left_is_not_blamed_on_this_one(bench: Bench) -> None:
    """Daemons of an earlier run hang below the keeper; a later clean run leaves nothing behind."""
    await bench.ended(bench.shell("setsid sleep 1000 & exit 0"))
    assert (await bench.ended(bench.shell("exit 0"))).left_behind == ()


async def test_pause_stops_all_and_resume_continues_all(bench: Bench) -> None:
    """Every process of the tree stands still, in whatever session, until it is resumed."""
    attempt = bench.shell(PAIR)
    await eventually(lambda: len(bench.members(attempt)) == 3)
    bench.submit(Pause(attempt))
    await bench.heard(attempt, Paused)
    assert [member.state for member in bench.members(attempt)] == ["T", "T", "T"]
    bench.submit(Resume(attempt))
    await bench.heard(attempt, Resumed)
    await eventually(lambda: [member.state for member in bench.members(attempt)] == ["S", "S", "S"])


async def test_pause_reaches_a_tree_that_forks(bench: Bench) -> None:
    """A tree that keeps forking is either stopped to the last process, or the refusal says so and it goes on."""
    attempt = bench.shell("echo up; while :; do (/bin/true; (/bin/true)) & /bin/true; done")
    await bench.wrote(attempt, "up")
    bench.submit(Pause(attempt))
    await bench.until(lambda: bool(bench.said(attempt, Paused) or bench.said(attempt, PauseRefused)))
    states = {member.state for member in bench.members(attempt)}
    assert (states == {"T"}) == bool(bench.said(attempt, Paused))


async def test_stop_of_a_paused_tree(bench: Bench) -> None:
    """A paused tree is signalled and continued, so that it can end in its own way."""
    attempt = bench.shell("trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.01; done")
    await bench.wrote(attempt, "up")
    bench.submit(Pause(attempt))
    await bench.heard(attempt, Paused)
    bench.submit(Stop(attempt, signal.SIGTERM, 10.0))
    end = await bench.ended(attempt)
    assert end.exit_code == 5
    assert bench.log(attempt).read_text().endswith("bye\n")


async def test_pause_during_a_stop_is_refused(bench: Bench) -> None:
    """What is being stopped cannot be paused; the answer says why."""
    attempt = bench.shell(STUBBORN)
    await bench.wrote(attempt, "up")
    bench.submit(Stop(attempt, signal.SIGTERM, 1000.0), Pause(attempt))
    assert "stopped" in (await bench.heard(attempt, PauseRefused)).why
    bench.submit(Stop(attempt, signal.SIGKILL, 0.0))
    await bench.ended(attempt)


async def test_leader_killed_while_paused_frees_the_rest(bench: Bench) -> None:
    """When the leader of a paused tree dies, the others do not stay frozen for ever."""
    attempt = bench.shell(PAIR)
    await eventually(lambda: len(bench.members(attempt)) == 3)
    leader = await bench.heard(attempt, Started)
    bench.submit(Pause(attempt))
    await bench.heard(attempt, Paused)
    os.kill(leader.pid, signal.SIGKILL)
    end = await bench.ended(attempt)
    assert (end.signal, len(end.left_behind)) == (signal.SIGKILL, 2)
    await eventually(lambda: {member.state for member in bench.members(attempt)} == {"S"})


async def test_timeout_ends_the_tree(bench: Bench) -> None:
    """A run that takes too long gets its signal, its grace and KILL, and the cause is on record."""
    soft = bench.shell(PAIR, timeout=0.2)
    hard = bench.shell(STUBBORN, timeout=0.2, grace=0.05)
    ends = [await bench.ended(soft), await bench.ended(hard)]
    assert [(end.signal, end.cause) for end in ends] == [
        (signal.SIGTERM, Cause.TIMEOUT),
        (signal.SIGKILL, Cause.TIMEOUT),
    ]
    assert bench.members(soft) + bench.members(hard) == []


async def test_timeout_stands_still_during_a_pause(bench: Bench) -> None:
    """A timeout counts running time: another run's equal timeout passes while this one is paused."""
    paused = bench.shell(PAIR, timeout=0.5)
    await eventually(lambda: len(bench.members(paused)) == 3)
    bench.submit(Pause(paused))
    await bench.heard(paused, Paused)
    other = bench.shell(PAIR, timeout=0.6)
    await bench.ended(other)
    assert len(bench.members(paused)) == 3
    bench.submit(Resume(paused))
    assert (await bench.ended(paused)).cause is Cause.TIMEOUT


async def test_two_hundred_sleepers_die(bench: Bench) -> None:
    """A tree of two hundred processes is stopped as a whole."""
    script = "i=0; while [ $i -lt 200 ]; do setsid sleep 1000 & i=$((i+1)); done; echo up; wait"
    attempt = bench.shell(script)
    await bench.wrote(attempt, "up")
    bench.submit(Stop(attempt, signal.SIGTERM, 5.0))
    await bench.ended(attempt)
    assert bench.members(attempt) == []


def has_processes(group: int) -> bool:
    """Is there anybody in this process group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


FORKING = """
import os, signal
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.{})
    print("up", flush=True)
    while True:
        if os.fork():
            os._exit(0)
signal.{}
"""
"""A process that moves on all the time, below a leader that waits: what it does at TERM, and for what the leader waits."""


@pytest.fixture
async def crowded(bench: Bench) -> Bench:
    """Beside three hundred others a sweep takes longer than a process that moves on lives."""
    crowd = bench.shell("i=0; while [ $i -lt 300 ]; do sleep 1000 & i=$((i+1)); done; echo up; wait")
    await bench.wrote(crowd, "up")
    return bench


async def ended_whole(bench: Bench, attempt: str) -> Ended:
    """Its end; a sweep may miss who moves on all the time, so that the process group is asked."""
    end = await bench.ended(attempt)
    (started,) = bench.said(attempt, Started)
    try:
        await eventually(lambda: not has_processes(started.pid))
    finally:
        if has_processes(started.pid):
            os.killpg(started.pid, signal.SIGKILL)
    return end


@pytest.mark.parametrize("grace", [0.0, 0.3])
async def test_stop_of_a_tree_that_forks_all_the_time(crowded: Bench, grace: float) -> None:
    """Processes that replace themselves are killed to the last one, with their leader or after it."""
    attempt = crowded.launch(sys.executable, "-I", "-S", "-c", FORKING.format("SIG_IGN", "pause()"))
    await crowded.wrote(attempt, "up")
    crowded.submit(Stop(attempt, signal.SIGTERM if grace else signal.SIGKILL, grace))
    end = await ended_whole(crowded, attempt)
    assert (end.cause, end.left_behind) == (Cause.STOP, ())


@pytest.mark.parametrize("rule", [OnLeftBehind.KILL, OnLeftBehind.HOLD])
async def test_what_forks_all_the_time_is_not_overlooked_when_its_leader_ends(
    crowded: Bench, rule: OnLeftBehind
) -> None:
    """Who moves on faster than a sweep is killed or held as `left_behind` says."""
    forking = FORKING.format("SIG_DFL", "sigtimedwait((), 0.2)")
    attempt = crowded.launch(sys.executable, "-I", "-S", "-c", forking, left_behind=rule)
    started = await crowded.heard(attempt, Started)
    if rule is OnLeftBehind.HOLD:
        await eventually(lambda: gone(started.pid))
        witness = crowded.launch("/bin/sleep", "0.5")
        await crowded.ended(witness)
        assert not crowded.said(attempt, Ended)
        crowded.submit(Stop(attempt, signal.SIGKILL, 0.0))
    assert (await ended_whole(crowded, attempt)).exit_code == 0


async def test_pause_in_the_middle_of_a_vfork(bench: Bench) -> None:
    """A child stopped between vfork and exec holds its parent in the kernel; such a tree is paused all the same."""
    script = f'{sys.executable} -I -S -c \'import subprocess\nprint("up", flush=True)\nwhile True: subprocess.run(["/bin/true"])\''
    attempt = bench.shell(script)
    await bench.wrote(attempt, "up")
    for _ in range(10):
        bench.reports.clear()
        bench.submit(Pause(attempt))
        await bench.heard(attempt, Paused)
        assert {member.state for member in bench.members(attempt)} == {"T"}
        bench.submit(Resume(attempt))
        await bench.heard(attempt, Resumed)
