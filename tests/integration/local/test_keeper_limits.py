"""Limits of memory and cores on real trees: what is beyond them is killed, or held up, and says so."""

from __future__ import annotations

import os
import signal
import sys

from engine.executors.local.keeper import usage
from engine.ports.executor import Cause, Exceeded, Pause, Paused, Resume, Resumed, Started, Stop
from engine.spec.limits import Limits, OnExceed, Remedy
from tests.integration.local.bench import Bench, eventually

MIB = 1 << 20
HOARD = "import time; kept = [bytearray(b'x') * (1 << 20) for _ in range({mib})]; print('full', flush=True); time.sleep(1000)"
SHORT = ("/bin/sh", "-c", "while :; do /bin/true; done")
BUSY = ("/bin/sh", "-c", "while :; do :; done")


def states(bench: Bench, attempt: str) -> set[str]:
    """Of the run's processes, as /proc has them."""
    return {member.state for member in bench.members(attempt)}


async def test_a_tree_beyond_its_memory_is_killed_with_what_was_seen(bench: Bench) -> None:
    attempt = bench.launch(sys.executable, "-c", HOARD.format(mib=2000), limits=Limits(memory=64 * MIB))
    end = await bench.ended(attempt)
    assert (end.cause, end.signal) == (Cause.MEMORY, signal.SIGKILL)
    assert end.exceeded is not None
    assert 64 * MIB < end.exceeded < 2000 * MIB
    assert bench.members(attempt) == []


async def test_the_memory_of_all_processes_counts_together(bench: Bench) -> None:
    """Each of the three is below the limit; one of them has left the session."""
    hoard = f'{sys.executable} -c "{HOARD.format(mib=40)}"'
    attempt = bench.launch("/bin/sh", "-c", f"{hoard} & setsid {hoard} & {hoard}", limits=Limits(memory=100 * MIB))
    end = await bench.ended(attempt)
    assert end.cause is Cause.MEMORY
    assert bench.members(attempt) == []


async def test_below_its_limits_a_run_is_left_alone(bench: Bench) -> None:
    end = await bench.ended(bench.launch("/bin/true", limits=Limits(cpu=4.0, memory=512 * MIB)))
    assert (end.exit_code, end.cause, end.exceeded) == (0, None, None)


async def test_a_busy_tree_gets_no_more_than_its_cores(bench: Bench) -> None:
    """Two loops for two seconds on a fifth of a core: unlimited they would have used four."""
    two = ("/bin/sh", "-c", "(while :; do :; done) & while :; do :; done")
    attempt = bench.launch(*two, timeout=2.0, grace=0.0, limits=Limits(cpu=0.2))
    end = await bench.ended(attempt)
    assert end.cause is Cause.TIMEOUT
    assert end.cpu is not None
    assert end.cpu < 1.0


async def test_a_tree_of_short_processes_gets_no_more_either(bench: Bench) -> None:
    """Each is over before anybody looks: what they used counts all the same."""
    attempt = bench.launch(*SHORT, timeout=3.0, grace=0.0, limits=Limits(cpu=0.1))
    end = await bench.ended(attempt)
    assert end.cpu is not None
    assert end.cpu < 3.0 * 0.1 * 1.6, "unlimited it uses half of them and more"
    assert end.throttled > 1.0


async def test_what_the_dead_of_a_tree_have_used_is_known_by_who_waited_for_them(bench: Bench) -> None:
    """Without a control group the sum of the living would stand still."""
    attempt = bench.shell("i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i+1)); done; echo up; sleep 1000")
    await bench.wrote(attempt, "up")
    living = bench.members(attempt)
    assert usage.cpu_total(living, "") > 1.2 * sum(usage.cpu_time(member.pid) for member in living) / 1e9


async def test_what_is_held_up_goes_on_and_is_stopped_by_its_own_signal(bench: Bench) -> None:
    attempt = bench.launch("/bin/sh", "-c", "trap 'exit 7' TERM; while :; do :; done", limits=Limits(cpu=0.05))
    await bench.heard(attempt, Started)
    await eventually(lambda: states(bench, attempt) == {"T"})
    await eventually(lambda: states(bench, attempt) == {"R"})
    await eventually(lambda: states(bench, attempt) == {"T"})
    bench.submit(Stop(attempt, signal.SIGTERM, 20.0))
    end = await bench.ended(attempt)
    assert (end.exit_code, end.cause) == (7, Cause.STOP)


async def test_a_pause_is_not_ended_by_the_limit(bench: Bench) -> None:
    """Two reasons to be stopped: the run goes on when neither holds it."""
    attempt = bench.launch(*BUSY, limits=Limits(cpu=0.5))
    await bench.heard(attempt, Started)
    bench.submit(Pause(attempt))
    await bench.heard(attempt, Paused)
    witness = bench.launch(*BUSY, timeout=1.0, grace=0.0)  # a second in which the limit would let it go ten times
    await bench.ended(witness)
    assert states(bench, attempt) == {"T"}
    bench.submit(Resume(attempt))
    await bench.heard(attempt, Resumed)
    await eventually(lambda: states(bench, attempt) == {"R"})


