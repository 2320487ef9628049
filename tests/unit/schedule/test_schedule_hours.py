"""Windows and bounds of a plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.clock import SECOND, instant, moment
from engine.schedule import BoundedPlan, Cron, CronPlan, EveryPlan, Hours, HoursPlan, NextMemo, Plan, first_open

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = frozenset(range(7))
WORK = frozenset(range(5))
H = 3600


def at(text: str) -> int:
    return instant(datetime.fromisoformat(text).replace(tzinfo=BERLIN))


def shown(plan: Plan, after: str, count: int) -> list[str]:
    found, now = [], at(after)
    for _ in range(count):
        following = plan.next_after(now)
        if following is None:
            break
        now = following
        found.append(moment(now).astimezone(BERLIN).strftime("%a %H:%M"))
    return found


def test_times_outside_the_window_are_no_times() -> None:
    """`from` is inside, `to` is outside; Friday evening goes on on Monday."""
    hourly = CronPlan(((Cron.parse("0 * * * *"), BERLIN),))
    plan = HoursPlan(hourly, Hours(9 * H, 11 * H, WORK), BERLIN)
    assert shown(plan, "2026-01-01T10:30", 4) == ["Fri 09:00", "Fri 10:00", "Mon 09:00", "Mon 10:00"]


def test_a_window_over_midnight_belongs_to_the_day_it_opens_on() -> None:
    """22:00 to 02:00 on Fridays ends on Saturday."""
    hourly = CronPlan(((Cron.parse("0 * * * *"), BERLIN),))
    plan = HoursPlan(hourly, Hours(22 * H, 2 * H, frozenset({4})), BERLIN)
    assert shown(plan, "2026-01-01T12:00", 5) == ["Fri 22:00", "Fri 23:00", "Sat 00:00", "Sat 01:00", "Fri 22:00"]


def test_a_fixed_rate_keeps_its_phase_over_closed_hours() -> None:
    """7-minute steps from midnight: the first one inside is the 78th."""
    plan = HoursPlan(EveryPlan(7 * 60 * SECOND, at("2026-01-01T00:00")), Hours(9 * H, 10 * H, DAYS), BERLIN)
    assert shown(plan, "2026-01-01T00:00", 3) == ["Thu 09:06", "Thu 09:13", "Thu 09:20"]


@pytest.mark.parametrize(
    ("hours", "after"),
    [
        (Hours(2 * H, 2 * H + 1800, DAYS), "2026-10-25T01:00"),  # comes twice
        (Hours(2 * H + 1800, 4 * H, DAYS), "2026-03-29T01:00"),  # opens in a gap
        (Hours(23 * H, 3 * H, frozenset({5})), "2026-10-24T12:00"),
        (Hours(0, 24 * H, frozenset({6})), "2026-03-27T12:00"),
    ],
)
def test_what_is_inside_is_what_the_wall_clock_shows(hours: Hours, after: str) -> None:
    """Compared minute by minute over three days with a change of the clock in them."""
    plan = HoursPlan(EveryPlan(60 * SECOND, at("2026-01-01T00:00")), hours, BERLIN)
    start = at(after)
    expected = []
    for minute in range(1, 3 * 1440):
        when = moment(start) + timedelta(minutes=minute)
        local = when.astimezone(BERLIN)
        wall = instant(local.replace(tzinfo=UTC))
        if hours.open_at(wall):
            expected.append(instant(when))
    found, now = [], start
    while (following := plan.next_after(now)) is not None and following < start + 3 * 86_400 * SECOND:
        found.append(following)
        now = following
    assert found == expected


def test_a_window_that_a_schedule_never_meets_ends_the_search() -> None:
    """Bounded work: None after 400 openings."""
    plan = HoursPlan(CronPlan(((Cron.parse("0 3 * * *"), BERLIN),)), Hours(6 * H, 22 * H, DAYS), BERLIN)
    assert plan.next_after(at("2026-01-01T00:00")) is None


def test_bounds_include_both_ends() -> None:
    """Rows 7, 8: the first time is the first match from `start_at` on, none comes after `end_at`."""
    daily = CronPlan(((Cron.parse("0 12 * * *"), BERLIN),))
    plan = BoundedPlan(daily, at("2026-01-03T12:00"), at("2026-01-05T12:00"))
    assert shown(plan, "2020-01-01T00:00", 9) == ["Sat 12:00", "Sun 12:00", "Mon 12:00"]


def test_an_open_window_is_found_from_any_instant() -> None:
    """The moment itself when it is inside, else the opening."""
    hours = Hours(6 * H, 22 * H, WORK)
    assert first_open(hours, BERLIN, at("2026-01-01T07:00")) == at("2026-01-01T07:00")
    assert first_open(hours, BERLIN, at("2026-01-02T22:00")) == at("2026-01-05T06:00")


def test_equal_limits_share_an_answer_and_different_ones_do_not() -> None:
    """The key of a plan with limits holds the limits."""
    memo = NextMemo()
    daily = CronPlan(((Cron.parse("0 12 * * *"), BERLIN),))
    plans: list[Plan] = [
        daily,
        BoundedPlan(daily, at("2026-02-01T00:00"), None),
        HoursPlan(daily, Hours(0, 86_400, WORK), BERLIN),
    ]
    for plan in plans:
        assert memo.next_after(plan, at("2026-01-03T00:00")) == plan.next_after(at("2026-01-03T00:00"))
    assert len(memo) == 3
