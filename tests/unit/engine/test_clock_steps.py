"""The wall clock is set, or the machine sleeps: one record each, policies applied, nothing twice, bounded work."""

from __future__ import annotations

import pytest

from engine.clock import SECOND, micros, moment
from engine.core.stopping import wall_seconds
from engine.core.turn import Turn
from engine.core.verbs.add import begin_new, join_job
from engine.core.verbs.pause import hold_job, pause_run
from engine.core.verbs.remove import forget_job, remove_job
from engine.core.verbs.resume import release_job
from engine.core.verbs.stop import stop_job
from engine.ports.executor import Launch
from engine.runtime.rows import restore_job
from engine.spec.config import EngineSpec, JobFile
from engine.spec.hooks import CommandHolds, Hook, HookSlot, OnFalse
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
    Timeout,
)
from engine.spec.notify import FinishBy, Notify
from engine.spec.when import Window
from engine.testing import Bench
from engine.testing.clock import START, VirtualClock
from engine.testing.executor import Act
from tests.unit.engine.making import spec

HOUR = 3600.0
DAY = 24 * HOUR
TEN_YEARS = 3652 * DAY
MINUTELY = CronSchedule((CronEntry("* * * * *"),))
HOURLY = CronSchedule((CronEntry("0 * * * *"),))


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


def test_a_clock_put_back_while_a_run_goes_on_gives_it_no_negative_length() -> None:
    """A run that ended, by the wall clock, before it started took no time; nothing that measures it stumbles."""
    b = bench(spec("a", timeout=Timeout(min=1.0)), acts={"a": Act(5.0)})
    b.run_for(1.0)
    b.clock.step(-7200 * SECOND)
    b.run_for(10.0)
    assert b.fates("a") == ["success"]
    assert b.job("a").last_seconds == 0.0


def test_a_clock_put_back_while_a_run_is_watched_tells_of_no_negative_time() -> None:
    """`finish_by` is looked at after the clock was put back: the loop goes on."""
    late = spec("a", notify=Notify(), finish_by=FinishBy(seconds=30.0), exclusive="one")
    b = bench(spec("hog", exclusive="one"), late, acts={"hog": Act(100.0), "a": Act(100.0)})
    b.run_for(101.0)
    step(b, -50.0)
    b.crash()
    b.run_for(200.0)
    assert fates(b, "a") == ["success"]


def test_a_delay_goes_on_after_a_clock_that_was_put_back_also_over_a_restart() -> None:
    """`delay` counts elapsed time; ends at times that have been before get their own key, and nothing waits for them to pass."""
    for seconds in (-61.0, -400 * DAY):
        b = bench(spec("a", schedule=DelaySchedule(20.0), retry=Retry(limit=1)), acts={"a": Act(1.0)})
        b.run_for(100.0)
        count = len(fates(b, "a"))
        step(b, seconds)
        b.run_for(100.0)
        assert fates(b, "a")[count:] == ["success"] * 5
        b.crash()
        step(b, seconds)
        b.crash()
        b.run_for(100.0)
        assert len(fates(b, "a")) >= count + 8


def test_preconditions_are_looked_at_again_after_a_clock_that_was_put_back() -> None:
    """The wait between two looks, and how long they go on, are elapsed time."""
    asks = spec("a", conditions=(CommandHolds(Argv(("test",))),), on_false=OnFalse(5.0, 20.0))
    b = Bench(JobFile(jobs=(asks,)), script=lambda launch: Act(exit_code=int(".if" in launch.attempt)))
    b.run_for(1.0)
    step(b, -7200.0)
    b.run_for(60.0)
    assert fates(b, "a") == ["skipped precondition(exit(1))"]


def test_a_retry_whose_time_came_while_its_job_was_held_comes_after_a_clock_that_was_put_back() -> None:
    """A wait that was over is over, whatever the clock shows when the job goes on."""
    b = bench(spec("a", retry=Retry(limit=1, delay=10.0)), acts={"a": Act(1.0, 1)})
    b.run_for(2.0)
    b.do(lambda turn: hold_job(turn, b.job("a"), None))
    b.run_for(30.0)
    step(b, -7200.0)
    b.do(lambda turn: release_job(turn, b.job("a")))
    b.run_for(10.0)
    assert fates(b, "a") == ["failed exit(1)"]


def test_a_stopped_one_shot_runs_afresh_although_the_clock_was_put_back() -> None:
    """It does not wait until the clock shows the time of its first run again."""
    b = bench(spec("a"), acts={"a": Act(5.0)})
    b.run_for(1.0)
    b.do(lambda turn: stop_job(turn, b.job("a"), None))
    step(b, -7200.0)
    b.do(lambda turn: release_job(turn, b.job("a")))
    b.run_for(10.0)
    assert fates(b, "a") == ["stopped operator", "success"]


