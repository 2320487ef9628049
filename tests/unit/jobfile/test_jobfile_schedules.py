"""When a job runs: cron expressions with the place of their fault, times in their zone, zones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from engine.jobfile import Loaded
from engine.spec.job import AtSchedule, CronEntry, CronSchedule, DelaySchedule, EverySchedule, Schedule

Load = Callable[..., Loaded]


def schedule(loaded: Loaded) -> Schedule | None:
    """The schedule of the one job."""
    assert loaded.file is not None, loaded.text()
    return loaded.file.jobs[0].schedule


def only(loaded: Loaded) -> str:
    """The one finding, from its line on."""
    (found,) = loaded.diagnostics
    return str(found).rpartition("jobs.yaml:")[2]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('schedule: "5 2 * * *"', CronSchedule((CronEntry("5 2 * * *"),))),
        ("schedule: '@daily'", CronSchedule((CronEntry("@daily"),))),
        ("schedule: {cron: H 2 * * *, timezone: UTC}", CronSchedule((CronEntry("H 2 * * *", "UTC"),))),
        (
            "schedule: ['* * * * *', {cron: 5 4 * * *}]",
            CronSchedule((CronEntry("* * * * *"), CronEntry("5 4 * * *"))),
        ),
        ("schedule: CRON_TZ=UTC 0 0 1 1 *", CronSchedule((CronEntry("CRON_TZ=UTC 0 0 1 1 *"),))),
        ("every: 100ms", EverySchedule(0.1)),
        ("every: 1h30m\nalign: true", EverySchedule(5400, align=True)),
        ("delay: 5", DelaySchedule(5)),
        ("at: '@start'", AtSchedule((), at_start=True)),
    ],
)
def test_each_kind_of_schedule_is_read(load_job: Load, written: str, expected: Schedule) -> None:
    """Rows 5, 60: cron expressions in the full dialect, rates, delays, single times."""
    assert schedule(load_job(f"command: x\n{written}")) == expected


def test_a_job_without_schedule_is_a_one_shot(load_job: Load) -> None:
    """Row 17: no interval means once."""
    assert schedule(load_job("command: x")) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('schedule: "5 25 * * *"', '4:18: error: jobs.a.schedule: hour "25"'),
        ("schedule: 0 5 4 1 13 *", '4:23: error: jobs.a.schedule: month "13"'),
        ("schedule: {cron: 1-99 * * * *}", '4:22: error: jobs.a.schedule.cron: minute "'),
        ("schedule: ['* * * * *', '* * * * FOO']", '4:38: error: jobs.a.schedule[1]: day of week "FOO"'),
        ("schedule: '* * *'", "4:15: error: jobs.a.schedule: expression"),
        ("schedule: 0 0 30 2 *", 'error: jobs.a.schedule: day of month "30 2 *": never fires'),
        ("schedule: ''", "4:15: error: jobs.a.schedule: expression"),
    ],
)
def test_a_bad_cron_expression_is_shown_at_the_field_at_fault(load_job: Load, written: str, expected: str) -> None:
    """Row 18: refused at load, with the field."""
    assert expected in only(load_job(f"command: x\n{written}"))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "schedule: '@reboot'",
            '`@reboot` is a time, not a cron expression; write `at: "@reboot"`',
        ),
        ("schedule: '@start'", 'write `at: "@start"`'),
        ("schedule: '@every 15m'", "write `every: 15m`"),
        ("schedule: []", "lists no time at all"),
        ("schedule: {timezone: UTC}", "has no `cron`"),
        ("schedule: {cron: '* * * * *', tz: UTC}", '"tz" is not a key of a schedule'),
        ("schedule: [[x]]", "schedule[0]: expected a cron expression, or a map {cron, timezone}, not a list"),
        ("schedule: {cron: CRON_TZ=UTC * * * * *, timezone: Asia/Tokyo}", "contradict each other"),
        ("at: []", "lists no time at all"),
        (
            "at: tomorrow",
            'expected a time in ISO 8601 such as 2026-12-24T18:00+01:00, @start or @reboot, not "tomorrow"',
        ),
        ("at: 0001-01-01T00:00", "is in the year 1, outside 1970 to 9998"),
        ("at: 9999-12-31T23:59", "is in the year 9999"),
        ("timezone: Europe/Berln", '"Europe/Berln" is not a time zone: unknown; did you mean `Europe/Berlin`?'),
        ("timezone: ../../etc/passwd", "is not a time zone"),
        ("timezone: America", "is not a time zone"),
        ("timezone: PST", "is not a time zone"),
    ],
)
def test_what_is_no_schedule_is_told_what_to_write(load_job: Load, written: str, message: str) -> None:
    assert message in only(load_job(f"command: x\n{written}"))


def test_times_without_offset_are_in_the_zone_of_the_job(load_job: Load) -> None:
    loaded = load_job(
        "command: x\ntimezone: Europe/Berlin\nat: [2026-12-24T18:00, 2026-07-01 08:00, '2026-01-01T00:00Z', '@start']"
    )
    expected = (
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 7, 1, 6, tzinfo=UTC),
        datetime(2026, 12, 24, 17, tzinfo=UTC),
    )
    assert schedule(loaded) == AtSchedule(expected, at_start=True)


def test_times_are_in_the_zone_of_the_engine_where_the_job_has_none(load_job: Load) -> None:
    loaded = load_job("command: x\nat: 2026-12-24T18:00", "engine: {timezone: Asia/Tokyo}")
    assert schedule(loaded) == AtSchedule((datetime(2026, 12, 24, 9, tzinfo=UTC),))
    assert loaded.file is not None
    assert loaded.file.jobs[0].timezone is None


def test_times_are_in_the_zone_of_the_system_where_nothing_is_said(load_job: Load) -> None:
    loaded = load_job("command: x\nat: 2026-12-24T18:00")
    assert schedule(loaded) == AtSchedule((datetime(2026, 12, 24, 18).astimezone(),))


def test_a_time_that_no_clock_shows_is_refused_and_one_that_comes_twice_is_warned_about(load_job: Load) -> None:
    zone = "command: x\ntimezone: Europe/Berlin\n"
    assert "does not exist in Europe/Berlin" in only(load_job(zone + "at: 2026-03-29T02:30"))
    twice = load_job(zone + "at: 2026-10-25T02:30")
    assert "warning: jobs.a.at: comes twice in Europe/Berlin" in only(twice)
    first = schedule(twice)
    assert isinstance(first, AtSchedule)
    assert [time.astimezone(UTC) for time in first.times] == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]


def test_an_abbreviated_zone_is_warned_about(load_job: Load) -> None:
    loaded = load_job("command: x\ntimezone: EST")
    assert "warning: jobs.a.timezone: EST is an abbreviation" in only(loaded)
    assert loaded.ok


@pytest.mark.parametrize(
    ("expression", "warned"), [("0 0 1 * MON", True), ("0 0 * * MON", False), ("0 0 */2 * MON", False)]
)
def test_day_of_month_and_day_of_week_together_are_warned_about(load_job: Load, expression: str, warned: bool) -> None:
    loaded = load_job(f"command: x\nschedule: '{expression}'")
    assert [found.severity for found in loaded.diagnostics] == ["warning"] * warned
    assert schedule(loaded) is not None


def test_jobs_of_a_pool_that_are_always_due_together_are_warned_about(load_text: Load) -> None:
    jobs = "".join(f"  j{n}: {{command: x, schedule: 0 2 * * *, pools: [db]}}\n" for n in range(3))
    assert "3 jobs are always due at the same second, pool `db` has room for 2: j0, j1, j2" in only(
        load_text(f"pools: {{db: 2}}\njobs:\n{jobs}")
    )
    assert load_text(f"pools: {{db: 3}}\njobs:\n{jobs}").diagnostics == ()
    assert load_text(f"pools: {{db: 2}}\njobs:\n{jobs.replace('0 2', 'H 2')}").diagnostics == ()
