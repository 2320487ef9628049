"""`Cron`, a parsed expression that knows its next time, and `next_fire`, the same in one call."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from engine.clock import Instant, instant, moment
from engine.schedule.cron_error import CronError
from engine.schedule.dst import DEFAULT_DST, ELAPSED, Dst, next_instant
from engine.schedule.grammar import Expression, parse
from engine.schedule.matcher import Matcher
from engine.schedule.zones import Wall, zone
from engine.values import lean

_YEAR_2000: Final[Wall] = 946_684_800_000_000
_SHORTEST_MONTH: Final = 28


@lean(frozen=True, slots=True)
class Cron:
    """A cron expression, parsed once. Equal ones mean the same times, however they were written.

    `zone` is the one of the `CRON_TZ=` prefix and overrules any other. `key` stands for the meaning in a cache.
    """

    expression: Expression = field(compare=False)
    zone: ZoneInfo | None = field(compare=False)
    key: str
    _times: Matcher = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str, *, seed: str | None = None) -> Cron:
        """Parse `text`; `seed` is the job id that `H` hashes.

        CronError (a ValueError with field and text) for a text outside the grammar, an unknown zone after `CRON_TZ=`,
        `H` without seed, and dates that never come.
        """
        expression = parse(text, seed=seed)
        own_zone = None if expression.zone is None else zone(expression.zone)
        times = Matcher.of(expression)
        # Any base will do: dates repeat every 28 years, 40 over a century, and croniter looks ahead 50.
        if not _surely_fires(expression) and times.next(_YEAR_2000) is None:
            _, day, month, weekday = expression.text.rsplit(maxsplit=3)
            raise CronError("day of month", f"{day} {month} {weekday}", "never fires: no year has such a date")
        key = " | ".join((expression.zone or "", "fixed" if expression.fixed else "elapsed", times.key))
        return cls(expression, own_zone, key, times)

    @property
    def text(self) -> str:
        """The expression as written."""
        return self.expression.text

    def next(self, after: datetime, zone: tzinfo | None = None) -> datetime:
        """The first time later than `after`, by the clock of `zone` (default: the zone of `after`) and given in it.

        CronError (a ValueError) for a naive `after`, and when there is none before the year 10000.
        """
        if after.utcoffset() is None:
            raise CronError("after", str(after), "a datetime without time zone is no instant", "pass an aware one")
        where = zone or after.tzinfo
        assert where is not None, "an aware datetime has a zone"
        found = self.next_after(instant(after), where)
        if found is None:
            raise CronError("after", str(after), "no further time before the year 10000")
        return moment(found).astimezone(where)

    def next_after(self, after: Instant, zone: tzinfo, dst: Dst = DEFAULT_DST) -> Instant | None:
        """The first instant later than `after` by the clock of `zone` (`CRON_TZ=` overrules); None: no more.

        `dst` is the rule for fixed times; an expression with `*` in minute or hour goes by elapsed time regardless.
        """
        return next_instant(self._times, self.zone or zone, after, dst if self.expression.fixed else ELAPSED)

    def next_wall(self, wall: Wall) -> Wall | None:
        """The first wall time named later than `wall`, whether or not a clock ever shows it; None: no more."""
        return self._times.next(wall)


def next_fire(expr: str, tz: str, after: datetime, *, seed: str | None = None) -> datetime:
    """The first time later than `after` at which the cron expression `expr` fires by the clock of zone `tz`.

    `after` is aware; the result is aware, in zone `tz`, strictly later. `seed` is the job id, needed for `H` only. A
    `CRON_TZ=ZONE ` prefix in `expr` decides which clock is read; the result is still given in `tz`.

    CronError (a ValueError with `field`, `text`, `reason`) for an expression outside the grammar or one that never fires,
    an unknown zone, `H` without `seed`, a naive `after`, and when there is none before the year 10000.
    Parse once with `Cron.parse` where the same expression is asked often.
    """
    return Cron.parse(expr, seed=seed).next(after, zone(tz))


def _surely_fires(expression: Expression) -> bool:
    """Spares the search for the usual expressions: some day of the month that every month has, or any weekday."""
    days, weekdays = expression.days, expression.weekdays
    if not expression.both_days or days.every:
        return True
    reachable = days.last or days.last_weekday or days.days[0] <= _SHORTEST_MONTH
    return reachable and weekdays.every
