"""What a change of the clock does to cron jobs: the cases people meet, and the zones where rules of thumb fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.clock import instant, moment
from engine.schedule import Cron, Dst, Gap, Overlap


def fires(text: str, zone_name: str, start: str, count: int, dst: Dst | None = None) -> list[str]:
    """The next `count` times after the local wall time `start`, as that zone's clock shows them, with offset."""
    zone = ZoneInfo(zone_name)
    cron, at = Cron.parse(text), instant(datetime.fromisoformat(start).replace(tzinfo=zone))
    found = []
    for _ in range(count):
        following = cron.next_after(at, zone, dst or Dst())
        assert following is not None
        assert following > at
        at = following
        found.append(f"{moment(at).astimezone(zone):%d %H:%M%z}")
    return found


def test_a_fixed_time_in_a_gap_runs_at_its_end() -> None:
    """Row 19: Berlin, 29 March 2026: 02:30 does not exist, the job runs at 03:00, and at 02:30 the day after."""
    assert fires("30 2 * * *", "Europe/Berlin", "2026-03-28", 3) == ["28 02:30+0100", "29 03:00+0200", "30 02:30+0200"]


def test_several_fixed_times_in_a_gap_run_once() -> None:
    """All that the gap swallowed runs together at its end, also with one that is due just then."""
    assert fires("15,30 2,3 * * *", "Europe/Berlin", "2026-03-29", 3) == [
        "29 03:00+0200",
        "29 03:15+0200",
        "29 03:30+0200",
    ]
    assert fires("0,30 2-3 * * *", "Europe/Berlin", "2026-03-29", 2) == ["29 03:00+0200", "29 03:30+0200"]


def test_a_fixed_time_in_an_overlap_runs_at_the_first() -> None:
    """Row 19: Berlin, 25 October 2026: 02:30 comes twice, the job runs once, at the first."""
    assert fires("30 2 * * *", "Europe/Berlin", "2026-10-25", 2) == ["25 02:30+0200", "26 02:30+0100"]


def test_started_between_the_two_rounds_a_fixed_time_waits_for_tomorrow() -> None:
    """Asked in the second 02:xx the 02:30 of this day is over, also when it has not been shown again yet."""
    zone = ZoneInfo("Europe/Berlin")
    second_round = datetime(2026, 10, 25, 2, 10, tzinfo=zone, fold=1)
    assert Cron.parse("30 2 * * *").next(second_round) == datetime(2026, 10, 26, 2, 30, tzinfo=zone)
    assert Cron.parse("0 3 * * *").next(second_round) == datetime(2026, 10, 25, 3, tzinfo=zone)


@pytest.mark.parametrize("text", ["*/30 * * * *", "0,30 * * * *", "*/30 0-5 * * *"])
def test_wildcards_go_by_elapsed_time(text: str) -> None:
    """Row 19: every half hour stays every half hour: nothing lost in the gap, 02:xx twice in the overlap."""
    assert fires(text, "Europe/Berlin", "2026-03-29T01:00", 3) == ["29 01:30+0100", "29 03:00+0200", "29 03:30+0200"]
    assert fires(text, "Europe/Berlin", "2026-10-25T01:30", 5) == [
        "25 02:00+0200",
        "25 02:30+0200",
        "25 02:00+0100",
        "25 02:30+0100",
        "25 03:00+0100",
    ]


def test_a_wildcard_never_fires_at_a_wall_time_it_does_not_name() -> None:
    """`0 */2` skips the missing 02:00, it does not run at 03:00."""
    assert fires("0 */2 * * *", "Europe/Berlin", "2026-03-28T23:30", 3) == [
        "29 00:00+0100",
        "29 04:00+0200",
        "29 06:00+0200",
    ]


