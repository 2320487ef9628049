"""Late, missed, caught up, overlapping: 20-engine, Misfire and overlap, sentence by sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.clock import SECOND, instant, micros
from engine.core.verbs.pause import hold_job
from engine.core.verbs.resume import release_job
from engine.runtime.records import job_record
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import (
    CatchUp,
    CronEntry,
    CronSchedule,
    EverySchedule,
    JobSpec,
    Overlap,
)
from engine.testing import Bench
from engine.testing.clock import START
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec

HOURLY = CronSchedule((CronEntry("0 * * * *"),))
HOUR = 3600.0


def file(*jobs: JobSpec, max_running: int = 8) -> JobFile:
    return JobFile(engine=EngineSpec(max_running=max_running), jobs=jobs)


def down(b: Bench, until: float) -> None:
    """The engine is not there until so many hours after midnight."""
    b.clock.advance(START + micros(until * HOUR))
    b.crash()


def planned(b: Bench, job_id: str) -> list[float]:
    rows = sorted(b.store.runs.values())
    return [round((row.planned_at - START) / SECOND / HOUR, 4) for row in rows if row.job == job_id]


# -- late_grace --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "fate"), [(299, "success"), (301, "missed engine_down")])
def test_a_start_within_the_grace_is_on_time_over_a_restart(late: int, fate: str) -> None:
    """The default is five minutes: a restart at 02:00:00 does not lose the 02:00 job."""
    b = bench(spec("a", schedule=CronSchedule((CronEntry("0 2 * * *"),))))
    down(b, 2 + late / HOUR)
    b.run_for(10)
    assert b.fates("a") == [fate]


@pytest.mark.parametrize(("late", "fate"), [(29, "success"), (31, "missed engine_down")])
def test_the_default_grace_is_half_a_period_where_that_is_less(late: int, fate: str) -> None:
    """A minutely job is on time for half a minute."""
    b = bench(spec("a", schedule=CronSchedule((CronEntry("* * * * *"),))))
    down(b, 1 + late / HOUR)
    b.run_for(1)
    assert b.fates("a")[-1] == fate


def test_the_grace_holds_at_the_end_of_a_pause() -> None:
    """Suspend and pause count as down."""
    b = bench(spec("a", schedule=HOURLY, late_grace=600.0))
    b.run_for(0.9 * HOUR)
    b.do(lambda turn: hold_job(turn, b.job("a"), None))
    b.run_for(2.2 * HOUR)
    b.do(lambda turn: release_job(turn, b.job("a")))
    b.run_for(1)
    assert b.fates("a") == ["missed paused", "success"]
    assert planned(b, "a") == [2, 3]


# -- late while the engine was up --------------------------------------------------------------------------------------


def test_a_late_start_always_runs_and_its_lateness_is_on_record() -> None:
    """However late: the record has the planned time and the start."""
    b = bench(spec("hog"), spec("a", schedule=HOURLY), acts={"hog": Act(5.2 * HOUR)}, max_running=1)
    b.run_for(5.5 * HOUR)
    (run,) = [row for row in b.store.runs.values() if row.job == "a" and row.outcome == "success"]
    assert run.planned_at == START + micros(HOUR)
    assert run.started_at is not None
    assert run.started_at - run.planned_at > micros(4 * HOUR)


def test_with_a_start_deadline_it_is_missed_instead() -> None:
    """Counted from when it was due."""
    b = bench(
        spec("hog"),
        spec("a", schedule=HOURLY, start_deadline=1800.0, end_at=datetime(2026, 1, 5, 1, 30, tzinfo=UTC)),
        acts={"hog": Act(5.2 * HOUR)},
        max_running=1,
    )
    b.run_for(1.49 * HOUR)
    assert b.fates("a") == ["queued"]
    b.run_for(0.02 * HOUR)
    assert b.fates("a") == ["missed deadline"]


def test_a_start_deadline_is_kept_over_a_restart() -> None:
    """A queued run that the store remembers misses it all the same."""
    b = bench(
        spec("hog"), spec("a", schedule=HOURLY, start_deadline=1800.0), acts={"hog": Act(9 * HOUR)}, max_running=1
    )
    b.run_for(1.2 * HOUR)
    b.crash()
    b.run_for(0.4 * HOUR)
    assert b.fates("a") == ["missed deadline"]


# -- catch_up ----------------------------------------------------------------------------------------------------------


def test_none_is_one_record_with_count_first_and_last() -> None:
    """Row 62: what was missed is countable, and the next time is known."""
    b = bench(spec("a", schedule=HOURLY))
    down(b, 7.5)
    (missed,) = b.store.runs.values()
    assert (missed.outcome, missed.reason, missed.occurrences, missed.occurrences_exact) == (
        "missed",
        "engine_down",
        7,
        True,
    )
    assert missed.first_planned_at == START + micros(HOUR)
    assert missed.planned_at == START + micros(7 * HOUR)
    assert b.job("a").next_due == START + micros(8 * HOUR)
    assert b.job("a").tally.missed == 7


def test_latest_is_one_run_within_the_window_and_none_beyond() -> None:
    """The newest, if it is not too old; the others are one record."""
    b = bench(
        spec("young", schedule=CronSchedule((CronEntry("0 1-6 * * *"),)), catch_up=CatchUp.LATEST),
        spec(
            "old", schedule=CronSchedule((CronEntry("0 1-3 * * *"),)), catch_up=CatchUp.LATEST, catch_up_window=4 * HOUR
        ),
    )
    down(b, 7.5)
    b.run_for(5)
    assert b.fates("young") == ["missed engine_down", "success"]
    assert planned(b, "young") == [5, 6]
    assert b.fates("old") == ["missed engine_down"]


def test_latest_starts_nothing_beside_one_that_is_on_time() -> None:
    """One run for all that was missed, not two."""
    b = bench(spec("a", schedule=HOURLY, catch_up=CatchUp.LATEST))
    down(b, 7.01)
    b.run_for(5)
    assert b.fates("a") == ["missed engine_down", "success"]
    assert planned(b, "a") == [6, 7]


def test_all_runs_each_in_order_the_one_on_time_last() -> None:
    """Whatever `overlap` says of occurrences that meet a run."""
    b = bench(spec("a", schedule=HOURLY, catch_up=CatchUp.ALL, catch_up_window=3.5 * HOUR))
    down(b, 7.01)
    b.run_for(60)
    assert b.fates("a") == ["missed engine_down"] + ["success"] * 4
    assert planned(b, "a") == [3, 4, 5, 6, 7]
    assert [launch.attempt for launch in b.executor.launched] == ["a:2.1", "a:3.1", "a:4.1", "a:5.1"]


def test_all_is_bounded_to_a_thousand() -> None:
    """The newest thousand, the rest is missed."""
    b = bench(spec("a", schedule=CronSchedule((CronEntry("* * * * *"),)), catch_up=CatchUp.ALL, late_grace=0.0))
    down(b, 20.005)
    missed = next(row for row in b.store.runs.values() if row.outcome == "missed")
    assert missed.occurrences == 200
    assert b.job("a").seq == 1001


def test_a_restart_starts_nothing_early() -> None:
    """Row 4: `every` goes on from the stored last start."""
    b = bench(spec("a", schedule=EverySchedule(HOUR)))
    b.run_for(0.5 * HOUR)
    b.crash()
    b.run_for(0.4 * HOUR)
    assert planned(b, "a") == [0]


def test_a_schedule_that_was_written_anew_owes_nothing_for_the_past() -> None:
    """An expression changed at noon from 1 o'clock to 10 o'clock did not miss 10 o'clock."""

    def daily(hour: int) -> JobSpec:
        return spec("a", schedule=CronSchedule((CronEntry(f"0 {hour} * * *"),)), catch_up=CatchUp.LATEST)

    b = bench(daily(1))
    b.run_for(12 * HOUR)
    b.crash(file(daily(10)))
    b.run_for(60)
    assert planned(b, "a") == [1]
    b.run_for(24 * HOUR)
    assert planned(b, "a") == [1, 34]


