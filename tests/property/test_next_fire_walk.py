"""`next` against a reference that knows no cleverness: it walks every minute around a change of the clock.

The reference shares no code with the engine. It reads the rules off the text of the expression, takes from zoneinfo only
what a clock shows at an instant, and lists every instant that is due; the next one is then looked up.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import SECOND, instant, moment
from engine.schedule import Cron, CronError, Dst, Gap, Overlap

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NAMES = {
    name: number
    for names in (["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], ["", "JAN", "FEB", "MAR", "APR", "OCT", "NOV"])
    for number, name in enumerate(names)
} | {"OCT": 10, "NOV": 11}

# (zone, years): where a clock was, is or will be changed in ways that matter.
PLACES = [
    ("Europe/London", (1968, 1996, 2026, 2027)),
    ("Europe/Berlin", (1945, 2026, 2200)),
    ("Europe/Dublin", (2026,)),  # its winter time is the exception, with a negative saving
    ("America/New_York", (2007, 2026, 9000)),
    ("America/Havana", (2026, 2027)),  # midnight twice, midnight missing
    ("America/Sao_Paulo", (2017, 2018)),  # midnight missing
    ("Asia/Beirut", (2022, 2026)),
    ("Asia/Gaza", (2023, 2040)),  # changes a week apart
    ("Africa/Casablanca", (2026,)),
    ("Africa/Cairo", (2026,)),
    ("Australia/Lord_Howe", (1982, 2026, 2027)),  # half an hour
    ("Pacific/Chatham", (2026, 2027)),  # 45 minutes east, changed at 02:45
    ("Pacific/Apia", (2010, 2011)),  # 30 December 2011 is missing
    ("Pacific/Kwajalein", (1969, 1993)),  # 23 hours twice, 24 hours missing
    ("Antarctica/Troll", (2015, 2026)),  # two hours
    ("America/Caracas", (2007, 2016)),
    ("Asia/Pyongyang", (2015, 2018)),
    ("America/St_Johns", (1988, 2011)),  # double saving; changes at 00:01
    ("Asia/Kathmandu", (1986,)),
    ("UTC", (2026,)),
]


def field_values(text: str, low: int, high: int) -> set[int]:
    """What a list of numbers, names, ranges and steps names, by trying every value."""
    return {
        value for value in range(low, high + 1) if any(term_has(term, value, low, high) for term in text.split(","))
    }


def term_has(term: str, value: int, low: int, high: int) -> bool:
    base, _, step = term.partition("/")
    first, _, final = base.partition("-")
    start = low if base == "*" else number(first)
    end = number(final) if final else high if step or base == "*" else start
    return start <= value <= end and (value - start) % int(step or 1) == 0


def number(text: str) -> int:
    return NAMES[text.upper()] if text.isalpha() else int(text)


def day_of_month_has(text: str, day: date) -> bool:
    length = monthrange(day.year, day.month)[1]
    for term in text.split(","):
        if term == "L":
            if day.day == length:
                return True
        elif term == "LW":
            working = [n for n in range(1, length + 1) if date(day.year, day.month, n).weekday() < 5]
            if day.day == working[-1]:
                return True
        elif term_has(term, day.day, 1, 31):
            return True
    return False


def day_of_week_has(text: str, day: date) -> bool:
    return any(weekday_term_has(term, day) for term in text.split(","))


def weekday_term_has(term: str, day: date) -> bool:
    today = day.isoweekday() % 7
    if "#" in term:
        weekday, count = term.split("#")
        return number(weekday) % 7 == today and (day.day - 1) // 7 + 1 == int(count)
    if term.endswith("L"):
        return number(term[:-1]) % 7 == today and day.day + 7 > monthrange(day.year, day.month)[1]
    return term_has(term, today, 0, 7) or (today == 0 and term_has(term, 7, 0, 7))


@dataclass(frozen=True)
class Reference:
    """A cron expression as its text reads."""

    text: str

    @property
    def fields(self) -> list[str]:
        fields = self.text.split()
        return fields if len(fields) == 6 else ["0", *fields]

    @property
    def fixed(self) -> bool:
        return self.fields[1][0] != "*" and self.fields[2][0] != "*"

    def on_day(self, day: date) -> bool:
        _, _, _, dom, month, dow = self.fields
        if day.month not in field_values(month, 1, 12):
            return False
        conditions = day_of_month_has(dom, day), day_of_week_has(dow, day)
        return all(conditions) if dom[0] == "*" or dow[0] == "*" else any(conditions)

    def seconds(self) -> list[int]:
        return sorted(field_values(self.fields[0], 0, 59))

    def minutes_of(self, days: set[date]) -> set[datetime]:
        hours, minutes = field_values(self.fields[2], 0, 23), field_values(self.fields[1], 0, 59)
        return {
            datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - a wall time
            for day in days
            if self.on_day(day)
            for hour in hours
            for minute in minutes
        }

    def names(self, wall: datetime) -> bool:
        return wall.second in self.seconds() and wall.replace(second=0) in self.minutes_of({wall.date()})


@dataclass(frozen=True)
class Walk:
    """What the clock of a zone shows in each minute from two days before a change to three days after it."""

    zone: ZoneInfo
    change: datetime
    instants: tuple[datetime, ...]
    walls: tuple[datetime, ...]

    @classmethod
    def around(cls, zone: ZoneInfo, change: datetime) -> Walk:
        instants = tuple(change + n * MINUTE for n in range(-48 * 60, 72 * 60))
        return cls(zone, change, instants, tuple(at.astimezone(zone).replace(tzinfo=None, fold=0) for at in instants))

    @property
    def end(self) -> datetime:
        return self.instants[-1]

    def due(self, reference: Reference, dst: Dst) -> list[datetime]:
        """Every instant at which the expression is due, sorted."""
        wanted = reference.minutes_of({wall.date() for wall in self.walls} | self.lost_days())
        seconds = [timedelta(seconds=second) for second in reference.seconds()]
        shown: dict[datetime, list[datetime]] = {}
        for at, wall in zip(self.instants, self.walls, strict=True):
            if wall in wanted:
                shown.setdefault(wall, []).append(at)
        due: set[datetime] = set()
        for wall in wanted:
            rounds = shown.get(wall, [])
            if not reference.fixed or dst.overlap is Overlap.BOTH:
                chosen = rounds
            else:
                chosen = rounds[-1:] if dst.overlap is Overlap.SECOND else rounds[:1]
            due.update(at + second for at in chosen for second in seconds)
            if not rounds and reference.fixed and dst.gap is Gap.RUN_AFTER and min(self.walls) < wall < max(self.walls):
                due.add(next(at for at, now in zip(self.instants, self.walls, strict=True) if now > wall))
        return sorted(due)

    def lost_days(self) -> set[date]:
        first, last = min(self.walls).date(), max(self.walls).date()
        return {first + timedelta(days=n) for n in range((last - first).days + 1)}


@cache
def walks(zone_name: str, years: tuple[int, ...]) -> list[Walk]:
    """The changes of these years (an arbitrary day where there are none)."""
    zone = ZoneInfo(zone_name)
    found = []
    for year in years:
        at = datetime(year, 1, 1, tzinfo=UTC)
        while at.year == year:
            following = at + 12 * HOUR
            if at.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
                found.append(Walk.around(zone, exact_change(zone, at, following)))
            at = following
    return found or [Walk.around(zone, datetime(years[0], 2, 28, tzinfo=UTC))]


def exact_change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime:
    before = start.astimezone(zone).utcoffset()
    minutes = int((end - start) / MINUTE)
    return next(
        start + n * MINUTE for n in range(minutes + 1) if (start + n * MINUTE).astimezone(zone).utcoffset() != before
    )


def expression(draw: random.Random, near: date) -> str:
    """A random expression, likely to name times near a change of the clock."""

    def numeric(low: int, high: int, likely: int) -> str:
        a, b = sorted((draw.randint(low, high), draw.randint(low, high)))
        step = draw.choice([1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 90])
        return draw.choice(
            [
                "*",
                "*",
                f"*/{step}",
                str(likely),
                str(a),
                f"{a},{b}",
                f"{a}-{b}",
                f"{a}-{b}/{step}",
                f"{a}/{step}",
                f"{a}-{a}",
            ]
        )

    hour = draw.choice([numeric(0, 23, draw.choice([0, 1, 2, 3, 23])), str(draw.randint(0, 4)), "0-4", "*/2"])
    dom = draw.choice(["*"] * 5 + ["L", "LW", "1,L", "LW,15", "*/2", "1-31", str(near.day), numeric(1, 31, near.day)])
    month = draw.choice(["*"] * 6 + [str(near.month), "*/3", "1-12", "jan-apr,oct,nov"])
    dow = draw.choice(
        ["*"] * 5
        + ["sun", "7", "mon-fri", "1/2", "5L", "sun#5,0L", "0#2", "mon#1,sun#4", "*/2", "5-7", "6L,wed", "0-6"]
    )
    five = f"{numeric(0, 59, draw.choice([0, 15, 30, 45]))} {hour} {dom} {month} {dow}"
    return f"{draw.choice(['0', '30', '*/20', '15,45', '*', '59'])} {five}" if draw.random() < 0.2 else five


def probes(draw: random.Random, walk: Walk) -> list[datetime]:
    """Questions: at the change and its shadows to the microsecond, and anywhere within a day and a half."""
    near = [timedelta(), HOUR / 2, HOUR, 2 * HOUR, 24 * HOUR]
    edges = [walk.change + sign * delta for delta in near for sign in (1, -1)]
    moved = timedelta(microseconds=1)
    asked = [edge + draw.choice([-moved, 0 * moved, moved, -MINUTE, timedelta(seconds=30)]) for edge in edges]
    return asked + [walk.change + timedelta(seconds=draw.randint(-36 * 3600, 36 * 3600)) for _ in range(14)]


def parsed(text: str) -> Cron | None:
    """None: refused, as an expression that never fires."""
    try:
        return Cron.parse(text)
    except CronError:
        return None


RULES = [Dst()] * 6 + [Dst(gap, overlap) for gap in Gap for overlap in Overlap]


@pytest.mark.parametrize("chunk", range(3))
@pytest.mark.parametrize(("zone_name", "years"), PLACES, ids=[name for name, _ in PLACES])
def test_next_is_what_a_walk_through_every_minute_finds(zone_name: str, years: tuple[int, ...], chunk: int) -> None:
    """In every zone and around every change, `next_after` is the first due instant of a minute-by-minute walk."""
    draw = random.Random(f"{zone_name} {chunk}")
    cases = 0
    while cases < 480:
        walk = draw.choice(walks(zone_name, years))
        text, rule = expression(draw, walk.change.astimezone(walk.zone).date()), draw.choice(RULES)
        due = walk.due(Reference(text), rule)
        cron = parsed(text)
        if cron is None:
            assert due == [], f"{text!r} was refused as never firing"  # e.g. LW and a Sunday
            continue
        for after in probes(draw, walk):
            cases += 1
            found = cron.next_after(instant(after), walk.zone, rule)
            place = bisect_right(due, after)
            if place < len(due):
                assert found == instant(due[place]), (
                    f"{text!r} {zone_name} {rule} after {after}: {found and moment(found)}"
                )
            else:
                assert found is None or found > instant(walk.end), f"{text!r} {zone_name} {rule} after {after}"


def test_changes_at_odd_seconds_are_exact() -> None:
    """Where a clock changed within a minute (Monrovia 1972, 44 min 30 s), jobs with seconds still match each shown second."""
    zone = ZoneInfo("Africa/Monrovia")
    change = datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC)
    window = [change + timedelta(seconds=n) for n in range(-3600, 3600)]
    shown = [at.astimezone(zone).replace(tzinfo=None, fold=0) for at in window]
    for text in ("*/7 * * * * *", "3-50/11 */2 * * * *", "* * * * *", "*/5 * * * *"):
        cron, reference = Cron.parse(text), Reference(text)
        wanted = reference.minutes_of({wall.date() for wall in shown})
        seconds = set(reference.seconds())
        due = [
            at
            for at, wall in zip(window, shown, strict=True)
            if wall.second in seconds and wall.replace(second=0) in wanted
        ]
        at, found = instant(window[0]) - 1, []
        while (following := cron.next_after(at, zone)) is not None and following <= instant(window[-1]):
            found.append(following)
            at = following
        assert found == [instant(wall) for wall in due], text


minute_texts = st.sampled_from(["*", "*/5", "0", "30", "15,45", "10-50/20", "59"])
hour_texts = st.sampled_from(["*", "*/2", "0", "1", "2", "3", "1-3", "22/1", "0,12"])
month_day_texts = st.sampled_from(["*", "*", "1", "31", "L", "LW", "*/10", "29-31"])
weekday_texts = st.sampled_from(["*", "*", "sun", "mon-fri", "5L", "1#2", "*/3"])
texts = st.builds("{} {} {} * {}".format, minute_texts, hour_texts, month_day_texts, weekday_texts)
zones = st.sampled_from([name for name, _ in PLACES]).map(ZoneInfo)
afters = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - hypothesis takes naive bounds
    max_value=datetime(2150, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)


@settings(max_examples=300, deadline=None)
@given(text=texts, zone=zones, after=afters)
def test_next_is_later_and_named(text: str, zone: ZoneInfo, after: datetime) -> None:
    """The answer is strictly later, in the asked zone, and shows a named wall time or is the end of a gap."""
    cron = parsed(text)
    if cron is None:
        return
    found = cron.next(after.astimezone(zone))
    assert found > after
    assert found.tzinfo is zone
    assert instant(found) % SECOND == 0
    just_before = (found.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone)
    before, now = just_before.utcoffset(), found.utcoffset()
    assert before is not None
    assert now is not None
    in_gap = now > before and cron.expression.fixed
    assert in_gap or Reference(text).names(found.replace(tzinfo=None, fold=0)), f"{text} {found}"


@settings(max_examples=300, deadline=None)
@given(text=texts, zone=zones, after=afters, later=st.integers(0, 400 * 86_400 * SECOND), part=st.floats(0, 1))
def test_next_is_monotone_and_constant_up_to_itself(
    text: str, zone: ZoneInfo, after: datetime, later: int, part: float
) -> None:
    """Asked later the answer is not earlier, and any question before the answer gets the same answer."""
    cron = parsed(text)
    if cron is None:
        return
    asked = instant(after)
    found = cron.next_after(asked, zone)
    assert found is not None
    following = cron.next_after(asked + later, zone)
    assert following is not None
    assert found <= following
    between = asked + min(int((found - asked) * part), found - asked - 1)
    assert cron.next_after(between, zone) == found
