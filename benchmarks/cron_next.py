"""Time of the next occurrence: ours, croniter as it comes, cronsim; and a herd of 10,000 jobs with and without the memo.

    python benchmarks/cron_next.py

Ours and croniter are parsed once per expression, cronsim has no such form and is built per question. Each figure is min /
median / max of the repeats. Bars: median of ours <= 150 us over the usual expressions (sparse ones 400), the herd <= 50 ms
with the memo; a miss counts only if the peers, measured in the same run, are not slowed down as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

from engine.clock import SECOND, instant, moment
from engine.schedule import Cron, CronPlan, NextMemo

ZONE = ZoneInfo("Europe/Berlin")
REPEATS = 5
CALLS = 200
JOBS = 10_000

USUAL = [
    "* * * * *",
    "*/5 * * * *",
    "0 * * * *",
    "0 2 * * *",
    "30 4 1,15 * 5",
    "0 9 * * mon-fri",
    "0 9-17/2 * * 1-5",
    "0 0 1 * *",
    "0 0 L * *",
    "0 0 1 1 *",
    "15,45 */3 * * *",
    "0 22 * * sun",
]
SPARSE = ["0 0 29 2 *", "0 0 * 2 MON#5", "0 0 LW * *", "0 0 13 * fri"]
CRONITER_WORDS = {"0 0 LW * *": "0 0 31W * *"}


def starts() -> list[datetime]:
    """Questions over a year, a prime number of seconds apart."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    return [(first + timedelta(seconds=157_679 * n)).astimezone(ZONE) for n in range(CALLS)]


def per_call(ask: Callable[[datetime], object]) -> list[float]:
    """Microseconds per call, one figure per repeat."""
    questions, figures = starts(), []
    for _ in range(REPEATS):
        began = time.perf_counter()
        for question in questions:
            ask(question)
        figures.append((time.perf_counter() - began) / CALLS * 1e6)
    return figures


def shown(figures: list[float], unit: str = "") -> str:
    """min / median / max."""
    return f"{min(figures):7.1f}/{median(figures):7.1f}/{max(figures):7.1f}{unit}"


def table(title: str, expressions: list[str]) -> list[float]:
    """One row per expression; returns the medians of ours."""
    print(f"\n{title}, us per call\n{'':18}{'ours':>24}{'croniter (aware)':>26}{'cronsim':>26}")
    medians = []
    for text in expressions:
        cron, peer = Cron.parse(text), croniter(CRONITER_WORDS.get(text, text))
        ours = per_call(cron.next)
        croniters = per_call(lambda at, peer=peer: peer.get_next(datetime, start_time=at))  # type: ignore[misc] # the default of a lambda has no type
        cronsims = per_call(lambda at, text=text: next(CronSim(text, at)))  # type: ignore[misc] # likewise
        medians.append(median(ours))
        print(f"{text:18}{shown(ours):>24}  {shown(croniters):>24}  {shown(cronsims):>24}")
    return medians


def herd() -> None:
    """10,000 jobs, 60 expressions, all due in one minute: how long until each has its next time."""
    texts = [f"{n} * * * *" for n in range(30)] + [f"{n} {n % 24} * * mon-fri" for n in range(30)]
    plans = [CronPlan(((Cron.parse(texts[n % 60]), ZONE),)) for n in range(JOBS)]
    peers = [croniter(texts[n % 60]) for n in range(JOBS)]
    after = instant(datetime(2026, 6, 1, 12, tzinfo=UTC))
    at = moment(after).astimezone(ZONE)
    cold: list[float] = []
    memoised: list[float] = []
    without: list[float] = []
    as_is: list[float] = []
    for round_number in range(REPEATS):
        memo, now = NextMemo(), after + round_number * 60 * SECOND
        for figures in (cold, memoised):
            began = time.perf_counter()
            for plan in plans:
                memo.next_after(plan, now)
            figures.append((time.perf_counter() - began) * 1e3)
        if round_number < 3:
            began = time.perf_counter()
            for plan in plans:
                plan.next_after(now)
            without.append((time.perf_counter() - began) * 1e3)
            began = time.perf_counter()
            for peer in peers:
                peer.get_next(datetime, start_time=at)
            as_is.append((time.perf_counter() - began) * 1e3)
    print(f"\nherd of {JOBS:,} jobs, 60 expressions, ms")
    print(f"{'ours, empty memo':24}{shown(cold)}   bar: 50")
    print(f"{'ours, filled memo':24}{shown(memoised)}")
    print(f"{'ours, no memo':24}{shown(without)}")
    print(f"{'croniter as it comes':24}{shown(as_is)}")


def main() -> None:
    """Print the three tables."""
    usual = table("usual expressions", USUAL)
    sparse = table("sparse expressions", SPARSE)
    print(f"\nmedian of ours: usual {median(usual):.0f} us (bar 150), sparse {max(sparse):.0f} us at most (bar 400)")
    herd()


if __name__ == "__main__":
    main()
