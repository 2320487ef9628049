"""The ready queue: runs that may start, in order, one heap per thing that can block them.

Order (20-engine): effective priority, then planned time, then the job least recently served, then job order. The
effective priority of a waiting run is p + r*(now - q), r common to all; the difference of two such terms does not
contain `now`, so the order never changes while both wait: a heap on the static key -(p - r*q) is exact, and
there is no ageing tick (proof and measurement: docs/architecture.md).

Jobs that need the same pools and group share a heap; a blocked heap is passed over as a whole, so a blocked head
holds up only its like, and nothing is popped and pushed back. Of a job with many runs only the first stands there: a
thousand shards of which one starts move one place, not a thousand.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Final, NamedTuple, TypeAlias

from engine.clock import SECOND, Instant
from engine.core.state import Job, OrderKey, Run
from engine.spec.config import Ageing, PoolOrder, PoolSpec
from engine.values import mutable


class Needs(NamedTuple):
    """What a run takes beyond a slot: pool slots, exclusivity (True, or a group's name), reserved cores and bytes."""

    pools: tuple[tuple[str, int], ...] = ()
    exclusive: bool | str = False
    cpu: float = 0.0
    memory: int = 0


SIMPLE: Final = Needs()
"""Takes a slot and nothing else."""


def takes(run: Run) -> Needs:
    """What a run takes beyond a slot."""
    spec = run.spec
    if not spec.pools and spec.exclusive is False and spec.reserve is None:
        return SIMPLE
    cpu, memory = (0.0, 0) if spec.reserve is None else (spec.reserve.cpu, spec.reserve.memory)
    return Needs(tuple(sorted(spec.pools.items())), spec.exclusive, cpu, memory)


def order_key(run: Run, ageing: Ageing, pools: Mapping[str, PoolSpec]) -> OrderKey:
    """Sorts runs by the rule above; constant while the run waits. In a pool with `order: fifo` priorities count for nothing.

    Runs stand still in the ready queue only in a blackout, all since the same instant: they are compared as of that.
    """
    since = run.ages_from if run.stands_since is None else min(run.ages_from, run.stands_since)
    return _key(run, since, ageing, pools)


def order_at(run: Run, at: Instant, ageing: Ageing, pools: Mapping[str, PoolSpec]) -> OrderKey:
    """Sorts runs by the same rule as of one instant: also such as stand still since different times, in no ready queue."""
    return _key(run, at - run.aged(at), ageing, pools)


def _key(run: Run, since: Instant, ageing: Ageing, pools: Mapping[str, PoolSpec]) -> OrderKey:
    rate, named = ageing.step / ageing.every, run.spec.pools
    fifo = bool(named) and any(pools[name].order is PoolOrder.FIFO for name in named)
    priority = 0 if fifo else run.priority
    return (
        rate * since / SECOND - priority,
        run.planned_at,
        run.job.served_at,
        run.job.index,
        run.no,
    )


@mutable(slots=True, eq=False)
class _Line:
    """The runs of one job that wait and take the same. What tells their order apart concerns the runs alone, so that it
    stays when the job is served; only the first of them stands among other jobs."""

    needs: Needs
    heap: list[tuple[tuple[float, int, int], int, Run]] = field(default_factory=list)
    place: int = 0
    """Token of the entry that counts among other jobs'."""

    def first(self) -> Run | None:
        """Entries whose token is not their run's any more are stale."""
        while self.heap and self.heap[0][1] != self.heap[0][2].entry:
            heapq.heappop(self.heap)
        return self.heap[0][2] if self.heap else None


_Place: TypeAlias = tuple[OrderKey, int, _Line, Run]


@mutable(slots=True)
class ReadyQueue:
    """All heaps. A run's place is the entry whose token is `run.entry`; other entries of it are stale."""

    ageing: Ageing
    pools: Mapping[str, PoolSpec]
    _lines: dict[Job, list[_Line]] = field(default_factory=dict)
    """Of a job more than one only while some of its runs go by a spec that it had before."""
    _heaps: dict[Needs, list[_Place]] = field(default_factory=dict)
    _token: int = 0
    _size: int = 0

    def __len__(self) -> int:
        return self._size

    @property
    def places_made(self) -> int:
        """So far; what the work of keeping order is measured by."""
        return self._token

    def __contains__(self, run: Run) -> bool:
        return run.entry != 0

    def push(self, run: Run) -> None:
        """Let it wait for its turn; a run that waits already gets a new place."""
        if run.entry == 0:
            self._size += 1
        self._token += 1
        run.entry = self._token
        run.key = key = order_key(run, self.ageing, self.pools)
        line = self._line(run)
        heapq.heappush(line.heap, ((key[0], key[1], key[4]), run.entry, run))
        if line.first() is run:
            self._place(line, run)

    def _line(self, run: Run) -> _Line:
        needs, lines = takes(run), self._lines.setdefault(run.job, [])
        for line in lines:
            if line.needs == needs:
                return line
        lines.append(_Line(needs))
        return lines[-1]

    def drop(self, run: Run) -> None:
        """It waits no more."""
        if run.entry:
            run.entry = 0
            self._size -= 1

    def served(self, job: Job) -> None:
        """A run of the job starts: that is part of the place of those that wait."""
        for line in self._lines.get(job, ()):
            if (run := line.first()) is not None:
                run.key = order_key(run, self.ageing, self.pools)
                self._place(line, run)

    def first(self) -> Run | None:
        """The first run in order; it stays in the queue."""
        heads = [head for needs in list(self._heaps) if (head := self._head(needs)) is not None]
        return min(heads)[3] if heads else None

    def first_free(self, blocked: Callable[[Needs], bool]) -> Run | None:
        """The first run in order whose heap is not blocked; it stays in the queue."""
        heads = [head for needs in list(self._heaps) if (head := self._head(needs)) is not None and not blocked(needs)]
        return min(heads)[3] if heads else None

    def _place(self, line: _Line, run: Run) -> None:
        self._token += 1
        line.place = self._token
        heapq.heappush(self._heaps.setdefault(line.needs, []), (run.key, line.place, line, run))

    def _head(self, needs: Needs) -> _Place | None:
        heap = self._heaps[needs]
        while heap:
            key, token, line, run = heap[0]
            current = token == line.place
            if current and line.first() is run and run.key == key:
                return heap[0]
            heapq.heappop(heap)
            if not current:
                continue
            if (first := line.first()) is None:
                self._close(line, run.job)
            else:  # the one before it has left, or was put behind it
                first.key = order_key(first, self.ageing, self.pools)
                self._place(line, first)
        del self._heaps[needs]
        return None

    def _close(self, line: _Line, job: Job) -> None:
        lines = self._lines[job]
        lines.remove(line)
        if not lines:
            del self._lines[job]

    def in_order(self) -> Iterator[Run]:
        """All that wait, in the order in which they would start if nothing blocked."""
        waiting = [
            run for lines in self._lines.values() for line in lines for _, token, run in line.heap if token == run.entry
        ]
        return iter(sorted(waiting, key=lambda run: order_key(run, self.ageing, self.pools)))
