"""An engine inside somebody else's asyncio program: its life, its jobs, functions as jobs."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from engine import (
    Engine,
    Hooks,
    InMemoryMonitoring,
    JobCancelled,
    JobContext,
    JobSpec,
    PauseTimeout,
    PrometheusMonitoring,
    Refused,
    Retry,
)
from engine.api import RunView
from engine.model.states import JobStatus, RunPhase

PATIENCE = 20.0


async def until(holds: Callable[[], object]) -> None:
    """Wait for a condition of other threads and of the loop."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.002)


async def reaches(run: RunView, phase: RunPhase) -> None:
    await until(lambda: run.phase is phase)


async def nothing(ctx: JobContext) -> None:
    """Ends at once."""


def by_hand(job_id: str, call: Callable[[JobContext], object], **fields: Any) -> JobSpec:
    return JobSpec(id=job_id, call=call, manual="only", **fields)


# -- life ----------------------------------------------------------------------------------------------------------


async def test_five_lines_in_a_program() -> None:
    """Row 3: a coroutine function is a job, and its run's record tells how it went."""

    async def sync(ctx: JobContext) -> None:
        ctx.save_data({"rows": 3})

    engine = Engine()
    engine.add(JobSpec(id="sync", call=sync, every="30s", retry=Retry(limit=3)))
    async with engine:
        run = await engine.job("sync").trigger()
        record = await run.ended()
    assert (record.outcome, record.data, record.executor) == ("success", {"rows": 3}, "call")


async def test_start_is_idempotent_and_shutdown_final() -> None:
    """Rows 24 and 46: a second start changes nothing; after shutdown there is none."""
    engine = Engine([JobSpec(id="once", call=nothing)])
    await engine.start()
    await engine.start()
    await engine.wait_idle()
    assert engine.job("once").counters.starts == 1
    assert await engine.shutdown() == ()
    assert await engine.shutdown() == ()
    with pytest.raises(RuntimeError, match="shut down"):
        await engine.start()
    with pytest.raises(RuntimeError, match="shut down"):
        engine.add(JobSpec(id="late", call=nothing))


async def test_shutdown_says_what_it_stopped() -> None:
    """Row 46: shutdown ends when all is over, and names the runs that it cut short."""
    ended = asyncio.Event()

    async def long(ctx: JobContext) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    engine = Engine([JobSpec(id="long", call=long)])
    await engine.start()
    await until(lambda: engine.job("long").status is JobStatus.RUNNING and engine.run("long:1").pid)
    assert await engine.shutdown(0.0) == ("long:1",)
    assert ended.is_set()


async def test_the_temporary_folder_goes_with_the_engine() -> None:
    """Without a state_dir nothing is left behind."""
    engine = Engine([JobSpec(id="once", call=nothing)])
    async with engine:
        await engine.wait_idle()
        folder = Path(engine.status().state_dir)
        assert (folder / "logs" / "once" / "1.log").exists()
        assert not (folder / "keeper.sock").exists(), "functions alone need no keeper"
    assert not folder.exists()


# -- jobs come and go ------------------------------------------------------------------------------------------------


async def test_an_id_is_taken_once() -> None:
    """Rows 1 and 50: a duplicate id raises, before and after the start, and changes nothing."""
    engine = Engine([by_hand("a", nothing)])
    with pytest.raises(ValueError, match="there already"):
        engine.add(by_hand("a", nothing))
    async with engine:
        with pytest.raises(ValueError, match="there already"):
            engine.add(by_hand("a", nothing))
        assert [job.id for job in engine.jobs] == ["a"]
        with pytest.raises(KeyError):
            engine.job("b")
    with pytest.raises(ValueError, match="there already"):
        Engine([by_hand("a", nothing), by_hand("a", nothing)])


async def test_add_is_atomic() -> None:
    """Row 25: a job with a bad schedule or an unknown need is refused whole."""
    async with Engine([by_hand("a", nothing)]) as engine:
        for bad in (
            JobSpec(id="b", call=nothing, schedule="61 * * * *"),
            JobSpec(id="b", call=nothing, schedule="0 0 30 2 *"),
            JobSpec(id="b", call=nothing, needs=["nowhere"]),
            JobSpec(id="b", call=nothing, needs=["b"]),
            JobSpec(id="b", call=nothing, pools=["nowhere"]),
            JobSpec(id="b", call=nothing, schedule="0 0 * * *", timezone="Mars/Base"),
        ):
            with pytest.raises(ValueError, match=r"'b'|circle"):
                engine.add(bad)
        assert [job.id for job in engine.jobs] == ["a"]
        assert not engine.find(tag="b")


