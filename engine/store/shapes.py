"""Statements for rows of one shape: what is NULL stands in the statement and is not bound.

Most of a run's or a job's fields are NULL most of the time, and sqlite3 looks for an adapter for each None that is bound
(0.8 us: of 33 us that a row of 48 fields took, 24 went there). There are few shapes, and a statement is made once for each.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

from engine.ports.store import RUN_KEY, JobRow, RunRow

Shape: TypeAlias = tuple[bool, ...]
"""For each field of a row: is there a value."""


def write_rows(db: sqlite3.Connection, statement: Callable[[Shape], str], rows: Iterable[tuple[object, ...]]) -> None:
    """Write them, those of one shape together. No two may have one key: the order is not kept."""
    shapes: dict[Shape, list[list[object]]] = {}
    for row in rows:
        values = [value for value in row if value is not None]
        shapes.setdefault(tuple([value is not None for value in row]), []).append(values)
    for shape, of_it in shapes.items():
        db.executemany(statement(shape), of_it)


@lru_cache(maxsize=64)
def add_run(shape: Shape) -> str:
    """A new run."""
    return _insert("INSERT", "runs", RunRow._fields, shape)


@lru_cache(maxsize=64)
def change_run(shape: Shape) -> str:
    """`RunRow.changes()`. By half cheaper than an upsert, which finds the conflict in three indexes first."""
    fields = RunRow._fields[len(RUN_KEY) :]
    changes = ", ".join(f"{name} = {'?' if here else 'NULL'}" for name, here in zip(fields, shape[:-1], strict=True))
    return f"UPDATE runs SET {changes} WHERE no = ?"


@lru_cache(maxsize=64)
def save_job(shape: Shape) -> str:
    """A job, new or known."""
    return _insert("INSERT OR REPLACE", "jobs", JobRow._fields, shape)


def _insert(verb: str, table: str, fields: tuple[str, ...], shape: Shape) -> str:
    names = [name for name, here in zip(fields, shape, strict=True) if here]
    return f"{verb} INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