# -- overlap -----------------------------------------------------------------------------------------------------------


def fates_of(policy: Overlap, **fields: object) -> list[str]:
    b = bench(
        spec(
            "a",
            schedule=EverySchedule(10.0),
            overlap=policy,
            end_at=datetime(2026, 1, 5, 0, 0, 40, tzinfo=UTC),
            **fields,
        ),
        acts={"a": Act(25.0)},
    )
    b.run_for(300)
    return b.fates("a")


@pytest.mark.parametrize(
    ("policy", "fields", "fates"),
    [
        (Overlap.SKIP, {}, ["success", "skipped overlap", "skipped overlap", "success", "skipped overlap"]),
        (Overlap.SKIP, {"concurrency": 2}, ["success", "success", "skipped overlap", "success", "success"]),
        (Overlap.QUEUE, {}, ["success", "success", "skipped overlap", "success", "skipped overlap"]),
        (Overlap.QUEUE, {"max_queued": 9}, ["success"] * 5),
        (Overlap.ALLOW, {}, ["success"] * 5),
        (Overlap.ALLOW, {"concurrency": 2}, ["success", "success", "skipped overlap", "success", "success"]),
        (Overlap.REPLACE, {}, [*(f"stopped replaced(a:{n})" for n in range(2, 6)), "success"]),
    ],
)
def test_what_meets_a_run_of_its_own_job(policy: Overlap, fields: dict[str, object], fates: list[str]) -> None:
    """Rows 15, 16: five occurrences, every 10 s, of a job that takes 25 s; none of them ends the job."""
    assert fates_of(policy, **fields) == fates


def test_last_and_next_run_are_kept_over_a_restart() -> None:
    """Row 62: when it last ran, how that ended, and when it runs next."""
    b = bench(spec("a", schedule=HOURLY))
    b.run_for(2.5 * HOUR)
    b.crash()
    record = job_record(b.state, b.job("a"), b.now, "host")
    assert record.last_run == START + micros(2 * HOUR)
    assert record.last_outcome == "success"
    assert record.next_run == START + micros(3 * HOUR)


def test_single_and_recurring_jobs() -> None:
    """Row 61: a one-shot completes, a recurring job waits between its runs."""
    b = bench(spec("once"), spec("always", schedule=HOURLY))
    b.run_for(1.5 * HOUR)
    status = {name: job_record(b.state, b.job(name), b.now, "host").status for name in ("once", "always")}
    assert status == {"once": "completed", "always": "waiting"}
    assert instant(datetime(2026, 1, 5, 2, tzinfo=UTC)) == b.job("always").next_due
    assert b.job("once").next_due is None
