"""What must hold of an engine at rest, whatever happened to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from engine.core.explain import why_queued
from engine.core.gates import closed_by
from engine.core.ready import takes
from engine.core.state import Job, Run, concurrency
from engine.core.stopping import wall_seconds
from engine.model.outcome import STARTED_OUTCOMES
from engine.model.states import ACTIVE, LIVE, RunPhase
from engine.spec.job import OnFailure, Overlap
from engine.spec.matrix import job_of
from engine.testing import Bench
from tests.property.deeds import World


@dataclass
class Memory:
    """What was so at the last look."""

    fates: dict[int, str] = field(default_factory=dict)
    paused: dict[str, tuple[int, float | None]] = field(default_factory=dict)
    launched: int = 0
    off: dict[str, object] = field(default_factory=dict)
    dark: bool = False
    strangers: bool = False


def check(world: World, memory: Memory) -> None:
    """All of it, after each step."""
    bench = world.bench
    check_places(bench)
    check_amounts(bench)
    if not world.older & {run.no for run in bench.state.runs.values()}:
        check_bounds(bench)
    check_order(bench)
    check_reasons(bench)
    check_executor(world)
    for job in bench.state.jobs.values():
        check_counters(job)
        if job.id not in world.rewritten:
            check_limits(job)
    check_store(bench, memory)
    check_offs(world, memory)
    check_pauses(bench, memory)


def check_places(bench: Bench) -> None:
    """A run stands in one place; what is counted equals what is there."""
    state, turn = bench.state, bench.loop.turn
    runs = list(state.runs.values())
    assert {run.run_id for run in runs} == {
        run.run_id for job in state.jobs.values() for run in (*job.active, *job.queue)
    }, "every run is in its job's queue or active"
    assert all(run.job is state.jobs[run.job.id] for run in runs)
    assert state.waiting == sum(run.phase is RunPhase.QUEUED for run in runs)
    live = [run for run in runs if run.phase in LIVE]
    assert state.taken == len(live)
    assert state.staged == sum(run.spec.staged for run in live)
    attempts = {run.attempt.id for run in runs if run.attempt is not None}
    sides = {one for one in state.by_attempt if one not in attempts}
    assert attempts <= state.by_attempt.keys(), "every attempt is known"
    assert all(one in state.by_attempt[one].course.sides for one in sides), "an attempt of a run that does not know it"
    for run in turn.pipeline.claimed:
        assert run.attempt is not None
        assert not run.attempt.ordered
        assert not run.live
    assert all(state.by_attempt[one] is run for one, run in turn.pipeline.ordered.items())
    for run in runs:
        if run.entry:
            assert run.phase in {RunPhase.QUEUED, RunPhase.RETRYING}
            assert run.job.may_start, "what is held does not wait for its turn"
    assert len(turn.ready) == sum(run.entry != 0 for run in runs)


def on_the_way(bench: Bench) -> list[Run]:
    """What is live, claimed or ordered."""
    pipeline = bench.loop.turn.pipeline
    numbers = {run.no for run in (*pipeline.claimed, *pipeline.ordered.values())}
    return [run for run in bench.state.runs.values() if run.no in numbers or run.phase in LIVE]


def check_amounts(bench: Bench) -> None:
    """Slots, pools, groups, exclusivity, cores and memory: as much is taken as runs hold, and no more than there is."""
    state = bench.state
    assert state.taken <= state.spec.max_running
    assert len(bench.executor.in_slots) <= state.spec.max_running
    holding = on_the_way(bench)
    pools: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    for run in holding:
        needed = takes(run)
        pools.update(dict(needed.pools))
        if isinstance(needed.exclusive, str):
            groups[needed.exclusive] += 1
    assert pools == Counter(state.pool_taken), "pools count what live runs and those on their way hold"
    assert groups == Counter(state.groups)
    cpus = [takes(run).cpu for run in holding if takes(run).cpu]
    memory = [takes(run).memory for run in holding if takes(run).memory]
    assert abs(state.cpu_reserved - sum(cpus)) < 1e-9
    assert state.memory_reserved == sum(memory)


def check_bounds(bench: Bench) -> None:
    """No more is taken than there is."""
    state, holding = bench.state, on_the_way(bench)
    assert all(count <= state.pools[name].slots for name, count in state.pool_taken.items())
    assert all(count <= 1 for count in state.groups.values())
    alone = [run for run in holding if takes(run).exclusive is True]
    assert alone == ([state.alone] if state.alone else [])
    assert not alone or holding == alone, "an exclusive run is alone"
    assert sum(takes(run).cpu > 0 for run in holding) < 2 or state.cpu_reserved <= state.cpus
    assert sum(takes(run).memory > 0 for run in holding) < 2 or state.memory_reserved <= state.memory


def check_order(bench: Bench) -> None:
    """The queue's order equals a full sort by effective priority; in a first-in-first-out pool priorities count for nothing.
    What may not start does not age."""
    state, ready = bench.state, bench.loop.turn.ready
    for run in state.runs.values():
        if not run.live:
            stands = run.stands_since is not None
            assert stands == (state.blackout is not None or not run.job.may_start), (
                f"{run.run_id} ages although it may not"
            )
    fifo = {name for name, pool in state.pools.items() if pool.order == "fifo"}

    def place(run: Run) -> tuple[float, int, int, int, int]:
        own = run.priority if fifo & run.spec.pools.keys() else 0
        effective = state.effective_priority(run, bench.now) - own
        return (-round(effective, 6), run.planned_at, run.job.served_at, run.job.index, run.no)

    waiting = list(ready.in_order())
    assert [run.no for run in waiting] == [run.no for run in sorted(waiting, key=place)]
    assert ready.first() is (waiting[0] if waiting else None)


def unknown(bench: Bench) -> list[str]:
    """What runs in a slot that the engine believes to be free: an undurable start before the last crash."""
    return [attempt for attempt in bench.executor.in_slots if attempt not in bench.state.by_attempt]


def check_reasons(bench: Bench) -> None:
    """Nothing waits without a reason, and `about to start` is said only while the store keeps it from starting."""
    state = bench.state
    for run in state.runs.values():
        if run.phase is not RunPhase.QUEUED:
            continue
        why = why_queued(state, run, bench.now)
        assert why
        if why.startswith("about to start") and not unknown(bench):
            assert bench.loop.trouble is not None, f"{run.run_id} is about to start, and does not"


def check_executor(world: World) -> None:
    """What the engine believes to run runs, and what runs is known to it; no attempt starts twice.

    Of a start that was not durable, by the job's own wish, the next engine knows nothing.
    """
    bench = world.bench
    state, executor = bench.state, bench.executor
    strangers = unknown(bench)
    for run in state.runs.values():
        if run.live and run.attempt is not None:
            there = run.attempt.id in executor.live
            assert there or run.attempt.pid is None, f"{run.run_id} is {run.phase}, its process is gone"
            if run.attempt.pid is None and not strangers:
                assert bench.loop.trouble is not None or not bench.loop.settled, f"{run.run_id} is {run.phase} for ever"
        elif run.live:
            raise AssertionError(f"{run.run_id} is {run.phase} without an attempt")
    for attempt in strangers:
        assert job_of(attempt) in world.undurable, f"{attempt} runs and nobody knows it"
    if bench.loop.trouble is None and bench.store.failing is None:
        assert executor.kept == [], "ends that are on record are acknowledged"
    twice = [one for one, count in Counter(launch.attempt for launch in executor.launched).items() if count > 1]
    for attempt in twice:
        assert job_of(attempt) in world.undurable, f"{attempt} was started twice"


def check_counters(job: Job) -> None:
    """They add up."""
    tally = job.tally
    over = tally.success + tally.failed + tally.timed_out + tally.stopped + tally.lost
    assert tally.starts == over + len(job.active), f"counters of {job.id} add up"
    assert all(run.phase in ACTIVE and run.attempts_made > 0 for run in job.active)
    assert all(run.phase is RunPhase.QUEUED and run.attempts_made == 0 for run in job.queue)


def check_limits(job: Job) -> None:
    """Those of the job hold, for one whose file has always said the same."""
    limit = concurrency(job.spec) if job.listed else None
    assert limit is None or len(job.active) <= limit, f"{job.id} runs {len(job.active)} at once"
    if job.spec.max_runs is not None and job.listed:
        waiting = sum(run.counts for run in job.queue)
        assert job.counted + waiting <= job.spec.max_runs, f"{job.id} has more than max_runs"

    if job.spec.matrix:
        under_way = {run.occurrence for run in job.active}
        assert job.spec.overlap is Overlap.ALLOW or len(under_way) <= 1, f"occurrences of {job.id} mix"
        assert job.gathered.keys() <= under_way | {run.occurrence for run in job.queue}, "what is over is forgotten"


def check_store(bench: Bench, memory: Memory) -> None:
    """What is stored of a job and its runs agrees at every commit; a fate never changes."""
    rows = list(bench.store.runs.values())
    for row in rows:
        if row.outcome is not None:
            fate = f"{row.outcome} {row.reason}"
            assert memory.fates.setdefault(row.no, fate) == fate, f"{row.run_id} has another fate now"
    active = Counter(row.job for row in rows if row.outcome is None and row.attempts_made > 0)
    ended = Counter((row.job, row.outcome) for row in rows if row.outcome in STARTED_OUTCOMES)
    for job in bench.store.jobs.values():
        outcomes = {"success": job.success, "failed": job.failed, "timed_out": job.timed_out}
        outcomes |= {"stopped": job.stopped, "lost": job.lost}
        assert job.starts == sum(outcomes.values()) + active[job.id], f"stored counters of {job.id} add up"
        for outcome, count in outcomes.items():
            # a retry that was stopped while it waited had been started
            assert ended[job.id, outcome] == count, f"{job.id}: {count} {outcome} counted"


def check_offs(world: World, memory: Memory) -> None:
    """What may not start does not: held, stopped, disabled, or while a blackout is on."""
    bench = world.bench
    new = bench.executor.launched[memory.launched :]
    off = {job.id: _why_off(job) for job in bench.state.jobs.values() if not job.may_start}
    dark = bench.state.blackout is not None
    if not (world.restarted or memory.strangers):  # what was ordered for a slot that a stranger holds starts after it
        for launch in new:
            if launch.waits:
                job_id = job_of(launch.attempt)
                same = job_id in off and off[job_id] == memory.off.get(job_id)
                assert not same, f"{launch.attempt} started while its job was off"
                assert not (dark and memory.dark), f"{launch.attempt} started in a blackout"
    memory.launched, memory.off, memory.dark = len(bench.executor.launched), off, dark
    memory.strangers = bool(unknown(bench))


def _why_off(job: Job) -> object:
    """Equal before and after only if it was off all the time."""
    return job.held_since, dict(job.covers), job.stopped, job.enabled


def check_pauses(bench: Bench, memory: Memory) -> None:
    """A paused clock does not tick."""
    paused: dict[str, tuple[int, float | None]] = {}
    for run in bench.state.runs.values():
        if run.phase is RunPhase.PAUSED and run.paused_since is not None:
            seconds = wall_seconds(run, bench.now)
            known = memory.paused.get(run.run_id)
            if known is not None and known[0] == run.paused_since and seconds is not None and known[1] is not None:
                assert seconds <= known[1], f"{run.run_id} is paused and its clock ticks"
            paused[run.run_id] = (run.paused_since, seconds)
    memory.paused = paused


def check_all_over(world: World) -> None:
    """All work has come to an end, but for what waits for a job that did not end as required, or that a failure has halted."""
    bench = world.bench
    for run in bench.state.runs.values():
        halts = run.spec.on_failure is OnFailure.HALT or run.job.id in world.rewritten
        halted = run.job.stopped and halts
        why = why_queued(bench.state, run, bench.now) if run.phase is RunPhase.QUEUED else run.phase
        stuck = not halted and (run.phase is not RunPhase.QUEUED or closed_by(run, bench.now) is None)
        assert not stuck, f"{run.run_id} never ends: {why}"
    assert bench.executor.kept == []
    assert bench.loop.settled
