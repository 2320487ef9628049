"""The audit's rows: added with the commit of the change, pruned by their own age, read newest first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from engine.clock import SECOND, Instant
from engine.model.audit import AuditRecord, Done
from engine.ports.store import AuditRow
from engine.store.history import reader
from engine.store.schema import AIMED_AT

KEPT: Final = 365 * 86_400 * SECOND
"""Microseconds that a row is kept."""

PRUNED: Final = 1_000
"""Rows pruned with one commit at most, so that none takes long."""


def add(db: sqlite3.Connection, rows: Sequence[AuditRow]) -> None:
    """Add rows, and drop what is a year older than the newest of them."""
    if not rows:
        return
    marks = ", ".join("?" * len(AuditRow._fields))
    db.executemany(f"INSERT INTO audit ({', '.join(AuditRow._fields)}) VALUES ({marks})", rows)
    oldest = max(row.at for row in rows) - KEPT
    eldest = "SELECT no, at FROM audit ORDER BY no LIMIT ?"
    db.execute(f"DELETE FROM audit WHERE no IN (SELECT no FROM ({eldest}) WHERE at < ?)", (PRUNED, oldest))


def read(path: Path, *, job: str | None, since: Instant | None, limit: int) -> list[AuditRecord]:
    """Rows of the store at `path`, newest first. FileNotFoundError."""
    where, values = ("", ()) if job is None else (f"{AIMED_AT} = ? AND ", (job,))
    with closing(reader(path)) as db:
        rows = db.execute(
            f"SELECT no, {', '.join(AuditRow._fields)} FROM audit WHERE {where}at >= ? ORDER BY no DESC LIMIT ?",
            (*values, since or 0, limit),
        )
        return [to_audit_record(number, AuditRow(*row)) for number, *row in rows]


def to_audit_record(number: int, row: AuditRow) -> AuditRecord:
    """What is shown of a stored row."""
    return AuditRecord(
        no=number,
        at=row.at,
        who=row.who,
        verb=row.verb,
        target=row.target,
        arguments=json.loads(row.arguments),
        run_id=row.run_id,
        state=row.state,
        reason=row.reason,
        outcome=Done(row.outcome),
        code=row.code,
    )
