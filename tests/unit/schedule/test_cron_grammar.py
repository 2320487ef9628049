"""What the cron grammar reads, field by field."""

from __future__ import annotations

import pytest

from engine.schedule.fields import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    SECOND,
    Domain,
    MonthDays,
    WeekDays,
    month_days,
    plain,
    week_days,
)
from engine.schedule.grammar import ALIASES, parse


@pytest.mark.parametrize(
    ("domain", "text", "values"),
    [
        (MINUTE, "*", tuple(range(60))),
        (MINUTE, "5", (5,)),
        (MINUTE, "05", (5,)),
        (MINUTE, "5-5", (5,)),
        (MINUTE, "5,3,5", (3, 5)),
        (MINUTE, "*/20", (0, 20, 40)),
        (MINUTE, "*/90", (0,)),
        (MINUTE, "50/4", (50, 54, 58)),
        (MINUTE, "59/15", (59,)),
        (MINUTE, "10-20/5,0", (0, 10, 15, 20)),
        (HOUR, "22/1", (22, 23)),
        (SECOND, "*/30", (0, 30)),
        (DAY, "*/10", (1, 11, 21, 31)),
        (MONTH, "jan,Dec", (1, 12)),
        (MONTH, "JAN-mar", (1, 2, 3)),
        (MONTH, "jan-jan", (1,)),
        (MONTH, "feb/5", (2, 7, 12)),
    ],
)
def test_a_field_expands_to_sorted_values(domain: Domain, text: str, values: tuple[int, ...]) -> None:
    """Rows 5, 60: lists, ranges, steps and names become the values they name, each once, in order."""
    assert plain(domain, text, None) == values


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("L", MonthDays((), last=True)),
        ("lw", MonthDays((), last_weekday=True)),
        ("15,L,LW,1", MonthDays((1, 15), last=True, last_weekday=True)),
        ("29-31", MonthDays((29, 30, 31))),
    ],
)
def test_days_of_month(text: str, days: MonthDays) -> None:
    """L is the last day, LW the last Monday-to-Friday day, both beside numbers in a list."""
    assert month_days(text, None) == days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("7", WeekDays((0,))),
        ("0-7", WeekDays((0, 1, 2, 3, 4, 5, 6))),
        ("5-7", WeekDays((0, 5, 6))),
        ("1/2", WeekDays((0, 1, 3, 5))),
        ("5/3", WeekDays((5,))),
        ("*/2", WeekDays((0, 2, 4, 6))),
        ("mon-fri", WeekDays((1, 2, 3, 4, 5))),
        ("Sun,6", WeekDays((0, 6))),
        ("5L", WeekDays((), last=(5,))),
        ("friL,7L", WeekDays((), last=(0, 5))),
        ("mon#2", WeekDays((), nth=((1, 2),))),
        ("7#1,1,5#3", WeekDays((1,), nth=((0, 1), (5, 3)))),
    ],
)
def test_days_of_week(text: str, days: WeekDays) -> None:
    """7 and 0 are Sunday, also at the end of a range or step; nL is the last, n#k the k-th such day of a month."""
    assert week_days(text, None) == days


def test_six_fields_have_the_seconds_first() -> None:
    """Six fields start with the seconds; five mean second 0."""
    assert parse("30 1 2 * * *").seconds == (30,)
    assert parse("30 1 2 * * *").minutes == (1,)
    assert parse("1 2 * * *").seconds == (0,)


@pytest.mark.parametrize(("alias", "meaning"), ALIASES.items())
def test_aliases_in_any_case(alias: str, meaning: str) -> None:
    """An alias is its expression, in any case."""
    by_alias, written = parse(alias.upper()), parse(meaning)
    assert (by_alias.minutes, by_alias.hours, by_alias.days, by_alias.months, by_alias.weekdays, by_alias.fixed) == (
        written.minutes,
        written.hours,
        written.days,
        written.months,
        written.weekdays,
        written.fixed,
    )


@pytest.mark.parametrize(
    ("text", "zone"),
    [("CRON_TZ=Europe/London 0 2 * * *", "Europe/London"), ("CRON_TZ=UTC @daily", "UTC"), ("0 2 * * *", None)],
)
def test_the_zone_in_front(text: str, zone: str | None) -> None:
    """`CRON_TZ=ZONE ` is taken off and returned beside the fields."""
    expression = parse(text)
    assert expression.zone == zone
    assert expression.minutes == (0,)


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("0 0 1 * mon", False),
        ("0 0 * * mon", True),
        ("0 0 */2 * mon", True),
        ("0 0 1 * */2", True),
        ("0 0 1-31 * mon", False),
        ("0 0 1,* * mon", False),
        ("0 0 *,1 * mon", True),
    ],
)
def test_day_of_month_and_day_of_week(text: str, both: bool) -> None:
    """Both must match if either text starts with a star, else one is enough (Debian's cron)."""
    assert parse(text).both_days is both


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("30 2 * * *", True),
        ("0,30 0-23 * * *", True),
        ("0 */2 * * *", False),
        ("*/30 0,3 * * *", False),
        ("* * * * *", False),
        ("* 30 2 * * *", True),
        ("0 * 2 * * *", False),
        ("@daily", True),
        ("@hourly", False),
    ],
)
def test_fixed_means_no_star_in_minute_and_hour(text: str, fixed: bool) -> None:
    """Minute and hour alone decide what is a fixed time; seconds play no part."""
    assert parse(text).fixed is fixed


@pytest.mark.parametrize("text", ["0 0 * * *", " 0\t0  * * * ", "0 0 * * *\n", "00 0 * * *"])
def test_blanks_between_and_around(text: str) -> None:
    """Blanks and tabs separate fields, and a YAML block may leave its line end."""
    assert parse(text).hours == (0,)
