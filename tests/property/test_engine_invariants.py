"""A whole engine under random verbs, ends, passing time, store failures and crashes keeps its invariants after each step."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Callable

import pytest

from engine.clock import SECOND
from engine.core.holds import EVERYTHING
from engine.core.ready import takes
from engine.core.state import Job
from engine.core.verbs.backfill import backfill
from engine.core.verbs.enable import disable, enable
from engine.core.verbs.hold import hold, release
from engine.core.verbs.kill import kill_runs
from engine.core.verbs.pause import hold_job, pause_run
from engine.core.verbs.priority import set_priority, set_run_priority
from engine.core.verbs.resume import release_job, resume_run
from engine.core.verbs.skip_next import skip_next, undo_skip_next
from engine.core.verbs.stop import stop_job, stop_runs
from engine.core.verbs.suspend import suspend, unsuspend
from engine.core.verbs.trigger import trigger
from engine.errors import Refused
from engine.model.states import LIVE, RunPhase
from engine.ports.executor import Launch
from engine.spec.config import EngineSpec, JobFile, PoolSpec
from engine.spec.job import (
    Argv,
    CatchUp,
    CronEntry,
    CronSchedule,
    DelaySchedule,
    EverySchedule,
    JobSpec,
    Join,
    Need,
    Overlap,
    Required,
    Retry,
    Schedule,
)
from engine.testing import Bench
from engine.testing.executor import Act

STEPS = 60
_MORE = ["suspend", "skip", "disable", "kill", "freeze", "backfill", "downstream", "run priority"]


def random_file(chance: random.Random) -> JobFile:
    schedules: list[Callable[[], Schedule | None]] = [
        lambda: None,
        lambda: EverySchedule(chance.choice([1.0, 7.0, 30.0])),
        lambda: DelaySchedule(chance.choice([1.0, 20.0])),
        lambda: CronSchedule((CronEntry(chance.choice(["* * * * *", "*/5 * * * *"])),)),
    ]
    exclusives: list[bool | str] = [False, False, False, True, "group"]
    jobs: list[JobSpec] = []
    for number in range(chance.randint(2, 9)):
        needs = tuple(
            Need(job.id, chance.choice(list(Required)))
            for job in chance.sample(jobs, min(len(jobs), chance.choice([0, 0, 1, 2])))
        )
        jobs.append(
            JobSpec(
                id=f"j{number}",
                command=Argv(("true",)),
                schedule=None if needs else chance.choice(schedules)(),
                needs=needs,
                join=chance.choice(list(Join)),
                overlap=chance.choice(list(Overlap)),
                max_queued=chance.randint(0, 2),
                concurrency=chance.choice([None, 1, 2]),
                catch_up=chance.choice(list(CatchUp)),
                start_deadline=chance.choice([None, 15.0]),
                priority=chance.randint(-5, 5),
                exclusive=chance.choice(exclusives),
                pools=chance.choice([{}, {}, {"db": 1}, {"db": 2}]),
                retry=Retry(limit=chance.choice([0, 0, 2]), delay=chance.choice([0.0, 5.0])),
            )
        )
    return JobFile(engine=EngineSpec(max_running=chance.randint(1, 4)), pools={"db": PoolSpec(2)}, jobs=tuple(jobs))


def a_step(bench: Bench, chance: random.Random) -> str:
    """Do something an operator, a process or the machine could do; returns what."""
    job = chance.choice([job for job in bench.state.jobs.values() if job.listed])
    kind = chance.choice(
        ["time"] * 6
        + ["trigger", "pause", "resume", "stop", "stop job", "hold", "bump", "crash", "disk", "clock", *_MORE]
    )
    with contextlib.suppress(Refused):
        match kind:
            case "time":
                bench.run_for(chance.choice([0.1, 1.0, 5.0, 61.0]))
            case "trigger":
                bench.do(lambda turn: trigger(turn, job.id, bypass=False))
            case "pause":
                for run in list(job.active):
                    bench.do(lambda turn, run=run: pause_run(turn, run, None))  # type: ignore[misc]
            case "resume":
                for run in list(job.active):
                    if run.phase is RunPhase.PAUSED:
                        bench.do(lambda turn, run=run: resume_run(turn, run))  # type: ignore[misc]
                bench.do(lambda turn: release_job(turn, job))
            case "stop":
                bench.do(lambda turn: stop_runs(turn, job, None))
            case "stop job":
                bench.do(lambda turn: stop_job(turn, job, None))
            case "hold":
                bench.do(lambda turn: hold_job(turn, job, chance.choice([None, 30.0])))
            case "bump":
                bench.do(lambda turn: set_priority(turn, job, chance.randint(-100, 100)))
            case "clock":
                bench.clock.step(chance.choice([1, -1]) * chance.choice([5, 61, 7200, 86_400 * 400]) * SECOND)
            case "suspend":
                bench.do(lambda turn: (unsuspend if job.suspended else suspend)(turn, job))
            case "skip":
                bench.do(lambda turn: (skip_next if job.skip_at is None else undo_skip_next)(turn, job))
            case "disable":
                bench.do(lambda turn: (disable if job.enabled else enable)(turn, job))
            case "kill":
                bench.do(lambda turn: kill_runs(turn, job))
            case "freeze":
                if EVERYTHING in bench.state.holds:
                    bench.do(lambda turn: release(turn, EVERYTHING))
                else:
                    seconds = chance.choice([None, 10.0, 100.0])
                    bench.do(lambda turn: hold(turn, EVERYTHING, seconds, by="chance", reason=""))
            case "backfill":
                span = chance.choice([1, 60, 300]) * SECOND
                bench.do(lambda turn: backfill(turn, job, bench.now - span, bench.now, 1))
            case "downstream":
                bench.do(lambda turn: trigger(turn, job.id, bypass=False, downstream=True))
            case "run priority":
                for run in list(job.queue)[:1]:
                    bench.do(lambda turn, run=run: set_run_priority(turn, run, chance.randint(-100, 100)))  # type: ignore[misc]
            case "crash":
                bench.store.failing = None
                bench.crash()
            case "disk":
                bench.store.failing = None if bench.store.failing else OSError("no space left on device")
    bench.settle()
    return kind


def check(bench: Bench) -> None:
    state = bench.state
    live = [run for run in state.runs.values() if run.phase in LIVE]
    assert state.taken == len(live)
    assert state.taken <= state.spec.max_running
    assert len(bench.executor.live) <= state.spec.max_running
    assert state.waiting == sum(run.phase is RunPhase.QUEUED for run in state.runs.values())
    on_the_way = {run.no for run in (*bench.loop.turn.pipeline.claimed, *bench.loop.turn.pipeline.ordered.values())}
    holding = [run for run in state.runs.values() if run.no in on_the_way or run.phase in LIVE]
    pools: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    alone = []
    for run in holding:
        needed = takes(run)
        exclusive = needed.exclusive
        pools.update(dict(needed.pools))
        if exclusive is True:
            alone.append(run)
        elif isinstance(exclusive, str):
            groups[exclusive] += 1
    assert pools == Counter(state.pool_taken), "pools count what live runs and those on their way hold"
    assert groups == Counter(state.groups)
    assert all(count <= 2 for count in pools.values())
    assert all(count <= 1 for count in groups.values())
    assert alone == ([state.alone] if state.alone else [])
    assert not alone or holding == alone, "an exclusive run is alone"
    for job in state.jobs.values():
        check_job(job)
    ordered = [run.no for run in bench.loop.turn.ready.in_order()]
    by_priority = sorted(
        bench.loop.turn.ready.in_order(),
        key=lambda run: (
            -round(state.effective_priority(run, bench.now), 6),
            run.planned_at,
            run.job.served_at,
            run.job.index,
            run.no,
        ),
    )
    assert ordered == [run.no for run in by_priority], "the queue's order equals a full sort by effective priority"


def check_job(job: Job) -> None:
    tally = job.tally
    over = tally.success + tally.failed + tally.timed_out + tally.stopped + tally.lost
    assert tally.starts == over + len(job.active), f"counters of {job.id} add up"
    assert all(run.attempts_made > 0 for run in job.active)
    assert all(run.phase is RunPhase.QUEUED for run in job.queue)


@pytest.mark.parametrize("seed", range(100))
def test_invariants_hold_after_every_step(seed: int) -> None:
    chance = random.Random(seed)
    file = random_file(chance)

    def script(launch: Launch) -> Act:
        return Act(chance.choice([0.0, 0.5, 3.0, 40.0, 200.0]), chance.choice([0, 0, 1]))

    bench = Bench(file, script=script)
    done = []
    for _ in range(STEPS):
        done.append(a_step(bench, chance))
        try:
            check(bench)
        except AssertionError as error:
            error.add_note(f"after {done}")
            raise
    started = Counter(launch.attempt for launch in bench.executor.launched)
    assert all(count == 1 for count in started.values()), "no attempt started twice"
