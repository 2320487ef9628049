"""What must be free for a run to start, and for what a waiting one says it waits."""

from __future__ import annotations

from engine.clock import SECOND, moment
from engine.core.explain import bump_helps, why_queued
from engine.core.state import Run
from engine.core.verbs.pause import hold_job
from engine.core.verbs.resume import release_job
from engine.core.verbs.trigger import trigger
from engine.ports.executor import Launch
from engine.spec.config import EngineSpec, JobFile, PoolOrder, PoolSpec
from engine.spec.job import Argv, AtSchedule, EverySchedule, JobSpec, Join, Manual, Need, Required, Reserve
from engine.testing import Bench
from engine.testing.executor import Act

GIB = 1 << 30


def job(name: str, **fields: object) -> JobSpec:
    return JobSpec(id=name, command=Argv(("true",)), **fields)  # type: ignore[arg-type] # fields of many types


def bench(
    *jobs: JobSpec, acts: dict[str, Act] | None = None, pools: dict[str, PoolSpec] | None = None, **engine: object
) -> Bench:
    script = acts or {}

    def play(launch: Launch) -> Act:
        return script.get(launch.attempt, script.get(launch.attempt.partition(":")[0], Act(10.0)))

    settings = EngineSpec(**{"max_running": 8, **engine})  # type: ignore[arg-type] # fields of many types
    return Bench(JobFile(engine=settings, pools=pools or {}, jobs=jobs), script=play)


def running(b: Bench) -> list[str]:
    return sorted(attempt.partition(":")[0] for attempt in b.executor.live)


def first_queued(b: Bench, job_id: str) -> Run:
    return b.job(job_id).queue[0]


def why(b: Bench, job_id: str) -> str:
    return why_queued(b.state, first_queued(b, job_id), b.now)


def order(b: Bench) -> list[str]:
    return [launch.attempt.partition(":")[0] for launch in b.executor.launched]


# -- reserve, min_ready_memory, pools -----------------------------------------------------------------------------


def test_reserved_cores_bound_what_runs_beside_each_other() -> None:
    """Row 58: the bench has four cores; the reason says what is free."""
    b = bench(job("a", reserve=Reserve(cpu=3.0)), job("b", reserve=Reserve(cpu=2.0)), job("c"))
    b.run_for(1)
    assert running(b) == ["a", "c"]
    assert why(b, "b") == "cpu 2 of 1 free"
    b.run_for(10)
    assert running(b) == ["b"]


def test_who_reserves_more_cores_than_there_are_runs_when_nobody_else_does() -> None:
    """To wait for ever would help nobody."""
    b = bench(job("huge", reserve=Reserve(cpu=64.0)))
    b.run_for(1)
    assert running(b) == ["huge"]


def test_reserved_memory_counts_declarations_and_what_is_free() -> None:
    """Row 58: 8 GiB in all, 4 GiB available."""
    b = bench(
        job("a", reserve=Reserve(memory=3 * GIB)),
        job("b", reserve=Reserve(memory=6 * GIB)),
        job("c", reserve=Reserve(memory=5 * GIB)),
    )
    b.run_for(1)
    assert running(b) == ["a"]
    assert why(b, "b") == "memory 6G of 4G free"
    b.free_memory = 7 * GIB
    b.run_for(3)
    assert running(b) == ["a", "c"], "b's 6 and a's 3 are more than there is"


def test_nothing_starts_below_min_ready_memory_and_waiting_ends_by_itself() -> None:
    """Memory sends no events: it is looked at again every second."""
    b = bench(job("a"), min_ready_memory=5 * GIB)
    b.run_for(5)
    assert running(b) == []
    assert why(b, "a") == "memory 4G free, min_ready_memory is 5G"
    b.free_memory = (3 * GIB) + (329 << 20) + 17
    b.run_for(1.5)
    assert why(b, "a") == "memory 3.3G free, min_ready_memory is 5G"
    b.free_memory = 6 * GIB
    b.run_for(1.5)
    assert running(b) == ["a"]


def test_what_waits_for_a_slot_says_how_many_are_ahead() -> None:
    """Those in the ready queue and those on their way; whoever is held stands in no line."""
    b = bench(
        job("hog", priority=50),
        job("a"),
        job("b"),
        job("held", priority=9),
        job("c"),
        max_running=1,
        acts={"hog": Act(None)},
    )
    b.do(lambda turn: hold_job(turn, b.job("held"), None))
    b.run_for(1)
    lines = [why_queued(b.state, first_queued(b, name), b.now, placed=True) for name in ("a", "b", "c")]
    text = "all 1 slots are taken; priority 0"
    assert lines == [f"{text}, first in line", f"{text}, 1 ahead", f"{text}, 2 ahead"]


