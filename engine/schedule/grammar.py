"""The strict cron grammar: text in, explicit lists out; what it does not understand it refuses, with field and reason.

It stands in front of croniter, which reads some texts in ways that surprise (an equal range `5-5` runs the whole
cycle, `22-2` wraps, `R` is drawn anew at each start, six fields have the seconds last). The rules for day of month
against day of week are those of Debian's cron.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from engine.schedule.cron_error import CronError
from engine.schedule.fields import HOUR, MINUTE, MONTH, SECOND, MonthDays, WeekDays, month_days, plain, week_days
from engine.values import lean

__all__ = ["ALIASES", "MAX_LENGTH", "CronError", "Expression", "parse"]

MAX_LENGTH: Final = 512
"""Characters. Room for every minute, hour and day spelt out; what is longer is no schedule that somebody wrote."""

ALIASES: Final = MappingProxyType(
    {
        "@yearly": "0 0 1 1 *",
        "@annually": "0 0 1 1 *",
        "@monthly": "0 0 1 * *",
        "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *",
        "@midnight": "0 0 * * *",
        "@hourly": "0 * * * *",
    }
)

_BLANKS: Final = " \t\r\n"
_FOREIGN: Final = re.compile(r"[^\t -~]")
_SHAPE: Final = "5 fields (minute, hour, day of month, month, day of week), or 6 with the seconds first"


@lean(frozen=True, slots=True)
class Expression:
    """What a cron expression says. All tuples are sorted, weekdays count from Sunday = 0.

    `both_days`: day of month AND day of week must match, else either is enough. `fixed`: minute and hour name times
    of the day (neither starts with `*`), which decides what a change of the clock does to it. `zone` is the
    name after `CRON_TZ=`.
    """

    text: str
    zone: str | None
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: MonthDays
    months: tuple[int, ...]
    weekdays: WeekDays
    both_days: bool
    fixed: bool


def parse(text: str, *, seed: str | None = None) -> Expression:
    """Read a cron expression: 5 fields, or 6 with seconds first, or an alias, after an optional `CRON_TZ=ZONE `.

    `seed` is the job id, which `H` hashes. CronError (a ValueError) for everything that is not understood; dates
    that never come (30 February) are found by `engine.schedule.Cron.parse`, not here.
    """
    if len(text) > MAX_LENGTH:
        raise CronError("expression", text, f"{len(text)} characters, at most {MAX_LENGTH} are read")
    text = text.strip(_BLANKS)
    if (foreign := _FOREIGN.search(text)) is not None:
        raise CronError("expression", text, f"character U+{ord(foreign[0]):04X} has no place in a schedule")
    zone, fields = _split(text)
    if len(fields) == 5:
        fields = ["0", *fields]
    if len(fields) != 6:
        raise _wrong_count(text, len(fields))
    second, minute, hour, day, month, weekday = fields
    return Expression(
        text=text,
        zone=zone,
        seconds=plain(SECOND, second, seed),
        minutes=plain(MINUTE, minute, seed),
        hours=plain(HOUR, hour, seed),
        days=month_days(day, seed),
        months=plain(MONTH, month, seed),
        weekdays=week_days(weekday, seed),
        # Debian's cron looks at the first character only: `*/2` in one field makes the other one a condition.
        both_days=day.startswith("*") or weekday.startswith("*"),
        fixed=not (minute.startswith("*") or hour.startswith("*")),
    )


def _split(text: str) -> tuple[str | None, list[str]]:
    fields = text.split()
    zone = None
    if fields and (assigned := fields[0].partition("="))[1]:
        name, _, zone = assigned
        if name != "CRON_TZ":
            raise CronError(
                "expression", fields[0], "only CRON_TZ can be set here", "write CRON_TZ=Europe/London 0 2 * * *"
            )
        if not zone:
            raise CronError("time zone", fields[0], "there is no zone after CRON_TZ=")
        del fields[0]
    if fields and fields[0].startswith("@"):
        fields = _alias(fields)
    return zone, fields


def _alias(fields: list[str]) -> list[str]:
    name, *rest = fields
    match name.lower():
        case "@every":
            raise CronError("expression", name, "intervals are no cron expressions", "use the key every:")
        case "@reboot" | "@start":
            raise CronError("expression", name, "it is an event, not a time", f'use at: "{name.lower()}"')
        case known if known in ALIASES:
            if rest:
                raise CronError("expression", " ".join(fields), "an alias stands alone")
            return ALIASES[known].split()
        case _:
            raise CronError("expression", name, "unknown alias", ", ".join(ALIASES))


def _wrong_count(text: str, count: int) -> CronError:
    match count:
        case 0:
            return CronError("expression", text, "nothing there", f"a schedule has {_SHAPE}")
        case 7:
            return CronError("expression", text, "years are not supported", "start_at and end_at bound a schedule")
        case _:
            return CronError("expression", text, f"{count} field{'s' * (count != 1)}", f"a schedule has {_SHAPE}")
