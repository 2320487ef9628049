"""Questions about the past, on a read-only connection of their own; usable without an engine (`jobqueue-tui history`)."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from engine.clock import SECOND, Instant
from engine.model.outcome import Outcome
from engine.model.record import AttemptRecord, RunKind, RunRecord, StateError
from engine.model.states import RunPhase
from engine.model.usage import Usage
from engine.ports.store import LogRow, RunRow
from engine.spec.params import Given
from engine.store.schema import IN_INBOX

_FIELDS: Final = (*RunRow._fields, "acked_at", "acked_by", "ack_reason")

R = TypeVar("R")

_FEW: Final = 20
_MOMENT: Final = 0.0005
"""Records that are read at a stretch (a millisecond), and seconds that are then left to others."""


def _select(db: sqlite3.Connection) -> str:
    """All fields of a run, NULL where the state is of an earlier version, which no engine has brought up to date yet."""
    there = {name for _, name, *_ in db.execute("PRAGMA table_info(runs)")}
    return f"SELECT {', '.join(name if name in there else f'NULL AS {name}' for name in _FIELDS)} FROM runs"


def ended_runs(
    path: Path, *, job: str | None, outcome: Outcome | None, since: Instant | None, limit: int, over: bool = True
) -> Sequence[RunRecord]:
    """Runs of the store at `path`, newest first; `over` leaves out those without an outcome. FileNotFoundError."""
    clauses: list[str] = []
    values: list[str | int] = []
    if over:
        clauses.append("outcome IS NOT NULL")
    if job is not None:
        clauses.append("job = ?")
        values.append(job)
    if outcome is not None:
        clauses.append("outcome = ?")
        values.append(str(outcome))
    if since is not None:
        clauses.append("queued_at >= ?")
        values.append(since)
    where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
    with closing(reader(path)) as db:
        return giving_way(db.execute(f"{_select(db)}{where} ORDER BY no DESC LIMIT ?", (*values, limit)), _read)


def one_run(path: Path, run_id: str) -> RunRecord | None:
    """The run of that id, or None."""
    with closing(reader(path)) as db:
        row = db.execute(f"{_select(db)} WHERE run_id = ?", (run_id,)).fetchone()
    return None if row is None else _read(row)


def logs_of(path: Path, job: str) -> Sequence[LogRow]:
    """Runs of the job that are over and have a log. FileNotFoundError."""
    with closing(reader(path)) as db:
        rows = db.execute(
            "SELECT log_path, coalesce(ended_at, queued_at), outcome, acked_at IS NOT NULL, left_behind IS NOT NULL FROM runs"
            " WHERE job = ? AND outcome IS NOT NULL AND log_path IS NOT NULL",
            (job,),
        )
        return [LogRow(*row) for row in rows]


def given_to(path: Path, run_id: str) -> Given:
    """The values that the run of that id was given; nothing when it had none, or there is no such run."""
    with closing(reader(path)) as db:
        row = db.execute("SELECT params FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return Given.from_text(None if row is None else row[0])


def unacknowledged(path: Path, *, job: str | None, limit: int) -> Sequence[RunRecord]:
    """Runs that ended badly and that nobody has acknowledged, newest first. FileNotFoundError."""
    with closing(reader(path)) as db:
        rows = db.execute(
            f"{_select(db)} WHERE {IN_INBOX} AND (?1 IS NULL OR job = ?1) ORDER BY no DESC LIMIT ?2", (job, limit)
        )
        return giving_way(rows, _read)


def _read(row: Sequence[Any]) -> RunRecord:  # Any: columns as sqlite gives them
    *facts, at, by, reason = row
    record = to_record(RunRow(*facts))
    return record if at is None else replace(record, acked_at=at, acked_by=by, ack_reason=reason)


def giving_way(rows: Iterable[R], read: Callable[[R], RunRecord]) -> list[RunRecord]:
    """All of them, in a thread beside a loop: after every few the interpreter is let go for a moment.

    A thread that only reckons gives it away every 5 ms, and a key waits for it in three threads, one after the other: 95 of
    100 took 22 to 34 ms beside the reading of five thousand records, 8 to 14 with the pauses, 1.3 beside nothing.
    `sleep(0)` does not help, the one who sleeps is the first to be awake again.
    """
    found: list[RunRecord] = []
    for number, row in enumerate(rows, 1):
        found.append(read(row))
        if not number % _FEW:
            time.sleep(_MOMENT)
    return found


def reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. FileNotFoundError."""
    if not path.exists():
        raise FileNotFoundError(f"no state at {path}")
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)


def to_record(row: RunRow) -> RunRecord:
    """What is shown of a stored run."""
    wall = None
    if row.started_at is not None and row.ended_at is not None:
        wall = max(0, row.ended_at - row.started_at - row.paused_us) / SECOND
    return RunRecord(
        run_id=row.run_id,
        job=row.job,
        kind=RunKind(row.kind),
        planned_at=row.planned_at,
        first_planned_at=row.first_planned_at,
        queued_at=row.queued_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        state=RunPhase(row.state),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        reason=row.reason,
        exit_code=row.exit_code,
        signal=row.signal,
        pid=row.pid,
        peak_rss_bytes=row.peak_rss,
        cpu_seconds=row.cpu_seconds,
        read_bytes=row.read_bytes,
        written_bytes=row.written_bytes,
        throttled_seconds=row.throttled_seconds,
        exceeded=_mapping(row.exceeded),
        usage={} if row.usage is None else Usage.from_text(row.usage).to_json(),
        wall_seconds=wall,
        paused_seconds=row.paused_us / SECOND,
        cpu_percent=None,
        rss_bytes=None,
        attempts=_attempts(row),
        count=row.occurrences,
        count_exact=bool(row.occurrences_exact),
        priority=row.priority,
        executor=row.executor,
        host="",
        log_path=row.log_path,
        left_behind=()
        if row.left_behind is None
        else tuple((pid, command) for pid, command in json.loads(row.left_behind)),
        data=_mapping(row.data),
        facts=_mapping(row.facts),
        error=StateError(row.error, hook_errors(row.course)),
        recovered=bool(row.recovered),
        outputs=_mapping(row.outputs),
        may_still_run=bool(row.may_still_run),
        params=Given.from_text(row.params).shown(),
        matrix={} if row.matrix is None else json.loads(row.matrix)[0],
    )


def _mapping(text: str | None) -> Mapping[str, Any]:  # Any: JSON, as the fields say
    return json.loads(text) if text else {}


def hook_errors(course: str | None) -> dict[str, tuple[str, ...]]:
    """The hooks' errors in a stored course, by slot."""
    return {} if course is None else {slot: tuple(texts) for slot, texts in json.loads(course)["errors"].items()}


def _attempts(row: RunRow) -> tuple[AttemptRecord, ...]:
    """The list as stored; a run of one attempt has none stored, since its columns say it all."""
    if row.past is not None:
        return tuple(
            AttemptRecord(**{**fields, "outcome": fields["outcome"] and Outcome(fields["outcome"])})
            for fields in json.loads(row.past)
        )
    if row.attempts_made == 0:
        return ()
    return (
        AttemptRecord(
            attempt_id=row.attempt_id or f"{row.run_id}.1",
            started_at=row.attempt_started_at or row.started_at,
            ended_at=row.ended_at,
            outcome=None if row.outcome is None else Outcome(row.outcome),
            reason=row.reason,
            exit_code=row.exit_code,
            signal=row.signal,
            pid=row.pid,
            peak_rss_bytes=row.peak_rss,
            cpu_seconds=row.cpu_seconds,
        ),
    )
