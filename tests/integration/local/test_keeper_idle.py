"""A run that prints nothing for too long is ended, whoever else is alive."""

from __future__ import annotations

from engine.ports.executor import Cause, Pause, Paused, Resume
from tests.integration.local.bench import Bench, eventually


async def test_a_silent_run_is_ended_and_a_talking_one_is_not(bench: Bench) -> None:
    """Row 64: `timeout.idle`."""
    silent = bench.launch("/bin/sh", "-c", "echo one; exec sleep 1000", idle=0.3)
    talking = bench.launch("/bin/sh", "-c", "for n in 1 2 3 4 5 6 7 8 9; do echo $n; sleep 0.1; done", idle=0.6)
    end = await bench.ended(silent)
    assert (end.cause, end.signal) == (Cause.IDLE, 15)
    assert (await bench.ended(talking)).cause is None


async def test_a_pause_is_no_silence(bench: Bench) -> None:
    """Clocks stop while a run is paused."""
    attempt = bench.launch("/bin/sh", "-c", "echo one; exec sleep 1000", idle=0.5)
    await bench.wrote(attempt, "one")
    bench.submit(Pause(attempt))
    await bench.heard(attempt, Paused)
    beside = bench.launch("/bin/sleep", "0.8")
    await bench.ended(beside)
    assert bench.members(attempt)
    bench.submit(Resume(attempt))
    assert (await bench.ended(attempt)).cause is Cause.IDLE


async def test_silence_is_noticed_without_an_engine(bench: Bench) -> None:
    """Deadlines are the keeper's: they go on when the engine is away."""
    attempt = bench.launch("/bin/sh", "-c", "echo one; exec sleep 1000", idle=0.3)
    await bench.wrote(attempt, "one")
    known = bench.reference(attempt)
    await bench.executor.close()
    await eventually(lambda: not bench.members(attempt))
    await bench.reopen([known])
    assert (await bench.ended(attempt)).cause is Cause.IDLE
