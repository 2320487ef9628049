"""Lines of `runs.log`: beside the store, in order, never lost, and not for ever behind commits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.ports.store import Batch
from engine.store import sqlite
from engine.store.sqlite import SqliteStore
from tests.unit.store.test_store_retention import write


def batch(log: Path, number: int) -> Batch:
    """A commit with one line."""
    return Batch(facts={"number": str(number)}, lines=[(str(log), f"line {number}\n")])


async def test_all_lines_are_there_when_the_store_is_closed(tmp_path: Path) -> None:
    store, log = SqliteStore(tmp_path, stamp=lambda: "now"), tmp_path / "runs.log"
    store.load()
    for number in range(50):
        await write(store, batch(log, number))
    await asyncio.to_thread(store.close)
    assert log.read_text().splitlines() == [f"line {number}" for number in range(50)]


async def test_lines_are_written_in_a_moment_without_commits(tmp_path: Path) -> None:
    store, log = SqliteStore(tmp_path, stamp=lambda: "now"), tmp_path / "runs.log"
    store.load()
    await write(store, batch(log, 1))
    async with asyncio.timeout(10):
        while not log.exists():
            await asyncio.sleep(0.001)
    await asyncio.to_thread(store.close)


async def test_commits_without_a_pause_do_not_hold_lines_back_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next batch is there whenever the writer looks; a line that is due is written before it."""
    monkeypatch.setattr(sqlite, "LATEST", 0.0)
    monkeypatch.setattr(sqlite, "PAUSE", 60.0)
    store, log = SqliteStore(tmp_path, stamp=lambda: "now"), tmp_path / "runs.log"
    store.load()
    done = asyncio.Event()
    store.write(batch(log, 1), lambda _: None)
    store.write(Batch(facts={"number": "2"}), lambda _: done.set())
    await asyncio.wait_for(done.wait(), 10)
    assert log.read_text() == "line 1\n"
    await asyncio.to_thread(store.close)
