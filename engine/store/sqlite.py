"""`SqliteStore`: the state of one engine in one file.

The loop hands over a batch and gets called back on the loop when it is on disk. One thread writes; `history` reads on
connections of its own in a worker thread, so that a long question holds up neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from engine.clock import Instant
from engine.model.audit import AuditRecord
from engine.model.day import DayRecord
from engine.model.outcome import Outcome
from engine.model.record import RunRecord
from engine.ports.store import Batch, Done, JobRow, LogRow, RunRow, Stored
from engine.spec.job import NOTHING
from engine.spec.params import Given
from engine.store import audit, days
from engine.store.backup import copy_state
from engine.store.history import ended_runs, given_to, logs_of, one_run, unacknowledged
from engine.store.lock import StateLock
from engine.store.renaming import rename
from engine.store.retention import Retention
from engine.store.schema import ATTACH, CLAIM_RUN, SAVE_ACK, SAVE_FACT, Age, check_version, migrate
from engine.store.shapes import add_run, change_run, save_job, write_rows

OFFS: Final = "holds.json"
"""The second file: what operators have turned off (`core.offs`)."""

LATEST: Final = 1.0
"""Seconds after which lines of `runs.log` wait no longer for a moment without commits."""

PAUSE: Final = 0.02
"""Seconds that make such a moment."""

LOGS: Final = "logs"
"""The folder of logs beside the database: where it is, an engine has been here before."""


class SqliteStore:
    """State in `folder/state.db` (folder 0700, file 0600). Construct and use it on the loop that is to be called back."""

    def __init__(self, folder: Path, *, stamp: Callable[[], str]) -> None:
        """`stamp` names the time in the name of a damaged file that is set aside. StateLocked: another engine has the folder."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = StateLock(folder)
        self._folder = folder
        self._path = folder / "state.db"
        self._stamp = stamp
        self._loop = asyncio.get_running_loop()
        self._work: queue.SimpleQueue[tuple[Batch, Done] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_all, name="store", daemon=True)
        self._db: sqlite3.Connection | None = None
        self._retention = Retention()
        self._lines_until = 0.0

    def load(self, old_ids: Mapping[str, str] = NOTHING) -> Stored:
        """Open (and create, migrate, or set aside if damaged), and read what goes on. OSError, NewerState."""
        damaged = None
        is_new = not self._path.exists()
        try:
            self._db = self._open()
        except (sqlite3.DatabaseError, IsADirectoryError):
            damaged = self._set_aside()
            self._db = self._open()
        if is_new and (self._folder / LOGS).is_dir():
            damaged = f"{self._path} (it is gone)"
        db = self._db
        rename(db, old_ids)
        # functions that ignored their stop ended with the engine that called them
        db.execute("UPDATE runs SET may_still_run = 0 WHERE may_still_run")
        found = Stored(
            jobs=tuple(JobRow(*row) for row in db.execute(f"SELECT {', '.join(JobRow._fields)} FROM jobs")),
            runs=tuple(
                RunRow(*row)
                for row in db.execute(f"SELECT {', '.join(RunRow._fields)} FROM runs WHERE outcome IS NULL ORDER BY no")
            ),
            next_no=db.execute("SELECT coalesce(max(no), 0) + 1 FROM runs").fetchone()[0],
            facts=dict(db.execute("SELECT name, value FROM facts")),
            damaged=damaged,
            offs=self._second_file() if is_new or damaged is not None else None,
        )
        self._writer.start()
        return found

    def write(self, batch: Batch, done: Done) -> None:
        """See `ports.Store`."""
        self._work.put((batch, done))

    async def history(
        self, *, job: str | None, outcome: Outcome | None, since: Instant | None, limit: int
    ) -> Sequence[RunRecord]:
        """See `ports.Store`."""
        return await asyncio.to_thread(ended_runs, self._path, job=job, outcome=outcome, since=since, limit=limit)

    async def inbox(self, *, job: str | None, limit: int) -> Sequence[RunRecord]:
        """See `ports.Store`."""
        return await asyncio.to_thread(unacknowledged, self._path, job=job, limit=limit)

    async def audit(self, *, job: str | None, since: Instant | None, limit: int) -> Sequence[AuditRecord]:
        """See `ports.Store`."""
        return await asyncio.to_thread(audit.read, self._path, job=job, since=since, limit=limit)

    async def days(self, *, job: str | None, since_day: int) -> Sequence[DayRecord]:
        """See `ports.Store`."""
        return await asyncio.to_thread(days.read, self._path, job=job, since_day=since_day)

    async def backup(self, target: Path, taken_at: Instant) -> int:
        """See `ports.Store`."""
        return await asyncio.to_thread(copy_state, self._path, target, taken_at)

    async def find(self, run_id: str) -> RunRecord | None:
        """See `ports.Store`."""
        return await asyncio.to_thread(one_run, self._path, run_id)

    async def logs(self, job: str) -> Sequence[LogRow]:
        """See `ports.Store`."""
        return await asyncio.to_thread(logs_of, self._path, job)

    async def given(self, run_id: str) -> Given:
        """See `ports.Store`."""
        return await asyncio.to_thread(given_to, self._path, run_id)

    def close(self) -> None:
        """Write what is left, then close and let the next engine in."""
        if self._writer.is_alive():
            self._work.put(None)
            self._writer.join()
        if self._db is not None:
            self._db.close()
        self._lock.release()

    def _forget_some(self) -> None:
        """While nobody waits: one bite, in a transaction of its own. A failure is tried again with what is forgotten next."""
        assert self._db is not None
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                self._retention.bite(self._db)
        except sqlite3.Error:
            self._retention = Retention()

    def _set_aside(self) -> str:
        """Keep a damaged file under another name: nothing a user had is ever deleted."""
        kept = self._path.with_name(f"{self._path.name}.damaged-{self._stamp()}")
        self._path.rename(kept)
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self._path}{suffix}").rename(f"{kept}{suffix}")
        return str(kept)

    def _open(self) -> sqlite3.Connection:
        before = self._folder / f"{self._path.name}.before-{self._stamp()}"
        return _open(self._path, lambda: copy_state(self._path, before, 0))

    def _second_file(self) -> str | None:
        try:
            return (self._folder / OFFS).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def _next(self, lines: list[tuple[str, str]]) -> tuple[Batch, Done] | None:
        """The next batch; None: there will be none. The lines are written once nothing comes for a moment, and after a second
        at the latest: in a rush of short runs they would slow the commits that starts wait for, by a twentieth."""
        if lines and time.monotonic() < self._lines_until:
            with contextlib.suppress(queue.Empty):
                item = self._work.get(timeout=PAUSE)
                if item is not None:
                    return item
                self._work.put(None)
        _append_lines(lines)
        lines.clear()
        return self._work.get()

    def _write_all(self) -> None:
        assert self._db is not None
        lines: list[tuple[str, str]] = []
        while (item := self._next(lines)) is not None:
            batch, done = item
            try:
                problem: Exception | None = _commit(self._db, batch, self._folder / OFFS)
            except Exception as fault:  # noqa: BLE001 - without an answer the engine would wait for this commit for ever
                problem = fault
            with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits for the answer
                self._loop.call_soon_threadsafe(done, problem)
            if problem is None and batch.lines:
                if not lines:
                    self._lines_until = time.monotonic() + LATEST
                lines += batch.lines
            if batch.forget is not None:
                self._retention.ask(batch.forget)
            while self._retention.more and self._work.empty():
                self._forget_some()