def helped(b: Bench) -> dict[str, bool]:
    """Of each job that waits: would more priority let it start earlier."""
    waiting = [job for job in b.state.jobs.values() if job.queue]
    return {job.id: bump_helps(b.state, job.queue[0], b.now) for job in waiting}


def test_more_priority_helps_who_stands_behind_others_for_the_same() -> None:
    """For a slot of a pool, a group, cores, a slot of the engine."""
    b = bench(
        job("p0", pools={"db": 1}),
        job("p1", pools={"db": 1}),
        job("p2", pools={"db": 1}),
        job("g0", exclusive="disk"),
        job("g1", exclusive="disk"),
        job("g2", exclusive="disk"),
        job("c0", reserve=Reserve(cpu=3.0)),
        job("c1", reserve=Reserve(cpu=3.0)),
        job("c2", reserve=Reserve(cpu=3.0)),
        pools={"db": PoolSpec(1)},
    )
    b.run_for(1)
    assert helped(b) == {"p1": False, "p2": True, "g1": False, "g2": True, "c1": False, "c2": True}


def test_more_priority_helps_nobody_else() -> None:
    """Not in a pool that goes by the order of waiting, before a gate, behind runs of the same job, at the highest one, nor while held."""
    pools = {"line": PoolSpec(1, PoolOrder.FIFO)}
    b = bench(
        job("f0", pools={"line": 1}),
        job("f1", pools={"line": 1}),
        job("f2", pools={"line": 1}),
        job("never", manual=Manual.ONLY),
        job("gated", needs=(Need("never"),), schedule=EverySchedule(3600.0)),
        job("twice", exclusive="disk", overlap="queue", manual=Manual.ONLY),
        job("busy", exclusive="cpu", priority=100),
        job("next", exclusive="cpu", priority=100),
        job("top", exclusive="cpu", priority=100),
        job("held", manual=Manual.ONLY),
        pools=pools,
    )
    b.do(lambda turn: hold_job(turn, b.job("held"), None))
    b.do(lambda turn: trigger(turn, "held", bypass=False))
    b.do(lambda turn: trigger(turn, "twice", bypass=False))
    b.do(lambda turn: trigger(turn, "twice", bypass=False))
    b.run_for(1)
    waits = helped(b)
    assert {"f2", "gated", "twice", "top", "held"} <= waits.keys()
    assert not any(waits.values())


def test_a_fifo_pool_gives_its_slots_in_the_order_of_waiting() -> None:
    """Row 58: priority counts for nothing there."""
    pools = {"gpu": PoolSpec(1, PoolOrder.FIFO)}
    b = bench(
        job("hog", pools={"gpu": 1}),
        job("low", pools={"gpu": 1}, manual=Manual.ONLY),
        job("high", pools={"gpu": 1}, manual=Manual.ONLY, priority=90),
        pools=pools,
    )
    b.run_for(1)
    b.do(lambda turn: trigger(turn, "low", bypass=False))
    b.run_for(1)
    b.do(lambda turn: trigger(turn, "high", bypass=False))
    b.run_for(60)
    assert order(b) == ["hog", "low", "high"]


def test_a_run_that_wants_several_slots_is_not_starved() -> None:
    """20-engine: after a minute it reserves; nothing that would delay it starts."""
    stream = [job(f"s{n}", pools={"db": 1}, schedule=EverySchedule(7.0 + n), overlap="queue") for n in range(3)]
    b = bench(
        *stream,
        job("wide", pools={"db": 2}, manual=Manual.ONLY, priority=50),
        pools={"db": PoolSpec(2)},
        acts={f"s{n}": Act(12.0) for n in range(3)},
    )
    b.run_for(30)
    b.do(lambda turn: trigger(turn, "wide", bypass=False))
    b.run_for(100)
    assert b.fates("wide")[0] in {"success", "running"}


def test_short_runs_pass_a_reserving_one_when_they_are_usually_over_in_time() -> None:
    """Judged by usual durations: what ends before the way is free delays nobody."""
    b = bench(
        job("long"),
        job("wide", exclusive=True, manual=Manual.ONLY, priority=50),
        job("short", manual=Manual.ONLY),
        job("unknown", manual=Manual.ONLY),
        acts={"long": Act(300.0), "short": Act(5.0)},
    )
    b.run_for(1)
    b.job("long").tracker.took.append(300_000)
    b.job("short").tracker.took.append(5_000)
    b.do(lambda turn: trigger(turn, "wide", bypass=False))
    b.run_for(70)
    b.do(lambda turn: trigger(turn, "unknown", bypass=False))
    b.do(lambda turn: trigger(turn, "short", bypass=False))
    b.run_for(1)
    assert running(b) == ["long", "short"]
    b.run_for(300)
    assert order(b)[-2:] == ["wide", "unknown"]