async def test_a_missing_need_is_found_at_the_start() -> None:
    """Before the start jobs may come in any order; then all must be there."""
    engine = Engine([JobSpec(id="b", call=nothing, needs=["a"])])
    with pytest.raises(ValueError, match="needs 'a'"):
        await engine.start()
    engine.add(by_hand("a", nothing))
    async with engine:
        await (await engine.job("a").trigger()).ended()
        await until(lambda: engine.job("b").counters.success == 1)


async def test_a_job_added_to_a_running_engine_starts() -> None:
    """Row 25: a job that joins a running engine is like any other, one that needs another included."""
    async with Engine([by_hand("a", nothing)]) as engine:
        job = engine.add(JobSpec(id="b", call=nothing))
        follower = engine.add(JobSpec(id="c", call=nothing, needs=["b"], tags=["x"]))
        await until(lambda: follower.counters.success == 1)
        assert job.counters.success == 1
        assert [found.id for found in engine.find(tag="x")] == ["c"]


@pytest.mark.parametrize(("running", "outcome"), [("drain", "success"), ("stop", "stopped")])
async def test_remove_drains_or_stops(running: str, outcome: str) -> None:
    """Row 26: a removed job's run ends first, its history stays, and its id is free again with numbers that go on."""
    go_on = threading.Event()

    def wait(ctx: JobContext) -> None:
        while not (go_on.is_set() or ctx.cancelled.is_set()):
            ctx.cancelled.wait(0.002)

    async with Engine([by_hand("a", wait)]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        removing = asyncio.create_task(engine.remove("a", running))
        await until(lambda: not engine.jobs)
        if running == "drain":
            with pytest.raises(ValueError, match="being removed"):
                engine.add(by_hand("a", nothing))
            assert not removing.done()
            go_on.set()
        await removing
        assert [record.outcome for record in await engine.runs(job="a")] == [outcome]
        again = await engine.add(by_hand("a", nothing)).trigger()
        assert again.run_id == "a:2"
        await again.ended()


async def test_a_needed_job_is_not_removed() -> None:
    """A removal that would leave a need dangling is refused, and nothing has changed."""
    async with Engine([by_hand("a", nothing), JobSpec(id="b", call=nothing, needs=["a"])]) as engine:
        with pytest.raises(Refused, match="needed by b"):
            await engine.remove("a")
        with pytest.raises(Refused, match="no job"):
            await engine.remove("z")
        assert [job.id for job in engine.jobs] == ["a", "b"]


async def test_a_command_added_at_run_time_is_kept_over_a_restart(tmp_path: Path) -> None:
    """A job that was added is there again after a restart, until it is removed; a function cannot be."""
    async with Engine(state_dir=tmp_path) as engine:
        engine.add(JobSpec(id="cmd", command="true", manual="only", tags=["kept"]))
        engine.add(JobSpec(id="gone", command="true", manual="only"))
        engine.add(by_hand("fn", nothing))
        await engine.remove("gone")
    async with Engine(state_dir=tmp_path) as engine:
        assert [(job.id, job.tags) for job in engine.jobs] == [("cmd", ("kept",))]
        assert (await (await engine.job("cmd").trigger()).ended()).outcome == "success"


async def test_a_job_file_is_loaded_into_a_program(tmp_path: Path) -> None:
    """Row 51: the jobs of a file join those of the program, all or none, and say every fault."""
    (tmp_path / "jobs.yaml").write_text(
        "pools: {db: 1}\njobs: {a: {command: 'true', pools: [db]}, b: {command: 'true'}}"
    )
    (tmp_path / "bad.yaml").write_text("jobs: {c: {command: 'true', everyy: 3s}}")
    engine = Engine()
    engine.load(tmp_path / "jobs.yaml")
    with pytest.raises(ValueError, match=r"bad\.yaml:1:.*everyy"):
        engine.load(tmp_path / "bad.yaml")
    async with engine:
        await engine.wait_idle()
        assert [job.counters.success for job in engine.jobs] == [1, 1]
        with pytest.raises(ValueError, match="there already"):
            engine.load(tmp_path / "jobs.yaml")


async def test_settings_are_checked() -> None:
    """Row 14: `check_interval` is accepted and changes nothing; nonsense is refused."""
    Engine(check_interval="100ms")
    with pytest.raises(ValueError, match="max_running"):
        Engine(max_running=0)
    with pytest.raises(ValueError, match="no executor"):
        Engine(executors={"moon": Any})  # type: ignore[dict-item]
    with pytest.raises(RuntimeError, match="not started"):
        await Engine([by_hand("a", nothing)]).job("a").trigger()


# -- functions -------------------------------------------------------------------------------------------------------


async def ends(call: Callable[[JobContext], object], **fields: Any) -> Any:
    async with Engine([by_hand("a", call, **fields)]) as engine:
        run = await engine.job("a").trigger()
        record = await run.ended()
        log = await engine.log(run.run_id, 0, 1 << 16)
    return record, log.data.decode()


@pytest.mark.parametrize("kind", ["async", "thread"])
async def test_an_exception_is_a_failure_with_its_traceback(kind: str) -> None:
    """Rows 30 and 41: what a function raises is its run's failure, its traceback in the log and on the record."""

    async def in_loop(ctx: JobContext) -> None:
        raise ValueError("no (rows)\nat all")

    def in_thread(ctx: JobContext) -> None:
        raise ValueError("no (rows)\nat all")

    record, log = await ends(in_loop if kind == "async" else in_thread)
    assert (record.outcome, record.reason) == ("failed", "exception(ValueError: no (rows) at all)")
    assert "Traceback" in record.error.job_error
    assert record.error.job_error in log
    assert not record.error.is_empty()
    assert "executor.py" not in log, "frames of the engine tell a user nothing"


async def test_a_failed_function_is_tried_again_with_its_data() -> None:
    """Row 47: the data of a run outlives its attempts; the next run begins with none."""
    seen: list[tuple[int, dict[str, Any]]] = []

    def flaky(ctx: JobContext) -> None:
        seen.append((ctx.attempt, ctx.get_data()))
        ctx.save_data("tried", ctx.attempt)
        if ctx.attempt < 3:
            raise OSError("busy")

    async with Engine([by_hand("a", flaky, retry=Retry(limit=3))]) as engine:
        first = await (await engine.job("a").trigger()).ended()
        await (await engine.job("a").trigger()).ended()
    assert (first.outcome, first.data, len(first.attempts)) == ("success", {"tried": 3}, 3)
    assert seen[:4] == [(1, {}), (2, {"tried": 1}), (3, {"tried": 2}), (1, {})]


async def test_the_data_of_a_job_lasts(tmp_path: Path) -> None:
    """Row 47: what is saved for the job is there in its next run, over a restart too; None removes it."""

    def count(ctx: JobContext) -> None:
        known = ctx.get_job_data()
        ctx.save_job_data({"n": known.get("n", 0) + 1, "gone": None if known else 1})
        ctx.save_data(ctx.get_job_data())

    for expected in ({"n": 1, "gone": 1}, {"n": 2}):
        async with Engine([by_hand("a", count)], state_dir=tmp_path) as engine:
            record = await (await engine.job("a").trigger()).ended()
            assert record.data == expected


async def test_data_is_a_copy_and_is_checked() -> None:
    """Row 47: later changes of a saved value change nothing; what JSON cannot hold and what is too much raises."""
    faults: list[type[Exception]] = []

    async def save(ctx: JobContext) -> None:
        rows = [1]
        ctx.save_data({"rows": rows})
        rows.append(2)
        ctx.get_data()["rows"].append(3)
        for bad in (object(), "x" * 70_000, float("nan")):
            try:
                ctx.save_data("bad", bad)
            except (TypeError, ValueError) as error:
                faults.append(type(error))

    record, _ = await ends(save)
    assert faults == [TypeError, ValueError, ValueError]
    assert record.data["rows"][:1] == [1]
    assert "bad" not in record.data


async def test_the_context_knows_its_run() -> None:
    """Row 77: a function is told which run of which job it is, and when that was planned."""
    seen: dict[str, object] = {}

    def look(ctx: JobContext) -> None:
        seen.update(job=ctx.job_id, run=ctx.run_id, attempt=ctx.attempt, at=ctx.scheduled_at, params=dict(ctx.params))
        ctx.log("one line")

    record, log = await ends(look)
    assert (seen["job"], seen["run"], seen["attempt"], seen["params"]) == ("a", "a:1", 1, {})
    assert seen["at"].isoformat() == record.to_json()["planned_at"]  # type: ignore[attr-defined]
    assert log == "one line\n"


async def test_a_function_may_take_nothing() -> None:
    """Any function without parameters is a job as it is."""
    done = threading.Event()
    record, _ = await ends(done.set)  # type: ignore[arg-type] # `ends` is typed for functions with a context
    assert record.outcome == "success"
    assert done.is_set()


async def test_a_record_says_how_long_it_took_in_nanoseconds() -> None:
    """Row 42: `execution_time` in nanoseconds stands beside outcome, error and data of every run."""
    record, _ = await ends(nothing)
    row = record.to_json()
    assert row["execution_time"] == round(record.wall_seconds * 1e6) * 1000
    assert {"job", "started_at", "ended_at", "error", "outcome", "data", "execution_time"} <= set(row)
    json.dumps(row)


# -- ending them -----------------------------------------------------------------------------------------------------


async def test_a_stop_cancels_a_coroutine() -> None:
    """Row 48: stop sets `cancelled` and cancels the task; the outcome is `stopped`."""
    seen: list[bool] = []

    async def long(ctx: JobContext) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(ctx.cancelled.is_set())

    async with Engine([by_hand("a", long)]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.stop()
        record = await run.ended()
    assert (record.outcome, record.reason, seen) == ("stopped", "operator", [True])
    assert record.error.is_empty()


@pytest.mark.parametrize("way", ["timeout", "shutdown"])
async def test_timeout_and_shutdown_set_cancelled_as_well(way: str) -> None:
    """Row 48: a plain function sees `cancelled` by timeout and by shutdown."""

    def long(ctx: JobContext) -> None:
        ctx.cancelled.wait()

    engine = Engine([by_hand("a", long, timeout=0.05 if way == "timeout" else None)])
    await engine.start()
    run = await engine.job("a").trigger()
    await reaches(run, RunPhase.RUNNING)
    if way == "timeout":
        assert (await run.ended()).outcome == "timed_out"
    await engine.shutdown(0.0)
    assert run.record().outcome == ("timed_out" if way == "timeout" else "stopped")


async def test_checkpoint_ends_a_plain_function() -> None:
    """A function that calls `checkpoint_sync` needs no other care to be stopped."""
    raised: list[BaseException] = []

    def loop(ctx: JobContext) -> None:
        try:
            while True:
                ctx.checkpoint_sync()
        except JobCancelled as error:
            raised.append(error)
            raise

    async with Engine([by_hand("a", loop)]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.stop()
        record = await run.ended()
    assert record.outcome == "stopped"
    assert raised
    assert record.error.is_empty()


async def test_a_function_that_ignores_its_stop_keeps_its_slot() -> None:
    """A stubborn function's outcome is recorded; its slot and its job stay taken, and the record says so, until it ends."""
    release = threading.Event()

    def stubborn(ctx: JobContext) -> None:
        release.wait()

    async with Engine([by_hand("a", stubborn), by_hand("b", nothing)], max_running=1) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.stop(grace=0.02)
        record = await run.ended()
        assert (record.outcome, record.may_still_run, engine.status().running) == ("stopped", True, 1)
        with pytest.raises(Refused, match="running already"):
            await engine.job("a").trigger()
        other = await engine.job("b").trigger()
        assert other.phase is RunPhase.QUEUED
        release.set()
        assert (await other.ended()).outcome == "success"
        (stored,) = [one for one in await engine.runs(job="a") if one.run_id == "a:1"]
        assert (stored.outcome, stored.may_still_run) == ("stopped", False)


# -- pausing them ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["async", "thread"])
async def test_a_pause_is_a_handshake(kind: str) -> None:
    """Row 32: a pause is granted at a checkpoint; until resumed the function stands there."""
    beats = 0

    async def in_loop(ctx: JobContext) -> None:
        nonlocal beats
        while not ctx.get_data().get("done"):
            beats += 1
            await ctx.checkpoint()
            await asyncio.sleep(0)

    def in_thread(ctx: JobContext) -> None:
        nonlocal beats
        while True:
            beats += 1
            ctx.checkpoint_sync()

    async with Engine([by_hand("a", in_loop if kind == "async" else in_thread)]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.pause()
        assert run.phase is RunPhase.PAUSED
        at_rest = beats
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert beats == at_rest
        await run.resume()
        await until(lambda: beats > at_rest)
        await run.pause()
        await run.stop()
        assert (await run.ended()).outcome == "stopped"


async def test_a_pause_that_is_not_acknowledged_fails() -> None:
    """Row 32: without a checkpoint within `pause_timeout` the pause fails with PauseTimeout and the run goes on."""
    release = asyncio.Event()

    async def deaf(ctx: JobContext) -> None:
        await release.wait()

    async with Engine([by_hand("a", deaf, pause_timeout="20ms")]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        with pytest.raises(PauseTimeout) as refused:
            await run.pause()
        assert refused.value.code == "pause_timeout"
        assert run.phase is RunPhase.RUNNING
        release.set()
        assert (await run.ended()).outcome == "success"


async def test_a_pause_for_a_time_ends_by_itself() -> None:
    """Row 32: `pause(for_seconds)` is an automatic resume."""

    def loop(ctx: JobContext) -> None:
        while True:
            ctx.checkpoint_sync()

    async with Engine([by_hand("a", loop)]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.pause(0.02)
        await reaches(run, RunPhase.RUNNING)
        await run.stop()
        assert (await run.ended()).paused_seconds > 0


async def test_a_pause_stops_the_clock_of_the_timeout() -> None:
    """Row 31: the time of a pause does not count toward the timeout of a function."""
    release = threading.Event()

    def loop(ctx: JobContext) -> None:
        while not release.is_set():
            ctx.checkpoint_sync()

    async with Engine([by_hand("a", loop, timeout=0.3)]) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.pause()
        await asyncio.sleep(0.4)
        assert run.phase is RunPhase.PAUSED
        release.set()
        await run.resume()
        assert (await run.ended()).outcome == "success"


# -- beside processes ------------------------------------------------------------------------------------------------


async def test_functions_and_processes_share_one_limit() -> None:
    """A function and a command never run beside each other where one run at a time is allowed, in either order."""
    running = 0
    most = 0

    async def count(ctx: JobContext) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for job in engine.jobs:
            most = max(most, sum(1 for one in engine.jobs for run in one.active if run.phase is RunPhase.RUNNING))
            assert job.id
        await asyncio.sleep(0.01)
        running -= 1

    specs = [JobSpec(id=f"f{n}", call=count) for n in range(4)] + [
        JobSpec(id=f"c{n}", command="true") for n in range(4)
    ]
    engine = Engine(specs[::2] + specs[1::2], max_running=1)
    async with engine:
        await engine.wait_idle()
        assert [job.counters.success for job in engine.jobs] == [1] * 8
    assert most == 1


async def test_hooks_run_around_functions(tmp_path: Path) -> None:
    """Row 30: after an exception the error hook runs, and `finally`, also where a function waits for the one slot."""
    told = tmp_path / "told"
    hooks = Hooks(error=f"echo error $RUN_STATUS >> {told}", finally_=f"echo finally >> {told}")

    async def fail(ctx: JobContext) -> None:
        raise ValueError("no rows")

    async with Engine([by_hand("a", fail, hooks=hooks), by_hand("b", nothing)], max_running=1) as engine:
        run = await engine.job("a").trigger()
        other = await engine.job("b").trigger()
        record = await run.ended()
        assert (await other.ended()).outcome == "success"
    assert record.reason == "exception(ValueError: no rows)"
    assert told.read_text() == "error failed\nfinally\n"


async def test_pools_are_shared_between_functions_and_commands() -> None:
    """Jobs of a program share slots by name."""
    with pytest.raises(ValueError, match="smaller"):
        Engine([by_hand("a", nothing, pools={"db": 2})], pools={"db": 1})
    specs = [JobSpec(id="a", call=nothing, pools=["db"]), JobSpec(id="b", command="true", pools=["db"])]
    async with Engine(specs, pools={"db": 1}) as engine:
        await engine.wait_idle()
        assert [job.counters.success for job in engine.jobs] == [1, 1]


# -- monitoring ------------------------------------------------------------------------------------------------------


async def test_a_slow_sink_holds_up_no_job() -> None:
    """Row 45: metrics go to a sink off the loop; what it does or raises reaches no job."""
    release = threading.Event()

    class Slow(InMemoryMonitoring):
        def save_metrics(self, record: Any) -> None:
            release.wait(PATIENCE)
            super().save_metrics(record)
            raise OSError("the sink is down")

    sink = Slow()
    async with Engine([by_hand("a", nothing)], monitoring=sink) as engine:
        for _ in range(3):
            assert (await (await engine.job("a").trigger()).ended()).outcome == "success"
        assert sink.get_metrics() == {}
        release.set()
    gathered = sink.get_metrics()["a"]
    assert isinstance(gathered, dict)
    assert (gathered["runs"], gathered["success"]) == (3, 3)


async def test_runs_are_counted_for_prometheus() -> None:
    """Row 45: a sink for Prometheus is shipped; its registry may be the program's."""

    async def fails(ctx: JobContext) -> None:
        raise ValueError("no")

    registry = CollectorRegistry()
    sink = PrometheusMonitoring(registry)
    async with Engine([by_hand("a", nothing), by_hand("b", fails)], monitoring=sink) as engine:
        for job in ("a", "a", "b"):
            await (await engine.job(job).trigger()).ended()
    assert registry.get_sample_value("jobqueue_runs_total", {"job": "a", "outcome": "success"}) == 2.0
    metrics = sink.get_metrics()
    assert metrics['jobqueue_runs_total{job="b",outcome="failed"}'] == 1.0
    assert metrics['jobqueue_run_seconds_count{job="a"}'] == 2.0
    assert b'jobqueue_last_end_timestamp_seconds{job="b",outcome="failed"}' in sink.exposition()


async def test_what_is_to_come_and_what_there_is_can_be_asked() -> None:
    """Next times, durations, why a run waits, pools and the disk: what the console's screens are made of."""
    release = asyncio.Event()

    async def hold(ctx: JobContext) -> None:
        await release.wait()

    engine = Engine(pools={"db": 1}, max_running=2)
    first = engine.add(JobSpec(id="first", call=hold, pools={"db": 1}))
    second = engine.add(JobSpec(id="second", call=hold, pools={"db": 1}))
    hourly = engine.add(JobSpec(id="hourly", call=hold, schedule="0 * * * *"))
    async with engine:
        await until(lambda: first.active and second.queued)
        assert "pool db 1/1: first" in second.queued[0].why()
        assert first.active[0].why() == ""
        times = await hourly.coming(limit=3)
        assert [later.at - sooner.at for sooner, later in itertools.pairwise(times)] == [3_600_000_000] * 2
        assert await hourly.coming(until=times[1].at) == times[:2]
        system = await engine.system()
        assert [(pool.name, pool.slots, pool.taken, pool.holders) for pool in system.pools] == [
            ("db", 1, 1, ("first",))
        ]
        assert system.log_disk_free
        assert first.stats() is None
        release.set()
        await until(lambda: not first.active)
        stats = first.stats()
        assert stats is not None
        assert len(stats.outcomes) == 1


async def test_a_job_says_what_it_follows_and_whether_that_sets_it_going() -> None:
    """Those that must fail or be skipped are not among it; a schedule of its own is not set going by others."""
    async with Engine() as engine:
        for name in ("a", "b", "c"):
            engine.add(JobSpec(id=name, command="true", manual="only"))
        engine.add(JobSpec(id="d", command="true", needs={"a": "success", "b": "done", "c": "failure"}, join="any"))
        engine.add(JobSpec(id="e", command="true", needs=["a"], every="1h"))
        d, e = engine.job("d"), engine.job("e")
        assert (d.follows, d.join, d.triggered) == (("a", "b"), "any", True)
        assert (e.follows, e.join, e.triggered) == (("a",), "all", False)
        assert not engine.job("a").triggered