def test_a_job_added_anew_after_the_clock_was_put_back_plans_times_that_have_been_under_keys_of_their_own() -> None:
    """The store refuses two runs of one occurrence; a job of the same id that begins anew must not run into that."""
    tick = spec("a", schedule=MINUTELY)
    b = bench(tick)
    b.run_for(130.0)
    b.do(lambda turn: remove_job(turn, "a", stop=True))
    b.do(lambda turn: forget_job(turn, turn.state.jobs["a"]))
    row = b.store.jobs["a"]
    step(b, -120.0)

    def add(turn: Turn) -> None:
        job = join_job(turn, tick)
        restore_job(job, row)
        begin_new(turn, [job], "UTC")

    b.do(add)
    b.run_for(130.0)
    assert fates(b, "a") == ["success"] * 4


def test_a_store_that_failed_is_tried_again_although_the_clock_was_put_back() -> None:
    """A second until the next try is a second, not as long as the clock takes to show that time again."""
    b = bench(spec("a", schedule=EverySchedule(10.0)))
    b.run_for(5.0)
    b.store.failing = OSError("no space left on device")
    b.run_for(10.0)
    step(b, -7200.0)
    b.store.failing = None
    b.run_for(5.0)
    assert b.loop.trouble is None
    assert "success" in fates(b, "a")[1:]


def test_a_step_over_years_is_bounded_also_for_a_job_whose_many_times_lie_close_together() -> None:
    """Every second of an hour a day: what was missed is one record, and the schedule goes on from now, not from years ago."""
    night = spec("a", schedule=EverySchedule(1.0), window=Window(3600, 7200), start_deadline=5.0)
    b = bench(night, acts={"a": Act(0.1)})
    step(b, 400 * DAY + 43_200.0)
    assert fates(b, "a") == ["missed engine_down"]
    assert b.job("a").next_due == START + micros(401 * DAY + 3600.0)


def test_waits_of_a_run_are_bounded_when_the_clock_was_put_back_while_the_engine_was_down() -> None:
    """No retry and no look at preconditions waits for longer than its job file says, whatever the clock shows at the start."""
    asks = spec("p", conditions=(CommandHolds(Argv(("test",))),), on_false=OnFalse(5.0, 20.0))
    again = spec("r", retry=Retry(limit=1, delay=10.0))
    file = JobFile(jobs=(asks, again))
    b = Bench(file, script=lambda launch: Act(exit_code=int(launch.attempt in {"p:1.if0.0", "r:1.1"})))
    b.run_for(1.0)
    b.clock.step(-micros(400 * DAY))
    b.crash()
    b.run_for(30.0)
    assert (fates(b, "p"), fates(b, "r")) == (["success"], ["success"])


def test_times_that_came_while_max_runs_was_used_up_are_not_gone_through_one_by_one() -> None:
    """A run that never started gives its place back; the schedule goes on from now, also when years have passed."""
    rare = spec("a", schedule=EverySchedule(1.0), max_runs=1, start_deadline=5.0, exclusive="one")
    b = bench(spec("hog", exclusive="one", priority=9), rare, acts={"hog": Act(20_000_000.0)})
    b.run_for(1.0)
    step(b, 400 * DAY)
    assert fates(b, "a")[0] == "missed deadline"
    assert len(fates(b, "a")) < 5


def test_a_run_whose_hooks_went_on_over_a_crash_took_as_long_as_its_command() -> None:
    """The end of the command is on record while its hooks still run."""
    hooked = spec("a", hooks={HookSlot.FINALLY: Hook(Argv(("late",)))})
    b = Bench(JobFile(jobs=(hooked,)), script=lambda launch: Act(10.0 if "finally" in launch.attempt else 2.0))
    b.run_for(5.0)
    b.crash()
    b.run_for(10.0)
    assert b.job("a").last_seconds == 2.0


def test_a_paused_clock_does_not_tick_when_the_wall_clock_is_put_back() -> None:
    """What a paused run has taken is what it had taken when it was paused."""
    b = bench(spec("a"), acts={"a": Act(100.0)})
    b.run_for(10.0)
    b.do(lambda turn: pause_run(turn, b.active("a")[0], None))
    for seconds in (-5.0, -1.0, 60.0):
        step(b, seconds)
        b.run_for(1.0)
        assert wall_seconds(b.active("a")[0], b.now) == 10.0
