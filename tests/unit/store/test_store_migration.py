"""A state that an earlier version wrote is brought up to date, after a copy of it was made."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from engine.store.history import ended_runs, one_run
from engine.store.schema import STEPS, VERSION
from engine.store.sqlite import SqliteStore


async def test_a_state_of_the_first_version_is_kept_and_copied(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db")) as db, db:
        for statement in STEPS[0]:
            db.execute(statement)
        db.execute("PRAGMA user_version = 1")
        db.execute("INSERT INTO facts VALUES ('kept', 'yes')")
        for name, outcome in (("a", "failed"), ("b", "skipped")):
            columns = [name for _, name, _, needed, *_ in db.execute("PRAGMA table_info(jobs)") if needed]
            row = [name, outcome, *(0 for column in columns if column != "id")]
            names = ["id", "last_outcome", *(column for column in columns if column != "id")]
            db.execute(f"INSERT INTO jobs ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", row)
    store = SqliteStore(tmp_path, stamp=lambda: "now")
    try:
        stored = store.load()
        assert stored.facts == {"kept": "yes"}
        assert [(job.id, job.last_run_outcome) for job in stored.jobs] == [("a", "failed"), ("b", None)]
    finally:
        await asyncio.to_thread(store.close)
    with closing(sqlite3.connect(tmp_path / "state.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert (
            db.execute("SELECT read_bytes, written_bytes, throttled_seconds, exceeded, usage FROM runs").fetchall()
            == []
        )
    with closing(sqlite3.connect(tmp_path / "state.db.before-now")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert db.execute("SELECT value FROM facts WHERE name = 'kept'").fetchone() == ("yes",)


def test_a_state_of_the_first_version_can_be_read_without_an_engine(tmp_path: Path) -> None:
    """`history` and `logs` after an upgrade, before the engine was started anew: what was not kept then is unknown."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as db, db:
        for statement in STEPS[0]:
            db.execute(statement)
        columns = [name for _, name, _, needed, *_ in db.execute("PRAGMA table_info(runs)") if needed]
        values = {"no": 1, "run_id": "a:1", "job": "a", "kind": "manual", "state": "ended", "executor": "local"}
        names = ["no", *columns, "outcome"]
        row = [values.get(name, 0) for name in names[:-1]] + ["success"]
        db.execute(f"INSERT INTO runs ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", row)
    (run,) = ended_runs(path, job="a", outcome=None, since=None, limit=9)
    assert (run.run_id, run.usage, run.throttled_seconds) == ("a:1", {}, None)
    assert one_run(path, "a:1") == run
