"""When jobs run: limits of schedules, jitter, max_runs, events; on the bench."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from engine.clock import SECOND, instant, moment
from engine.core.explain import status_of, why_idle, why_queued
from engine.core.verbs.stop import stop_run
from engine.core.verbs.trigger import trigger
from engine.model.states import JobStatus
from engine.planning import jitter, limits_of
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
    Manual,
    Need,
    Overlap,
    Retry,
    Schedule,
)
from engine.spec.when import Blackout, CalendarSpec, Roll, Window
from engine.testing import Bench
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec

MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)
"""Where the bench's clock begins, a Monday."""

HOURLY = CronSchedule((CronEntry("0 * * * *"),))


def hour(number: float) -> datetime:
    return MIDNIGHT + timedelta(hours=number)


def planned(b: Bench, job_id: str) -> list[float]:
    """Hours after midnight at which the job's runs were planned."""
    rows = sorted(b.store.runs.values())
    return [round((row.planned_at - instant(MIDNIGHT)) / SECOND / 3600, 6) for row in rows if row.job == job_id]


def status(b: Bench, job_id: str) -> JobStatus:
    return status_of(b.state, b.job(job_id))


# -- start_at, end_at --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [EverySchedule(3600.0), DelaySchedule(3599.0)])
def test_the_first_run_of_an_interval_is_at_its_start(schedule: Schedule) -> None:
    """Row 7: at start_at itself, not an interval later."""
    b = bench(spec("a", schedule=schedule, start_at=hour(2)))
    b.run_for(4.5 * 3600)
    assert planned(b, "a") == [2, 3, 4]


def test_the_first_run_of_a_cron_job_is_its_first_match_from_start_at_on() -> None:
    """Row 7: a match at start_at itself counts."""
    b = bench(spec("a", schedule=HOURLY, start_at=hour(2)), spec("b", schedule=HOURLY, start_at=hour(2.5)))
    b.run_for(3.5 * 3600)
    assert (planned(b, "a"), planned(b, "b")) == ([2, 3], [3])


def test_a_start_in_the_past_sets_the_rate_and_owes_nothing() -> None:
    """`every` keeps the rate that began at start_at; what was before the job was known is not missed."""
    b = bench(spec("a", schedule=EverySchedule(7200.0), start_at=hour(-3)))
    b.run_for(4 * 3600)
    assert planned(b, "a") == [1, 3]


def test_nothing_is_due_after_end_at_and_the_job_has_ended() -> None:
    """Row 8: an occurrence at end_at is the last; then the status is `ended`."""
    b = bench(
        spec("cron", schedule=HOURLY, end_at=hour(2)),
        spec("every", schedule=EverySchedule(3600.0), end_at=hour(2)),
        spec("delay", schedule=DelaySchedule(3599.0), end_at=hour(2)),
    )
    assert status(b, "cron") is JobStatus.WAITING
    b.run_for(5 * 3600)
    assert [planned(b, name) for name in ("cron", "every", "delay")] == [[1, 2], [0, 1, 2], [0, 1, 2]]
    assert {status(b, name) for name in ("cron", "every", "delay")} == {JobStatus.ENDED}
    assert why_idle(b.state, b.job("cron"), b.now) == "ended: nothing is due any more"
    b.crash()
    assert status(b, "cron") is JobStatus.ENDED


def test_a_one_shot_runs_at_its_start() -> None:
    """Row 17: once, at start_at; over a restart as well."""
    b = bench(spec("a", start_at=hour(2)))
    assert status(b, "a") is JobStatus.WAITING
    b.crash()
    b.run_for(3 * 3600)
    b.crash()
    b.run_for(3 * 3600)
    assert planned(b, "a") == [2]
    assert status(b, "a") is JobStatus.COMPLETED


def test_needs_trigger_only_between_start_and_end() -> None:
    """An ending outside start_at … end_at is no occurrence: no run, no skip."""
    b = bench(
        spec("source", schedule=HOURLY),
        spec("sink", needs=(Need("source"),), start_at=hour(1.5), end_at=hour(3.5)),
    )
    b.run_for(5.5 * 3600)
    assert b.fates("sink") == ["success", "success"]
    assert status(b, "sink") is JobStatus.ENDED


def test_what_was_missed_is_not_caught_up_after_end_at() -> None:
    """Row 8: no start after it."""
    b = bench(spec("a", schedule=HOURLY, end_at=hour(3), catch_up=CatchUp.ALL))
    b.clock.advance(instant(hour(6)))
    b.crash()
    b.run_for(60)
    assert b.fates("a") == ["missed engine_down"]


