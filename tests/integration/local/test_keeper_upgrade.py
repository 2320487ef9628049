"""An upgrade: the keeper of the version before keeps its runs until they end, with their exit codes; ours takes the new ones."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.executors.local import connection, executor
from engine.executors.local.keeper import link
from engine.executors.local.wire import WireError, decode
from engine.ports.executor import (
    Acknowledge,
    Ended,
    Missing,
    NotFound,
    Pause,
    Paused,
    Resume,
    Resumed,
    Started,
    StillRunning,
    Stop,
)
from tests.integration.local.bench import Bench, eventually, exit_of

OLDER = 1000
"""The number of a version that is not ours. Its keeper is ours but for that."""


class Upgrade:
    """A bench that is of the older version until `happen`."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.bench = Bench(folder)
        self.elder = 0
        self._patch = patch

    async def begin(self) -> None:
        """The older version starts its keeper."""
        folder = self.bench.folder / "older"
        folder.mkdir()
        package = shutil.copytree(
            connection.FOLDER / "keeper", folder / "keeper", ignore=shutil.ignore_patterns("*.pyc")
        )
        text = (package / "link.py").read_text()
        ours, theirs = f"PROTOCOL: Final = {link.PROTOCOL}\n", f"PROTOCOL: Final = {OLDER}\n"
        assert ours in text
        (package / "link.py").write_text(text.replace(ours, theirs))
        self._patch.setattr(connection, "FOLDER", folder)
        self._patch.setattr(connection, "HELLO", ["hello", OLDER])
        self._patch.setattr(connection, "PROTOCOL", OLDER)
        self._patch.setattr(executor, "PROTOCOL", OLDER)
        await self.bench.open(limit=2)
        self.elder = self.bench.keeper_pid

    def gated(self, code: int) -> str:
        """A run that ends when the file `go` is there."""
        return self.bench.shell(f"while [ ! -e go ]; do sleep 0.01; done; exit {code}")

    def go(self) -> None:
        (self.bench.folder / "go").touch()

    async def happen(self, *attempts: str, limit: int = 100) -> list[object]:
        """The engine ends, and one of our version begins; what it finds of the attempts."""
        known = [self.bench.reference(attempt) for attempt in attempts]
        self._patch.undo()
        found = await self.bench.reopen(known, limit=limit)
        assert self.bench.keeper_pid != self.elder
        return list(found)


@pytest.fixture
async def upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Upgrade]:
    upgrade = Upgrade(tmp_path, monkeypatch)
    await upgrade.begin()
    yield upgrade
    await upgrade.bench.clear()
    await exit_of(upgrade.elder)


async def test_runs_of_the_version_before_end_with_their_exit_codes(upgrade: Upgrade) -> None:
    """One that ended while no engine was there, one that ends after; then the older keeper leaves, and its place with it."""
    bench = upgrade.bench
    first, second = bench.shell("sleep 0.2; exit 6"), upgrade.gated(7)
    for attempt in (first, second):
        await bench.heard(attempt, Started)
    pid = bench.said(first, Started)[0].pid
    known = [bench.reference(attempt) for attempt in (first, second)]
    await bench.executor.close()
    await exit_of(pid)
    upgrade._patch.undo()
    ended, running = await bench.reopen(known)
    assert isinstance(ended, Ended)
    assert ended.exit_code == 6
    assert isinstance(running, StillRunning)
    assert running.exit_known
    assert (await bench.ended(bench.shell("exit 4"))).exit_code == 4, "ours takes the new ones"
    upgrade.go()
    assert (await bench.ended(second)).exit_code == 7
    bench.submit(Acknowledge((first, second)))
    await exit_of(upgrade.elder)
    assert [path.name for path in bench.state.glob("keeper.sock*")] == ["keeper.sock"]


async def test_they_are_paused_resumed_and_stopped_as_ever(upgrade: Upgrade) -> None:
    bench = upgrade.bench
    attempt = bench.shell("setsid sleep 1000 & sleep 1000")
    await bench.heard(attempt, Started)
    await upgrade.happen(attempt)
    bench.submit(Pause(attempt))
    await bench.heard(attempt, Paused)
    assert {member.state for member in bench.members(attempt)} == {"T"}
    bench.submit(Resume(attempt))
    await bench.heard(attempt, Resumed)
    bench.submit(Stop(attempt, signal.SIGTERM, 5.0))
    assert (await bench.ended(attempt)).signal == signal.SIGTERM
    assert bench.members(attempt) == []


async def test_their_slots_count_for_the_keeper_that_knows_nothing_of_them(upgrade: Upgrade) -> None:
    """Two of two slots are taken: what waits starts as they end."""
    bench = upgrade.bench
    attempts = [upgrade.gated(0), upgrade.gated(0)]
    for attempt in attempts:
        await bench.heard(attempt, Started)
    await upgrade.happen(*attempts, limit=2)
    waiting = bench.launch("/bin/true", waits=True)
    await bench.ended(bench.launch("/bin/sleep", "0.3"))
    assert not bench.said(waiting, Started)
    upgrade.go()
    await bench.ended(waiting)


async def test_launches_that_wait_there_may_start_with_the_new_one(upgrade: Upgrade) -> None:
    bench = upgrade.bench
    running = [upgrade.gated(0), upgrade.gated(0)]
    for attempt in running:
        await bench.heard(attempt, Started)
    waiting = bench.launch("/bin/true", waits=True)
    await bench.ended(bench.launch("/bin/true"))  # by now it has the other as well
    found = await upgrade.happen(*running, waiting)
    assert found[2] == NotFound(waiting, Missing.NEVER_STARTED)
    upgrade.go()
    for attempt in running:
        assert (await bench.ended(attempt)).exit_code == 0


async def test_the_engine_after_the_next_finds_them_as_well(upgrade: Upgrade) -> None:
    bench = upgrade.bench
    attempt = upgrade.gated(8)
    await bench.heard(attempt, Started)
    await upgrade.happen(attempt)
    await bench.reopen()
    upgrade.go()
    assert (await bench.ended(attempt)).exit_code == 8


def test_limits_that_only_another_version_has_are_passed_over() -> None:
    """`Connection` passes over what is not understood; anything else would end the engine."""
    with pytest.raises(WireError):
        decode(["exceeded", "a:1.1", 1, "swap", 2, False])


async def test_when_it_is_killed_ours_takes_over(upgrade: Upgrade) -> None:
    bench = upgrade.bench
    attempt = upgrade.gated(9)
    await bench.heard(attempt, Started)
    await upgrade.happen(attempt)
    os.kill(upgrade.elder, signal.SIGKILL)
    await exit_of(upgrade.elder)
    await eventually(lambda: not list(bench.state.glob("keeper.sock.*")))
    upgrade.go()
    end = await bench.ended(attempt)
    assert (end.exit_code, end.signal) == (None, None), "nobody could wait for it"
    assert (await bench.ended(bench.shell("exit 3"))).exit_code == 3
