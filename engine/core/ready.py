"""The ready queue: runs that may start, in order, one heap per thing that can block them.

Order (20-engine): effective priority, then planned time, then the job least recently served, then job order. The
effective priority of a waiting run is p + r*(now - q), r common to all; the difference of two such terms does not
contain `now`, so the order never changes while both wait: a heap on the static key -(p - r*q) is exact, and
there is no ageing tick (proof and measurement: docs/architecture.md).

Runs that need the same pools and group share a heap; a blocked heap is passed over as a whole, so a blocked head
holds up only its like, and nothing is popped and pushed back.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from engine.clock import SECOND
from engine.core.state import OrderKey, Run
from engine.spec.config import Ageing, PoolOrder, PoolSpec


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
    spec = run.job.spec
    if not spec.pools and spec.exclusive is False and spec.reserve is None:
        return SIMPLE
    cpu, memory = (0.0, 0) if spec.reserve is None else (spec.reserve.cpu, spec.reserve.memory)
    return Needs(tuple(sorted(spec.pools.items())), spec.exclusive, cpu, memory)


def order_key(run: Run, ageing: Ageing, pools: Mapping[str, PoolSpec]) -> OrderKey:
    """Sorts runs by the rule above; constant while the run waits. In a pool with `order: fifo` priorities count for nothing."""
    rate = ageing.step / ageing.every
    fifo = any(pools[name].order is PoolOrder.FIFO for name in run.job.spec.pools)
    priority = 0 if fifo else run.priority
    return (
        rate * run.ages_from / SECOND - priority,
        run.planned_at,
        run.job.served_at,
        run.job.index,
        run.no,
    )


@dataclass(slots=True)
class ReadyQueue:
    """All heaps. A run's place is the entry whose token is `run.entry`; other entries of it are stale."""

    ageing: Ageing
    pools: Mapping[str, PoolSpec]
    _heaps: dict[Needs, list[tuple[OrderKey, int, Run]]] = field(default_factory=dict)
    _token: int = 0
    _size: int = 0

    def __len__(self) -> int:
        return self._size

    def __contains__(self, run: Run) -> bool:
        return run.entry != 0

    def push(self, run: Run) -> None:
        """Let it wait for its turn; a run that waits already gets a new place."""
        if run.entry == 0:
            self._size += 1
        self._token += 1
        run.entry = self._token
        run.key = order_key(run, self.ageing, self.pools)
        heapq.heappush(self._heaps.setdefault(takes(run), []), (run.key, self._token, run))

    def drop(self, run: Run) -> None:
        """It waits no more."""
        if run.entry:
            run.entry = 0
            self._size -= 1

    def first(self) -> Run | None:
        """The first run in order; it stays in the queue."""
        heads = [head for needs in list(self._heaps) if (head := self._head(needs)) is not None]
        return min(heads)[2] if heads else None

    def first_free(self, blocked: Callable[[Needs], bool]) -> Run | None:
        """The first run in order whose heap is not blocked; it stays in the queue."""
        heads = [head for needs in list(self._heaps) if (head := self._head(needs)) is not None and not blocked(needs)]
        return min(heads)[2] if heads else None

    def _head(self, needs: Needs) -> tuple[OrderKey, int, Run] | None:
        heap = self._heaps[needs]
        while heap and heap[0][1] != heap[0][2].entry:
            heapq.heappop(heap)
        if not heap:
            del self._heaps[needs]
            return None
        return heap[0]

    def in_order(self) -> Iterator[Run]:
        """All that wait, in the order in which they would start if nothing blocked."""
        places = [place for heap in self._heaps.values() for place in heap if place[1] == place[2].entry]
        return (run for _, _, run in sorted(places, key=lambda place: place[0]))
