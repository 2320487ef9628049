"""Rows of the seed checklist that no other test of the engine speaks for."""

from __future__ import annotations

import itertools

import pytest

from engine.core.explain import status_of, why_idle
from engine.core.verbs.hold import hold
from engine.core.verbs.pause import pause_run
from engine.core.verbs.resume import resume_run
from engine.core.verbs.stop import stop_job
from engine.core.verbs.trigger import trigger
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import RunRecord
from engine.ports.executor import Cause
from engine.spec.job import EverySchedule, JobSpec, Manual, Need, Retry
from engine.store.history import to_record
from engine.testing import Bench
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec


def record(b: Bench, run_id: str) -> RunRecord:
    return to_record(next(row for row in b.store.runs.values() if row.run_id == run_id))


def test_a_failure_without_retries_unschedules_nothing() -> None:
    """Row 9: no `retry` means no further attempt of this run; the schedule goes on."""
    b = bench(spec("a", schedule=EverySchedule(10.0)), acts={"a": Act(1.0, 1)})
    b.run_for(25.0)
    assert b.fates("a") == ["failed exit(1)"] * 3
    assert [len(record(b, f"a:{number}").attempts) for number in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("retry", "waits"),
    [
        (Retry(limit=3, delay=2.0), [2.0, 2.0, 2.0]),
        (Retry(limit=3, delay=2.0, backoff=3.0), [2.0, 6.0, 18.0]),
        (Retry(limit=3, delay=2.0, backoff=3.0, max_delay=5.0), [2.0, 5.0, 5.0]),
    ],
)
def test_the_time_between_attempts(retry: Retry, waits: list[float]) -> None:
    """Rows 12 and 66: delay, times backoff for each further attempt, never more than `max_delay`."""
    b = bench(spec("a", retry=retry), acts={"a": Act(1.0, 1)})
    b.run_for(60.0)
    past = record(b, "a:1").attempts
    found = [(after.started_at or 0) - (before.ended_at or 0) for before, after in itertools.pairwise(past)]
    assert [round(wait / 1_000_000, 3) for wait in found] == waits


def test_jitter_spreads_the_time_between_attempts() -> None:
    """Row 12: by at most the fraction that is written, and not always the same."""
    b = bench(spec("a", retry=Retry(limit=20, delay=10.0, jitter=0.2)), acts={"a": Act(1.0, 1)})
    b.run_for(400.0)
    past = record(b, "a:1").attempts
    found = [
        ((after.started_at or 0) - (before.ended_at or 0)) / 1_000_000 for before, after in itertools.pairwise(past)
    ]
    assert all(8.0 <= wait <= 12.0 for wait in found)
    assert len(set(found)) > 10


def test_what_waits_for_a_slot_says_so_and_is_not_dropped() -> None:
    """Rows 20 and 23: a slot is taken at the start and not before; who finds none waits, with its reason."""
    b = bench(spec("a"), spec("b"), max_running=1, acts={"a": Act(1000.0), "b": Act(1.0)})
    b.run_for(900.0)
    assert why_idle(b.state, b.job("b"), b.now) == "all 1 slots are taken; priority 0 (aged to 3.0)"
    b.run_for(200.0)
    assert b.fates("b") == ["success"]


def test_a_job_says_why_it_does_not_run() -> None:
    """Row 27: stopped, held, waiting for another, or waiting for its time: in one line each."""
    b = bench(spec("a", manual=Manual.ONLY), spec("b", needs=(Need("a"),)), spec("c", schedule=EverySchedule(60.0)))
    b.run_for(5.0)
    assert why_idle(b.state, b.job("a"), b.now) == "runs only when triggered by hand"
    assert why_idle(b.state, b.job("b"), b.now) == "waits for a"
    assert (why_idle(b.state, b.job("c"), b.now) or "").startswith("next run at ")
    b.do(lambda turn: stop_job(turn, b.job("c"), None))
    assert why_idle(b.state, b.job("c"), b.now) == "stopped until resumed"


def test_a_one_shot_is_really_tried_again() -> None:
    """Rows 28 and 65: two more attempts, the last of which succeeds; one run, counted once."""
    acts = {"a:1.1": Act(1.0, 1), "a:1.2": Act(1.0, 1), "a:1.3": Act(1.0)}
    b = bench(spec("a", retry=Retry(limit=2)), acts=acts)
    b.run_for(10.0)
    assert b.fates("a") == ["success"]
    assert (b.job("a").tally.starts, b.job("a").tally.success, b.job("a").tally.failed) == (1, 1, 0)


def test_a_run_that_takes_too_long_is_timed_out_and_tried_again() -> None:
    """Row 29: the executor ends it; the outcome is `timed_out`, with retries as without."""
    b = bench(spec("a"), spec("b", retry=Retry(limit=1)), acts={
        "a": Act(5.0, cause=Cause.TIMEOUT), "b:1.1": Act(5.0, cause=Cause.TIMEOUT), "b:1.2": Act(1.0),
    })  # fmt: skip
    b.run_for(20.0)
    assert (b.fates("a"), b.fates("b")) == (["timed_out timeout"], ["success"])
    assert b.job("a").tally.timed_out == 1


