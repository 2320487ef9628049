"""The wall clock is set, or the machine sleeps: one record each, policies applied, nothing twice, bounded work."""

from __future__ import annotations

import pytest

from engine.clock import SECOND, micros, moment
from engine.core.verbs.pause import hold_job
from engine.ports.executor import Launch
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import (
    Argv,
    AtSchedule,
    CatchUp,
    CronEntry,
    CronSchedule,
    DelaySchedule,
    EverySchedule,
    JobSpec,
    Overlap,
    Retry,
    Schedule,
)
from engine.testing import Bench
from engine.testing.clock import START, VirtualClock
from engine.testing.executor import Act

HOUR = 3600.0
DAY = 24 * HOUR
TEN_YEARS = 3652 * DAY
MINUTELY = CronSchedule((CronEntry("* * * * *"),))
HOURLY = CronSchedule((CronEntry("0 * * * *"),))


def spec(job_id: str, **fields: object) -> JobSpec:
    return JobSpec(id=job_id, command=Argv(("true",)), **fields)  # type: ignore[arg-type] # fields of many types


def bench(*jobs: JobSpec, acts: dict[str, Act] | None = None, clock: VirtualClock | None = None) -> Bench:
    def play(launch: Launch) -> Act:
        return (acts or {}).get(launch.attempt.partition(":")[0], Act(1.0))

    return Bench(JobFile(engine=EngineSpec(max_running=8), jobs=jobs), script=play, clock=clock)


def step(b: Bench, seconds: float) -> None:
    b.clock.step(micros(seconds))
    b.settle()


def starts(b: Bench, job_id: str) -> list[float]:
    """Hours of the planned times of runs that started, by the bench's first midnight."""
    rows = [row for row in b.store.runs.values() if row.job == job_id and row.started_at is not None]
    return [round((row.planned_at - START) / SECOND / 3600, 4) for row in sorted(rows)]


def fates(b: Bench, job_id: str) -> list[str]:
    return b.fates(job_id)


# -- forward -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [8 * HOUR, TEN_YEARS])
def test_a_night_and_ten_years_are_one_missed_record_per_job(span: float) -> None:
    """`catch_up: none`: one record with the count, and the newest within its grace runs as if on time."""
    b = bench(spec("a", schedule=MINUTELY), spec("b", schedule=HOURLY))
    b.run_for(90)
    step(b, span)
    b.run_for(1)
    assert fates(b, "a") == ["success", "missed engine_down", "success"]
    missed = next(row for row in b.store.runs.values() if row.job == "a" and row.outcome == "missed")
    assert missed.first_planned_at == START + micros(120)
    if span < TEN_YEARS:
        assert (missed.occurrences, missed.occurrences_exact) == (479, True)
    else:
        assert missed.occurrences >= 10_000
        assert not missed.occurrences_exact
    assert fates(b, "b") == ["missed engine_down", "success"]
    b.run_for(60)
    assert fates(b, "a")[-1] == "success"
    assert b.loop.clock_note is not None
    assert b.loop.clock_note.endswith("put on by " + f"{span:.0f} s, or the machine slept")


def test_the_work_after_a_step_is_done_in_slices() -> None:
    """On a clock that passes while the loop works, others get their turn in between; the outcome is the same."""

    class Passing(VirtualClock):
        def monotonic(self) -> int:
            self._monotonic += 1_000
            return self._monotonic

    b = bench(*(spec(f"j{number}", schedule=MINUTELY) for number in range(20)), clock=Passing())
    b.run_for(90)
    b.clock.step(micros(TEN_YEARS))
    ticks = 0
    while b._soon:
        b._soon.popleft()()
        ticks += 1
    assert ticks > 20
    assert all(fates(b, f"j{number}")[1] == "missed engine_down" for number in range(20))
    assert not b.state.settling
    assert not b.state.stretches


def test_catch_up_holds_after_a_suspend() -> None:
    """`all` runs each within the window, `latest` the newest."""
    b = bench(
        spec("all", schedule=HOURLY, catch_up=CatchUp.ALL, late_grace=0.0, overlap=Overlap.QUEUE),
        spec("latest", schedule=HOURLY, catch_up=CatchUp.LATEST, late_grace=0.0),
    )
    b.run_for(HOUR * 1.5)
    step(b, 8 * HOUR)
    b.run_for(60)
    assert starts(b, "all") == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert starts(b, "latest") == [1, 9]


def test_a_step_forward_lets_no_interval_run_twice() -> None:
    """`every` keeps its grid, `delay` is due at once."""
    b = bench(spec("every", schedule=EverySchedule(HOUR)), spec("delay", schedule=DelaySchedule(HOUR)))
    b.run_for(1800)
    step(b, 10 * HOUR)
    b.run_for(1810)
    assert starts(b, "every") == [0, 11]
    assert len(starts(b, "delay")) == 2


