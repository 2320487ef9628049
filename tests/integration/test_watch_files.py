"""Jobs that watch real files: a whole engine, the kernel's reports, and restarts."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import Engine, JobSpec, Watch
from engine.core.changes import FACT
from engine.model.record import RunRecord
from tests.integration.program import PATIENCE


class Seen:
    """An engine with one job that watches."""

    def __init__(self, state: Path, *paths: Path | str, command: str = "true", debounce: str = "50ms") -> None:
        spec = JobSpec(id="w", command=command, watch=Watch(*paths, debounce=debounce))
        self.engine = Engine([spec], state_dir=state)

    async def __aenter__(self) -> Seen:
        await self.engine.start()
        # the first look is on record: from then on a change is one
        await self.until(lambda: bool(self.engine._turn.state.facts.get(f"{FACT}w")))
        await self.watching()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.shutdown(drain=0.0)

    async def watching(self) -> None:
        """The thread waits for the kernel, and nothing is to be looked at."""
        files = self.engine._watched._files
        assert files is not None
        await self.until(lambda: files._notify is not None and all(job.since is None for job in files._jobs.values()))

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.005)

    async def runs(self, count: int) -> list[RunRecord]:
        """Wait until so many are over and nothing more is to come."""
        async with asyncio.timeout(PATIENCE):
            while True:
                done = [run for run in await self.engine.runs() if run.outcome is not None]
                if len(done) >= count:
                    break
                await asyncio.sleep(0.01)
        await self.watching()
        await self.until(lambda: not self.engine._turn.state.runs and not self.engine._turn.state.changed)
        return [*reversed(await self.engine.runs())]


async def only_for(seen: Seen, probe: Path) -> None:
    """What came before makes no run: the change of `probe` makes the only one."""
    before = len(await seen.engine.runs())
    probe.write_text("probe")
    assert len(await seen.runs(before + 1)) == before + 1


def write(path: Path, text: str = "x") -> None:
    path.write_text(text)


async def test_a_file_that_appears_or_changes_makes_a_run_and_one_that_goes_does_not(tmp_path: Path) -> None:
    """Row 52: event-driven, by the kernel's word."""
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "old.csv")
    async with Seen(tmp_path / "s", folder / "*.csv") as seen:
        assert await seen.engine.runs() == []
        write(folder / "a.csv")
        assert [run.kind for run in await seen.runs(1)] == ["watch"]
        write(folder / "a.csv", "longer")
        await seen.runs(2)
        write(tmp_path / "moved", "moved")
        (tmp_path / "moved").rename(folder / "b.csv")
        await seen.runs(3)
        write(folder / "a.txt")
        write(folder / ".a.csv")
        (folder / "b.csv").unlink()
        await only_for(seen, folder / "c.csv")


async def test_a_path_that_is_not_there_yet_and_one_that_is_made_again(tmp_path: Path) -> None:
    """The nearest folder that is there is watched instead."""
    folder = tmp_path / "x" / "y" / "in"
    async with Seen(tmp_path / "s", folder) as seen:
        folder.mkdir(parents=True)
        write(folder / "a")
        await seen.runs(1)
        shutil.rmtree(tmp_path / "x")
        await seen.until(
            lambda: seen.engine._watched._files is not None and str(tmp_path) in seen.engine._watched._files._folders
        )
        folder.mkdir(parents=True)
        write(folder / "b")
        await seen.runs(2)
        (tmp_path / "x").rename(tmp_path / "z")
        folder.mkdir(parents=True)
        write(folder / "c")
        await seen.runs(3)


async def test_a_single_file_and_folders_at_any_depth(tmp_path: Path) -> None:
    """`**` sees folders that are made later, too."""
    async with Seen(tmp_path / "s", tmp_path / "one.conf", tmp_path / "tree" / "**" / "*.csv") as seen:
        write(tmp_path / "one.conf")
        await seen.runs(1)
        (tmp_path / "tree" / "a" / "b").mkdir(parents=True)
        write(tmp_path / "tree" / "a" / "b" / "deep.csv")
        await seen.runs(2)
        draft = tmp_path / "one.conf.new"
        write(draft, "other")
        draft.rename(tmp_path / "one.conf")
        await seen.runs(3)


