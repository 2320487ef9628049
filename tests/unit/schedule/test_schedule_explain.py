"""Words about an occurrence that a change of the clock touches."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.clock import instant
from engine.schedule import Cron, Dst, Gap, Overlap, describe_dst


@pytest.mark.parametrize(
    ("text", "zone_name", "after", "note"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-29", "02:30 does not exist on this day (DST gap); runs at 03:00"),
        (
            "15,45 2 * * *",
            "Europe/Berlin",
            "2026-03-29",
            "02:15 and others do not exist on this day (DST gap); they run once, at 03:00",
        ),
        (
            "30 30 2 * * *",
            "Europe/Berlin",
            "2026-03-29",
            "02:30:30 does not exist on this day (DST gap); runs at 03:00",
        ),
        ("0 3 * * *", "Europe/Berlin", "2026-03-29", None),
        ("30 1 * * *", "Europe/London", "2026-10-25", "01:30 happens twice; runs at the first"),
        ("*/30 * * * *", "Europe/London", "2026-10-25T00:59", "01:00 happens twice; this is the first"),
        ("*/30 * * * *", "Europe/Berlin", "2026-03-29T01:30", None),
        ("30 1 * * *", "Europe/London", "2026-10-26", None),
        ("0 3 * * *", "UTC", "2026-10-26", None),
        (
            "30 1 30 12 *",
            "Pacific/Apia",
            "2011-12-29",
            "2011-12-30 01:30 does not exist (DST gap); runs at 2011-12-31 00:00",
        ),
    ],
)
def test_the_note(text: str, zone_name: str, after: str, note: str | None) -> None:
    """Gap and overlap are told in wall times; nothing is said where nothing happens."""
    zone, cron = ZoneInfo(zone_name), Cron.parse(text)
    at = cron.next_after(instant(datetime.fromisoformat(after).replace(tzinfo=zone)), zone)
    assert at is not None
    assert describe_dst(cron, zone, at) == note


@pytest.mark.parametrize("minute", [0, 30])
def test_the_second_round_of_a_wildcard(minute: int) -> None:
    """A wildcard runs in both rounds, and the note says which this is, also at the change itself."""
    zone = ZoneInfo("Europe/London")
    at = instant(datetime(2026, 10, 25, 1, minute, tzinfo=zone, fold=1))
    assert describe_dst(Cron.parse("*/30 * * * *"), zone, at) == f"01:{minute:02} happens twice; this is the second"


@pytest.mark.parametrize(
    ("dst", "fold", "note"),
    [
        (Dst(overlap=Overlap.SECOND), 1, "01:30 happens twice; runs at the second"),
        (Dst(overlap=Overlap.BOTH), 0, "01:30 happens twice; this is the first"),
    ],
)
def test_the_note_follows_the_rule(dst: Dst, fold: int, note: str) -> None:
    """Under another `dst:` rule the words change with it."""
    zone = ZoneInfo("Europe/London")
    at = instant(datetime(2026, 10, 25, 1, 30, tzinfo=zone, fold=fold))
    assert describe_dst(Cron.parse("30 1 * * *"), zone, at, dst) == note


def test_a_skipped_time_leaves_no_note_on_another() -> None:
    """With `gap: skip` the 03:00 run is nobody's substitute."""
    zone = ZoneInfo("Europe/Berlin")
    at = instant(datetime(2026, 3, 29, 3, tzinfo=zone))
    assert describe_dst(Cron.parse("0,30 2-3 * * *"), zone, at, Dst(gap=Gap.SKIP)) is None


def test_the_zone_of_the_expression_is_told() -> None:
    """With CRON_TZ= the note speaks of that clock."""
    london, cron = ZoneInfo("Europe/London"), Cron.parse("CRON_TZ=Europe/London 30 1 * * *")
    at = instant(datetime(2026, 10, 25, 1, 30, tzinfo=london))
    assert describe_dst(cron, ZoneInfo("UTC"), at) == "01:30 happens twice; runs at the first"
