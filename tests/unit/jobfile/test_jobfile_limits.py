"""The limits of a schedule: start_at, end_at, window, jitter, dst, max_runs, @reboot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from engine.jobfile import Loaded
from engine.spec.job import AtSchedule, JobSpec
from engine.spec.when import CalendarSpec, DstGap, DstOverlap, DstRule, Roll, Window

Load = Callable[..., Loaded]

CRON = 'command: x\nschedule: "0 12 * * *"\n'


def job(loaded: Loaded) -> JobSpec:
    assert loaded.file is not None, loaded.text()
    return loaded.file.jobs[0]


def only(loaded: Loaded) -> str:
    (found,) = loaded.diagnostics
    return str(found).rpartition("jobs.yaml:")[2]


def test_start_and_end_are_in_the_zone_of_the_job(load_job: Load) -> None:
    """Rows 7, 8: a time without offset is read on the job's clock."""
    spec = job(load_job(CRON + 'timezone: Europe/Berlin\nstart_at: "2026-01-01"\nend_at: "2026-12-31T23:59:59+01:00"'))
    assert spec.start_at is not None
    assert spec.start_at.astimezone(UTC) == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert spec.end_at is not None
    assert spec.end_at.astimezone(UTC) == datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('{from: "06:00", to: "22:00", days: mon-fri}', Window(21_600, 79_200, frozenset(range(5)))),
        ("{from: 22:30:15, to: 6:00}", Window(81_015, 21_600)),
        ("{days: [sat, '0']}", Window(days=frozenset({5, 6}))),
        ("{to: 24:00}", Window()),
        ("{from: 12:00, days: '1,3,FRI'}", Window(43_200, days=frozenset({0, 2, 4}))),
    ],
)
def test_a_window_is_read(load_job: Load, written: str, expected: Window) -> None:
    """Times of day in quotes or without (YAML 1.2 knows no 22:00 as a number), days as in cron."""
    assert job(load_job(f"command: x\nevery: 1m\nwindow: {written}")).window == expected


def test_dst_jitter_max_runs_and_reboot_are_read(load_job: Load) -> None:
    """The keys as the job file's page has them."""
    spec = job(load_job(CRON + "dst: {gap: skip, overlap: second}\njitter: 2m\nmax_runs: 100000"))
    assert (spec.dst, spec.jitter, spec.max_runs) == (DstRule(DstGap.SKIP, DstOverlap.SECOND), 120.0, 100_000)
    assert job(load_job("command: x\nat: ['@reboot', '@start']")).schedule == AtSchedule((), True, True)


def test_max_runs_of_the_seeds_is_unlimited_at_zero(load_text: Load) -> None:
    """Row 59: `MaxRuns` in a job-queues file."""
    spec = "Command: [x]\n    Schedule: '* * * * *'\n    MaxRuns: "
    assert job(load_text(f"jobs:\n  a:\n    {spec}0")).max_runs is None
    assert job(load_text(f"jobs:\n  a:\n    {spec}3")).max_runs == 3


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            CRON + 'start_at: "2026-05-01"\nend_at: "2026-04-01T00:00"',
            "6:13: error: jobs.a.end_at: `end_at` is before `start_at` (`start_at` is in line 5): it would never run",
        ),
        (
            CRON + 'end_at: "2026-04-01T00:00"\nstart_at: "2026-05-01"',
            "6:15: error: jobs.a.start_at: `end_at` is before `start_at` (`end_at` is in line 5)",
        ),
        (CRON + "start_at: soon", "5:15: error: jobs.a.start_at: expected a time in ISO 8601"),
        (
            CRON + 'end_at: "2026-12-31"',
            "5:13: warning: jobs.a.end_at: is the beginning of that day; to include the day",
        ),
        (
            CRON + "timezone: Europe/Berlin\nstart_at: 2026-03-29T02:30",
            "6:15: error: jobs.a.start_at: does not exist in Europe/Berlin",
        ),
        (CRON + 'window: {from: "18:00", to: "22:00"}', "5:5: error: jobs.a.window: leaves no time of the schedule"),
        (
            CRON + "start_at: 2026-01-01T13:00\nend_at: 2026-01-02T11:00",
            "6:5: error: jobs.a.end_at: leaves no time of the schedule",
        ),
        (CRON + 'window: {from: "06:00", to: "06:00"}', "5:13: error: jobs.a.window: is never open"),
        (CRON + "window: {from: 25:00}", "5:20: error: jobs.a.window.from: expected a time of day"),
        (CRON + "window: {from: 6}", "jobs.a.window.from: expected a time of day"),
        (CRON + "window: {days: mon-fry}", 'jobs.a.window.days: "mon-fry" is not a day of the week'),
        (CRON + "window: {days: 1#2}", 'jobs.a.window.days: "1#2" is a day of a month'),
        (CRON + "window: {form: 06:00}", "did you mean `from`?"),
        (CRON + "dst: {gap: never}", "expected one of run_after, skip"),
        (CRON + "max_runs: 0", "is 0, outside 1 to"),
        (CRON + "jitter: -1s", "is negative"),
        ("command: x\njitter: 2m", "4:5: error: jobs.a.jitter: is without effect: the job has no schedule"),
        ("command: x\nwindow: {days: mon}", "jobs.a.window: is without effect"),
    ],
)
def test_what_contradicts_itself_is_told_at_its_place(load_job: Load, written: str, message: str) -> None:
    """Errors found at load: `end_at` before `start_at`, a schedule that never fires, keys without effect."""
    assert message in only(load_job(written))


