"""Engine and keeper are lost together: the next ones find the runs, and what bounds them, by what the store knows."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace

from engine.ports.executor import Cause, Pause, Paused, Started, StillRunning, Stop
from engine.spec.limits import Limits
from tests.integration.local.bench import Bench, eventually
from tests.integration.local.test_keeper_limits import BUSY, HOARD, MIB, states


async def test_limits_hold_under_the_next_keeper(bench: Bench) -> None:
    """Memory: killed with what was seen. Cores: held up, and not left stopped by the keeper that died."""
    script = f'until [ -e go ]; do sleep 0.01; done; exec {sys.executable} -c "{HOARD.format(mib=2000)}"'
    limits = Limits(memory=64 * MIB)
    hoard = bench.launch("/bin/sh", "-c", script, cwd=str(bench.folder), limits=limits)
    busy = bench.launch(*BUSY, limits=Limits(cpu=0.05))
    for attempt in (hoard, busy):
        await bench.heard(attempt, Started)
    known = [bench.reference(attempt) for attempt in (hoard, busy)]
    await eventually(lambda: states(bench, busy) == {"T"})
    await bench.lose_both()
    found = await bench.reopen(known)
    assert all(isinstance(one, StillRunning) and not one.exit_known and not one.paused for one in found)
    (bench.folder / "go").touch()
    end = await bench.ended(hoard)
    assert end.cause is Cause.MEMORY
    assert end.exceeded is not None
    assert end.exceeded > 64 * MIB
    await eventually(lambda: states(bench, busy) == {"R"})
    await eventually(lambda: states(bench, busy) == {"T"})


async def test_timeouts_hold_under_the_next_keeper(bench: Bench) -> None:
    """What has run already counts; `idle` is looked at anew."""
    slow = bench.launch("/bin/sleep", "1000", timeout=4.0, grace=0.0)
    silent = bench.launch("/bin/sleep", "1000", idle=0.5, grace=0.0, timeout=60.0)
    started = await bench.heard(slow, Started)
    known = [bench.reference(attempt) for attempt in (slow, silent)]
    await bench.lose_both()
    await bench.reopen([replace(known[0], timeout=2.0), known[1]])
    end = await bench.ended(slow)
    assert end.cause is Cause.TIMEOUT
    assert 1_900_000 < end.at - started.at < 3_900_000
    assert (await bench.ended(silent)).cause is Cause.IDLE


async def test_a_paused_run_stays_paused_whatever_its_limit_of_cores(bench: Bench) -> None:
    """Stopped by somebody, not by the limit, of which the store knows nothing."""
    attempt = bench.launch(*BUSY, limits=Limits(cpu=0.5))
    await bench.heard(attempt, Started)
    bench.submit(Pause(attempt))
    paused = await bench.heard(attempt, Paused)
    known = replace(bench.reference(attempt), paused_since=paused.at)
    await bench.lose_both()
    (found,) = await bench.reopen([known])
    assert isinstance(found, StillRunning)
    assert found.paused
    witness = bench.launch(*BUSY, timeout=1.0, grace=0.0)
    await bench.ended(witness)
    assert states(bench, attempt) == {"T"}


async def test_the_next_keeper_stops_with_the_jobs_own_signal_and_grace(bench: Bench) -> None:
    attempt = bench.shell("trap 'echo int; exit 3' INT; echo up; while :; do sleep 0.02; done", timeout=60.0)
    await bench.wrote(attempt, "up")
    known = replace(bench.reference(attempt), stop_signal=int(signal.SIGINT), timeout=0.0)
    await bench.lose_both()
    await bench.reopen([known])
    assert (await bench.ended(attempt)).cause is Cause.TIMEOUT
    assert bench.log(attempt).read_text() == "up\nint\n"


async def test_a_stop_reaches_what_was_found(bench: Bench) -> None:
    attempt = bench.shell("setsid sleep 1000 & sleep 1000")
    await bench.heard(attempt, Started)
    known = bench.reference(attempt)
    await bench.lose_both()
    await bench.reopen([known])
    bench.submit(Stop(attempt, signal.SIGTERM, 5.0))
    assert (await bench.ended(attempt)).cause is Cause.STOP
    assert bench.members(attempt) == []
