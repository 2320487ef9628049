"""A claim changes what it says and nothing else, and is there when the state is read again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.ports.store import Batch, ClaimRow, RunRow, claimed
from engine.store.memory import MemoryStore
from engine.store.sqlite import SqliteStore
from tests.unit.store.test_store_retention import row, write

CLAIM = ClaimRow(no=1, attempt_id="a:1.2", tag=77, boot_id="b", step="command", executor="call", log_path="/l/1.log")


def waiting() -> RunRow:
    """A run that waits for its second attempt; the fields of a start are those of the first one."""
    return row(1, outcome=None, attempt_id="a:1.1", attempt_started_at=5, pid=6, ticks=7, priority=3, retry_at=9)


async def test_a_claim_is_found_by_the_next_engine(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, stamp=lambda: "now")
    store.load()
    await write(store, Batch(new=[waiting(), row(2, outcome=None)]))
    await write(store, Batch(claims=[CLAIM]))
    await asyncio.to_thread(store.close)
    again = SqliteStore(tmp_path, stamp=lambda: "now")
    try:
        assert list(again.load().runs) == [claimed(waiting(), CLAIM), row(2, outcome=None)]
    finally:
        await asyncio.to_thread(again.close)


def test_the_store_in_memory_does_the_same() -> None:
    store = MemoryStore()
    store.keep(Batch(new=[waiting()]))
    store.keep(Batch(claims=[CLAIM]))
    found = store.runs[1]
    assert found == claimed(waiting(), CLAIM)
    assert (found.attempt_id, found.tag, found.pid, found.priority) == ("a:1.2", 77, None, 3)