def test_running_time_and_paused_time_are_told_apart() -> None:
    """Rows 31 and 44: while a run is paused its clocks stand still; the record has both times, and the CPU time by itself."""
    b = bench(spec("a"), acts={"a": Act(10.0)})
    b.run_for(4.0)
    b.do(lambda turn: pause_run(turn, b.active("a")[0], None))
    b.run_for(100.0)
    b.do(lambda turn: resume_run(turn, b.active("a")[0]))
    b.run_for(10.0)
    found = record(b, "a:1")
    assert (found.wall_seconds, found.paused_seconds, found.cpu_seconds) == (10.0, 100.0, 0.0)


def test_priority_rises_while_a_run_waits_and_is_shown() -> None:
    """Row 55: base and effective priority are both said."""
    b = bench(spec("hog"), spec("a"), max_running=1, acts={"hog": Act(None)})
    b.run_for(1500.0)
    (waiting,) = b.job("a").queue
    assert b.state.effective_priority(waiting, b.now) == 5.0
    assert "priority 0 (aged to 5.0)" in (why_idle(b.state, b.job("a"), b.now) or "")


@pytest.mark.parametrize(
    ("job", "act", "status"),
    [
        (spec("a"), Act(None), "running"),
        (spec("a"), Act(1.0), "completed"),
        (spec("a"), Act(1.0, 1), "error"),
        (spec("a", schedule=EverySchedule(60.0)), Act(1.0, 1), "waiting"),
        (spec("a", schedule=EverySchedule(60.0), max_runs=1), Act(1.0), "ended"),
        (spec("a", manual=Manual.ONLY), Act(1.0), "waiting"),
    ],
)
def test_the_status_of_a_job(job: JobSpec, act: Act, status: str) -> None:
    """Row 63: running, completed, error, waiting, ended; a failure does not end what recurs."""
    b = bench(job, acts={"a": act})
    b.run_for(5.0)
    assert status_of(b.state, b.job("a")) == status


def test_a_held_job_waits_a_paused_one_is_paused_a_stopped_one_stopped() -> None:
    """Row 63: the rest of the words."""
    b = bench(spec("a"), acts={"a": Act(100.0)})
    b.run_for(1.0)
    b.do(lambda turn: pause_run(turn, b.active("a")[0], None))
    assert status_of(b.state, b.job("a")) == "paused"
    b.do(lambda turn: stop_job(turn, b.job("a"), None))
    assert status_of(b.state, b.job("a")) == "stopped"
    held = bench(spec("a", schedule=EverySchedule(60.0)))
    held.do(lambda turn: hold(turn, "", None, by="somebody", reason=""))
    held.run_for(5.0)
    assert status_of(held.state, held.job("a")) == "waiting"


def test_statistics_of_a_job_outlive_the_engine() -> None:
    """Row 71: counts, durations with their spread, waits and the last outcomes, kept with the job."""
    b = bench(spec("a", schedule=EverySchedule(10.0)), acts={"a": Act(2.0), "a:3.1": Act(4.0, 1)})
    b.run_for(45.0)
    b.crash()
    stats, tally = b.job("a").tracker.frozen(), b.job("a").tally
    assert (tally.starts, tally.success, tally.failed) == (5, 4, 1)
    assert (stats.seconds.average, stats.seconds.p50, stats.seconds.longest) == (2.4, 2.0, 4.0)
    assert stats.outcomes[:3] == (Outcome.SUCCESS, Outcome.SUCCESS, Outcome.FAILED)


def test_each_run_leaves_one_line_with_what_a_log_of_jobs_needs() -> None:
    """Row 72: pid, memory, start, end and exit code are on record and in the line for `runs.log`."""
    b = bench(spec("a"), acts={"a": Act(2.0, 3)})
    b.run_for(5.0)
    found = record(b, "a:1")
    assert (found.exit_code, found.attempts[0].pid) == (3, 101)
    assert (found.ended_at or 0) - (found.started_at or 0) == 2_000_000
    (line,) = b.store.lines
    assert "a:1" in line
    assert "failed" in line


@pytest.mark.parametrize("because", list(Because))
def test_every_reason_has_one_text_that_is_read_back(because: Because) -> None:
    """Row 78: reasons are a closed list, the same in files, JSON and on screens."""
    for reason in (Reason(because), Reason(because, "3: why (so)")):
        assert Reason.parse(str(reason)) == reason


def test_what_may_be_started_by_hand_is_started_beside_its_schedule() -> None:
    """Row 52: a job with a schedule is started by an event from outside as well, and its schedule is untouched."""
    b = bench(spec("a", schedule=EverySchedule(60.0)))
    b.run_for(30.0)
    due = b.job("a").next_due
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    b.run_for(5.0)
    assert b.fates("a") == ["success", "success"]
    assert b.job("a").next_due == due