def test_limits_in_defaults_are_for_jobs_with_a_schedule(load_text: Load) -> None:
    """A one-shot beside them is no error."""
    loaded = load_text("defaults: {jitter: 1m}\njobs:\n  a: {command: x, every: 1h}\n  b: {command: x}")
    assert job(loaded).jitter == 60


def test_calendars_and_blackouts_are_read(load_text: Load) -> None:
    """Days, dates, a file, a country; spans in the engine's zone, in order."""
    loaded = load_text(
        """
engine: {timezone: Europe/Berlin}
calendars:
  holidays: {country: DE-BY, dates: [2026-12-24, 12-31]}
  own: {days: sat-sun, file: days.txt}
blackouts:
  - {from: "2026-12-31 18:00", to: "2027-01-01 08:00", reason: year end}
  - {from: 2026-07-01T00:00Z, to: 2026-07-02T00:00Z}
jobs:
  a: {command: x, schedule: "@daily", except: holidays, roll: previous}
  b: {command: x, schedule: "@daily", calendar: last-business-day}
""",
        {"days.txt": "# closed\n2026-03-01\n\n05-01  # every year\n"},
    )
    assert loaded.file is not None, loaded.text()
    file = loaded.file
    assert file.calendars == {
        "holidays": CalendarSpec(frozenset(), frozenset({date(2026, 12, 24)}), frozenset({(12, 31)}), "DE-BY"),
        "own": CalendarSpec(frozenset({5, 6}), frozenset({date(2026, 3, 1)}), frozenset({(5, 1)})),
    }
    assert [span.reason for span in file.blackouts] == ["", "year end"]
    assert file.blackouts[1].start.astimezone(UTC) == datetime(2026, 12, 31, 17, tzinfo=UTC)
    assert (file.jobs[0].except_, file.jobs[0].roll, file.jobs[1].calendar) == (
        "holidays",
        Roll.PREVIOUS,
        "last-business-day",
    )


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("calendars: {a: {country: XX}}", "1:26: error: calendars.a.country: there are no holidays of XX"),
        ("calendars: {a: {country: Germany}}", "expected a country such as DE"),
        ("calendars: {a: {dates: [2026-02-30]}}", "calendars.a.dates[0]: expected a date"),
        ("calendars: {a: {}}", "1:16: error: calendars.a: names no day"),
        ("calendars: {last-business-day: {days: mon}}", "is built in"),
        ("calendars: {a: {file: none.txt}}", "1:23: error: calendars.a.file: the calendar file"),
        (
            "blackouts: [{from: 2026-01-02T00:00, to: 2026-01-01T00:00}]",
            "1:42: error: blackouts[0].to: is not after `from`",
        ),
        ("blackouts: [{from: 2026-01-02T00:00}]", "blackouts[0]: has no `to`"),
        ("blackouts: {from: 2026-01-02T00:00}", "expected a list of spans"),
        (
            "calendars: {days: {days: mon}}\ndefaults: {except: dais}",
            'there is no calendar "dais"; did you mean `days`?',
        ),
    ],
)
def test_faults_of_calendars_and_blackouts_are_told(load_text: Load, written: str, message: str) -> None:
    """Names, dates and countries that do not exist, spans that run backwards."""
    assert message in only(load_text(f'{written}\njobs: {{a: {{command: x, schedule: "@daily"}}}}'))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (CRON + "except: closed", 'there is no calendar "closed"; define it under `calendars`'),
        (CRON + "roll: next", "belongs to `calendar` or `except`, and neither is set"),
        ("command: x\ndelay: 1h\nexcept: last-business-day\nroll: next", "has no time that it could move"),
        ("command: x\ncalendar: last-business-day", "is without effect: the job has no schedule"),
    ],
)
def test_a_calendar_that_cannot_act_is_told(load_job: Load, written: str, message: str) -> None:
    """No key is ignored silently."""
    assert message in only(load_job(written))
