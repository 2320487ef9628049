"""`python:` jobs in real child processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, JobSpec
from engine.model.record import RunRecord
from engine.model.states import RunPhase
from engine.spec.params import Param, ParamType

PATIENCE = 30.0


async def until(holds: Callable[[], object]) -> None:
    """Wait for what a process does."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.005)


def spec(folder: Path, source: str, **fields: Any) -> JobSpec:
    (folder / "work.py").write_text(source)
    return JobSpec(id="a", python="work:main", working_dir=str(folder), manual="only", **fields)


async def outcome(folder: Path, source: str, **fields: Any) -> tuple[RunRecord, str]:
    async with Engine([spec(folder, source, **fields)]) as engine:
        run = await engine.job("a").trigger()
        record = await run.ended()
        log = await engine.log(run.run_id, 0, 1 << 16)
    return record, log.data.decode()


async def test_a_function_runs_in_a_child_with_its_context(tmp_path: Path) -> None:
    """Rows 3, 47 and 77: the child's function knows its run, saves data, and its output is the run's log."""
    record, log = await outcome(
        tmp_path,
        """
import os, sys
def main(ctx):
    print("in", os.getpid(), "path ends", sys.path[-1] == os.getcwd())
    ctx.save_data({"run": ctx.run_id, "n": ctx.attempt, "at": ctx.scheduled_at.isoformat(), "pid": os.getpid()})
    ctx.log("logged")
""",
    )
    assert (record.outcome, record.executor) == ("success", "local")
    assert record.data == {"run": "a:1", "n": 1, "at": record.to_json()["planned_at"], "pid": record.pid}
    assert log == f"in {record.pid} path ends True\nlogged\n"
    assert not list(tmp_path.glob("*.result"))


async def test_a_users_module_shadows_nothing(tmp_path: Path) -> None:
    """A module in the user's folder named as one of Python's or the engine's is not imported in its place."""
    for name in ("engine.py", "json.py", "signal.py", "asyncio.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')")
    record, log = await outcome(tmp_path, "import json, engine\nasync def main(): print(engine.__doc__[:10])")
    assert (record.outcome, log) == ("success", "The schedu\n")


async def test_an_exception_in_a_child_is_on_record(tmp_path: Path) -> None:
    """Row 30: the traceback stands in the log and on the record, the reason names the exception."""
    record, log = await outcome(tmp_path, "def main(ctx):\n    ctx.save_data('got', 1)\n    raise KeyError('rows')")
    assert (record.outcome, record.reason, record.exit_code) == ("failed", "exception(KeyError: 'rows')", 1)
    assert record.error.job_error is not None
    assert record.error.job_error in log
    assert record.data == {"got": 1}


@pytest.mark.parametrize("source", ["def main(ctx): import nowhere", "raise ValueError(3)", "x = 1"])
async def test_a_module_that_cannot_be_used_is_a_failure(tmp_path: Path, source: str) -> None:
    """A module that fails to load or lacks the function fails the run and says why."""
    record, _ = await outcome(tmp_path, source)
    assert record.outcome == "failed"
    assert record.reason is not None
    assert record.reason.startswith("exception(")


async def test_the_data_of_a_job_reaches_the_next_child(tmp_path: Path) -> None:
    """Row 47: what one child saves for the job, the next one has."""
    source = """
def main(ctx):
    ctx.save_job_data("n", ctx.get_job_data().get("n", 0) + 1)
    ctx.save_data(ctx.get_job_data())
"""
    async with Engine([spec(tmp_path, source)]) as engine:
        records = [await (await engine.job("a").trigger()).ended() for _ in range(3)]
    assert [record.data for record in records] == [{"n": 1}, {"n": 2}, {"n": 3}]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import time\ndef main(ctx):\n  print('up')\n  time.sleep(1000)", "up\n"),
        ("def main(ctx):\n  print('up')\n  ctx.cancelled.wait()\n  print('told')", "up\ntold\n"),
        (
            "import asyncio\nasync def main(ctx):\n  print('up')\n  try: await asyncio.sleep(1000)\n"
            "  finally: print('told', ctx.cancelled.is_set())",
            "up\ntold True\n",
        ),
    ],
    ids=["interrupted", "watches", "coroutine"],
)
async def test_a_stop_reaches_the_function(tmp_path: Path, source: str, said: str) -> None:
    """Row 48: TERM interrupts a function, unless it watches `cancelled`; a coroutine is cancelled. Nothing waits for KILL."""
    async with Engine([spec(tmp_path, source, stop=None)]) as engine:
        run = await engine.job("a").trigger()
        await until(lambda: run.log_path and Path(run.log_path).exists() and Path(run.log_path).read_text() == "up\n")
        await run.stop()
        record = await run.ended()
        log = await engine.log("a:1", 0, 4096)
    assert (record.outcome, record.error.is_empty()) == ("stopped", True)
    assert record.wall_seconds is not None
    assert record.wall_seconds < 9, "its grace is 10 s"
    assert log.data.decode() == said


async def test_a_child_is_paused_by_signal(tmp_path: Path) -> None:
    """A child needs no checkpoint to be paused."""
    async with Engine([spec(tmp_path, "import time\ndef main(ctx): time.sleep(1000)")]) as engine:
        run = await engine.job("a").trigger()
        await until(lambda: run.phase is RunPhase.RUNNING)
        await run.pause()
        assert run.phase is RunPhase.PAUSED
        await run.resume()
        await run.stop(grace=0.1)
        assert (await run.ended()).outcome == "stopped"


@pytest.mark.parametrize("gone", [False, True], ids=["taken while it runs", "taken when it is over"])
async def test_a_child_outlives_its_engine(tmp_path: Path, gone: bool) -> None:
    """What a child saved is on record although another engine takes its end."""
    go_on = tmp_path / "go"
    source = f"""
import os, time
def main(ctx):
    print('up')
    while not os.path.exists({str(go_on)!r}): time.sleep(0.01)
    ctx.save_data("late", True)
"""
    first = Engine([spec(tmp_path, source)], state_dir=tmp_path / "state")
    await first.start()
    run = await first.job("a").trigger()
    await until(lambda: run.phase is RunPhase.RUNNING and Path(run.log_path or "").exists())
    await first.shutdown(leave=True)
    result = Path(f"{run.log_path}.result")
    go_on.touch()
    if gone:
        await until(lambda: result.exists() and not Path(f"/proc/{run.pid}").exists())
    async with Engine([spec(tmp_path, source)], state_dir=tmp_path / "state") as second:
        await until(lambda: not second.job("a").active)
        (record,) = await second.runs(job="a")
    assert (record.outcome, record.data) == ("success", {"late": True})
    assert not result.exists()


async def test_the_parameters_of_a_run_reach_the_child(tmp_path: Path) -> None:
    """Rows 3 and 47: in the context and in the environment of the function, each in the form of its type."""
    declared = {"N": Param(type=ParamType.INT), "PW": Param(secret=True), "NONE": Param()}
    source = "import os\ndef main(ctx): ctx.save_data({'params': dict(ctx.params), 'env': os.environ['N']}); print(ctx.params)"
    async with Engine([spec(tmp_path, source, params=declared)]) as engine:
        run = await engine.job("a").trigger(params={"N": "007", "PW": "hunter2"})
        record = await run.ended()
        log = (await engine.log(run.run_id, 0, 1000)).data.decode()
    assert record.data == {"params": {"N": "7", "PW": "hunter2"}, "env": "7"}
    assert record.params == {"N": "7", "PW": "***"}
    assert log == "{'N': '7', 'PW': '*******'}\n", "readers of the log hide it as any secret"
