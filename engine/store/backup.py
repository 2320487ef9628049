"""A copy of the state while it is in use: consistent, complete, and marked with its time.

A copy starts held, since it knows nothing of what ran after it was made. Before a migration one is made as well.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from engine.clock import Instant
from engine.ports.store import TAKEN_AT


def copy_state(source: Path, target: Path, taken_at: Instant) -> int:
    """Copy the database to a new file (0600); its size in bytes. OSError; FileExistsError rather than overwriting anything."""
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb"):  # noqa: PTH123 - as 0600
        pass
    try:
        with closing(sqlite3.connect(source, isolation_level=None)) as db, closing(sqlite3.connect(target)) as copy:
            db.backup(copy, pages=256, sleep=0.001)  # in steps: the writer gets its turn in between
            with copy:
                copy.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (TAKEN_AT, str(taken_at)))
        fd = os.open(target, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise OSError(f"the state cannot be copied: {error}") from error
    return target.stat().st_size
