"""Two engines, one of which foretells what is due together: the same deeds around the same instants, and the same fates."""

from __future__ import annotations

import random
from collections import Counter
from typing import Final

import pytest

from engine.clock import SECOND
from engine.core.foretold import LEAD, LEAST
from engine.ports.executor import AttemptId
from engine.spec.command import Argv, Call
from engine.spec.config import EngineSpec, JobFile
from engine.spec.context import JobContext
from engine.spec.job import (
    DelaySchedule,
    EverySchedule,
    JobSpec,
    Join,
    Manual,
    Need,
    OnFailure,
    Overlap,
    Retry,
)
from tests.property.checks import Memory, check
from tests.property.deeds import DEEDS, Deed, World, let_all_end
from tests.property.world import CALENDARS, POOLS

PERIOD: Final = 10 * SECOND
RESTARTS: Final = ("shutdown", "crash", "all die")
LONG: Final = ("long time", "time", "clock")
"""Their steps would lead away from the instants that are looked at."""
DRAWN: Final = [kind for kind in DEEDS if kind not in RESTARTS + LONG + ("unknown", "disk")]
"""A disk that is full an instant before keeps what is claimed then from starting, and not what was foretold in time."""


def nothing(_context: JobContext) -> None:
    """A function; the executor of these tests calls none."""


def herd_file(seed: int) -> JobFile:
    """Functions that are due each ten seconds, some of which are not so plain; others beside them and behind them."""
    chance = random.Random(seed)
    jobs: list[JobSpec] = []
    for number in range(LEAST + 4):
        fields: dict[str, object] = {
            "schedule": EverySchedule(10.0, align=True),
            "overlap": chance.choice(list(Overlap)),
        }
        more: list[tuple[str, object]] = [
            ("max_runs", 3),
            ("on_failure", OnFailure.HALT),
            ("retry", Retry(limit=1, delay=3.0)),
            ("start_deadline", 2.0),
            ("priority", chance.randint(-5, 5)),
            ("concurrency", 2),
            ("pools", {"db": 1}),
            ("schedule", DelaySchedule(10.0)),
        ]
        fields |= dict(chance.sample(more, chance.choice([0, 0, 0, 1, 2])))
        jobs.append(JobSpec(id=f"f{number:02}", command=Call(nothing), **fields))  # type: ignore[arg-type] # of many types
    process = Argv(("true",))
    jobs += [
        JobSpec(id="beside", command=process, schedule=EverySchedule(10.0, align=True)),
        JobSpec(id="behind", command=process, needs=(Need("f00"), Need("f01")), join=chance.choice(list(Join))),
        JobSpec(id="gated", command=process, needs=(Need("f02"),), schedule=EverySchedule(10.0, align=True)),
        JobSpec(id="hand", command=process, manual=Manual.ONLY),
    ]
    return JobFile(
        engine=EngineSpec(max_running=chance.choice([16, 24, 60])), pools=POOLS, calendars=CALENDARS, jobs=tuple(jobs)
    )


def deeds(seed: int, kinds: list[str]) -> list[tuple[int, Deed]]:
    """When, in microseconds before or after an instant at which the herd is due, and what; an instant may pass with none."""
    chance = random.Random(seed + 1)
    found = []
    for instant in range(1, 7):
        for _ in range(chance.choice([0, 1, 1, 2, 3])):
            off = chance.choice([-LEAD, -LEAD // 2, -LEAD // 4, -1_000, 0, chance.randrange(-60_000, 20_000)])
            deed = Deed(chance.choice(kinds), chance.randrange(10_000), chance.randrange(10_000))
            found.append((instant * PERIOD + off, deed))
    return sorted(found, key=lambda one: one[0])


def carry_out(world: World, todo: list[tuple[int, Deed]]) -> None:
    """Each in its moment, with a look at all invariants behind it."""
    bench, memory = world.bench, Memory()
    began = bench.now
    for at, deed in todo:
        bench.run_for(max(0, began + at - bench.now) / SECOND)
        world.commit(deed)
        check(world, memory)
    bench.run_for(2.0)
    check(world, memory)
    let_all_end(world)


def launched(world: World) -> Counter[AttemptId]:
    return Counter(launch.attempt for launch in world.bench.executor.launched)


@pytest.mark.parametrize("seed", range(150))
def test_the_same_fates(seed: int) -> None:
    """Of each run, with the same instants on record; and each attempt was launched as often."""
    told, plain = (World(seed, herd_file(seed), foretells=foretells) for foretells in (True, False))
    for world in (told, plain):
        carry_out(world, deeds(seed, DRAWN))
    rows = [
        sorted(
            (row.run_id, row.kind, row.planned_at, row.queued_at, row.started_at, row.ended_at, row.outcome, row.reason)
            for row in world.bench.store.runs.values()
        )
        for world in (told, plain)
    ]
    assert rows[0] == rows[1]
    assert launched(told) == launched(plain)
    tallies = [{job.id: job.tally.frozen() for job in world.bench.state.jobs.values()} for world in (told, plain)]
    assert tallies[0] == tallies[1]


@pytest.mark.parametrize("seed", range(60))
def test_restarts_start_nothing_twice(seed: int) -> None:
    """Also when the engine dies around the instant, with its functions or, as a keeper's processes, without them."""
    world = World(seed, herd_file(seed))
    # other jobs may look at a precondition, or begin without being on record, as often as an engine begins
    kinds = [kind for kind in DRAWN if kind not in {"add", "reload"}]
    carry_out(world, deeds(seed, [*kinds, *RESTARTS * 8, *["disk"] * 4]))
    assert set(launched(world).values()) <= {1}
    for job in world.bench.state.jobs.values():
        tally = job.tally
        ended = tally.success + tally.failed + tally.timed_out + tally.stopped + tally.lost
        assert tally.starts == ended + len(job.active)
