"""A job file that the engine follows: what was written to it is taken, or it is said why not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from engine import Engine
from engine.errors import Refused
from engine.facade import following
from engine.model.record import FileNews
from engine.spec.watch import Watch
from tests.unit.library.test_library_added import engine_of, ids

A = "jobs:\n  a: {command: x, every: 1h}\n"
B = "  b: {command: x, every: 1h}\n"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quiet for a moment is quiet."""
    monkeypatch.setattr(following, "QUIET", 0.05)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """On a file of one job, which it follows; held, so that nothing runs."""
    async with engine_of(tmp_path, A) as engine:
        await engine.hold()
        engine.follow_file()
        yield engine


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.005)


def news(engine: Engine) -> tuple[str, bool] | None:
    found = engine.status().job_file_news
    return None if found is None else (found.text, found.waits)


async def test_what_asks_for_nobodys_yes_is_taken_and_said(tmp_path: Path, engine: Engine) -> None:
    """Written in place, or moved into it; by `watch`, on record."""
    assert engine.status().job_file_followed
    (tmp_path / "jobs.yaml").write_text(A + B)
    await until(lambda: ids(engine) == ["a", "b"])
    await until(lambda: news(engine) == ("taken: 1 job added", False))
    (tmp_path / "new").write_text(A.replace("1h", "2h") + B)
    (tmp_path / "new").rename(tmp_path / "jobs.yaml")
    await until(lambda: news(engine) == ("taken: 1 job changed", False))
    assert [(deed.who, deed.verb) for deed in await engine.audit()] == [
        ("watch", "reload"),
        ("watch", "reload"),
        ("library", "hold"),
    ]


async def test_what_asks_waits_for_a_yes_and_is_said_until_then(tmp_path: Path, engine: Engine) -> None:
    """Nobody loses a job by a slip in an editor."""
    (tmp_path / "jobs.yaml").write_text(A.replace("a:", "c:"))
    await until(lambda: news(engine) is not None)
    path = tmp_path / "jobs.yaml"
    said = f"changed, not taken yet: {path}: 1 job added, 1 removed"
    assert news(engine) == (said, True)
    assert f"the job file was {said}" in engine.status().warnings
    assert ids(engine) == ["a"]
    await engine.reload(confirmed=True)
    assert news(engine) is None
    assert ids(engine) == ["c"]


async def test_a_bad_file_changes_nothing_and_is_said_until_it_is_mended(tmp_path: Path, engine: Engine) -> None:
    """A file that is gone is one, too."""
    path = tmp_path / "jobs.yaml"
    path.write_text("jobs: {a: {comand: x}}")
    said = (f"changed, cannot be taken: {path} cannot be used; nothing was changed", True)
    await until(lambda: news(engine) == said)
    path.write_text(A)
    await until(lambda: news(engine) is None)
    path.unlink()
    await until(lambda: news(engine) == said)
    path.write_text(A + B)
    await until(lambda: news(engine) == ("taken: 1 job added", False))


async def test_files_that_are_included_are_followed_from_the_next_reload_on(tmp_path: Path, engine: Engine) -> None:
    """One that appears, and one that vanishes."""
    (tmp_path / "jobs.d").mkdir()
    (tmp_path / "jobs.yaml").write_text("include: [jobs.d/*.yaml]\n" + A)
    await until(lambda: engine._file.read_from[-1] == f"{tmp_path}/jobs.d/*.yaml")
    await settled(engine)
    (tmp_path / "jobs.d" / "b.yaml").write_text("jobs:\n" + B)
    await until(lambda: ids(engine) == ["a", "b"])
    await settled(engine)
    (tmp_path / "jobs.d" / "b.yaml").unlink()
    await until(lambda: (found := news(engine)) is not None and found[1])
    assert ids(engine) == ["a", "b"]


async def test_what_was_written_between_the_reading_of_a_new_file_and_its_watch_is_seen(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is read once more when it is watched."""
    (tmp_path / "b.yaml").write_text("jobs: {}\n")
    follow = engine._watched.follow

    def late(watch: Watch, known: str, written: Callable[[], None]) -> None:
        (tmp_path / "b.yaml").write_text("jobs:\n" + B)
        follow(watch, known, written)

    monkeypatch.setattr(engine._watched, "follow", late)
    (tmp_path / "jobs.yaml").write_text("include: [b.yaml]\n" + A)
    await until(lambda: ids(engine) == ["a", "b"])


async def settled(engine: Engine) -> None:
    """What is followed now was looked at."""
    files = engine._watched._files
    assert files is not None
    await until(
        lambda: (
            not files._wake.is_set()
            and all(job.watch.paths == engine._file.read_from and job.since is None for job in files._jobs.values())
        )
    )


async def test_what_was_written_while_the_engine_started_is_seen(tmp_path: Path) -> None:
    """Between the reading of the file and the first look nothing is lost."""
    engine = engine_of(tmp_path, A)
    (tmp_path / "jobs.yaml").write_text(A + B)
    async with engine:
        await engine.hold()
        engine.follow_file()
        await until(lambda: ids(engine) == ["a", "b"])


async def test_an_engine_that_is_shut_down_takes_nothing_more(tmp_path: Path) -> None:
    """What is being read then is dropped."""
    async with engine_of(tmp_path, A) as engine:
        engine.follow_file()
        follow = engine._following
        assert follow is not None
        follow.written()
    assert not follow._tasks
    assert follow.news is None


async def test_a_program_without_a_file_has_none_to_follow() -> None:
    async with Engine() as engine:
        with pytest.raises(Refused, match="was not made from a job file"):
            engine.follow_file()
        assert engine.status().job_file_news is None


async def test_off_reads_the_file_at_the_start_alone(tmp_path: Path) -> None:
    """Whoever asks is told."""
    async with engine_of(tmp_path, "engine: {reload: off}\n" + A) as engine:
        (tmp_path / "jobs.yaml").write_text(A + B)
        for asked in (engine.reload, engine.file_changes):
            with pytest.raises(Refused, match="`reload: off`"):
                await asked()


def test_news_are_plain_json() -> None:
    assert FileNews(0, "taken: 1 job added", waits=False).to_json() == {
        "at": "1970-01-01T00:00:00+00:00",
        "text": "taken: 1 job added",
        "waits": False,
    }
