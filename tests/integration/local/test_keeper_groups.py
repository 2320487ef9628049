"""Control groups (v2) of runs with a limit of their tree, where this machine lets us have them."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from engine.executors.local.keeper import groups, kernel
from engine.executors.local.keeper.groups import CPU_PERIOD, Groups
from engine.ports.executor import Cause, Pause, Paused, PauseRefused, Resume, Resumed, SpawnFailed, Started, Stop
from engine.spec.limits import Limits
from tests.integration.local.bench import Bench, eventually, exit_of

ROOMY = Limits(memory=1 << 40)
FORKING = "import os, time\nwhile True:\n  if os.fork() == 0:\n    time.sleep(0.02); os._exit(0)\n  os.waitpid(-1, os.WNOHANG)"


def _had() -> str:
    made = Groups()
    made.close()
    return made.why


WHY = _had()
pytestmark = pytest.mark.skipif(bool(WHY), reason=f"no control groups here: {WHY}")


def folder_of(pid: int) -> Path:
    """The group of a process, as a folder."""
    mount, shown = groups.group_mount()
    return Path(f"{mount}{groups.group_of(pid).removeprefix(shown)}")


async def test_who_leaves_its_session_at_once_is_in_the_group_all_the_same(bench: Bench) -> None:
    """The group is entered before the program begins: there is no moment to escape it."""
    script = "env -i /usr/bin/setsid sh -c 'sleep 1000 & sleep 1000' & exec sleep 1000"
    attempt = bench.launch("/bin/sh", "-c", script, limits=ROOMY)
    started = await bench.heard(attempt, Started)
    await eventually(lambda: len(bench.members(attempt)) == 4)
    group = folder_of(started.pid)
    assert group.name == f"{bench.launched[attempt].tag:x}"
    assert {folder_of(member.pid) for member in bench.members(attempt)} == {group}
    bench.submit(Stop(attempt, signal.SIGTERM, 5.0))
    assert (await bench.ended(attempt)).left_behind == ()
    assert not group.exists()


async def test_a_run_without_such_a_limit_costs_no_group(bench: Bench) -> None:
    attempt = bench.launch("/bin/cat", "/proc/self/cgroup", limits=Limits(nofile=64))
    await bench.ended(attempt)
    assert f"0::{groups.group_of('self')}\n" in bench.log(attempt).read_text()


async def test_a_tree_that_never_stops_forking_is_paused_as_a_whole_and_goes_on(bench: Bench) -> None:
    """Frozen, nobody forks between the look and the signal; without a group such a tree may be refused."""
    attempt = bench.launch(sys.executable, "-c", FORKING, limits=ROOMY)
    started = await bench.heard(attempt, Started)
    await eventually(lambda: len(bench.members(attempt)) > 2)
    for _ in range(5):
        bench.reports.clear()
        bench.submit(Pause(attempt))
        await bench.heard(attempt, Paused)
        still = bench.members(attempt)
        assert {member.state for member in still} == {"T"}
        assert (folder_of(started.pid) / "cgroup.freeze").read_text() == "0\n", (
            "who takes over finds it stopped, not frozen"
        )
        assert not bench.said(attempt, PauseRefused)
        bench.submit(Resume(attempt))
        await bench.heard(attempt, Resumed)
        await eventually(lambda: any(m.state != "T" for m in bench.members(attempt)))
    bench.submit(Stop(attempt, signal.SIGKILL, 0.0))
    assert (await bench.ended(attempt)).cause is Cause.STOP


async def test_a_start_that_fails_leaves_no_group(bench: Bench) -> None:
    top = set(_tops())
    attempt = bench.launch("/no/such/program", limits=ROOMY)
    await bench.heard(attempt, SpawnFailed)
    # by name: the groups of other keepers come and go meanwhile
    assert not [path for path in top if (path / f"{bench.launched[attempt].tag:x}").is_dir()]


async def test_what_a_run_leaves_behind_keeps_its_group_until_it_ends(bench: Bench) -> None:
    attempt = bench.launch("/bin/sh", "-c", "setsid sleep 1000 & echo $!; exit 0", limits=ROOMY)
    end = await bench.ended(attempt)
    (pid,) = [one.pid for one in end.left_behind]
    group = folder_of(pid)
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: not bench.members(attempt))
    await bench.ended(bench.launch("/bin/true", limits=ROOMY))  # with the next group the full ones are tried again
    await bench.ended(bench.launch("/bin/true", limits=ROOMY))
    assert not group.exists()


async def test_the_next_keeper_takes_over_groups_and_sweeps_out_empty_ones(bench: Bench) -> None:
    attempt = bench.launch("/bin/sh", "-c", "setsid sleep 1000 & sleep 1000", limits=ROOMY)
    started = await bench.heard(attempt, Started)
    group = folder_of(started.pid)
    known = bench.reference(attempt)
    await bench.lose_both()
    await bench.reopen([known])
    assert folder_of(started.pid) == group
    bench.submit(Stop(attempt, signal.SIGTERM, 5.0))
    await bench.ended(attempt)
    assert not group.exists()
    assert group.parent.exists()
    pid = bench.keeper_pid
    await bench.clear()
    await exit_of(pid)
    Groups().close()
    assert not group.parent.exists()
    await bench.reopen([])


def _tops() -> list[Path]:
    mount, shown = groups.group_mount()
    return list(Path(f"{mount}{groups.group_of('self').removeprefix(shown)}").glob(f"{groups.GROUP}*"))


def test_where_controllers_are_handed_down_the_kernel_is_told_the_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written where; this machine may have no controllers in v2 to try it on."""
    told: list[tuple[str, str]] = []

    def write(path: str, text: str) -> bool:
        told.append((path.removeprefix(f"{tmp_path}/"), text))
        return True

    made = Groups()
    made.close()
    made.path, made.controllers = str(tmp_path), {"cpu", "memory"}
    monkeypatch.setattr(groups, "write_file", write)
    assert made.make(255, 1 << 20, 0.5) == str(tmp_path / "ff")
    assert made.make(254, None, None) == str(tmp_path / "fe")
    assert told == [
        ("ff/memory.max", str(1 << 20)),
        ("ff/memory.oom.group", "1"),
        ("ff/cpu.max", f"{CPU_PERIOD // 2} {CPU_PERIOD}"),
    ]
    assert made.make(255, None, None) == "", "there is one of that name: the run goes without"


def test_figures_are_read_by_name() -> None:
    text = "low 0\nhigh 3\nmax 12\noom 1\noom_kill 2\noom_group_kill 1\n"
    assert (kernel.figure(text, "oom_kill"), kernel.figure(text, "none"), kernel.figure("", "x")) == (2, 0, 0)
