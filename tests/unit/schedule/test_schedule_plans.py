"""Plans: cron unions, fixed rates, round times, single instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.clock import SECOND, instant, micros, moment
from engine.schedule import AtPlan, BoundedPlan, Cron, CronPlan, Dst, EveryPlan, Gap, Plan, RoundPlan, after_end

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")
START = instant(datetime(2026, 1, 1, tzinfo=UTC))
HOUR = 3_600 * SECOND


def shown(plan: Plan, after: str, count: int, zone: ZoneInfo = BERLIN) -> list[str]:
    """The next `count` times after a local wall time, as the clock of the zone shows them."""
    at, found = instant(datetime.fromisoformat(after).replace(tzinfo=zone)), []
    for _ in range(count):
        following = plan.next_after(at)
        assert following is not None
        assert following > at
        at = following
        found.append(moment(at).astimezone(zone).isoformat(timespec="auto")[8:].replace("T", " "))
    return found


def test_a_cron_plan_is_the_union_of_its_entries() -> None:
    """Each entry by its own zone; one instant named twice comes once."""
    plan = CronPlan(((Cron.parse("0 2 * * *"), BERLIN), (Cron.parse("0 1,3 * * *"), UTC_ZONE)))
    assert shown(plan, "2026-01-01", 4, UTC_ZONE) == [
        "01 01:00:00+00:00",
        "01 03:00:00+00:00",
        "02 01:00:00+00:00",
        "02 03:00:00+00:00",
    ]


def test_a_zone_in_the_expression_overrules_the_entry() -> None:
    """CRON_TZ= wins over the job's time zone."""
    plan = CronPlan(((Cron.parse("CRON_TZ=America/New_York 0 2 * * *"), BERLIN),))
    assert shown(plan, "2026-01-01", 1, UTC_ZONE) == ["01 07:00:00+00:00"]


def test_a_cron_plan_keeps_its_dst_rule() -> None:
    """`dst: {gap: skip}` leaves out the missing 02:30."""
    plan = CronPlan(((Cron.parse("30 2 * * *"), BERLIN),), Dst(gap=Gap.SKIP))
    assert shown(plan, "2026-03-28T12:00", 1) == ["30 02:30:00+02:00"]


def test_an_empty_cron_plan_is_never_due() -> None:
    """No entries, no times."""
    assert CronPlan(()).next_after(START) is None


def test_every_counts_from_its_anchor_without_drift() -> None:
    """The n-th time is exactly anchor + n periods, whenever it is asked."""
    plan = EveryPlan(micros(0.1), START + 7)
    assert plan.next_after(START) == START + 7
    assert plan.next_after(START + 7) == START + 7 + 100_000
    assert plan.next_after(START + 6 + 10**12 * 100_000) == START + 7 + 10**12 * 100_000


def test_every_has_nothing_before_its_anchor() -> None:
    """The first run is at the anchor, however long before one asks."""
    assert EveryPlan(HOUR, START).next_after(START - 1_000 * HOUR) == START


def test_every_goes_by_elapsed_time_over_a_change_of_the_clock() -> None:
    """Unaligned, 6 hours stay 6 hours."""
    anchor = instant(datetime(2026, 3, 29, tzinfo=BERLIN))
    plan = EveryPlan(6 * HOUR, anchor)
    assert shown(plan, "2026-03-29", 2) == ["29 07:00:00+02:00", "29 13:00:00+02:00"]


@pytest.mark.parametrize(
    ("seconds", "after", "expected"),
    [
        (15, "2026-01-01T10:00:07", ["01 10:00:15+01:00", "01 10:00:30+01:00"]),
        (0.25, "2026-01-01T10:00:07.3", ["01 10:00:07.500000+01:00", "01 10:00:07.750000+01:00"]),
        (7 * 3600, "2026-01-01T20:30", ["01 21:00:00+01:00", "02 00:00:00+01:00", "02 07:00:00+01:00"]),
        (25 * 60, "2026-01-01T23:30", ["01 23:45:00+01:00", "02 00:00:00+01:00", "02 00:25:00+01:00"]),
        (86_400, "2026-01-01T00:00", ["02 00:00:00+01:00", "03 00:00:00+01:00"]),
    ],
)
def test_aligned_times_are_round(seconds: float, after: str, expected: list[str]) -> None:
    """Wall times in periods from local midnight, each day anew."""
    plan = RoundPlan(micros(seconds), BERLIN)
    assert shown(plan, after, len(expected)) == expected


