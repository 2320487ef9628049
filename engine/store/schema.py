"""Tables, and the steps from one version to the next. A step is never edited once released; a new one is added."""

from __future__ import annotations

import sqlite3
from enum import Enum
from typing import Final

from engine.ports.store import ClaimRow

IN_INBOX: Final = "outcome IN ('failed', 'timed_out', 'lost', 'missed') AND acked_at IS NULL"
"""Ends that wait for somebody to see them; the index holds these alone, so that asking for them scans nothing."""

AIMED_AT: Final = (
    "CASE WHEN run_id IS NULL AND substr(target, 1, 4) = 'tag:' THEN ''"
    " ELSE substr(target, 1, instr(replace(target, '[', ':') || ':', ':') - 1) END"
)
"""`model.audit.aimed_at` of a row of the audit, word for word as the index has it: else SQLite does not take that."""

STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE jobs (
            id TEXT PRIMARY KEY, seq INTEGER NOT NULL, starts INTEGER NOT NULL, success INTEGER NOT NULL,
            failed INTEGER NOT NULL, timed_out INTEGER NOT NULL, stopped INTEGER NOT NULL, lost INTEGER NOT NULL,
            skipped INTEGER NOT NULL, missed INTEGER NOT NULL, priority INTEGER, held_since INTEGER, hold_until INTEGER,
            is_stopped INTEGER NOT NULL, planned_until INTEGER, planned_by TEXT, counted INTEGER NOT NULL, trail TEXT,
            last_no INTEGER, last_run_id TEXT,
            last_started_at INTEGER, last_ended_at INTEGER, last_outcome TEXT, last_reason TEXT, last_seconds REAL,
            needs TEXT, data TEXT, hold_by TEXT NOT NULL, hold_reason TEXT NOT NULL, suspended INTEGER NOT NULL,
            skip_at INTEGER, enabled INTEGER, timeout REAL, parallel INTEGER NOT NULL,
            retries INTEGER NOT NULL, outputs TEXT, stats TEXT, failed_no INTEGER, told TEXT,
            failing INTEGER NOT NULL, shards TEXT, changes TEXT
        ) WITHOUT ROWID""",
        """CREATE TABLE runs (
            no INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, job TEXT NOT NULL, kind TEXT NOT NULL,
            planned_at INTEGER NOT NULL, seq INTEGER NOT NULL, item TEXT NOT NULL, first_planned_at INTEGER NOT NULL,
            occurrences INTEGER NOT NULL, occurrences_exact INTEGER NOT NULL, queued_at INTEGER NOT NULL,
            started_at INTEGER, ended_at INTEGER, state TEXT NOT NULL, outcome TEXT, reason TEXT, exit_code INTEGER,
            signal INTEGER, priority INTEGER NOT NULL, bypass INTEGER NOT NULL, attempts_made INTEGER NOT NULL,
            attempt_id TEXT, tag INTEGER, boot_id TEXT, attempt_started_at INTEGER, pid INTEGER, ticks INTEGER,
            retry_at INTEGER, paused_us INTEGER NOT NULL, paused_since INTEGER, pause_until INTEGER,
            peak_rss INTEGER, cpu_seconds REAL, log_path TEXT, left_behind TEXT, past TEXT,
            executor TEXT NOT NULL, data TEXT, facts TEXT, error TEXT, may_still_run INTEGER NOT NULL, cascade TEXT,
            acked_at INTEGER, acked_by TEXT, ack_reason TEXT,
            step TEXT, course TEXT, recovered INTEGER NOT NULL, outputs TEXT,
            params TEXT, matrix TEXT
        )""",
        "CREATE UNIQUE INDEX run_key ON runs (job, planned_at, kind, seq, item)",
        "CREATE INDEX run_open ON runs (no) WHERE outcome IS NULL",
        "CREATE INDEX run_lingering ON runs (no) WHERE may_still_run",
        f"CREATE INDEX run_inbox ON runs (no) WHERE {IN_INBOX}",
        """CREATE TABLE days (
            job TEXT NOT NULL, day INTEGER NOT NULL, success INTEGER NOT NULL, failed INTEGER NOT NULL,
            timed_out INTEGER NOT NULL, stopped INTEGER NOT NULL, lost INTEGER NOT NULL, skipped INTEGER NOT NULL,
            missed INTEGER NOT NULL, seconds REAL NOT NULL, longest REAL NOT NULL, waited REAL NOT NULL,
            cpu_seconds REAL NOT NULL, peak_rss INTEGER NOT NULL, PRIMARY KEY (job, day)
        ) WITHOUT ROWID""",
        """CREATE TABLE audit (
            no INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, verb TEXT NOT NULL, target TEXT NOT NULL,
            arguments TEXT NOT NULL, run_id TEXT, state TEXT, reason TEXT NOT NULL, outcome TEXT NOT NULL, code TEXT
        )""",
    ),
    (
        "ALTER TABLE runs ADD COLUMN read_bytes INTEGER",
        "ALTER TABLE runs ADD COLUMN written_bytes INTEGER",
    ),
    (
        "ALTER TABLE runs ADD COLUMN throttled_seconds REAL",
        "ALTER TABLE runs ADD COLUMN exceeded TEXT",
    ),
    ("ALTER TABLE runs ADD COLUMN usage TEXT",),
    (
        "ALTER TABLE runs ADD COLUMN ages_from INTEGER",
        "ALTER TABLE runs ADD COLUMN stands_since INTEGER",
    ),
    (
        "ALTER TABLE jobs ADD COLUMN last_run_outcome TEXT",
        "UPDATE jobs SET last_run_outcome = last_outcome WHERE last_outcome NOT IN ('skipped', 'missed')",
    ),
    (f"CREATE INDEX audit_job ON audit ({AIMED_AT})",),
)

VERSION: Final = len(STEPS)


CLAIM_RUN: Final = (
    "UPDATE runs SET "
    + ", ".join(f"{name} = ?" for name in ClaimRow._fields[1:])
    + ", attempt_started_at = NULL, pid = NULL, ticks = NULL WHERE no = ?"
)
"""As `ports.store.claimed`. Touches no field of an index: half of what a whole row costs, and every start waits for it."""
SAVE_ACK: Final = (
    "UPDATE runs SET acked_at = :at, acked_by = :by, ack_reason = :reason WHERE run_id = :run_id AND acked_at IS NULL"
)
ATTACH: Final = "UPDATE runs SET facts = json_patch(coalesce(facts, '{}'), ?) WHERE run_id = ?"
SAVE_FACT: Final = "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)"


class NewerState(Exception):  # noqa: N818 - says what is the case
    """The state was written by a newer program; this one must not touch it."""


class Age(Enum):
    """A database beside this program."""

    NEW = 0
    OLDER = 1
    SAME = 2


def check_version(db: sqlite3.Connection) -> Age:
    """How old the database is. NewerState when it is ahead of this program."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise NewerState(f"the state has version {version}, this program knows up to {VERSION}")
    return Age.SAME if version == VERSION else Age.OLDER if version else Age.NEW


def migrate(db: sqlite3.Connection) -> None:
    """Bring the database, which is not ahead of it, to this program's version."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")  # all steps or none: a new state costs one sync, not one for each
    for statements in STEPS[version:]:
        for statement in statements:
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")