async def test_a_thousand_changes_make_few_runs(tmp_path: Path) -> None:
    """Row 52: those that come close together are one."""
    folder = tmp_path / "in"
    folder.mkdir()
    async with Seen(tmp_path / "s", folder, debounce="500ms") as seen:
        for number in range(1000):
            write(folder / f"{number}")
        assert 1 <= len(await seen.runs(1)) <= 3


async def test_a_change_during_a_run_makes_exactly_one_more(tmp_path: Path) -> None:
    """The job waits for a file of the test's, so that the change is in its midst."""
    folder, go = tmp_path / "in", tmp_path / "go"
    folder.mkdir()
    waits = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.005)"
    async with Seen(tmp_path / "s", folder, command=f'{sys.executable} -c "{waits}"') as seen:
        write(folder / "a")
        await seen.until(lambda: bool(seen.engine.job("w").active))
        for name in "bcd":
            write(folder / name)
        await seen.until(lambda: "w" in seen.engine._turn.state.changed)
        await seen.watching()
        write(go)
        assert [run.outcome for run in await seen.runs(2)] == ["success", "success"]


@pytest.mark.parametrize("many", [3, 1500])
async def test_what_changed_while_no_engine_was_there_is_one_change(tmp_path: Path, many: int) -> None:
    """Compared by what was stored, which is bounded; what went away in between is none."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(many):
        write(folder / f"old{number}")
    async with Seen(tmp_path / "s", folder) as seen:
        text = seen.engine._turn.state.facts[f"{FACT}w"]
        assert len(text) < 25_000
    async with Seen(tmp_path / "s", folder) as seen:
        await only_for(seen, folder / "probe")
    (folder / "old0").unlink()
    async with Seen(tmp_path / "s", folder) as seen:
        await only_for(seen, folder / "probe2")
    write(folder / "new1")
    write(folder / "new2")
    write(folder / "old1", "changed")
    async with Seen(tmp_path / "s", folder) as seen:
        assert [run.kind for run in await seen.runs(3)] == ["watch"] * 3


async def test_jobs_that_come_and_go_are_watched_while_they_are_there(tmp_path: Path) -> None:
    """Nothing is loaded for jobs that watch nothing."""
    async with Engine([JobSpec(id="other", command="true", manual="only")], state_dir=tmp_path / "s") as engine:
        assert engine._watched._files is None
        engine.add(JobSpec(id="w", command="true", watch=Watch(tmp_path / "in" / "*", debounce="50ms")))
        seen = Seen.__new__(Seen)
        seen.engine = engine
        await seen.until(lambda: bool(engine._turn.state.facts.get(f"{FACT}w")))
        await seen.watching()
        (tmp_path / "in").mkdir()
        write(tmp_path / "in" / "a")
        await seen.runs(1)
        await engine.remove("w")
        assert f"{FACT}w" not in engine._turn.state.facts
        await seen.until(lambda: engine._watched._files is not None and not engine._watched._files._jobs)


async def test_a_change_at_the_moment_in_which_another_job_comes_is_seen(tmp_path: Path) -> None:
    """The library forgets what it has seen when it is woken."""
    (tmp_path / "in").mkdir()
    async with Seen(tmp_path / "s", tmp_path / "in" / "*.csv") as seen:
        for number in range(3):
            write(tmp_path / "in" / f"{number}.csv")
            seen.engine.add(JobSpec(id=f"other{number}", command="true", every="1h"))
            await seen.engine.job(f"other{number}").disable()
            async with asyncio.timeout(PATIENCE):
                while sum(run.job == "w" for run in await seen.engine.runs()) <= number:
                    await asyncio.sleep(0.01)
