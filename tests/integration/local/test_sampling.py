"""What trees use is looked up in pieces, between which the loop turns."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Final

import pytest

from engine.clock import SECOND, Clock
from engine.executors.guarding import Guard
from engine.executors.local.keeper.processes import RLIMIT_LOCKS
from engine.executors.local.sweep import REST, Sampler
from engine.ports.executor import Report, Sampled
from engine.runtime.system_clock import SystemClock
from engine.spec.monitor import Monitor

COUNT = 12
TAG = 5_000_000


@contextmanager
def sleepers() -> Iterator[dict[str, tuple[int, int]]]:
    """Tag and pid of processes that sleep, by the name of an attempt."""
    found: dict[str, tuple[int, int]] = {}
    for number in range(COUNT):
        pid = os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})
        _, hard = resource.prlimit(pid, RLIMIT_LOCKS)
        resource.prlimit(pid, RLIMIT_LOCKS, (TAG + number, hard))
        found[f"job:{number}.1"] = TAG + number, pid
    try:
        yield found
    finally:
        for _, pid in found.values():
            os.kill(pid, 9)
            os.waitpid(pid, 0)


class Turns:
    """Counts the turns of the loop, and how many of the processes were reported on in each."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []
        self.turns = 0
        self.at: list[int] = []
        self.when: list[float] = []
        """Seconds of the loop at each report."""
        self.faults: list[Exception] = []
        self.at_first: Callable[[], None] = lambda: None
        """What is done when the first piece is told, in the middle of a pass."""

    def turn(self) -> None:
        """Once more in the next turn."""
        self.turns += 1
        asyncio.get_running_loop().call_soon(self.turn)

    def report(self, reports: Sequence[Report]) -> None:
        """Where the sampler reports to."""
        self.told.append([one.attempt for one in reports if isinstance(one, Sampled)])
        self.at.append(self.turns)
        self.when.append(asyncio.get_running_loop().time())
        if len(self.told) == 1:
            self.at_first()


@pytest.fixture
def turns() -> Turns:
    return Turns()


class SlowClock(SystemClock):
    """A moment passes between any two looks at it."""

    MOMENT: Final = 5_000
    _late = 0

    def monotonic(self) -> int:
        """Microseconds."""
        self._late += self.MOMENT
        return super().monotonic() + self._late


def sampler_of(turns: Turns, piece: int, clock: Clock | None = None) -> Sampler:
    guard = Guard()
    guard.on_fault = turns.faults.append
    return Sampler(clock or SystemClock(), turns.report, guard, piece=piece)


async def told(turns: Turns, count: int) -> None:
    """Wait until so many samples were told."""
    async with asyncio.timeout(10):
        while sum(map(len, turns.told)) < count:
            await asyncio.sleep(0.005)
            assert not turns.faults


async def test_a_pass_over_many_trees_lets_the_loop_turn_in_between(turns: Turns) -> None:
    """A thousand trees take 20 ms, and nothing may hold the loop up for 5: each is told once, in turns of their own."""
    with sleepers() as found:
        sampler = sampler_of(turns, 3)
        for attempt, (tag, pid) in found.items():
            sampler.add(attempt, tag, pid, Monitor(), from_start=True)
        turns.turn()
        await told(turns, COUNT)
        sampler.close()
    assert sorted(name for names in turns.told for name in names) == sorted(found)
    assert max(map(len, turns.told)) == 3
    assert len(set(turns.at)) == len(turns.told)


async def test_after_a_piece_the_loop_is_left_to_others_for_several_times_as_long(turns: Turns) -> None:
    """A start takes several turns of the loop, and a piece in each of them would hold it up by as many."""
    with sleepers() as found:
        sampler = sampler_of(turns, 3, SlowClock())
        for attempt, (tag, pid) in found.items():
            sampler.add(attempt, tag, pid, Monitor(), from_start=True)
        await told(turns, COUNT)
        sampler.close()
    assert len(turns.when) >= COUNT // 3
    assert all(
        later - earlier >= REST * SlowClock.MOMENT / SECOND for earlier, later in pairwise(turns.when[: COUNT // 3])
    )


async def test_what_ends_in_the_middle_of_a_pass_is_left_out(turns: Turns) -> None:
    """Its end is on record by then, and nobody waits for its sample."""
    with sleepers() as found:
        sampler = sampler_of(turns, 1)
        for attempt, (tag, pid) in found.items():
            sampler.add(attempt, tag, pid, Monitor(), from_start=True)
        last = list(found)[-1]

        def end() -> None:
            sampler.remove(last)

        turns.at_first = end
        await told(turns, COUNT - 1)
        sampler.close()
    assert last not in [name for names in turns.told for name in names]


async def test_a_pass_ends_with_the_last_that_is_watched(turns: Turns) -> None:
    """Nothing is told of who is watched no more, and no timer is left."""
    with sleepers() as found:
        sampler = sampler_of(turns, 1)
        for attempt, (tag, pid) in found.items():
            sampler.add(attempt, tag, pid, Monitor(), from_start=True)
        turns.at_first = sampler.close
        await told(turns, 1)
        turns.turn()
        while turns.turns < 2 * COUNT:
            await asyncio.sleep(0)
    assert len(turns.told) == 1
    assert turns.faults == []


async def test_one_that_comes_during_a_pass_has_its_first_sample_as_soon_as_any(turns: Turns) -> None:
    """The pass goes on, and the timer that is set at its end is for the new one."""
    with sleepers() as found:
        sampler = sampler_of(turns, 1)
        *others, last = found
        for attempt in others:
            sampler.add(attempt, *found[attempt], Monitor(), from_start=True)
        turns.at_first = lambda: sampler.add(last, *found[last], Monitor(), from_start=True)
        await told(turns, COUNT)
        sampler.close()
    assert sorted([name for names in turns.told for name in names][:COUNT]) == sorted(found)