def test_seconds_do_not_change_what_is_fixed() -> None:
    """With a seconds field in front the job is as reliable as without."""
    assert fires("0 30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 2) == ["29 03:00+0200", "30 02:30+0200"]
    assert fires("0 30 2 * * *", "Europe/Berlin", "2026-10-25", 2) == ["25 02:30+0200", "26 02:30+0100"]
    assert fires("*/30 30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 2) == ["29 03:00+0200", "30 02:30+0200"]


def test_half_an_hour_in_lord_howe() -> None:
    """The clock goes from 02:00 to 02:30 and back from 02:00 to 01:30."""
    zone = "Australia/Lord_Howe"
    assert fires("15 2 * * *", zone, "2026-10-04", 2) == ["04 02:30+1100", "05 02:15+1100"]
    assert fires("0 */2 * * *", zone, "2026-04-05T01:40", 2) == ["05 02:00+1030", "05 04:00+1030"]
    assert fires("45 1 * * *", zone, "2026-04-05", 2) == ["05 01:45+1100", "06 01:45+1030"]
    assert fires("45 * * * *", zone, "2026-04-05T01:00", 3) == ["05 01:45+1100", "05 01:45+1030", "05 02:45+1030"]


def test_a_missing_day_in_apia() -> None:
    """30 December 2011 did not exist: daily jobs ran once for it at its end, jobs of that date too."""
    zone = "Pacific/Apia"
    assert fires("0 12 * * *", zone, "2011-12-29", 3) == ["29 12:00-1000", "31 00:00+1400", "31 12:00+1400"]
    assert fires("30 1 30 12 *", zone, "2011-12-29", 1) == ["31 00:00+1400"]
    assert fires("0 */6 * * *", zone, "2011-12-29T12:00", 2) == ["29 18:00-1000", "31 00:00+1400"]


def test_odd_minutes_in_chatham() -> None:
    """02:45 becomes 03:45 and 03:45 becomes 02:45; the 45 minutes east of the hour play no part."""
    zone = "Pacific/Chatham"
    assert fires("0 3 * * *", zone, "2026-09-27", 2) == ["27 03:45+1345", "28 03:00+1345"]
    assert fires("*/30 * * * *", zone, "2026-09-27T02:00", 3) == ["27 02:30+1245", "27 04:00+1345", "27 04:30+1345"]
    assert fires("0 * * * *", zone, "2026-04-05T02:50", 3) == ["05 03:00+1345", "05 03:00+1245", "05 04:00+1245"]


def test_two_hours_in_troll() -> None:
    """01:00 becomes 03:00 and 03:00 becomes 01:00."""
    zone = "Antarctica/Troll"
    assert fires("30 1,2 * * *", zone, "2026-03-29", 2) == ["29 03:00+0200", "30 01:30+0200"]
    assert fires("30 1,2 * * *", zone, "2026-10-25", 3) == ["25 01:30+0200", "25 02:30+0200", "26 01:30+0000"]
    assert fires("0 * * * *", zone, "2026-10-25T02:00", 3) == ["25 01:00+0000", "25 02:00+0000", "25 03:00+0000"]


def test_no_midnight() -> None:
    """Where the day starts at 01:00 the midnight job runs at 01:00; where midnight comes twice, once."""
    assert fires("@daily", "America/Sao_Paulo", "2018-11-03T12:00", 2) == ["04 01:00-0200", "05 00:00-0200"]
    assert fires("@daily", "Asia/Beirut", "2026-03-28T12:00", 2) == ["29 01:00+0300", "30 00:00+0300"]
    assert fires("@daily", "America/Havana", "2026-10-31T12:00", 2) == ["01 00:00-0400", "02 00:00-0500"]


def test_a_whole_day_twice() -> None:
    """Alaska 1867 had 18 October twice: fixed jobs ran in the first, hourly ones in both."""
    zone = ZoneInfo("America/Juneau")
    change = datetime(1867, 10, 19, 0, 31, 13, tzinfo=UTC)
    assert change.astimezone(zone).utcoffset() != (change - timedelta(seconds=1)).astimezone(zone).utcoffset()
    start, end = instant(change - timedelta(hours=30)), instant(change + timedelta(hours=30))
    for text, runs in (("0 12 * * *", 2), ("0 * * * *", 60)):
        cron, at, found = Cron.parse(text), start, 0
        while (following := cron.next_after(at, zone)) is not None and following <= end:
            at, found = following, found + 1
        assert found == runs, text


def test_far_past_and_far_future() -> None:
    """Local mean time before there were zones, and the last rule carried on for ever."""
    assert fires("0 12 * * *", "Europe/Amsterdam", "1850-06-01", 1)[0].startswith("01 12:00")
    assert fires("30 2 * * *", "Europe/Berlin", "7999-03-27T12:00", 2) == ["28 03:00+0200", "29 02:30+0200"]


def test_rules_that_skip_or_repeat() -> None:
    """`dst:` can leave out what a gap swallows, and run the second or both of an overlap."""
    berlin, spring, autumn = "Europe/Berlin", "2026-03-28T12:00", "2026-10-24T12:00"
    skip = Dst(gap=Gap.SKIP)
    assert fires("30 2 * * *", berlin, spring, 1, skip) == ["30 02:30+0200"]
    assert fires("30 2,3 * * *", berlin, spring, 1, skip) == ["29 03:30+0200"]
    assert fires("0 2,3 * * *", berlin, spring, 1, skip) == ["29 03:00+0200"]
    assert fires("30 2 * * *", berlin, autumn, 2, Dst(overlap=Overlap.SECOND)) == ["25 02:30+0100", "26 02:30+0100"]
    assert fires("30 2 * * *", berlin, autumn, 2, Dst(overlap=Overlap.BOTH)) == ["25 02:30+0200", "25 02:30+0100"]
    assert fires("30 2 * * *", berlin, spring, 1, Dst(overlap=Overlap.BOTH)) == ["29 03:00+0200"]


@pytest.mark.parametrize("rule", [Dst(gap, overlap) for gap in Gap for overlap in Overlap])
def test_the_rule_concerns_fixed_times_only(rule: Dst) -> None:
    """Wildcards go by elapsed time under every rule."""
    assert fires("*/30 * * * *", "Europe/Berlin", "2026-10-25T02:00", 3, rule) == [
        "25 02:30+0200",
        "25 02:00+0100",
        "25 02:30+0100",
    ]
    assert fires("0 */2 * * *", "Europe/Berlin", "2026-03-29T01:00", 1, rule) == ["29 04:00+0200"]
