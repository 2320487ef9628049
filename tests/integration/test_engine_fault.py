"""A fault of the engine's own, injected into the whole program: a traceback in its log, one clear line, and the runs go on."""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest

from engine import Engine, JobSpec, Refused
from engine.errors import RefusedCode
from engine.facade.run import Run
from tests.integration.program import PATIENCE, Home, Started
from tests.integration.terminal import on_terminal

FAULTY = f"""#!{sys.executable}
import os, sys
from engine.runtime.loop import Loop
from jobqueue_tui.entry import main
take = Loop._take_timers
def broken(self, until):
    if os.path.exists("break"):
        raise LookupError("injected")
    take(self, until)
Loop._take_timers = broken
sys.exit(main())
"""


@pytest.fixture
def faulty(home: Home) -> str:
    """The program, with a fault in every tick from the moment when there is a file `break`."""
    path = home.write(FAULTY, "faulty")
    path.chmod(0o700)
    home.write("engine: {drain: 0s}\njobs: {nap: {command: [sleep, '1000']}, hand: {command: 'true', manual: only}}")
    return str(path)


def taken_over(home: Home) -> None:
    """The next engine finds the run and ends it."""
    with home.started("--no-ui", "jobs.yaml") as engine:
        engine.until("nap:1 running")
        engine.signal(signal.SIGTERM)
        assert engine.end().code == 0


def pid_of(engine: Started) -> int:
    engine.until(" nap:1 running pid ")
    return int(engine.until("\n").split(" nap:1 running pid ")[1].split()[0])


@pytest.mark.parametrize("campaign", [True, False])
def test_a_fault_in_a_tick_ends_a_headless_engine_with_1_and_leaves_its_runs(
    home: Home, faulty: str, campaign: bool
) -> None:
    """No engine ever stands still without a word."""
    with home.started("--no-ui", "jobs.yaml", *(["--until-idle"] if campaign else []), program=faulty) as engine:
        pid = pid_of(engine)
        home.write("", "break")
        refused = home.run("ctl", "trigger", "hand")
        ended = engine.end()
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith(
        "error: the engine ended by a fault of its own (LookupError: injected)"
    )
    assert 'raise LookupError("injected")' in ended.err or ", in broken" in ended.err, "the log has the traceback"
    assert "never retrieved" not in ended.err
    assert refused.code != 0
    os.kill(pid, 0)  # it runs
    taken_over(home)


def test_a_fault_in_a_tick_ends_the_console_with_a_line_on_the_terminal(home: Home, faulty: str) -> None:
    """The screen is given back, and the line stands on it."""
    with on_terminal(home, "jobs.yaml", program=faulty) as (terminal, program):
        terminal.until("running")  # the frame is there before the first job runs
        home.write("", "break")
        home.run("ctl", "trigger", "hand")
        assert program.wait(PATIENCE) == 1
        terminal.until("the engine ended by a fault of its own (LookupError: injected)")
        assert b"\x1b[?1049l" in terminal.drawn
    log = next(home.folder.rglob("engine.log")).read_text()
    assert "in broken" in json.loads(log.splitlines()[0])["cause"]
    taken_over(home)


async def started(engine: Engine, run: Run) -> None:
    await engine._box.until(lambda: run.pid is not None)


async def test_a_pause_of_a_process_that_is_just_ending_is_answered() -> None:
    """It was killed before the order could reach it: the caller is refused, whoever heard of the end first."""
    async with Engine([JobSpec(id="a", command=["sleep", "1000"], manual="only")]) as engine:
        for _ in range(5):
            run = await engine.job("a").trigger()
            await started(engine, run)
            assert run.pid is not None
            os.kill(run.pid, signal.SIGKILL)
            with pytest.raises(Refused) as refusal:
                await run.pause()
            assert refusal.value.code is RefusedCode.STATE
            assert (await run.ended()).reason == "signal(9)"
