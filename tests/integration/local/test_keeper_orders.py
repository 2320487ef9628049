"""Orders about a living run beside stop and pause: a signal to all of its tree, another timeout."""

from __future__ import annotations

import signal

from engine.ports.executor import Cause, Limit, Pause, Paused, Resume, SetTimeout, Signal, Started
from tests.integration.local.bench import Bench, eventually

TELLS = "trap 'echo told' USR1; echo up; while :; do sleep 0.01; done"


async def test_a_signal_reaches_every_process_of_the_tree(bench: Bench) -> None:
    """Also one that has left the session; nobody is ended by it."""
    attempt = bench.shell(f'setsid sh -c "{TELLS.replace("told", "child")}" & {TELLS}')
    await eventually(lambda: bench.log(attempt).exists() and bench.log(attempt).read_text().count("up") == 2)
    bench.submit(Signal(attempt, signal.SIGUSR1))
    await bench.wrote(attempt, "told")
    await bench.wrote(attempt, "child")


async def test_a_signal_that_ends_the_leader_is_its_own_end(bench: Bench) -> None:
    """No cause is on record: the run was not stopped, it died of a signal."""
    attempt = bench.shell("exec sleep 1000")
    await bench.heard(attempt, Started)
    bench.submit(Signal(attempt, signal.SIGHUP))
    end = await bench.ended(attempt)
    assert (end.signal, end.cause) == (signal.SIGHUP, None)


async def test_a_timeout_can_be_given_to_a_run_in_progress(bench: Bench) -> None:
    """Row 6: counted from its start: one that has passed already ends the run at once."""
    attempt = bench.shell("exec sleep 1000", timeout=900.0)
    await bench.heard(attempt, Started)
    bench.submit(SetTimeout(attempt, 0.001))
    assert (await bench.ended(attempt)).cause is Cause.TIMEOUT


async def test_a_timeout_can_be_taken_away_from_a_run_in_progress(bench: Bench) -> None:
    """Row 6: another run's equal timeout passes meanwhile, also over a pause."""
    attempt = bench.shell("exec sleep 1000", timeout=0.5)
    await bench.heard(attempt, Started)
    bench.submit(SetTimeout(attempt, None), Pause(attempt))
    await bench.heard(attempt, Paused)
    bench.submit(Resume(attempt))
    await bench.ended(bench.shell("exec sleep 1000", timeout=0.6))
    assert len(bench.members(attempt)) == 1


async def test_a_timeout_set_during_a_pause_counts_from_the_resume(bench: Bench) -> None:
    """Clocks stop while a run is paused, whichever timeout is in force."""
    attempt = bench.shell("exec sleep 1000")
    await bench.heard(attempt, Started)
    bench.submit(Pause(attempt))
    await bench.heard(attempt, Paused)
    bench.submit(SetTimeout(attempt, 0.001))
    await bench.ended(bench.shell("exec sleep 1000", timeout=0.3))
    assert len(bench.members(attempt)) == 1
    bench.submit(Resume(attempt))
    assert (await bench.ended(attempt)).cause is Cause.TIMEOUT


async def test_a_timeout_can_be_given_to_a_launch_that_still_waits(bench: Bench) -> None:
    """It is in force when the launch starts."""
    bench.submit(Limit(1))
    first = bench.shell("exec sleep 1000", timeout=0.3)
    second = bench.launch("sleep", "1000", waits=True)
    bench.submit(SetTimeout(second, 0.01))
    assert (await bench.ended(first)).cause is Cause.TIMEOUT
    assert (await bench.ended(second)).cause is Cause.TIMEOUT