# -- window ------------------------------------------------------------------------------------------------------------


def test_due_times_outside_the_window_are_no_occurrences() -> None:
    """They leave no record; the next day goes on."""
    b = bench(spec("a", schedule=HOURLY, window=Window(9 * 3600, 11 * 3600)))
    b.run_for(36 * 3600)
    assert planned(b, "a") == [9, 10, 33, 34]
    assert b.job("a").tally.missed == b.job("a").tally.skipped == 0


def test_an_interval_begins_when_its_window_opens() -> None:
    """`every: 1d` from an engine started outside the window would else never run."""
    b = bench(
        spec("every", schedule=EverySchedule(86400.0), window=Window(6 * 3600, 7 * 3600)),
        spec("delay", schedule=DelaySchedule(1800.0), window=Window(6 * 3600, 7 * 3600)),
    )
    b.run_for(31 * 3600)
    assert planned(b, "every") == [6, 30]
    assert [round(at, 1) for at in planned(b, "delay")] == [6, 6.5, 30, 30.5]


def test_time_outside_the_window_is_not_missed() -> None:
    """An engine that is down over the closed hours lost nothing."""
    b = bench(spec("a", schedule=HOURLY, window=Window(9 * 3600, 11 * 3600)))
    b.run_for(10.5 * 3600)
    b.clock.advance(instant(hour(32.5)))
    b.crash()
    b.run_for(3600)
    assert b.fates("a") == ["success", "success", "success"]


# -- jitter ------------------------------------------------------------------------------------------------------------


def test_jitter_delays_the_start_and_leaves_the_planned_time() -> None:
    """The same for the same job and occurrence; a restart does not draw anew; the run key is the planned instant."""
    b = bench(spec("a", schedule=HOURLY, jitter=600.0))
    at = instant(hour(1))
    drawn = jitter("a", at, 600.0)
    assert b.job("a").next_due == at + drawn
    assert 0 < drawn < 600 * SECOND
    b.crash()
    assert b.job("a").next_due == at + drawn
    b.run_for(3600 + 600)
    (run,) = b.store.runs.values()
    assert (run.planned_at, run.started_at) == (at, at + drawn)


def test_jitter_is_spread_over_its_whole_range() -> None:
    """Thousands of jobs of one minute do not start together."""
    drawn = sorted(jitter(f"job-{number}", 0, 60.0) for number in range(2_000))
    assert drawn[0] < SECOND
    assert drawn[-1] > 59 * SECOND
    assert max(b - a for a, b in pairwise(drawn)) < SECOND
    assert jitter("a", 0, 0.0) == 0


def test_a_restart_between_planned_time_and_start_loses_nothing() -> None:
    """Its jitter lies ahead: it is not missed, and it runs once."""
    b = bench(spec("a", schedule=HOURLY, jitter=1800.0))
    b.clock.advance(instant(hour(1)) + 1)
    b.crash()
    assert b.fates("a") == []
    b.run_for(1800)
    assert planned(b, "a") == [1]


# -- max_runs ----------------------------------------------------------------------------------------------------------


def test_max_runs_counts_runs_of_the_schedule_over_restarts() -> None:
    """Row 59: not runs by hand; then the job has ended."""
    b = bench(spec("a", schedule=HOURLY, max_runs=3))
    b.run_for(1.5 * 3600)
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    b.run_for(3600)
    b.crash()
    b.run_for(5 * 3600)
    assert planned(b, "a") == [1, 1.5, 2, 3]
    assert status(b, "a") is JobStatus.ENDED
    assert why_idle(b.state, b.job("a"), b.now) == "ended: max_runs 3 reached"
    b.crash()
    b.run_for(5 * 3600)
    assert len(planned(b, "a")) == 4


def test_max_runs_does_not_count_retries() -> None:
    """Rows 10, 59: attempts of one run are one run."""
    b = bench(spec("a", schedule=HOURLY, max_runs=2, retry=Retry(limit=2)), acts={"a": Act(1.0, exit_code=1)})
    b.run_for(5 * 3600)
    assert b.fates("a") == ["failed exit(1)", "failed exit(1)"]
    assert len(b.executor.launched) == 6


def test_what_waits_is_counted_and_what_never_ran_is_not() -> None:
    """A queued run takes one of max_runs; taken out of the queue it gives it back."""
    b = bench(
        spec("a", schedule=HOURLY, max_runs=2, overlap=Overlap.QUEUE, max_queued=5),
        acts={"a:1.1": Act(4.2 * 3600)},
    )
    b.run_for(3.5 * 3600)
    assert b.fates("a") == ["running", "queued"]
    (waiting,) = b.job("a").queue
    b.do(lambda turn: stop_run(turn, waiting, None))
    b.run_for(3 * 3600)
    assert b.fates("a") == ["success", "skipped operator", "success"]
    assert status(b, "a") is JobStatus.ENDED


