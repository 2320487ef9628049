"""`Engine.reload`: whose the jobs are afterwards, and reloads beside each other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.facade.reloading import Origin, Reading
from engine.spec.job import JobSpec
from tests.unit.library.test_library_added import MORE, engine_of, ids, more

A = "jobs:\n  a: {command: x, every: 1h}\n"
B = "  b: {command: x, every: 1h}\n"
C = MORE.removeprefix("jobs:\n")


async def test_a_job_that_was_removed_is_forgotten_with_the_file_even_if_nothing_else_differs(tmp_path: Path) -> None:
    async with engine_of(tmp_path, A + B) as engine:
        await engine.hold()
        await engine.remove("b")
        (tmp_path / "jobs.yaml").write_text(A)
        assert (await engine.reload()).nothing
        (tmp_path / "jobs.yaml").write_text(A + B)
        assert (await engine.reload()).added == ("b",)
    async with engine_of(tmp_path, A + B) as engine:
        assert ids(engine) == ["a", "b"]


async def test_a_job_that_was_added_is_the_files_own_once_that_names_it(tmp_path: Path) -> None:
    async with engine_of(tmp_path, A) as engine:
        await engine.hold()
        await engine.add_file(more(tmp_path))
        (tmp_path / "jobs.yaml").write_text(A.replace("a:", "z: {command: x, every: 1h}\n  a:") + C)
        await engine.reload()
        (tmp_path / "jobs.yaml").write_text("jobs:\n" + C + A.removeprefix("jobs:\n"))
        await engine.reload(confirmed=True)
        assert ids(engine) == ["more", "a"]
        (tmp_path / "jobs.yaml").write_text(A)
        assert (await engine.reload(confirmed=True)).removed == ("more",)
    async with engine_of(tmp_path, A) as engine:
        assert ids(engine) == ["a"]


async def test_the_same_job_in_the_file_as_was_added_changes_only_whose_it_is(tmp_path: Path) -> None:
    async with engine_of(tmp_path, A) as engine:
        await engine.hold()
        await engine.add_file(more(tmp_path))
        (tmp_path / "jobs.yaml").write_text("jobs:\n" + C + A.removeprefix("jobs:\n"))
        assert (await engine.reload()).nothing
        assert ids(engine) == ["more", "a"]
        (tmp_path / "jobs.yaml").write_text(A)
        assert (await engine.reload(confirmed=True)).removed == ("more",)


async def test_what_was_read_last_is_what_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the reading of the first one takes."""
    slow, read = iter([0.3]), Origin.read

    def reading(origin: Origin, there: Mapping[str, JobSpec]) -> Reading:
        found = read(origin, there)
        time.sleep(next(slow, 0.0))  # in a thread
        return found

    monkeypatch.setattr(Origin, "read", reading)
    async with engine_of(tmp_path, A) as engine:
        await engine.hold()
        (tmp_path / "jobs.yaml").write_text(A + C)
        first = asyncio.create_task(engine.reload())
        await asyncio.sleep(0.1)
        (tmp_path / "jobs.yaml").write_text(A + B)
        await engine.reload(confirmed=True)
        await first
        assert ids(engine) == ["a", "b"]
