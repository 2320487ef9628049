"""Records say which log is there: the store knows where it was written, the file system what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.logs.places import there
from engine.model.record import RunRecord
from engine.ports.executor import Home


def may_have_none(record: RunRecord) -> bool:
    """Whether the run may have no log though nobody has removed one: it is under way, or a function, which has none before it
    logs. Whoever asks is given an empty one."""
    return record.outcome is None or record.executor == Home.CALL


def with_logs(records: Iterable[RunRecord]) -> list[RunRecord]:
    """The records with the logs as they are now: as they were written, compressed, or none any more."""
    found: list[RunRecord] = []
    for record in records:
        path = None if record.log_path is None else there(record.log_path)
        found.append(record if path == record.log_path else replace(record, log_path=path))
    return found
