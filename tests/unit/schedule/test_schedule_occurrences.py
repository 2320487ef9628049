"""Stretches of a plan, and the memo."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.clock import SECOND, Instant, instant
from engine.schedule import AtPlan, Cron, CronPlan, EveryPlan, NextMemo, Plan, RoundPlan, latest, occurrences

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")
START = instant(datetime(2026, 1, 1, tzinfo=UTC))
HOUR = 3_600 * SECOND


def cron_plan(text: str, zone: ZoneInfo = UTC_ZONE) -> CronPlan:
    return CronPlan(((Cron.parse(text), zone),))


def test_after_is_left_out_and_until_is_in() -> None:
    """(after, until], oldest first."""
    assert occurrences(AtPlan((1, 2, 3, 4)), 1, 3) == ([2, 3], True)


def test_nothing_due_is_exact() -> None:
    """An empty stretch is no guess."""
    assert occurrences(cron_plan("@hourly"), START, START + HOUR - 1) == ([], True)
    assert occurrences(AtPlan(()), START, START + HOUR) == ([], True)


def test_ten_thousand_are_exact_and_one_more_is_not() -> None:
    """Bounded work: beyond the limit the count says that it is not exact."""
    plan = EveryPlan(SECOND, START)
    found, exact = occurrences(plan, START, START + 10_000 * SECOND)
    assert (len(found), found[0], found[-1], exact) == (10_000, START + SECOND, START + 10_000 * SECOND, True)
    found, exact = occurrences(plan, START, START + 10_001 * SECOND)
    assert (len(found), exact) == (10_000, False)
    assert occurrences(plan, START, START + HOUR, limit=0) == ([], False)


PLANS = [
    cron_plan("*/20 * * * * *"),
    cron_plan("30 2 * * *", ZoneInfo("Europe/Berlin")),
    cron_plan("0 0 29 2 *"),
    EveryPlan(7 * SECOND, START - 3),
    AtPlan((START + 1, START + HOUR)),
]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("length", [0, 1, HOUR, 30 * HOUR])
def test_the_latest_is_the_last_of_all(plan: Plan, length: int) -> None:
    """`latest` finds what enumeration ends with."""
    found, exact = occurrences(plan, START, START + length, limit=100_000)
    assert exact
    assert latest(plan, START, START + length) == (found[-1] if found else None)


def test_the_latest_of_a_long_stretch_takes_few_questions() -> None:
    """Fifty years of seconds are not walked through."""
    asked = []

    class Counted:
        key = None

        def next_after(self, after: Instant) -> Instant | None:
            asked.append(after)
            return after // SECOND * SECOND + SECOND

    until = START + 50 * 365 * 24 * HOUR
    assert latest(Counted(), START, until + 5) == until
    assert len(asked) < 80


@pytest.mark.parametrize(
    "plan",
    [
        cron_plan("*/5 * * * *"),
        cron_plan("*/7 * * * * *"),
        cron_plan("30 2 * * *", ZoneInfo("Australia/Lord_Howe")),
        cron_plan("*/10 * * * *", ZoneInfo("Africa/Monrovia")),
        RoundPlan(HOUR, UTC_ZONE),
    ],
)
def test_the_memo_changes_no_answer(plan: Plan) -> None:
    """Asked in any order, within a minute, before and after an answer: as without it."""
    draw, memo = random.Random(7), NextMemo()
    for base in (START, instant(datetime(1971, 6, 1, tzinfo=UTC))):
        for _ in range(300):
            after = base + draw.choice([draw.randint(0, 120 * SECOND), draw.randint(0, 4 * HOUR), HOUR, HOUR - 1])
            assert memo.next_after(plan, after) == plan.next_after(after)


def test_jobs_that_share_an_expression_share_the_work() -> None:
    """10,000 jobs with 60 expressions take 60 searches: equal meaning is one entry, however it was parsed."""
    memo = NextMemo()
    plans = [cron_plan(f"{n % 60} * * * *") for n in range(600)]
    for plan in plans:
        memo.next_after(plan, START)
    assert len(memo) == 60


def test_jobs_with_the_same_round_times_share_the_work() -> None:
    """Whenever each of them was added."""
    memo = NextMemo()
    for zone, period in ((UTC_ZONE, SECOND), (UTC_ZONE, HOUR), (BERLIN, HOUR)):
        for _ in range(50):
            plan = RoundPlan(period, zone)
            assert memo.next_after(plan, START + 1) == plan.next_after(START + 1)
    assert len(memo) == 3


def test_the_memo_is_bounded() -> None:
    """Expressions that come and go over years do not fill the memory."""
    memo = NextMemo()
    crons = [Cron.parse(f"{n % 60} {n % 24} * * {n % 7}") for n in range(840)]
    for zone_name in ("UTC", "Etc/GMT+1", "Etc/GMT+2", "Etc/GMT+3", "Etc/GMT+4", "Etc/GMT+5"):
        for cron in crons:
            memo.next_after(CronPlan(((cron, ZoneInfo(zone_name)),)), START)
    assert 0 < len(memo) <= 4096


def test_a_plan_that_ends_is_not_remembered_wrongly() -> None:
    """None is passed on."""
    assert NextMemo().next_after(CronPlan(()), START) is None
    assert NextMemo().next_after(AtPlan((START,)), START) is None
