"""A keeper with a thousand live runs, and after ten thousand: it stays small, and nothing is left of them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from engine.executors.local.keeper import kernel, usage
from engine.ports.executor import Acknowledge, Ended, Started, Stop
from tests.integration.local.bench import Bench, eventually

MIB = 1 << 20


def descriptors(pid: int) -> int:
    """How many a process has open; 0 for who is not root: a keeper lets nobody of its user look."""
    return len([*Path(f"/proc/{pid}/fd").iterdir()]) if os.geteuid() == 0 else 0


def zombies_of(pid: int) -> int:
    """Children of a process that nobody has waited for."""
    count = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            fields = kernel.proc_file(folder.name, "stat").rpartition(b")")[2].split()
            count += len(fields) > 1 and fields[0] == b"Z" and int(fields[1]) == pid
    return count


@pytest.fixture
async def wide(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    await bench.open(limit=2000)
    return bench


@pytest.mark.slow
async def test_a_thousand_live_runs(wide: Bench) -> None:
    """Below 40 MiB resident with all of them alive; all are stopped, and as many files are open as before."""
    pid = wide.keeper_pid
    before = descriptors(pid)
    attempts = [wide.launch("/bin/sleep", "1000") for _ in range(1000)]
    await eventually(lambda: sum(isinstance(report, Started) for report in wide.reports) == 1000)
    assert usage.resident(pid) < 40 * MIB
    assert descriptors(pid) == before
    for attempt in attempts:
        wide.submit(Stop(attempt, signal.SIGKILL, 0.0))
    for attempt in attempts:
        await wide.ended(attempt)
    assert all(not wide.members(attempt) for attempt in attempts[::100])
    assert (descriptors(pid), zombies_of(pid)) == (before, 0)
    await wide.clear()


@pytest.mark.long
async def test_ten_thousand_runs(wide: Bench) -> None:
    """In lots of 500, 16 at once: no descriptor, no zombie, no kept end, and no memory to speak of is left."""
    pid = wide.keeper_pid
    await wide.ended(wide.launch("/bin/true"))
    before, small = descriptors(pid), usage.resident(pid)
    done = 1
    for _ in range(20):
        attempts = [wide.launch("/bin/true", waits=True) for _ in range(500)]
        done += 500
        await wide.until(lambda: sum(isinstance(report, Ended) for report in wide.reports) == done)  # noqa: B023 - awaited here
        wide.submit(Acknowledge(tuple(attempts)))
    assert (descriptors(pid), zombies_of(pid)) == (before, 0)
    assert usage.resident(pid) < small + 3 * MIB
    await wide.clear()
