"""`next` against cronsim 2.8, which follows Debian's cron; left out is only where cronsim is known to be wrong.

(a) Started in the second half of an overlap it can answer with a time in the past: asked once more from there.
(b) It loses the minute of wildcard jobs where a zone is not moved by whole hours, or at midnight, and never returns for
    some in Pacific/Chatham: fixed jobs only in these zones (test_next_fire_walk.py has the wildcard ones).
(c) `4-4/3` is `4/3` to it: no equal range with a step.
(d) Six fields with a fixed time are wall matches to it, lost in a gap and doubled in an overlap: only in UTC.
(e) It splits fields at Unicode blanks: such texts are refused here anyway.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError

from engine.clock import instant, moment
from engine.schedule import Cron, CronError

WHOLE_HOURS = [
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Chicago",
    "Australia/Sydney",
    "Europe/Dublin",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "America/St_Johns",
]
FIXED_ONLY = ["Australia/Lord_Howe", "Pacific/Chatham", "America/Sao_Paulo", "America/Havana", "Asia/Beirut"]


def numeric(draw: random.Random, low: int, high: int) -> str:
    a, b = sorted(draw.sample(range(low, high + 1), 2))
    step = draw.randint(1, 9)
    return draw.choice([f"{a}", f"{b}", f"{a},{b}", f"{a}-{b}", f"{a}-{b}/{step}", f"{a}/{step}", f"{a},{a}-{b}"])


def starred(draw: random.Random, low: int, high: int) -> str:
    return draw.choice(["*", "*", f"*/{draw.randint(2, 12)}", numeric(draw, low, high)])


def days(draw: random.Random) -> tuple[str, str, str]:
    dom = draw.choice(["*"] * 6 + ["L", "LW", "1,L", "15,LW", "*/2", "*/10,L", numeric(draw, 1, 31)])
    month = draw.choice(["*"] * 6 + ["*/2", "feb", "JAN-Mar", "2,11", numeric(draw, 1, 12)])
    dow = draw.choice(
        ["*"] * 6 + ["mon-fri", "7", "0", "SUN", "1/2", "*/2", "5L", "0L,3", "2#1", "Mon#5", "5,7#3", "4-7"]
    )
    return dom, month, dow


def random_moment(draw: random.Random) -> datetime:
    return datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=draw.randint(0, 15 * 365 * 86_400))


def hours_to_change(zone: ZoneInfo, start: datetime) -> int:
    before = start.astimezone(zone).utcoffset()
    return next(n for n in range(25) if (start + timedelta(hours=n)).astimezone(zone).utcoffset() != before)


def change_near(zone: ZoneInfo, at: datetime) -> datetime:
    """The hour of the first change of the clock within a year of `at`, or `at`."""
    for hours in range(0, 365 * 24, 24):
        start = at + timedelta(hours=hours)
        if start.astimezone(zone).utcoffset() != (start + timedelta(hours=24)).astimezone(zone).utcoffset():
            return start + timedelta(hours=hours_to_change(zone, start))
    return at


def cronsim_next(text: str, after: datetime) -> datetime:
    simulated = CronSim(text, after)
    while (found := next(simulated).astimezone(UTC)) <= after:  # fault (a)
        pass
    return found


def compare(draw: random.Random, zone_name: str, text: str, asked: int) -> None:
    zone = ZoneInfo(zone_name)
    try:
        simulated = CronSim(text, datetime(2026, 1, 1, tzinfo=zone))
        next(simulated)
    except (CronSimError, StopIteration):
        with pytest.raises(CronError, match="never fires"):
            Cron.parse(text)
        return
    cron = Cron.parse(text)
    change = change_near(zone, random_moment(draw))
    for _ in range(asked):
        near = change + timedelta(seconds=draw.randint(-30 * 3600, 30 * 3600))
        after = draw.choice([near, near, near, random_moment(draw)])
        found = cron.next_after(instant(after), zone)
        assert found is not None
        assert moment(found) == cronsim_next(text, after.astimezone(zone)), f"{text!r} in {zone_name} after {after}"


@pytest.mark.parametrize("zone_name", WHOLE_HOURS)
def test_five_fields_agree(zone_name: str) -> None:
    """Any expression of five fields, around changes of whole hours and at any other time."""
    draw = random.Random(f"five {zone_name}")
    for _ in range(300):
        text = " ".join([starred(draw, 0, 59), starred(draw, 0, 23), *days(draw)])
        compare(draw, zone_name, text, asked=12)


@pytest.mark.parametrize("zone_name", FIXED_ONLY)
def test_fixed_times_agree_where_clocks_move_oddly(zone_name: str) -> None:
    """Fixed times, in zones whose changes are half hours, at odd minutes or at midnight."""
    draw = random.Random(f"fixed {zone_name}")
    for _ in range(300):
        hour = draw.choice([numeric(draw, 0, 23), str(draw.randint(0, 3)), "0-4"])
        compare(draw, zone_name, " ".join([numeric(draw, 0, 59), hour, *days(draw)]), asked=12)


@pytest.mark.parametrize("chunk", range(4))
def test_six_fields_agree_in_utc(chunk: int) -> None:
    """Seconds first: the same instants as cronsim where no clock moves."""
    draw = random.Random(f"six {chunk}")
    for _ in range(40):
        text = " ".join([starred(draw, 0, 59), starred(draw, 0, 59), starred(draw, 0, 23), *days(draw)])
        compare(draw, "UTC", text, asked=8)


REFUSED_BY_BOTH = [
    "* * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * 32 * *",
    "* * * 13 *",
    "* * * * 8",
    "*/0 * * * *",
    "5-1 * * * *",
    "-1 * * * *",
    "1- * * * *",
    "1,,2 * * * *",
    "* * * * 1#6",
    "* * * * 1#0",
    "* * * * #1",
    "* * * * L",
    "* * 30 2 *",
    "* * 31 4,6 *",
    "? * * * *",
    "R * * * *",
    "monday * * * *",
    "* * * monday *",
    "* * 15W * *",
    "+5 * * * *",
    "1.5 * * * *",
    "* * * * * * *",
]


@pytest.mark.parametrize("text", REFUSED_BY_BOTH)
def test_what_cronsim_refuses_is_refused(text: str) -> None:
    """The grammar is no laxer than cronsim's."""
    with pytest.raises(CronSimError):
        CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(CronError):
        Cron.parse(text)
