"""Runs for changes of files: what becomes of a change whatever the job is doing. Looking at files is in tests/integration."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.clock import moment
from engine.core.changes import FACT, files_changed
from engine.core.explain import status_of, why_idle
from engine.core.verbs.enable import disable, enable
from engine.core.verbs.pause import hold_job
from engine.core.verbs.resume import release_job
from engine.core.verbs.stop import stop_job
from engine.core.verbs.suspend import suspend, unsuspend
from engine.model.states import JobStatus
from engine.spec.job import CatchUp, Overlap
from engine.spec.watch import Watch
from engine.testing import Bench
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec

FILES = Watch(("/data/in/*.csv",))


def change(b: Bench, seen: str = "seen", *, changed: bool = True) -> None:
    b.do(lambda turn: files_changed(turn, b.job("w"), seen, changed=changed))


def kinds(b: Bench) -> list[str]:
    return [str(row.kind) for row in sorted(b.store.runs.values())]


def test_a_change_makes_a_run_of_kind_watch_and_nothing_else_does() -> None:
    """Row 52: a job with `watch` and no schedule is no one-shot; it waits for a change, also after it has run."""
    b = bench(spec("w", watch=FILES))
    b.run_for(60)
    assert (b.fates("w"), status_of(b.state, b.job("w"))) == ([], JobStatus.WAITING)
    assert why_idle(b.state, b.job("w"), b.now) == "waits for a change of /data/in/*.csv"
    change(b)
    b.run_for(60)
    assert (b.fates("w"), kinds(b)) == (["success"], ["watch"])
    assert status_of(b.state, b.job("w")) is JobStatus.WAITING


def test_the_first_look_at_files_makes_no_run() -> None:
    """What is there when the job is seen for the first time has not changed."""
    b = bench(spec("w", watch=FILES))
    change(b, "first", changed=False)
    b.run_for(60)
    assert (b.fates("w"), b.store.facts[f"{FACT}w"]) == ([], "first")


@pytest.mark.parametrize("overlap", list(Overlap))
def test_a_change_during_a_run_is_never_lost_and_makes_one_run_after_it(overlap: Overlap) -> None:
    """A hundred changes during the run are one: the run after it finds the files as they are. Whatever `overlap` says."""
    b = bench(spec("w", watch=FILES, overlap=overlap, concurrency=1), acts={"w": Act(10.0)})
    change(b)
    b.run_for(1)
    for _ in range(100 if overlap is not Overlap.REPLACE else 1):
        change(b)
    b.run_for(60)
    first = "stopped replaced(w:2)" if overlap is Overlap.REPLACE else "success"
    assert (b.fates("w"), kinds(b)) == ([first, "success"], ["watch", "watch"])


def test_a_change_during_a_run_by_hand_is_not_lost_either() -> None:
    from engine.core.verbs.trigger import trigger

    b = bench(spec("w", watch=FILES), acts={"w": Act(10.0)})
    b.do(lambda turn: trigger(turn, "w", bypass=False))
    b.run_for(1)
    change(b)
    b.run_for(60)
    assert kinds(b) == ["manual", "watch"]


def test_a_thousand_changes_while_a_run_waits_make_at_most_one_more() -> None:
    """One that the executor has already may have begun: whether it sees the change nobody knows."""
    b = bench(spec("long", priority=9), spec("w", watch=FILES), max_running=1, acts={"long": Act(30.0)})
    for _ in range(1000):
        change(b)
    b.run_for(120)
    assert b.fates("w") == ["success", "success"]


def test_a_change_that_came_before_a_crash_is_run_after_it() -> None:
    """It was during a run: what is owed is kept with the job."""
    b = bench(spec("w", watch=FILES), acts={"w": Act(100.0)})
    change(b)
    b.run_for(1)
    change(b)
    b.crash()
    b.run_for(300)
    assert b.fates("w") == ["success", "success"]


HOURS = timedelta(hours=3).total_seconds()


@pytest.mark.parametrize("how", ["hold", "suspend", "stop"])
@pytest.mark.parametrize(
    ("catch_up", "fates"),
    [(CatchUp.NONE, ["missed paused"]), (CatchUp.LATEST, ["success"]), (CatchUp.ALL, ["success"])],
)
def test_changes_while_nothing_could_start_follow_catch_up(how: str, catch_up: CatchUp, fates: list[str]) -> None:
    """As occurrences of a schedule do: one record with the count, or one run, which finds all of them."""
    b = bench(spec("w", watch=FILES, catch_up=catch_up))
    job = b.job("w")
    b.do(
        lambda turn: {"hold": lambda: hold_job(turn, job, None), "suspend": lambda: suspend(turn, job)}.get(
            how, lambda: stop_job(turn, job, None)
        )()
    )
    for _ in range(3):
        change(b)
        b.run_for(60)
    b.crash()
    b.run_for(HOURS)
    assert b.fates("w") == []
    job = b.job("w")
    b.do(lambda turn: unsuspend(turn, job) if how == "suspend" else release_job(turn, job))
    b.run_for(60)
    assert b.fates("w") == fates
    row = b.store.runs[1]
    assert (row.occurrences, row.kind) == (3 if catch_up is CatchUp.NONE else 1, "watch")
    if catch_up is CatchUp.NONE:
        assert row.planned_at - row.first_planned_at == 120_000_000
        assert b.job("w").tally.missed == 3


def test_a_change_shortly_before_the_release_counts_as_on_time() -> None:
    """`late_grace`, as for every late start."""
    b = bench(spec("w", watch=FILES))
    b.do(lambda turn: hold_job(turn, b.job("w"), None))
    change(b)
    b.run_for(120)
    b.do(lambda turn: release_job(turn, b.job("w")))
    b.run_for(60)
    assert b.fates("w") == ["success"]


def test_a_change_while_disabled_or_out_of_its_time_was_none() -> None:
    """Nothing is on record of it, and it is not found again."""
    b = bench(spec("w", watch=FILES))
    b.do(lambda turn: disable(turn, b.job("w")))
    change(b, "later")
    b.do(lambda turn: enable(turn, b.job("w")))
    b.run_for(60)
    assert (b.fates("w"), b.store.facts[f"{FACT}w"]) == ([], "later")
    b = bench(spec("w", watch=FILES, end_at=moment(b.clock.now()) + timedelta(minutes=1)))
    b.run_for(300)
    change(b)
    b.run_for(60)
    assert (b.fates("w"), status_of(b.state, b.job("w"))) == ([], JobStatus.ENDED)


def test_runs_for_changes_count_for_max_runs() -> None:
    b = bench(spec("w", watch=FILES, max_runs=2))
    for _ in range(4):
        change(b)
        b.run_for(60)
    assert (b.fates("w"), status_of(b.state, b.job("w"))) == (["success", "success"], JobStatus.ENDED)


def test_an_engine_that_drains_takes_no_change_and_the_next_one_finds_it() -> None:
    """What was stored of the files stays as it was, so that the next look differs."""
    b = bench(spec("w", watch=FILES))
    change(b, "before", changed=False)
    b.state.draining = True
    change(b, "after")
    assert (b.fates("w"), b.store.facts[f"{FACT}w"]) == ([], "before")
