"""Job files added to a running engine, and jobs of the engine's own file that were removed: both over restarts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine import Engine, Refused
from engine.errors import BadJobFile
from engine.jobfile import load

FILE = "pools: {db: 1}\njobs:\n  a: {command: x, every: 1h}\n  b: {command: x, every: 2h, needs: [a]}\n  c: {command: x, manual: only}\n"
MORE = "jobs:\n  more: {command: x, every: 1h}\n"


def engine_of(folder: Path, text: str = FILE) -> Engine:
    path = folder / "jobs.yaml"
    path.write_text(text)
    file = load(path, os.environ).file
    assert file is not None
    return Engine.from_file(file, state_dir=folder / "s", version="0")


def more(folder: Path, text: str = MORE) -> Path:
    path = folder / "more.yaml"
    path.write_text(text)
    return path


def ids(engine: Engine) -> list[str]:
    return [job.id for job in engine.jobs]


async def test_jobs_of_a_file_join_and_are_there_after_a_restart(tmp_path: Path) -> None:
    """Rows 25, 50: audited; the same file again adds nothing."""
    async with engine_of(tmp_path) as engine:
        await engine.hold()
        assert await engine.add_file(more(tmp_path)) == ("more",)
        assert await engine.add_file(more(tmp_path)) == ()
        assert [(row.verb, row.target) for row in await engine.audit(limit=1)] == [("add", "more")]
        with pytest.raises(Refused, match="is there already"):
            await engine.add_file(more(tmp_path, MORE.replace("1h", "2h") + "  new: {command: x}\n"))
        assert ids(engine) == ["a", "b", "c", "more"]
    async with engine_of(tmp_path) as engine:
        assert ids(engine) == ["a", "b", "c", "more"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jobs:\n  x: {comand: x}\n", "more.yaml:2:7: error: jobs.x.comand"),
        (MORE + "  x: {command: x, pools: [own]}\npools: {own: 2}\n", "pools.own: this engine has none of that name"),
        (MORE + "engine: {drain: 1s}\n", "engine: cannot be changed"),
        (MORE + '  x: {command: x, env_file: ["secret.env"]}\n', "jobs.x.env_file: its values would have to be stored"),
    ],
)
async def test_a_file_that_cannot_be_added_is_refused_whole_with_everything_wrong(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "secret.env").write_text("PW=hunter2\n")
    async with engine_of(tmp_path) as engine:
        await engine.hold()
        with pytest.raises(BadJobFile) as bad:
            await engine.add_file(more(tmp_path, text))
        assert said in bad.value.text
        assert ids(engine) == ["a", "b", "c"]


async def test_a_job_of_the_file_that_was_removed_stays_removed_until_it_is_added_again(tmp_path: Path) -> None:
    """Row 26: over restarts; the engine says that it differs from its file."""
    async with engine_of(tmp_path) as engine:
        await engine.hold()
        with pytest.raises(Refused, match="needed by b"):
            await engine.remove("a")
        await engine.remove("c", wait=False)
        assert [(row.verb, row.target) for row in await engine.audit(limit=1)] == [("remove", "c")]
    async with engine_of(tmp_path) as engine:
        assert ids(engine) == ["a", "b"]
        assert [text for text in engine.status().warnings if "c of the file was removed" in text]
        assert await engine.add_file(tmp_path / "jobs.yaml") == ("c",)
        assert not [text for text in engine.status().warnings if "was removed" in text]
    async with engine_of(tmp_path) as engine:
        assert sorted(ids(engine)) == ["a", "b", "c"]
        await engine.remove("c")
    async with engine_of(tmp_path, FILE + "  d: {command: x, manual: only, needs: [c]}\n") as engine:
        assert "c" in ids(engine), "a job that stays needs it"
        assert [text for text in engine.status().warnings if text.startswith("c was removed")]


async def test_an_added_job_that_was_removed_is_gone_for_good(tmp_path: Path) -> None:
    async with engine_of(tmp_path) as engine:
        await engine.hold()
        await engine.add_file(more(tmp_path))
        await engine.remove("more")
    async with engine_of(tmp_path) as engine:
        assert ids(engine) == ["a", "b", "c"]
        assert not [text for text in engine.status().warnings if "was removed" in text]
