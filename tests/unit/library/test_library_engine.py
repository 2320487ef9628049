"""An engine inside somebody else's asyncio program: its life, its jobs, what it shares and tells."""

from __future__ import annotations

import asyncio
import itertools
import threading
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from engine import (
    Engine,
    Hooks,
    InMemoryMonitoring,
    JobContext,
    JobSpec,
    PrometheusMonitoring,
    Refused,
    Retry,
)
from engine.model.states import JobStatus, RunPhase
from tests.unit.library.programs import PATIENCE, by_hand, nothing, reaches, until

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
    engine = Engine([JobSpec(id="once", call=lambda context: context.log("here"))])
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
        Engine(executors={"moon": Any})  # type: ignore[dict-item] # what is tested
    with pytest.raises(RuntimeError, match="not started"):
        await Engine([by_hand("a", nothing)]).job("a").trigger()


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
