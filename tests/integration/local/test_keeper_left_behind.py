"""Processes that outlive their command: released, held on to, or killed; the outcome is the command's."""

from __future__ import annotations

import os
import signal

from engine.ports.executor import Cause, Ended, Pause, PauseRefused, Started, Stop
from engine.spec.job import OnLeftBehind
from engine.spec.limits import Limits
from tests.integration.local.bench import Bench, eventually

DAEMON = "env -i /usr/bin/setsid /bin/sh -c '/usr/bin/setsid /bin/sleep 1000 & /bin/sleep 1000' & sleep 0.1; exit 3"


def rest(bench: Bench, attempt: str) -> int:
    """How many of its processes live."""
    return len(bench.members(attempt))


async def test_released_ones_are_named_and_live_on(bench: Bench) -> None:
    attempt = bench.launch("/bin/sh", "-c", DAEMON)
    end = await bench.ended(attempt)
    assert (end.exit_code, end.cause) == (3, None)
    assert {one.pid for one in end.left_behind} == {member.pid for member in bench.members(attempt)}
    assert rest(bench, attempt) > 0


async def test_killed_ones_are_named_and_gone(bench: Bench) -> None:
    attempt = bench.launch("/bin/sh", "-c", DAEMON, left_behind=OnLeftBehind.KILL)
    end = await bench.ended(attempt)
    assert (end.exit_code, end.cause) == (3, None), "the command ended by itself"
    assert len(end.left_behind) >= 2
    assert rest(bench, attempt) == 0


async def test_those_that_ignore_the_signal_are_killed_after_the_grace(bench: Bench) -> None:
    script = "(trap '' TERM; echo up; while :; do sleep 0.05; done) & sleep 0.3; exit 0"
    attempt = bench.launch("/bin/sh", "-c", script, left_behind=OnLeftBehind.KILL, grace=0.3)
    end = await bench.ended(attempt)
    assert (end.exit_code, end.cause, len(end.left_behind) >= 1) == (0, None, True)
    assert rest(bench, attempt) == 0


async def test_held_ones_keep_the_slot_until_the_last_has_ended(bench: Bench) -> None:
    """With one slot, what waits starts only then."""
    await bench.reopen([], limit=1)
    attempt = bench.launch("/bin/sh", "-c", DAEMON, left_behind=OnLeftBehind.HOLD)
    waiting = bench.launch("/bin/true", waits=True)
    started = await bench.heard(attempt, Started)
    await eventually(lambda: all(member.pid != started.pid for member in bench.members(attempt)))
    witness = bench.launch("/bin/sleep", "0.5")
    await bench.ended(witness)
    assert not bench.said(attempt, Ended)
    assert not bench.said(waiting, Started)
    bench.submit(Pause(attempt))
    assert "has ended" in (await bench.heard(attempt, PauseRefused)).why
    for member in bench.members(attempt):
        os.kill(member.pid, signal.SIGKILL)
    end = await bench.ended(attempt)
    assert (end.exit_code, end.cause, len(end.left_behind) >= 2) == (3, None, True)
    await bench.ended(waiting)


async def test_a_stop_and_a_timeout_reach_held_ones_and_change_no_outcome(bench: Bench) -> None:
    stopped = bench.launch("/bin/sh", "-c", DAEMON, left_behind=OnLeftBehind.HOLD)
    late = bench.launch("/bin/sh", "-c", DAEMON, left_behind=OnLeftBehind.HOLD, timeout=1.0, grace=0.1)
    leader = (await bench.heard(stopped, Started)).pid
    await eventually(lambda: all(member.pid != leader for member in bench.members(stopped)))
    bench.submit(Stop(stopped, signal.SIGTERM, 5.0))
    for attempt in (stopped, late):
        end = await bench.ended(attempt)
        assert (end.exit_code, end.cause) == (3, None)
        assert rest(bench, attempt) == 0


async def test_a_stop_before_the_command_has_ended_is_a_stop(bench: Bench) -> None:
    attempt = bench.launch("/bin/sh", "-c", "setsid sleep 1000 & sleep 1000", left_behind=OnLeftBehind.HOLD)
    await bench.heard(attempt, Started)
    bench.submit(Stop(attempt, signal.SIGTERM, 5.0))
    end = await bench.ended(attempt)
    assert (end.cause, end.left_behind, rest(bench, attempt)) == (Cause.STOP, (), 0)


async def test_limits_hold_for_those_that_are_held(bench: Bench) -> None:
    busy = "(while :; do :; done) & exit 0"
    attempt = bench.launch("/bin/sh", "-c", busy, left_behind=OnLeftBehind.HOLD, limits=Limits(cpu=0.05))
    await bench.heard(attempt, Started)
    await eventually(lambda: [member.state for member in bench.members(attempt)] == ["T"])
    bench.submit(Stop(attempt, signal.SIGKILL, 0.0))
    assert (await bench.ended(attempt)).throttled > 0


async def test_the_next_engine_finds_a_held_run_running(bench: Bench) -> None:
    attempt = bench.launch("/bin/sh", "-c", DAEMON, left_behind=OnLeftBehind.HOLD)
    leader = (await bench.heard(attempt, Started)).pid
    await eventually(lambda: all(member.pid != leader for member in bench.members(attempt)))
    await bench.reopen([bench.reference(attempt)])
    assert not bench.said(attempt, Ended)
    for member in bench.members(attempt):
        os.kill(member.pid, signal.SIGKILL)
    assert (await bench.ended(attempt)).exit_code == 3
