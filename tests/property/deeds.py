"""What operators, processes, the disk and the machine do to an engine: one step, said in three values, so that any part of a
list of steps is a list of steps."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

from engine.clock import SECOND
from engine.core.holds import EVERYTHING
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.core.verbs.add import begin_new, check_needs, check_new, join_job
from engine.core.verbs.aiming import find_job
from engine.core.verbs.backfill import backfill
from engine.core.verbs.enable import disable, enable
from engine.core.verbs.hold import hold, release
from engine.core.verbs.kill import kill_runs
from engine.core.verbs.pause import hold_job, pause_run
from engine.core.verbs.postpone import postpone
from engine.core.verbs.priority import set_priority, set_run_priority
from engine.core.verbs.reload import arrange, change
from engine.core.verbs.remove import forget_job, is_gone, remove_job
from engine.core.verbs.rerun import rerun
from engine.core.verbs.resume import release_hold, release_job, resume_run
from engine.core.verbs.set_timeout import set_timeout
from engine.core.verbs.shutdown import begin_shutdown
from engine.core.verbs.signal import signal_runs
from engine.core.verbs.skip_next import skip_next, undo_skip_next
from engine.core.verbs.stop import stop_job, stop_run, stop_runs
from engine.core.verbs.suspend import suspend, unsuspend
from engine.core.verbs.trigger import trigger
from engine.errors import Refused, RefusedCode
from engine.model.states import RunPhase
from engine.ports.executor import Missing
from engine.runtime.rows import job_row, restore_job, run_row
from engine.spec.config import JobFile
from engine.spec.job import WhenNotDurable
from engine.testing import Bench
from tests.property.world import MEMORY, play, random_file, random_job

T = TypeVar("T")


class Deed(NamedTuple):
    """What is done, to whom, and how: numbers below 10,000 that choose among what there is."""

    kind: str
    who: int
    how: int

    def __repr__(self) -> str:
        return f"Deed({self.kind!r}, {self.who}, {self.how})"


class World:
    """A bench and what has been done to it."""

    def __init__(self, seed: int, file: JobFile | None = None, *, foretells: bool = True) -> None:
        """By default with a file drawn from the seed."""
        self.seed = seed
        self.file = file or random_file(seed)
        self.bench = Bench(self.file, script=play(seed), foretells=foretells)
        self.added = 0
        self.undurable = {job.id for job in self.file.jobs if job.when_not_durable is WhenNotDurable.RUN}
        self.forgotten: dict[str, Job] = {}
        self.older: set[int] = set()
        """Numbers of runs that had begun, or waited, when their job was written anew: what it allows now was not asked of them."""
        self.rewritten: set[str] = set()
        self.restarted = False
        """The last deed began an engine anew."""

    def do(self, act: Callable[[Turn], T]) -> T:
        """A verb; one that is refused has changed nothing."""
        before = self.looks()
        try:
            return self.bench.do(act)
        except Refused:
            assert self.looks() == before, "a refused verb changes nothing"
            raise

    def looks(self) -> object:
        """All that could differ, as values."""
        state = self.bench.state
        jobs = [(job_row(job), job.listed, job.next_due, job.over, dict(job.covers)) for job in state.jobs.values()]
        runs = [(run_row(run), run.wish, run.entry != 0) for run in state.runs.values()]
        return jobs, runs, dict(state.holds), dict(state.cascades), state.taken, state.waiting, dict(state.pool_taken)

    def restart(self) -> None:
        """The engine dies without a word and the next one begins."""
        self.restarted = True
        self.bench.crash(self.file)

    def commit(self, deed: Deed) -> None:
        """Carry a deed out; what cannot be done just now is refused and passed over."""
        self.restarted = False
        listed = list(self.bench.state.listed_jobs())
        if listed:
            with contextlib.suppress(Refused):
                DEEDS[deed.kind](self, listed[deed.who % len(listed)], deed)
        self.bench.settle()
        for job in list(self.bench.state.jobs.values()):
            if job.removing and is_gone(job) and self.bench.loop.settled:  # as the engine: when that is on record
                self.bench.do(lambda turn, job=job: forget_job(turn, job))  # type: ignore[misc] # bound at once
                self.forgotten[job.id] = job


def pick(deed: Deed, *choices: T) -> T:
    """One of these."""
    return choices[deed.how % len(choices)]


def _time(world: World, job: Job, deed: Deed) -> None:
    world.bench.run_for(pick(deed, 0.1, 1.0, 5.0, 61.0))


def _long_time(world: World, job: Job, deed: Deed) -> None:
    world.bench.run_for(pick(deed, 300.0, 700.0))


def _trigger(world: World, job: Job, deed: Deed) -> None:
    world.do(lambda turn: trigger(turn, job.id, bypass=pick(deed, False, True)))


def _downstream(world: World, job: Job, deed: Deed) -> None:
    world.do(lambda turn: trigger(turn, job.id, bypass=False, downstream=True))


def _run_of(job: Job, deed: Deed) -> Run:
    runs = [*job.active, *job.queue]
    if not runs:
        raise _nothing(job)
    return runs[deed.how % len(runs)]


def _nothing(job: Job) -> Refused:
    return Refused(RefusedCode.STATE, f"nothing of {job.id}")


def _pause(world: World, job: Job, deed: Deed) -> None:
    run = _run_of(job, deed)
    world.do(lambda turn: pause_run(turn, run, pick(deed, None, 20.0)))


def _resume(world: World, job: Job, deed: Deed) -> None:
    for run in list(job.active):
        if run.phase is RunPhase.PAUSED:
            world.do(lambda turn, run=run: resume_run(turn, run))  # type: ignore[misc] # bound at once
    world.do(lambda turn: pick(deed, release_job, release_hold)(turn, job))


def _stop_run(world: World, job: Job, deed: Deed) -> None:
    run = _run_of(job, deed)
    world.do(lambda turn: stop_run(turn, run, None))


def _hold(world: World, job: Job, deed: Deed) -> None:
    world.do(lambda turn: hold_job(turn, job, pick(deed, None, 30.0)))


def _freeze(world: World, job: Job, deed: Deed) -> None:
    scope = pick(deed, EVERYTHING, "red", "blue")
    if scope in world.bench.state.holds:
        world.do(lambda turn: release(turn, scope))
    else:
        seconds = pick(deed, None, 10.0, 100.0, 10.0, 100.0)
        world.do(lambda turn: hold(turn, scope, seconds, by="chance", reason=""))


def _postpone(world: World, job: Job, deed: Deed) -> None:
    world.do(lambda turn: postpone(turn, job, pick(deed, 3.0, 0.0, 40.0, 0.5)))


def _backfill(world: World, job: Job, deed: Deed) -> None:
    span, now = pick(deed, 1, 60, 300) * SECOND, world.bench.now
    world.do(lambda turn: backfill(turn, job, now - span, now, pick(deed, 1, 2)))


def _set_priority(world: World, job: Job, deed: Deed) -> None:
    world.do(lambda turn: set_priority(turn, job, deed.how % 230 - 115))


def _run_priority(world: World, job: Job, deed: Deed) -> None:
    run = _run_of(job, deed)
    world.do(lambda turn: set_run_priority(turn, run, deed.how % 201 - 100))


def _rerun(world: World, job: Job, deed: Deed) -> None:
    rows = [row for row in world.bench.store.runs.values() if row.job == job.id]
    if rows:
        row = rows[deed.how % len(rows)]
        world.do(lambda turn: rerun(turn, row.run_id, job.id, row.planned_at))


def _add(world: World, job: Job, deed: Deed) -> None:
    turn, bench = world.bench.loop.turn, world.bench
    gone = [known for known in world.forgotten if known not in bench.state.jobs]
    listed = list(bench.state.listed_jobs())
    if gone and deed.how % 2:
        spec = world.forgotten[gone[deed.who % len(gone)]].spec
        spec = replace(spec, needs=tuple(need for need in spec.needs if need.job in {one.id for one in listed}))
    else:
        world.added += 1
        chance = random.Random(f"{world.seed} {deed}")
        spec = random_job(chance, f"x{world.added}", [one.spec for one in listed])
    check_new(turn, [spec], "UTC")
    check_needs([spec], lambda job_id: any(one.id == job_id for one in listed))

    if spec.when_not_durable is WhenNotDurable.RUN:
        world.undurable.add(spec.id)

    def join(turn: Turn) -> None:
        new = join_job(turn, spec)
        if (known := world.forgotten.pop(spec.id, None)) is not None:
            restore_job(new, job_row(known))
        begin_new(turn, [new], "UTC")

    bench.do(join)
    world.file = replace(world.file, jobs=tuple(one.spec for one in bench.state.listed_jobs()))


def _remove(world: World, job: Job, deed: Deed) -> None:
    if sum(1 for _ in world.bench.state.listed_jobs()) > 2:
        world.do(lambda turn: remove_job(turn, job.id, stop=pick(deed, False, True)))
        world.file = replace(world.file, jobs=tuple(one.spec for one in world.bench.state.listed_jobs()))


def _reload(world: World, job: Job, deed: Deed) -> None:
    """The file has another job of this id, or the same one once more."""
    chance = random.Random(f"{world.seed} {deed}")
    listed = list(world.bench.state.listed_jobs())
    spec = job.spec if deed.how % 5 == 0 else random_job(chance, job.id, [one.spec for one in listed if one is not job])
    specs = [spec if one is job else one.spec for one in listed]
    try:
        check_needs(specs, lambda _: False)
    except ValueError:  # in a circle
        spec = replace(spec, needs=())
        if spec.schedule is None and job.spec.schedule is not None:
            spec = replace(spec, schedule=job.spec.schedule)
        specs = [spec if one is job else one.spec for one in listed]
    if spec.when_not_durable is WhenNotDurable.RUN:
        world.undurable.add(spec.id)

    def write(turn: Turn) -> None:
        change(turn, [spec], [], "UTC")
        arrange(turn, [one.id for one in specs])

    world.older |= {run.no for run in (*job.active, *job.queue)}
    world.rewritten.add(job.id)
    world.bench.do(write)
    world.file = replace(world.file, jobs=tuple(specs))


def _unknown(world: World, job: Job, deed: Deed) -> None:
    world.do(lambda turn: find_job(turn, "nobody"))


def _shutdown(world: World, job: Job, deed: Deed) -> None:
    drain = pick(deed, None, 0.0, 5.0)
    world.bench.store.failing = None
    world.bench.run_for(2.0)
    world.bench.do(lambda turn: begin_shutdown(turn, drain))
    world.bench.run_for(10.0)
    left, before = world.bench.executor.leave(), _lost(world)
    world.restart()
    assert not left or _lost(world) == before, "a run was lost that nobody started"


def _lost(world: World) -> set[int]:
    """Numbers of the runs that are lost by what is on record."""
    return {no for no, row in world.bench.store.runs.items() if row.outcome == "lost"}


def _crash(world: World, job: Job, deed: Deed) -> None:
    if deed.how % 3:
        world.bench.store.failing = None
    world.restart()


def _all_die(world: World, job: Job, deed: Deed) -> None:
    missing = pick(deed, Missing.GONE, Missing.REBOOTED)
    world.bench.executor.die(missing)
    if missing is Missing.REBOOTED:
        world.bench.boot_id += "'"
    world.restart()


def _disk(world: World, job: Job, deed: Deed) -> None:
    world.bench.store.failing = None if world.bench.store.failing else OSError("no space left on device")


def _clock(world: World, job: Job, deed: Deed) -> None:
    seconds = pick(deed, 5, 61, 7200, 86_400 * 400, -5, -61, -7200, -86_400 * 400)
    world.bench.clock.step(seconds * SECOND)
    world.bench.loop.wake()


def _memory(world: World, job: Job, deed: Deed) -> None:
    world.bench.free_memory = pick(deed, 0, 2 * MEMORY, 4 * MEMORY)


DEEDS: Final[dict[str, Callable[[World, Job, Deed], object]]] = {
    "time": _time,
    "long time": _long_time,
    "trigger": _trigger,
    "downstream": _downstream,
    "pause": _pause,
    "resume": _resume,
    "stop run": _stop_run,
    "stop": lambda world, job, deed: world.do(lambda turn: stop_runs(turn, job, pick(deed, None, 1.0))),
    "stop job": lambda world, job, deed: world.do(lambda turn: stop_job(turn, job, None)),
    "kill": lambda world, job, deed: world.do(lambda turn: kill_runs(turn, job)),
    "signal": lambda world, job, deed: world.do(lambda turn: signal_runs(turn, job, pick(deed, 10, 9))),
    "hold": _hold,
    "freeze": _freeze,
    "suspend": lambda world, job, deed: world.do(lambda turn: pick(deed, suspend, unsuspend)(turn, job)),
    "skip": lambda world, job, deed: world.do(
        lambda turn: undo_skip_next(turn, job) if pick(deed, False, True) else skip_next(turn, job)
    ),
    "postpone": _postpone,
    "disable": lambda world, job, deed: world.do(lambda turn: pick(deed, disable, enable)(turn, job)),
    "backfill": _backfill,
    "priority": _set_priority,
    "run priority": _run_priority,
    "timeout": lambda world, job, deed: world.do(lambda turn: set_timeout(turn, job, pick(deed, 0.0, 5.0, -1.0))),
    "rerun": _rerun,
    "add": _add,
    "remove": _remove,
    "reload": _reload,
    "unknown": _unknown,
    "shutdown": _shutdown,
    "crash": _crash,
    "all die": _all_die,
    "disk": _disk,
    "clock": _clock,
    "memory": _memory,
}

OFTEN: Final = [*DEEDS, *["time"] * 8, *["trigger"] * 3, "disk", "crash", "crash"]
"""Kinds to draw from."""


def draw(chance: random.Random) -> Deed:
    """A random deed."""
    return Deed(chance.choice(OFTEN), chance.randrange(10_000), chance.randrange(10_000))


def let_all_end(world: World) -> None:
    """Take back what stands still, let nothing new become due, and give it time."""
    bench = world.bench
    bench.store.failing, bench.free_memory = None, 8 * MEMORY
    bench.run_for(2.0)
    for run in list(bench.state.runs.values()):
        if run.phase is RunPhase.PAUSED:
            bench.do(lambda turn, run=run: resume_run(turn, run))  # type: ignore[misc] # bound at once
    for job in list(bench.state.listed_jobs()):
        with contextlib.suppress(Refused):
            bench.do(lambda turn, job=job: suspend(turn, job))  # type: ignore[misc] # bound at once
    for scope in list(bench.state.holds):
        bench.do(lambda turn, scope=scope: release(turn, scope))  # type: ignore[misc] # bound at once
    for job in list(bench.state.listed_jobs()):
        with contextlib.suppress(Refused):
            bench.do(lambda turn, job=job: enable(turn, job))  # type: ignore[misc] # bound at once
        with contextlib.suppress(Refused):
            bench.do(lambda turn, job=job: release_job(turn, job))  # type: ignore[misc] # bound at once
    for _ in range(60):
        bench.run_for(10_000.0)
        if not bench.state.runs:
            return