def test_aligned_times_begin_with_the_first_that_is_allowed() -> None:
    """No round time before `start_at`; one exactly then counts."""
    begin = instant(datetime(2026, 1, 1, 10, 15, tzinfo=UTC))
    quarter = RoundPlan(HOUR // 4, UTC_ZONE)
    assert BoundedPlan(quarter, begin, None).next_after(START) == begin
    assert BoundedPlan(quarter, begin + 1, None).next_after(START) == begin + HOUR // 4


def test_short_aligned_periods_go_on_through_a_change_of_the_clock() -> None:
    """Up to an hour: every matching instant, so the second 02:xx of an overlap as well."""
    plan = RoundPlan(HOUR // 2, BERLIN)
    assert shown(plan, "2026-10-25T01:59", 5) == [
        "25 02:00:00+02:00",
        "25 02:30:00+02:00",
        "25 02:00:00+01:00",
        "25 02:30:00+01:00",
        "25 03:00:00+01:00",
    ]
    assert shown(plan, "2026-03-29T01:15", 2) == ["29 01:30:00+01:00", "29 03:00:00+02:00"]
    hourly = RoundPlan(HOUR, BERLIN)
    assert shown(hourly, "2026-10-25T01:59", 2) == ["25 02:00:00+02:00", "25 02:00:00+01:00"]


def test_long_aligned_periods_run_once_per_round_time() -> None:
    """More than an hour: once in an overlap, at the end of a gap; no day without its midnight run."""
    two_hours = RoundPlan(2 * HOUR, BERLIN)
    assert shown(two_hours, "2026-10-25T01:00", 2) == ["25 02:00:00+02:00", "25 04:00:00+01:00"]
    assert shown(two_hours, "2026-03-29T01:00", 2) == ["29 03:00:00+02:00", "29 04:00:00+02:00"]
    beirut = ZoneInfo("Asia/Beirut")
    daily = RoundPlan(24 * HOUR, beirut)
    assert shown(daily, "2026-03-28T12:00", 2, beirut) == ["29 01:00:00+03:00", "30 00:00:00+03:00"]


def test_periods_that_make_no_sense() -> None:
    """Zero, negative, and an aligned one with no round time within a day."""
    for period in (0, -1):
        with pytest.raises(ValueError, match="period"):
            EveryPlan(period, START)
    for period in (0, -1, 24 * HOUR + 1):
        with pytest.raises(ValueError, match="period"):
            RoundPlan(period, UTC_ZONE)


@pytest.mark.parametrize(
    "plan", [EveryPlan(HOUR, START), EveryPlan(24 * HOUR, START), RoundPlan(HOUR, BERLIN), RoundPlan(24 * HOUR, BERLIN)]
)
def test_every_ends_with_the_calendar(plan: Plan) -> None:
    """What no datetime can show is never planned."""
    last = instant(datetime.max.replace(tzinfo=UTC))
    assert plan.next_after(last) is None
    assert plan.next_after(last - 100 * 24 * HOUR) is not None
    assert EveryPlan(10_000 * 365 * 24 * HOUR, START).next_after(START) is None


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
def test_every_begins_with_the_calendar(zone: str) -> None:
    """What no clock on a wall can show is never planned: a backfill may ask for all there ever was."""
    first = instant(datetime.min.replace(tzinfo=UTC))
    for plan in (EveryPlan(HOUR, first), RoundPlan(HOUR, ZoneInfo(zone))):
        at = plan.next_after(first)
        assert at is not None
        assert moment(at).astimezone(ZoneInfo(zone)).year == 1


def test_at_goes_through_its_instants_in_order() -> None:
    """Sorted, each once, then never again."""
    plan = AtPlan((START + 5, START, START + 5))
    assert plan.instants == (START, START + 5)
    assert plan.next_after(START - 1) == START
    assert plan.next_after(START) == START + 5
    assert plan.next_after(START + 5) is None
    assert AtPlan(()).next_after(START) is None


def test_a_delay_counts_from_the_end() -> None:
    """End of the last run plus the delay; a delay is longer than 0."""
    assert after_end(START, 90 * SECOND) == instant(moment(START) + timedelta(seconds=90))
    with pytest.raises(ValueError, match="delay"):
        after_end(START, 0)
