"""What is still to come of a job: its plan, what an operator skips, what its calendar excludes, what the clock does to it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import islice

from engine.clock import SECOND, instant
from engine.core.coming import coming
from engine.core.verbs.pause import hold_job
from engine.core.verbs.skip_next import skip_next
from engine.core.verbs.suspend import suspend, unsuspend
from engine.model.coming import Coming
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import CronEntry, CronSchedule, DelaySchedule, EverySchedule
from engine.spec.when import CalendarSpec
from engine.testing import Bench
from engine.testing.clock import VirtualClock
from tests.unit.engine.making import bench, spec

TEN = EverySchedule(10.0)


def ahead(b: Bench, job: str, count: int = 3) -> list[Coming]:
    """The next occurrences of a job."""
    return list(islice(coming(b.job(job), b.clock.now()), count))


def seconds(b: Bench, found: list[Coming]) -> list[int]:
    """How far ahead they are, in whole seconds."""
    return [(one.at - b.clock.now()) // SECOND for one in found]


def test_the_next_times_are_those_of_the_plan() -> None:
    """The first one is the job's next run."""
    b = bench(spec("tick", schedule=TEN))
    b.run_for(4)
    found = ahead(b, "tick")
    assert seconds(b, found) == [6, 16, 26]
    assert found[0].due == b.job("tick").next_run


def test_what_an_operator_skips_is_said_to_be_skipped() -> None:
    """Once; the ones after it are ordinary."""
    b = bench(spec("tick", schedule=TEN))
    b.run_for(4)
    b.do(lambda turn: skip_next(turn, b.job("tick")))
    assert [one.skipped for one in ahead(b, "tick")] == ["operator", "", ""]


def test_a_job_that_does_not_follow_its_schedule_has_nothing_to_come() -> None:
    """Suspended or held; it comes back with the schedule."""
    b = bench(spec("tick", schedule=TEN))
    b.run_for(4)
    b.do(lambda turn: suspend(turn, b.job("tick")))
    assert ahead(b, "tick") == []
    b.do(lambda turn: unsuspend(turn, b.job("tick")))
    b.run_for(1)
    assert len(ahead(b, "tick")) == 3
    b.do(lambda turn: hold_job(turn, b.job("tick"), None))
    assert ahead(b, "tick") == []


def test_max_runs_ends_what_is_to_come() -> None:
    """No more are announced than will run."""
    b = bench(spec("tick", schedule=TEN, max_runs=3))
    b.run_for(4)
    assert seconds(b, ahead(b, "tick", 9)) == [6, 16]


def test_delay_announces_one_and_a_one_shot_none() -> None:
    """What follows a run that has not ended is not known."""
    b = bench(spec("again", schedule=DelaySchedule(30.0)), spec("once"))
    b.run_for(5)
    assert len(ahead(b, "again")) == 1
    assert ahead(b, "once") == []


def test_days_that_a_calendar_excludes_are_said_to_be_skipped() -> None:
    """They leave a record of their own when they come, so they stand there before."""
    clock = VirtualClock(instant(datetime(2026, 3, 9, 12, tzinfo=UTC)))
    job = spec("daily", schedule=CronSchedule((CronEntry("0 2 * * *"),)), except_="off")
    days = {"off": CalendarSpec(dates=frozenset({date(2026, 3, 11)}))}
    b = Bench(JobFile(engine=EngineSpec(), jobs=(job,), calendars=days), clock=clock)
    b.run_for(1)
    assert [one.skipped for one in ahead(b, "daily")] == ["", "calendar", ""]


def test_what_a_change_of_the_clock_does_is_noted() -> None:
    """Half past two does not exist on 29 March 2026 in Berlin."""
    clock = VirtualClock(instant(datetime(2026, 3, 27, 12, tzinfo=UTC)))
    job = spec("night", schedule=CronSchedule((CronEntry("30 2 * * *"),)), timezone="Europe/Berlin")
    b = Bench(JobFile(engine=EngineSpec(), jobs=(job,)), clock=clock)
    b.run_for(1)
    found = ahead(b, "night")
    assert [bool(one.note) for one in found] == [False, True, False]
    assert "does not exist" in found[1].note