# -- back --------------------------------------------------------------------------------------------------------------


def test_times_of_day_wait_until_the_clock_shows_new_ones() -> None:
    """Two hours back: what has run does not run again, then it goes on."""
    b = bench(spec("a", schedule=HOURLY), spec("b", schedule=MINUTELY, start_at=moment(START + micros(9.95 * HOUR))))
    b.run_for(10.5 * HOUR + 10)
    before = len(starts(b, "b"))
    step(b, -2 * HOUR)
    b.run_for(1.9 * HOUR)
    assert starts(b, "a") == list(range(1, 11))
    assert len(starts(b, "b")) == before
    b.run_for(0.7 * HOUR)
    assert starts(b, "a") == list(range(1, 12))
    assert len(set(starts(b, "b"))) == len(starts(b, "b")) > before


@pytest.mark.parametrize("back", [2 * HOUR, 2 * HOUR + 7.3])
def test_a_rate_goes_on_through_a_step_back(back: float) -> None:
    """`every` counts elapsed time: no silence, no run more or less, and no key twice even if the grid meets the old one."""
    b = bench(spec("a", schedule=EverySchedule(60.0)))
    b.run_for(3 * HOUR + 30)
    step(b, -back)
    b.run_for(10 * 60)
    assert len(starts(b, "a")) == 181 + 10
    b.crash()
    b.run_for(10 * 60)
    assert len(starts(b, "a")) == 181 + 20


def test_a_rate_with_a_start_keeps_its_grid() -> None:
    """Its times are those of the file, and on record."""
    b = bench(spec("a", schedule=EverySchedule(HOUR), start_at=moment(START)))
    b.run_for(3.5 * HOUR)
    step(b, -2 * HOUR)
    b.run_for(2 * HOUR)
    assert starts(b, "a") == [0, 1, 2, 3]
    b.run_for(HOUR)
    assert starts(b, "a") == [0, 1, 2, 3, 4]


def test_waits_are_not_lengthened_by_a_step_back() -> None:
    """A retry, a delay, a hold for a time come when they would have."""
    b = bench(
        spec("retry", schedule=AtSchedule((), at_start=True), retry=Retry(limit=1, delay=600.0)),
        spec("delay", schedule=DelaySchedule(600.0)),
        spec("held", schedule=EverySchedule(60.0)),
        acts={"retry": Act(1.0, exit_code=1)},
    )
    b.run_for(2)
    b.do(lambda turn: hold_job(turn, b.job("held"), 600.0))
    step(b, -2 * HOUR)
    b.run_for(620)
    launched = {launch.attempt for launch in b.executor.launched}
    assert launched >= {"retry:1.1", "retry:1.2", "delay:1.1", "delay:2.1"}
    assert not b.job("held").held


@pytest.mark.parametrize("schedule", [MINUTELY, HOURLY, EverySchedule(600.0)])
@pytest.mark.parametrize("restart", [False, True])
def test_a_clock_that_was_wrong_by_ten_years_costs_no_ten_years(schedule: Schedule, restart: bool) -> None:
    """Forward by mistake, then right again: what has not run yet runs, what has run does not run again."""
    b = bench(spec("a", schedule=schedule))
    b.run_for(2.5 * HOUR + 10)
    step(b, TEN_YEARS)
    b.run_for(2 * HOUR + 10)
    step(b, -TEN_YEARS)
    if restart:
        b.crash()
    before = len(starts(b, "a"))
    b.run_for(3 * HOUR)
    assert len(starts(b, "a")) - before >= 3
    assert len(set(starts(b, "a"))) == len(starts(b, "a"))


def test_wrong_by_ten_years_twice_runs_nothing_twice() -> None:
    """The times of the first excursion are on record at the second."""
    b = bench(spec("a", schedule=HOURLY))
    b.run_for(2.5 * HOUR)
    for _ in range(2):
        step(b, TEN_YEARS)
        b.run_for(2 * HOUR)
        step(b, -TEN_YEARS - 2 * HOUR)
        b.run_for(1 * HOUR)
    assert len(set(starts(b, "a"))) == len(starts(b, "a"))
    far = [at for at in starts(b, "a") if at > 1000]
    assert len(far) in {2, 3, 4}


def test_an_engine_that_starts_with_the_clock_put_back_waits_or_goes_on() -> None:
    """Times of day wait for new ones; a rate waits one period at most."""
    b = bench(spec("cron", schedule=HOURLY), spec("every", schedule=EverySchedule(HOUR)))
    b.run_for(4.5 * HOUR)
    b.clock.step(-micros(3 * HOUR))
    b.crash()
    b.run_for(2 * HOUR + 10)
    assert starts(b, "cron") == [1, 2, 3, 4]
    assert len(starts(b, "every")) == 5 + 2
