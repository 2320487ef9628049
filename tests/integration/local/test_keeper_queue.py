"""Launches that wait in the keeper: when they start, and how they are taken back."""

from __future__ import annotations

from engine.ports.executor import Ended, Limit, Started, StillWaiting, Stop, Withdraw, Withdrawn
from tests.integration.local.bench import Bench, exit_of


def waiting(bench: Bench, script: str = "exec sleep 1000") -> str:
    """Order a launch that may wait."""
    return bench.launch("/bin/sh", "-c", script, waits=True, cwd=str(bench.folder))


def started(bench: Bench) -> list[str]:
    """Attempts that have started, in order."""
    return [r.attempt for r in bench.reports if isinstance(r, Started)]


async def test_waiting_launches_start_in_order_as_slots_free(bench: Bench) -> None:
    """At most `Limit.running` live at once; the next in line starts when one ends."""
    bench.submit(Limit(2))
    gates = [waiting(bench, f"while [ ! -e go{n} ]; do sleep 0.005; done") for n in range(4)]
    await bench.until(lambda: len(started(bench)) == 2)
    (bench.folder / "go1").touch()
    await bench.ended(gates[1])
    await bench.heard(gates[2], Started)
    assert started(bench) == gates[:3]
    for n in (0, 2, 3):
        (bench.folder / f"go{n}").touch()
    for gate in gates:
        assert (await bench.ended(gate)).exit_code == 0
    assert started(bench) == gates


async def test_launch_that_does_not_wait_starts_at_once(bench: Bench) -> None:
    """Without `waits` the limit is not asked; without `slot` a run does not count against it."""
    bench.submit(Limit(1))
    beside = bench.launch("/bin/sleep", "1000", slot=False)
    first = waiting(bench)
    await bench.heard(first, Started)
    urgent = bench.launch("/bin/sleep", "1000")
    await bench.heard(urgent, Started)
    assert started(bench) == [beside, first, urgent]


async def test_nothing_waits_beyond_a_raised_limit(bench: Bench) -> None:
    """A higher limit starts waiting launches at once, a lower one ends nothing."""
    bench.submit(Limit(1))
    attempts = [waiting(bench) for _ in range(3)]
    await bench.heard(attempts[0], Started)
    bench.submit(Limit(3))
    await bench.heard(attempts[2], Started)
    bench.submit(Limit(0))
    assert (await bench.ended(bench.launch("/bin/true"))).exit_code == 0
    assert not any(bench.said(attempt, Ended) for attempt in attempts)


async def test_withdrawn_launch_never_starts(bench: Bench) -> None:
    """Only what has not started is withdrawn, and the answer names exactly that."""
    bench.submit(Limit(1))
    runs, stays, leaves = (waiting(bench) for _ in range(3))
    await bench.heard(runs, Started)
    bench.submit(Withdraw((runs, leaves)))
    await bench.until(lambda: any(isinstance(r, Withdrawn) for r in bench.reports))
    assert [r.attempts for r in bench.reports if isinstance(r, Withdrawn)] == [(leaves,)]
    bench.submit(Limit(5))
    await bench.heard(stays, Started)
    assert leaves not in started(bench)


async def test_stop_of_a_waiting_launch_withdraws_it(bench: Bench) -> None:
    """What has not started needs no signal."""
    bench.submit(Limit(0))
    attempt = waiting(bench)
    bench.submit(Stop(attempt, 15, 1.0))
    await bench.until(lambda: Withdrawn((attempt,)) in bench.reports)


async def test_nothing_starts_without_an_engine(bench: Bench) -> None:
    """Launches in line stay there while no engine is connected, and are found by the next one."""
    bench.submit(Limit(1))
    holder, left = waiting(bench, "while [ ! -e go ]; do sleep 0.005; done"), waiting(bench, "echo started")
    await bench.heard(holder, Started)
    known = [bench.reference(holder), bench.reference(left)]
    await bench.executor.close()
    (bench.folder / "go").touch()
    pid = known[0].pid
    assert pid is not None
    await exit_of(pid)
    recovered = await bench.reopen(known, limit=0)
    assert isinstance(recovered[0], Ended)
    assert recovered[1] == StillWaiting(left)
    assert not bench.log(left).exists()
    bench.submit(Limit(1))
    await bench.ended(left)


async def test_strangers_are_dropped(bench: Bench) -> None:
    """Launches that wait for an engine that has forgotten them must not start behind its back."""
    bench.submit(Limit(0))
    forgotten = waiting(bench, "touch forgotten")
    await bench.reopen([], limit=10)
    await bench.ended(bench.launch("/bin/true"))
    assert not (bench.folder / "forgotten").exists()
    assert forgotten not in started(bench)