def _open(path: Path, copy: Callable[[], object]) -> sqlite3.Connection:
    """A connection fit for the writer; `copy` is called before a migration. sqlite3.DatabaseError for a file that is no
    database or is damaged; NewerState before anything is written to it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    try:
        if check_version(db) is Age.OLDER:
            copy()
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_autocheckpoint = 4000")
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("quick_check failed")
        migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _commit(db: sqlite3.Connection, batch: Batch, offs: Path) -> OSError | None:
    if not batch:
        return None
    try:
        for folder in batch.folders:
            _make_folder(folder)
        if batch.offs is not None:
            _replace(offs, batch.offs)
        db.execute("BEGIN IMMEDIATE")
        write_rows(db, add_run, batch.new)
        write_rows(db, change_run, (row.changes() for row in batch.runs))
        db.executemany(CLAIM_RUN, [(*row[1:], row.no) for row in batch.claims])
        write_rows(db, save_job, batch.jobs)
        db.executemany(SAVE_FACT, batch.facts.items())
        if "" in batch.facts.values():
            db.execute("DELETE FROM facts WHERE value = ''")
        db.executemany(ATTACH, [(text, run_id) for run_id, text in batch.attached])
        db.executemany(SAVE_ACK, [row._asdict() for row in batch.acks])
        audit.add(db, batch.audit)
        days.add_ends(db, batch.ended)
        db.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        return OSError(f"the state cannot be written: {error}")
    finally:
        with contextlib.suppress(sqlite3.Error):
            if db.in_transaction:
                db.execute("ROLLBACK")
    return None


def _make_folder(folder: str) -> None:
    """One per new job, hundreds in a herd: `makedirs` would look at each parent first."""
    try:
        os.mkdir(folder, 0o700)  # noqa: PTH102 - see above
    except FileExistsError:
        pass
    except FileNotFoundError:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - beside its like


def _replace(path: Path, text: str) -> None:
    """The whole file anew: whoever reads it, also after a crash, finds the old text or the new one."""
    draft = path.with_name(f"{path.name}.new")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(fd, text.encode())
        os.fsync(fd)
    finally:
        os.close(fd)
    draft.rename(path)


def _append_lines(lines: Sequence[tuple[str, str]]) -> None:
    """Lines of `runs.log`, a convenience beside the store: a folder that is gone must not hold up anything."""
    texts: dict[str, list[str]] = {}
    for path, line in lines:
        texts.setdefault(path, []).append(line)
    for path, of_it in texts.items():
        with contextlib.suppress(OSError):
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.write(fd, "".join(of_it).encode())
            finally:
                os.close(fd)