async def test_another_keeper_goes_on_with_the_limits(bench: Bench) -> None:
    """The first one is killed while it holds the tree up: nobody may stay stopped for that."""
    attempt = bench.launch(*BUSY, limits=Limits(cpu=0.05))
    await bench.heard(attempt, Started)
    first = bench.keeper_pid
    await eventually(lambda: states(bench, attempt) == {"T"})
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: bench.executor.keeper_pid not in {None, first})
    bench.keepers.add(bench.keeper_pid)
    await eventually(lambda: states(bench, attempt) == {"R"})
    await eventually(lambda: states(bench, attempt) == {"T"})


async def test_the_end_says_for_how_long_the_cores_held_it_up(bench: Bench) -> None:
    """A busy loop on a twentieth of a core stands still for most of two seconds; one that is not limited for none."""
    slow = bench.launch(*BUSY, timeout=2.0, grace=0.0, limits=Limits(cpu=0.05))
    free = bench.launch(*BUSY, timeout=0.5, grace=0.0, limits=Limits(cpu=8.0))
    assert 0.5 < (await bench.ended(slow)).throttled < 2.0
    assert (await bench.ended(free)).throttled == 0.0


async def test_beyond_its_cores_a_tree_can_be_killed_with_what_was_seen(bench: Bench) -> None:
    on = OnExceed(cpu=Remedy.KILL)
    killed = bench.launch(*BUSY, limits=Limits(cpu=0.1, on_exceed=on))
    spared = bench.launch("/bin/sleep", "3", limits=Limits(cpu=0.1, on_exceed=on))
    end = await bench.ended(killed)
    assert (end.cause, end.signal, end.throttled) == (Cause.CPU, signal.SIGKILL, 0.0)
    assert end.exceeded is not None
    assert 0.1 < end.exceeded < 1.5
    assert (await bench.ended(spared)).exit_code == 0


async def test_beyond_its_memory_a_tree_can_be_warned_about_once(bench: Bench) -> None:
    limits = Limits(memory=32 * MIB, on_exceed=OnExceed(memory=Remedy.WARN))
    attempt = bench.launch(sys.executable, "-c", HOARD.format(mib=60), limits=limits, timeout=3.0, grace=0.0)
    end = await bench.ended(attempt)
    assert (end.cause, end.exceeded) == (Cause.TIMEOUT, None)
    (told,) = bench.said(attempt, Exceeded)
    assert (told.limit, told.pausing) == (Cause.MEMORY, False)
    assert told.seen > 32 * MIB


async def test_beyond_its_memory_a_tree_can_be_paused_and_goes_on_when_it_is_let(bench: Bench) -> None:
    """Resumed although it has not shrunk: that was a decision, and it is not paused again for the same excess."""
    limits = Limits(memory=32 * MIB, on_exceed=OnExceed(memory=Remedy.PAUSE))
    attempt = bench.launch(sys.executable, "-c", HOARD.format(mib=400), limits=limits)
    await bench.heard(attempt, Paused)
    assert bench.said(attempt, Exceeded)[0].pausing
    assert states(bench, attempt) == {"T"}
    bench.submit(Resume(attempt))
    await bench.wrote(attempt, "full")
    assert len(bench.said(attempt, Paused)) == 1


async def test_an_excess_must_last_before_it_counts(bench: Bench) -> None:
    """`sustain`: a short one is forgiven, one that lasts is not."""
    script = "import time; kept = [bytearray(b'x') * (60 << 20)]; time.sleep({}); kept.clear(); time.sleep(1000)"
    limits = Limits(memory=40 * MIB, on_exceed=OnExceed(sustain=1.5))
    short = bench.launch(sys.executable, "-c", script.format(0.3), limits=limits, timeout=4.0, grace=0.0)
    long = bench.launch(sys.executable, "-c", script.format(60), limits=limits, timeout=20.0, grace=0.0)
    killed = await bench.ended(long)
    assert killed.cause is Cause.MEMORY
    assert killed.at - bench.said(long, Started)[0].at > 1_500_000
    assert (await bench.ended(short)).cause is Cause.TIMEOUT


async def test_what_nobody_hears_is_told_to_the_next_engine(bench: Bench) -> None:
    limits = Limits(memory=32 * MIB, on_exceed=OnExceed(memory=Remedy.WARN))
    attempt = bench.launch(
        "/bin/sh", "-c", f'sleep 0.4; exec {sys.executable} -c "{HOARD.format(mib=60)}"', limits=limits
    )
    await bench.heard(attempt, Started)
    await bench.executor.close()
    await bench.wrote(attempt, "full")
    await bench.reopen()
    assert (await bench.heard(attempt, Exceeded)).limit is Cause.MEMORY


def test_the_clock_of_a_process_is_read_by_its_pid() -> None:
    assert usage.cpu_time(os.getpid()) > 0
    assert usage.cpu_time(2**22) == 0
