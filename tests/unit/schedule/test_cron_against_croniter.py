"""The texts that croniter 7 reads otherwise than the rule: each one by name, with what is right."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.schedule import next_fire

START = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday


def fires(text: str, count: int, start: datetime = START) -> list[str]:
    found, at = [], start
    for _ in range(count):
        at = next_fire(text, "UTC", at)
        found.append(f"{at:%m-%d %H:%M}" if at.year == 2026 else f"{at:%Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5-5 * * * *", ["01-01 00:05", "01-01 01:05"]),
        ("0 0 * * 7-7", ["01-04 00:00", "01-11 00:00"]),
        ("0 0 1 jan-jan *", ["2027-01-01 00:00", "2028-01-01 00:00"]),
    ],
)
def test_an_equal_range_is_one_value(text: str, expected: list[str]) -> None:
    """croniter runs the whole cycle."""
    assert fires(text, 2) == expected


def test_a_star_step_makes_the_other_day_field_a_condition() -> None:
    """Odd days that are Mondays; croniter's default is either."""
    assert fires("0 0 */2 * mon", 3) == ["01-05 00:00", "01-19 00:00", "02-09 00:00"]
    assert fires("0 0 1 * */2", 3) == ["02-01 00:00", "03-01 00:00", "08-01 00:00"]


def test_two_plain_day_fields_are_either() -> None:
    """The 15th and every Monday."""
    assert fires("0 0 15 * mon", 4) == ["01-05 00:00", "01-12 00:00", "01-15 00:00", "01-19 00:00"]


def test_weekday_steps_reach_sunday() -> None:
    """1/2 is Monday, Wednesday, Friday, Sunday (7); croniter ends at Saturday."""
    assert fires("0 0 * * 1/2", 4) == ["01-02 00:00", "01-04 00:00", "01-05 00:00", "01-07 00:00"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 0 15 * 1#2", ["01-12 00:00", "01-15 00:00", "02-09 00:00", "02-15 00:00"]),
        ("0 0 1 * fri#3", ["01-16 00:00", "02-01 00:00", "02-20 00:00", "03-01 00:00"]),
        ("0 0 31 * 1#1", ["01-05 00:00", "01-31 00:00", "02-02 00:00", "03-02 00:00"]),
        ("0 0 31 4 mon#5", ["2029-04-30 00:00", "2030-04-29 00:00"]),
    ],
)
def test_nth_weekday_beside_a_day_of_month_is_either(text: str, expected: list[str]) -> None:
    """croniter demands both, so such a job hardly ever or never runs."""
    assert fires(text, len(expected)) == expected


def test_last_weekdays() -> None:
    """5L is the last Friday, LW the last Monday-to-Friday day, 1,5#3 each Monday and the third Friday."""
    assert fires("0 0 * * 5L", 3) == ["01-30 00:00", "02-27 00:00", "03-27 00:00"]
    assert fires("0 0 LW * *", 5) == ["01-30 00:00", "02-27 00:00", "03-31 00:00", "04-30 00:00", "05-29 00:00"]
    assert fires("0 0 * * 1,5#3", 4) == ["01-05 00:00", "01-12 00:00", "01-16 00:00", "01-19 00:00"]
    assert fires("0 0 L * *", 3) == ["01-31 00:00", "02-28 00:00", "03-31 00:00"]


def test_seconds_stand_first() -> None:
    """croniter has them last by default."""
    assert next_fire("30 15 2 * * *", "UTC", START) == datetime(2026, 1, 1, 2, 15, 30, tzinfo=UTC)


def test_aliases_are_not_hashed() -> None:
    """With a hash id croniter turns @hourly into a random minute; here a seed changes nothing."""
    assert next_fire("@hourly", "UTC", START, seed="job") == datetime(2026, 1, 1, 1, tzinfo=UTC)


def test_a_step_from_the_end_of_a_field_is_one_value() -> None:
    """59/15 is minute 59."""
    assert fires("59/15 * * * *", 2) == ["01-01 00:59", "01-01 01:59"]


@pytest.mark.parametrize(("text", "year"), [("0 0 29 2 *", 2104), ("0 0 29 2 */7", 2128)])
def test_leap_days_over_a_century(text: str, year: int) -> None:
    """2100 is no leap year: the search goes on, 40 years if need be."""
    assert next_fire(text, "UTC", datetime(2096, 3, 1, tzinfo=UTC)).year == year


def test_rare_dates_far_ahead() -> None:
    """29 February 2400 exists; the last days a datetime can show are asked without an overflow."""
    assert next_fire("0 0 29 2 *", "UTC", datetime(2396, 3, 1, tzinfo=UTC)) == datetime(2400, 2, 29, tzinfo=UTC)
    assert next_fire("0 0 1 1 *", "Asia/Tokyo", datetime(9998, 12, 1, tzinfo=UTC)).year == 9999