def test_max_runs_counts_runs_by_needs() -> None:
    """Row 59: needs are a way to run by itself."""
    b = bench(spec("source", schedule=HOURLY), spec("sink", needs=(Need("source"),), max_runs=2))
    b.run_for(5.5 * 3600)
    assert b.fates("sink") == ["success", "success"]
    assert status(b, "sink") is JobStatus.ENDED


def test_catching_up_stops_at_max_runs() -> None:
    """The newest are run, the rest is missed."""
    b = bench(spec("a", schedule=HOURLY, max_runs=2, catch_up=CatchUp.ALL, overlap=Overlap.QUEUE))
    b.clock.advance(instant(hour(5.5)))
    b.crash()
    b.run_for(3600)
    assert planned(b, "a") == [3, 4, 5]
    assert b.fates("a") == ["missed engine_down", "success", "success"]


# -- events ------------------------------------------------------------------------------------------------------------


def test_start_runs_at_each_start_and_reboot_once_per_boot() -> None:
    """Row 52: `@start`, `@reboot`."""
    b = bench(
        spec("start", schedule=AtSchedule((), at_start=True)), spec("boot", schedule=AtSchedule((), at_reboot=True))
    )
    b.run_for(10)
    b.crash()
    b.run_for(10)
    assert (b.fates("start"), b.fates("boot")) == (["success"] * 2, ["success"])
    b.boot_id = "another"
    b.crash()
    b.run_for(10)
    assert (b.fates("start"), b.fates("boot")) == (["success"] * 3, ["success"] * 2)


def test_a_time_and_an_event_go_together() -> None:
    """Row 61: `at` lists single times, each once."""
    b = bench(spec("a", schedule=AtSchedule((hour(1), hour(2)), at_reboot=True)))
    b.run_for(3 * 3600)
    b.crash()
    b.run_for(3600)
    assert planned(b, "a") == [0, 1, 2]
    assert status(b, "a") is JobStatus.COMPLETED
    assert b.job("a").next_due is None
    assert moment(b.job("a").last_started_at or 0) == hour(2)


def test_a_fixed_rate_survives_many_restarts() -> None:
    """Row 4: it goes on from the last occurrence on record, however often the engine begins in between."""
    b = bench(spec("a", schedule=EverySchedule(3600.0)))
    for _ in range(12):
        b.run_for(1000)
        b.crash()
    b.run_for(600)
    assert planned(b, "a") == [0, 1, 2, 3]


# -- calendars and blackouts -------------------------------------------------------------------------------------------

EPIPHANY = {"holidays": CalendarSpec(dates=frozenset({date(2026, 1, 6)}))}


def calendar_bench(*jobs: JobSpec, blackouts: tuple[Blackout, ...] = (), acts: dict[str, Act] | None = None) -> Bench:
    file = JobFile(engine=EngineSpec(max_running=1), jobs=jobs, calendars=EPIPHANY, blackouts=blackouts)
    return Bench(file, script=lambda launch: (acts or {}).get(launch.attempt.partition(":")[0], Act(1.0)))


def test_an_occurrence_on_an_excluded_day_is_skipped() -> None:
    """The fate is `skipped(calendar)`; by hand it runs all the same."""
    noon = CronSchedule((CronEntry("0 12 * * *"),))
    b = calendar_bench(spec("not", schedule=noon, except_="holidays"), spec("on", schedule=noon, calendar="holidays"))
    b.run_for(30 * 3600)
    assert why_idle(b.state, b.job("not"), b.now) is not None
    assert "which its calendar skips" in (why_idle(b.state, b.job("not"), b.now) or "")
    b.run_for(18 * 3600)
    assert b.fates("not") == ["success", "skipped calendar"]
    assert b.fates("on") == ["skipped calendar", "success"]
    b.do(lambda turn: trigger(turn, "on", bypass=False))
    b.run_for(5)
    assert b.fates("on")[-1] == "success"


def test_roll_moves_the_occurrence_and_leaves_no_skip() -> None:
    """`roll: next`: Tuesday's noon runs on Wednesday, together with Wednesday's own."""
    b = calendar_bench(spec("a", schedule=CronSchedule((CronEntry("0 12 * * *"),)), except_="holidays", roll=Roll.NEXT))
    b.run_for(4 * 86_400)
    assert planned(b, "a") == [12, 60, 84]


