"""Calendars, and occurrences that move to business days."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.clock import instant, moment
from engine.schedule import (
    SATURDAY_SUNDAY,
    Calendar,
    Cron,
    CronPlan,
    Days,
    JobDays,
    LastBusinessDays,
    Plan,
    RolledPlan,
    day_of,
    holidays_of,
)

BERLIN = ZoneInfo("Europe/Berlin")
GERMANY = Calendar(country="DE")


def at(text: str) -> int:
    return instant(datetime.fromisoformat(text).replace(tzinfo=BERLIN))


def cron(text: str) -> CronPlan:
    return CronPlan(((Cron.parse(text), BERLIN),))


def shown(plan: Plan, after: str, count: int) -> list[str]:
    found, now = [], at(after)
    for _ in range(count):
        following = plan.next_after(now)
        if following is None:
            break
        now = following
        found.append(moment(now).astimezone(BERLIN).strftime("%a %m-%d %H:%M"))
    return found


def held(days: Days, start: str, end: str) -> list[str]:
    first, last = (day_of(date.fromisoformat(text)) for text in (start, end))
    return [
        date.fromordinal(day + date(1970, 1, 1).toordinal()).isoformat()[5:]
        for day in range(first, last + 1)
        if days.holds(day)
    ]


def test_a_calendar_is_the_union_of_what_it_names() -> None:
    """Weekdays, single dates, days of every year, holidays of a country."""
    calendar = Calendar(frozenset({6}), frozenset({day_of(date(2026, 12, 24))}), frozenset({(12, 31)}), "DE")
    assert held(calendar, "2026-12-20", "2027-01-01") == ["12-20", "12-24", "12-25", "12-26", "12-27", "12-31", "01-01"]


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    """Epiphany is one in Bavaria, not in Berlin."""
    assert date(2026, 1, 6) in holidays_of("DE-BY")
    assert date(2026, 1, 6) not in holidays_of("DE-BE")
    with pytest.raises(ValueError, match="no holidays of XX"):
        holidays_of("XX")


def test_the_last_business_day_is_before_weekend_and_holidays() -> None:
    """January 2026 ends on a Saturday; in December the 31st is left out here."""
    days = LastBusinessDays(Calendar(yearly=frozenset({(12, 31)})), SATURDAY_SUNDAY)
    assert held(days, "2026-01-01", "2026-02-28") == ["01-30", "02-27"]
    assert held(days, "2026-12-01", "2026-12-31") == ["12-30"]


def test_excluded_times_move_to_the_next_or_previous_business_day() -> None:
    """Good Friday 2026 is 3 April, Easter Monday the 6th: next is Tuesday the 7th, previous Thursday the 2nd."""
    days = JobDays(None, GERMANY)
    monthly = cron("30 9 3 * *")
    assert shown(RolledPlan(monthly, days, 1, BERLIN), "2026-04-01T00:00", 2) == ["Tue 04-07 09:30", "Sun 05-03 09:30"]
    assert shown(RolledPlan(monthly, days, -1, BERLIN), "2026-04-01T00:00", 1) == ["Thu 04-02 09:30"]


def test_moved_times_that_meet_are_one() -> None:
    """Daily at 9 over Easter: Saturday and Sunday are no holidays here and stay, Friday and Monday fall on Tuesday's."""
    plan = RolledPlan(cron("0 9 * * *"), JobDays(None, GERMANY), 1, BERLIN)
    assert shown(plan, "2026-04-02T12:00", 4) == [
        "Sat 04-04 09:00",
        "Sun 04-05 09:00",
        "Tue 04-07 09:00",
        "Wed 04-08 09:00",
    ]


def test_only_on_moves_to_a_day_of_the_calendar() -> None:
    """`calendar` itself says which days are good, weekends among them."""
    weekend = JobDays(Calendar(frozenset({5, 6})), None)
    assert shown(RolledPlan(cron("0 9 1 * *"), weekend, 1, BERLIN), "2026-01-01T00:00", 3) == [
        "Sat 01-03 09:00",
        "Sun 02-01 09:00",
        "Sun 03-01 09:00",
    ]


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("expression", ["0 9 * * *", "15 */6 * * *", "0 12 1,2,3 * *", "0 0 * * 5", "30 2 29 3 *"])
@pytest.mark.parametrize("days", [JobDays(None, GERMANY), JobDays(Calendar(frozenset(range(4))), GERMANY)])
def test_moving_agrees_with_moving_each_by_hand(days: JobDays, expression: str, step: int) -> None:
    """Two years of occurrences, each moved on its own, sorted and each once."""
    base = cron(expression)
    expected, now, end = set(), at("2025-12-01T00:00"), at("2028-02-01T00:00")
    while (following := base.next_after(now)) is not None and following < end:
        now = following
        local = moment(now).astimezone(BERLIN)
        day = day_of(local.date())
        goal = days.target(day, step)
        if goal == day:
            expected.add(now)
        elif goal is not None:
            moved = date.fromordinal(goal + date(1970, 1, 1).toordinal())
            expected.add(instant(datetime.combine(moved, local.time(), BERLIN)))
    plan, now = RolledPlan(base, days, step, BERLIN), at("2026-01-01T00:00")
    found = []
    while (following := plan.next_after(now)) is not None and following < at("2028-01-01T00:00"):
        found.append(following)
        now = following
    assert found == sorted(one for one in expected if at("2026-01-01T00:00") < one < at("2028-01-01T00:00"))


def test_a_calendar_without_further_days_ends_the_search() -> None:
    """Bounded work: None."""
    past = JobDays(Calendar(days=frozenset({day_of(date(2020, 1, 1))})), None)
    assert RolledPlan(cron("0 9 * * *"), past, 1, BERLIN).next_after(at("2026-01-01T00:00")) is None
