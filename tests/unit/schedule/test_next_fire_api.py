"""The public question: `next_fire` and `Cron`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from engine.clock import instant
from engine.schedule import Cron, CronError, next_fire

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_the_answer_is_in_the_asked_zone() -> None:
    """Aware in, aware out, in zone `tz`, whatever zone the question came in."""
    found = next_fire("0 2 * * *", "Europe/Berlin", NOON.astimezone(ZoneInfo("Asia/Tokyo")))
    assert found == datetime(2026, 6, 2, 0, tzinfo=UTC)
    assert found.tzinfo is ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("microseconds", [-1, 0, 1])
def test_strictly_later(microseconds: int) -> None:
    """At the planned time itself the answer is the next one; a microsecond before, it is that time."""
    found = next_fire("0 12 * * *", "UTC", NOON + timedelta(microseconds=microseconds))
    assert found == (NOON if microseconds < 0 else NOON + timedelta(days=1))


def test_the_zone_in_the_expression_reads_the_clock() -> None:
    """CRON_TZ= decides which wall time is meant; the answer is still given in `tz`."""
    found = next_fire("CRON_TZ=America/New_York 0 2 * * *", "Europe/Berlin", NOON)
    assert found == datetime(2026, 6, 2, 6, tzinfo=UTC)
    assert found.tzinfo is ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("expr", "tz", "after", "field"),
    [
        ("60 * * * *", "UTC", NOON, "minute"),
        ("0 0 30 2 *", "UTC", NOON, "day of month"),
        ("H 0 * * *", "UTC", NOON, "minute"),
        ("0 0 * * *", "Mars/Olympus", NOON, "time zone"),
        ("0 0 * * *", "", NOON, "time zone"),
        ("0 0 * * *", "Europe", NOON, "time zone"),
        ("0 0 * * *", "/etc/localtime", NOON, "time zone"),
        ("0 0 * * *", "right/Europe/London", NOON, "time zone"),
        ("0 0 * * *", "UTC\x00", NOON, "time zone"),
        ("0 0 * * *", "Zürich", NOON, "time zone"),
        ("0 0 * * *", "A" * 5_000, NOON, "time zone"),
        ("0 0 * * *", "tzdata.zi", NOON, "time zone"),
        ("0 0 * * *", "UTC", NOON.replace(tzinfo=None), "after"),
    ],
)
def test_what_it_refuses(expr: str, tz: str, after: datetime, field: str) -> None:
    """A ValueError that names the field: bad expression, never firing, H without seed, unknown zone, naive time."""
    with pytest.raises(ValueError, match=field) as refused:
        next_fire(expr, tz, after)
    assert isinstance(refused.value, CronError)
    assert refused.value.field == field


def test_h_takes_the_seed() -> None:
    """The same seed gives the same time."""
    found = {next_fire("H H * * *", "UTC", NOON, seed="backup") for _ in range(3)}
    assert len(found) == 1


@pytest.mark.parametrize("tz", ["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize("expr", ["* * * * *", "0 2 * * *", "*/5 0 0 * * *"])
def test_the_ends_of_time_are_no_accident(tz: str, expr: str) -> None:
    """At the first instant of a datetime there is an answer, at the last one a ValueError that says why."""
    assert next_fire(expr, tz, datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))).year == 1
    with pytest.raises(CronError, match="year 10000"):
        next_fire(expr, tz, datetime.max.replace(tzinfo=UTC))
    assert Cron.parse(expr).next_after(instant(datetime.max.replace(tzinfo=UTC)), ZoneInfo(tz)) is None


def test_a_zone_of_fixed_offset_will_do() -> None:
    """`Cron.next` takes any aware datetime and answers in its zone."""
    zone = timezone(timedelta(hours=5, minutes=30))
    assert Cron.parse("0 2 * * *").next(NOON.astimezone(zone)) == datetime(2026, 6, 2, 2, tzinfo=zone)


def test_equal_by_meaning() -> None:
    """Expressions are equal and hash alike if they mean the same times by the same rule."""
    assert Cron.parse("0 0 * * sun") == Cron.parse("@weekly") == Cron.parse("0 0 0 * * 7")
    assert Cron.parse("*/30 * * * *") == Cron.parse("0,30 * * * *")
    assert Cron.parse("0,30 * * * *") != Cron.parse("0,30 0-23 * * *")  # the latter names fixed times
    assert len({Cron.parse("0 9 * * 1-5"), Cron.parse("00 09 * * mon-fri")}) == 1
    assert Cron.parse("0 0 * * *") != Cron.parse("CRON_TZ=UTC 0 0 * * *")


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Threads change places as often as the interpreter can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("frequent_switches")
def test_a_question_leaves_no_trace() -> None:
    """A parsed expression is a value: threads that ask at different times get what each asked for."""
    cron, zone = Cron.parse("*/7 3 * * *"), ZoneInfo("Europe/Berlin")
    asked = [instant(NOON) + n * 97 * 86_400_000_000 for n in range(400)]
    expected = [cron.next_after(at, zone) for at in asked]
    with ThreadPoolExecutor(4) as pool:
        rounds = [pool.submit(lambda: [cron.next_after(at, zone) for at in asked]) for _ in range(4)]
        assert all(answers.result() == expected for answers in rounds)