def test_what_a_calendar_excludes_is_not_missed() -> None:
    """An engine that was down on a holiday lost nothing."""
    b = calendar_bench(spec("a", schedule=CronSchedule((CronEntry("0 12 * * *"),)), except_="holidays"))
    b.run_for(13 * 3600)
    b.clock.advance(instant(hour(48)))
    b.crash()
    assert b.fates("a") == ["success"]
    b.run_for(13 * 3600)
    assert planned(b, "a") == [12, 60]


def test_a_delay_goes_on_after_an_excluded_day() -> None:
    """Each time it comes up it is skipped, and comes up again."""
    b = calendar_bench(spec("a", schedule=DelaySchedule(6 * 3600.0), except_="holidays"))
    b.run_for(54 * 3600)
    assert [fate.partition(" ")[0] for fate in b.fates("a")].count("skipped") == 4
    assert b.fates("a")[-1] == "success"


def test_nothing_starts_in_a_blackout() -> None:
    """What falls due waits and says why, what runs goes on, a run by hand waits as well."""
    span = Blackout(hour(1.5), hour(3.5), "year end")
    b = calendar_bench(
        spec("cron", schedule=HOURLY, overlap=Overlap.QUEUE, max_queued=9),
        spec("long", start_at=hour(1.4)),
        blackouts=(span,),
        acts={"long": Act(3600.0)},
    )
    b.run_for(3.25 * 3600)
    assert (b.fates("cron"), b.fates("long")) == (["success", "queued", "queued"], ["success"])
    run = b.do(lambda turn: trigger(turn, "long", bypass=False))
    b.run_for(60)
    assert b.executor.live == []
    assert why_queued(b.state, run, b.now).startswith("blackout until ")
    assert why_queued(b.state, run, b.now).endswith(": year end")
    b.crash()
    assert b.executor.live == []
    b.run_for(2 * 3600)
    assert b.fates("cron")[:3] == ["success", "success", "success"]
    assert [row.started_at for row in sorted(b.store.runs.values()) if row.job == "cron"][1] == instant(hour(3.5))


def test_runs_do_not_age_in_a_blackout() -> None:
    """One that waited through it has no advantage over one that came at its end."""
    b = calendar_bench(spec("a", start_at=hour(1)), blackouts=(Blackout(hour(0.5), hour(10)),))
    b.run_for(9 * 3600)
    (run,) = b.job("a").queue
    assert b.state.effective_priority(run, b.now) == 0
    b.run_for(3600 - 1)
    assert run.ages_from == instant(hour(1))
    b.run_for(1)
    assert run.ages_from == instant(hour(10))
    assert b.active("a") == [run]


def test_what_was_ordered_ahead_is_taken_back_when_a_blackout_begins() -> None:
    """A launch that waits in the executor must not start when a slot becomes free."""
    b = calendar_bench(
        *(spec(f"j{number}", start_at=hour(1)) for number in range(4)),
        blackouts=(Blackout(hour(1.1), hour(2)),),
        acts={f"j{number}": Act(1800.0) for number in range(4)},
    )
    b.run_for(1.9 * 3600)
    assert len(b.executor.launched) == 1
    b.run_for(4 * 3600)
    assert len(b.executor.launched) == 4


def test_a_start_deadline_holds_in_a_blackout() -> None:
    """It could not start by then: missed(deadline)."""
    b = calendar_bench(spec("a", schedule=HOURLY, start_deadline=600.0), blackouts=(Blackout(hour(0.5), hour(2.5)),))
    b.run_for(3.5 * 3600)
    assert b.fates("a") == ["missed deadline", "missed deadline", "success"]


def test_an_end_before_its_start_is_refused_in_programs_too() -> None:
    """The loader tells it with its place; a program gets a ValueError."""
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    spec = JobSpec(id="a", command=Argv(("true",)), start_at=late, end_at=early)
    with pytest.raises(ValueError, match="end_at is before start_at"):
        limits_of(spec, "UTC")


def test_what_a_person_sets_going_downstream_does_not_use_up_max_runs() -> None:
    """Row 59: `max_runs` counts runs by schedule and `needs`; a trigger with everything downstream is by hand."""
    b = bench(spec("a", manual=Manual.ONLY), spec("b", needs=(Need("a"),), max_runs=1))
    for _ in range(3):
        b.do(lambda turn: trigger(turn, "a", bypass=False, downstream=True))
        b.run_for(10)
    assert b.fates("b") == ["success"] * 3
    assert b.job("b").runs_left == 1
