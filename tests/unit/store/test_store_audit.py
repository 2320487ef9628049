"""What was done to one job: the same rows in memory and on disk, and found by an index."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.model.audit import aimed_at
from engine.ports.store import AuditRow, Batch
from engine.store import audit
from engine.store.memory import MemoryStore
from engine.store.schema import AIMED_AT, migrate

AIMS = [
    ("load", None, "load"),
    ("load", "load:7", "load"),
    ("load:7", "load:7", "load"),
    ("load[eu]:7", "load[eu]:7", "load"),
    ("load-all:7", "load-all:7", "load-all"),
    ("tag:5", None, ""),
    ("tag:5", "tag:5", "tag"),
    ("tag", None, "tag"),
    ("", None, ""),
]
"""Target, run, and the job that both mean."""

ROWS = [
    AuditRow(number, "console", "stop", target, "{}", run_id, None, "", "done", None)
    for number, (target, run_id, _) in enumerate(AIMS, 1)
]


def database(folder: Path) -> Path:
    """A state with these rows in its audit."""
    path = folder / "state.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db)
        audit.add(db, ROWS)
    return path


@pytest.mark.parametrize("job", ["load", "load-all", "tag", "nope"])
async def test_a_job_is_asked_for_what_was_done_to_it_and_its_runs(tmp_path: Path, job: str) -> None:
    """Not to a tag that is named as the id of a run, nor to a job whose id begins alike."""
    wanted = [number for number, (*_, meant) in enumerate(AIMS, 1) if meant == job][::-1]
    store = MemoryStore()
    store.write(Batch(audit=ROWS), lambda _: None)
    path = database(tmp_path)
    assert [one.no for one in audit.read(path, job=job, since=None, limit=9)] == wanted
    assert [one.no for one in await store.audit(job=job, since=None, limit=9)] == wanted
    assert [one.no for one in await store.audit(job=job, since=4, limit=9)] == [no for no in wanted if no >= 4]
    assert [one.no for one in await store.audit(job=job, since=None, limit=1)] == wanted[:1]
    assert await store.audit(job=job, since=2, limit=2) == audit.read(path, job=job, since=2, limit=2)


def test_the_rule_and_its_index_say_the_same(tmp_path: Path) -> None:
    """It stands in two languages."""
    with closing(sqlite3.connect(database(tmp_path))) as db:
        said = db.execute(f"SELECT target, run_id, {AIMED_AT} FROM audit ORDER BY no").fetchall()
    assert said == AIMS
    assert [(target, run_id, aimed_at(target, run_id)) for target, run_id, _ in AIMS] == AIMS


def test_what_was_done_to_a_job_is_asked_of_an_index(tmp_path: Path) -> None:
    """No scan over the verbs of a year, and no sorting."""
    with closing(sqlite3.connect(database(tmp_path))) as db:
        question = f"SELECT no FROM audit WHERE {AIMED_AT} = 'load' AND at >= 0 ORDER BY no DESC LIMIT 3"
        (step,) = db.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()
    assert "audit_job" in step[3]