# -- gates --------------------------------------------------------------------------------------------------------


def at(seconds: float, b: Bench | None = None) -> AtSchedule:
    start = Bench(JobFile()).now if b is None else b.now
    return AtSchedule((moment(start + round(seconds * SECOND)),))


def test_a_job_with_a_schedule_waits_for_the_jobs_it_needs() -> None:
    """Row 69, gated: due at the same instant, they run in order."""
    b = bench(job("load", schedule=at(5), needs=(Need("dump"),)), job("dump", schedule=at(5)))
    b.run_for(6)
    assert running(b) == ["dump"]
    assert why(b, "load").startswith("waits for dump (running since ")
    b.run_for(10)
    assert running(b) == ["load"]


def test_a_gate_stays_closed_after_a_failure_until_the_job_is_rerun() -> None:
    """Row 69: rerunning the failed one revives what waits."""
    b = bench(
        job("load", schedule=at(5), needs=(Need("dump"),)),
        job("dump", schedule=at(5)),
        acts={"dump:1.1": Act(1.0, exit_code=1), "dump:2.1": Act(1.0)},
    )
    b.run_for(30)
    assert why(b, "load") == "waits for dump to end with success (last: failed)"
    b.do(lambda turn: trigger(turn, "dump", bypass=False))
    b.run_for(30)
    assert b.fates("load") == ["success"]


def test_a_gate_that_stays_closed_until_the_start_deadline_is_missed() -> None:
    """20-engine: missed(deadline)."""
    b = bench(
        job("load", schedule=at(5), needs=(Need("dump"),), start_deadline=20.0),
        job("dump", schedule=at(5)),
        acts={"dump": Act(1.0, exit_code=1)},
    )
    b.run_for(60)
    assert b.fates("load") == ["missed deadline"]


def test_within_refuses_a_result_that_is_too_old() -> None:
    """`within`: not older than."""
    b = bench(
        job("dump"),
        job("load", schedule=at(100), needs=(Need("dump", within=60.0),), start_deadline=20.0),
        job("other", schedule=at(50), needs=(Need("dump", within=60.0),)),
    )
    b.run_for(200)
    assert b.fates("other") == ["success"]
    assert b.fates("load") == ["missed deadline"]


def test_a_manual_start_respects_the_needs_unless_told_not_to() -> None:
    """20-engine, Dependencies: respect (default) or bypass."""
    b = bench(
        job("dump", manual=Manual.ONLY),
        job("load", manual=Manual.ONLY, needs=(Need("dump"),), overlap="queue", max_queued=2, concurrency=1),
    )
    b.run_for(1)
    b.do(lambda turn: trigger(turn, "load", bypass=False))
    b.run_for(5)
    assert why(b, "load") == "waits for dump (has not run)"
    b.do(lambda turn: trigger(turn, "load", bypass=True))
    b.run_for(5)
    assert running(b) == ["load"]


def test_join_any_opens_for_the_first_that_ended_as_required() -> None:
    """Row 69: join any; `is: failure` for one of them."""
    needs = (Need("a"), Need("b", Required.FAILURE))
    b = bench(
        job("a"),
        job("b"),
        job("c", schedule=at(2), needs=needs, join=Join.ANY),
        acts={"a": Act(100.0), "b": Act(5.0, exit_code=1)},
    )
    b.run_for(10)
    assert running(b) == ["a", "c"]


def test_who_waits_behind_a_reservation_is_told_so_and_passes_when_its_ten_minutes_are_over() -> None:
    """20-engine: a head that waits for space reserves for at most ten minutes at a time; shown as such, and nobody has to wake it."""
    b = bench(
        job("hog", priority=9),
        job("alone", exclusive=True, priority=5),
        job("late", manual=Manual.ONLY),
        acts={"hog": Act(9000.0)},
    )
    b.run_for(70)
    b.do(lambda turn: trigger(turn, "late", bypass=False))
    assert why(b, "late").startswith("alone:1 waits for space and goes first (until ")
    b.do(lambda turn: hold_job(turn, b.job("late"), None))
    b.do(lambda turn: release_job(turn, b.job("late")))
    assert why(b, "late").startswith("alone:1 waits for space and goes first (until ")
    b.run_for(580)
    assert "late" not in order(b)
    b.run_for(20)
    assert "late" in order(b)
