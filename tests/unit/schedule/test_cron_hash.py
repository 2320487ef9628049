"""`H`: a value drawn from the job id, the same for ever."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

from engine.schedule import Cron, CronError
from engine.schedule.grammar import parse


def test_the_draw_never_changes() -> None:
    """Known answers: a new release must not move anybody's jobs."""
    expression = parse("H H H H H", seed="backup")
    assert parse("H(0-29)/7 H/6 * * *", seed="etl.nightly").minutes == (5, 12, 19, 26)
    drawn = (expression.minutes, expression.hours, expression.days.days, expression.months, expression.weekdays.days)
    assert drawn == ((52,), (16,), (22,), (3,), (4,))


def test_the_draw_does_not_depend_on_the_process() -> None:
    """Another interpreter with another hash seed draws the same."""
    code = "from engine.schedule.grammar import parse; print(parse('H H(0-7) * * *', seed='x'))"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert runs == {f"{parse('H H(0-7) * * *', seed='x')}\n"}


def test_fields_of_one_job_are_drawn_apart() -> None:
    """Minute and hour of a job do not move together."""
    pairs = {(parse("H H(0-23) * * *", seed=f"job{n}").minutes[0] % 24, n) for n in range(50)}
    hours = {(parse("H H(0-23) * * *", seed=f"job{n}").hours[0], n) for n in range(50)}
    assert len(pairs & hours) < 10


def test_jobs_are_spread_evenly() -> None:
    """Of 6,000 jobs each minute of `H` gets about 100, each of `H(10-19)` only its ten."""
    spread = Counter(parse("H * * * *", seed=f"job-{n}").minutes[0] for n in range(6_000))
    assert set(spread) == set(range(60))
    assert max(spread.values()) < 150
    bounded = Counter(parse("H(10-19) * * * *", seed=f"job-{n}").minutes[0] for n in range(1_000))
    assert set(bounded) == set(range(10, 20))


def test_steps_start_at_a_drawn_phase() -> None:
    """`H/15` runs four times an hour from a phase below 15, `H(30-59)/10` three times within its range."""
    phases = {parse("H/15 * * * *", seed=f"job{n}").minutes for n in range(200)}
    assert phases == {(n, n + 15, n + 30, n + 45) for n in range(15)}
    assert all(set(parse("H(30-59)/10 * * * *", seed=f"j{n}").minutes) <= set(range(30, 60)) for n in range(50))
    assert parse("H/90 * * * *", seed="a").minutes == parse("H * * * *", seed="a").minutes


def test_a_drawn_day_exists_in_every_month() -> None:
    """A plain H as day of month is 1 to 28, as month 1 to 12, as weekday 0 to 6."""
    drawn = [parse("H H H H H", seed=f"job{n}") for n in range(400)]
    assert {expression.days.days[0] for expression in drawn} == set(range(1, 29))
    assert {expression.months[0] for expression in drawn} == set(range(1, 13))
    assert {expression.weekdays.days[0] for expression in drawn} == set(range(7))


def test_hashed_times_are_fixed_times() -> None:
    """H names a time of the day, so DST treats it like a number."""
    assert parse("H 2 * * *", seed="a").fixed
    assert parse("h(0-29) 2 * * *", seed="a").fixed
    assert not parse("H * * * *", seed="a").fixed


def test_equal_draws_are_equal_schedules() -> None:
    """Two texts that name the same times are equal, so they share one memo entry."""
    minute = parse("H 2 * * *", seed="a").minutes[0]
    assert Cron.parse("H 2 * * *", seed="a") == Cron.parse(f"{minute} 2 * * *")


def test_a_seed_is_not_echoed() -> None:
    """The job id stays out of messages about the schedule."""
    try:
        Cron.parse("H(5-1) * * * *", seed="secret")
    except CronError as error:
        assert "secret" not in error.message  # noqa: PT017 - the message is what is under test
