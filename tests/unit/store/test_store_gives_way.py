"""Reading thousands of records leaves the loop its turns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engine.model.record import RunRecord
from engine.ports.store import Batch, RunRow
from engine.store.history import giving_way, to_record
from engine.store.memory import MemoryStore
from tests.unit.store.test_store_retention import row


async def turns_beside(work: asyncio.Task[list[RunRecord]] | asyncio.Task[Sequence[RunRecord]]) -> int:
    """Turns of the loop until `work` is done."""
    turns = 0
    while not work.done():
        turns += 1
        await asyncio.sleep(0)
    return turns


async def test_a_thread_that_reads_lets_the_loop_turn_after_every_few_records() -> None:
    """Ready records take 2 ms in all: a thread that only reckons would be asked for the interpreter after five."""
    ready = to_record(row(1))

    def read(_: int) -> RunRecord:
        return ready

    work = asyncio.create_task(asyncio.to_thread(giving_way, range(10_000), read))
    turns = await turns_beside(work)
    assert work.result() == [ready] * 10_000
    assert turns > 250


async def test_a_store_in_memory_reads_beside_the_loop_as_well() -> None:
    """Newest first, and no more than are asked for; what comes while it reads is not among them."""
    store = MemoryStore()
    rows: list[RunRow] = [row(no, outcome="failed") for no in range(1, 3_001)]
    store.write(Batch(new=rows), lambda _: None)
    for read in (store.history(job="a", outcome=None, since=None, limit=2_000), store.inbox(job=None, limit=2_000)):
        work = asyncio.create_task(read)
        await asyncio.sleep(0)
        store.write(Batch(new=[row(store.load().next_no)]), lambda _: None)
        turns = await turns_beside(work)
        assert [record.run_id for record in work.result()] == [f"a:{no}" for no in range(3_000, 1_000, -1)]
        assert turns > 50
