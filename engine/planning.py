"""From what the user wrote about times to a plan the engine can ask."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from engine.clock import Instant, instant, micros
from engine.schedule import (
    DAY,
    SATURDAY_SUNDAY,
    AtPlan,
    BoundedPlan,
    Calendar,
    Cron,
    CronPlan,
    Days,
    Dst,
    EveryPlan,
    Gap,
    Hours,
    HoursPlan,
    JobDays,
    LastBusinessDays,
    Overlap,
    Plan,
    RolledPlan,
    RoundPlan,
    day_of,
    first_open,
    offset,
    zone,
)
from engine.spec.job import AtSchedule, CronSchedule, DelaySchedule, EverySchedule, JobSpec, Manual
from engine.spec.units import format_duration
from engine.spec.when import LAST_BUSINESS_DAY, CalendarSpec, Roll, Window
from engine.values import lean

NO_CALENDARS: Final[Mapping[str, CalendarSpec]] = MappingProxyType({})


def plan_of(
    spec: JobSpec, default_zone: str, anchor: Instant, calendars: Mapping[str, CalendarSpec] = NO_CALENDARS
) -> Plan | None:
    """The plan of a job's schedule; None where nothing is planned ahead (`delay`, `needs`, one-shot).

    `anchor` is where `every` counts from if there is no `start_at`. ValueError for what the loader would have refused.
    """
    home = home_zone(spec, default_zone)
    plan = _base_plan(spec, home, anchor)
    if plan is None:
        return None
    if spec.window is not None:
        plan = HoursPlan(plan, _hours(spec.window), home)
    days = days_of(spec, calendars)
    if days is not None and spec.roll is not Roll.NONE:
        plan = RolledPlan(plan, days, 1 if spec.roll is Roll.NEXT else -1, home)
    if spec.start_at is None and spec.end_at is None:
        return plan
    return BoundedPlan(plan, _instant(spec.start_at), _instant(spec.end_at))


def days_of(spec: JobSpec, calendars: Mapping[str, CalendarSpec]) -> JobDays | None:
    """The days of the job's calendars; None if it names none. KeyError for an unknown name."""
    if spec.calendar is None and spec.except_ is None:
        return None
    off = None if spec.except_ is None else _days(spec.except_, calendars, None)
    return JobDays(None if spec.calendar is None else _days(spec.calendar, calendars, off), off)


def _days(name: str, calendars: Mapping[str, CalendarSpec], off: Days | None) -> Days:
    if name == LAST_BUSINESS_DAY:
        return LastBusinessDays(off, SATURDAY_SUNDAY)
    found = calendars[name]
    return Calendar(found.days, frozenset(day_of(at) for at in found.dates), found.yearly, found.country)


def home_zone(spec: JobSpec, default_zone: str) -> ZoneInfo:
    """The zone whose clock the job goes by."""
    return zone(spec.timezone or default_zone)


def _base_plan(spec: JobSpec, home: ZoneInfo, anchor: Instant) -> Plan | None:
    match spec.schedule:
        case CronSchedule(entries=entries):
            rule = Dst(Gap(spec.dst.gap.value), Overlap(spec.dst.overlap.value))
            return CronPlan(
                tuple(
                    (Cron.parse(entry.expression, seed=spec.id), zone(entry.timezone) if entry.timezone else home)
                    for entry in entries
                ),
                rule,
            )
        case EverySchedule(seconds=seconds, align=True):
            return RoundPlan(micros(seconds), home)
        case EverySchedule(seconds=seconds):
            start = _instant(spec.start_at)
            return EveryPlan(micros(seconds), anchor if start is None else start)
        case AtSchedule(times=times):
            return AtPlan(tuple(instant(at) for at in times))
        case DelaySchedule() | None:
            return None


def _hours(window: Window) -> Hours:
    return Hours(window.start, window.end, window.days)


def _instant(at: datetime | None) -> Instant | None:
    return None if at is None else instant(at)


@lean(frozen=True, slots=True)
class Limits:
    """Where a job may be due at all: `start_at`, `end_at`, `window`, for what has no plan; and its days."""

    start: Instant | None = None
    end: Instant | None = None
    hours: Hours | None = None
    zone: ZoneInfo | None = None
    days: JobDays | None = None

    def excludes(self, at: Instant) -> bool:
        """Do the job's calendars exclude the day of this instant."""
        if self.days is None or self.zone is None:
            return False
        return not self.days.allows((at + offset(self.zone, at)) // DAY)

    def first(self, at: Instant) -> Instant | None:
        """The first instant from `at` on at which the job may be due; None: never again."""
        if self.start is not None:
            at = max(at, self.start)
        found: Instant | None = at
        if self.hours is not None and self.zone is not None:
            found = first_open(self.hours, self.zone, at)
        return None if found is None or (self.end is not None and found > self.end) else found


def limits_of(spec: JobSpec, default_zone: str, calendars: Mapping[str, CalendarSpec] = NO_CALENDARS) -> Limits:
    """The limits that the job file gives. ValueError if they leave no time at all."""
    if spec.start_at is not None and spec.end_at is not None and spec.end_at < spec.start_at:
        raise ValueError("end_at is before start_at")
    hours = None if spec.window is None else _hours(spec.window)
    days = days_of(spec, calendars)
    return Limits(_instant(spec.start_at), _instant(spec.end_at), hours, home_zone(spec, default_zone), days)


def jitter(job_id: str, planned: Instant, seconds: float) -> int:
    """0 to `seconds` as microseconds, the same for the same job and occurrence for ever: a restart does not draw anew."""
    most = micros(seconds)
    if not most:
        return 0
    drawn = hashlib.sha256(f"{job_id}\0{planned}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") % (most + 1)


def schedule_mark(spec: JobSpec) -> str:
    """The same as long as the job names the same times: what a changed schedule had before it was written is nobody's debt."""
    said = (spec.schedule, spec.timezone, spec.start_at, spec.window, spec.calendar, spec.except_, spec.roll)
    return _MARK_OF_NOTHING if said == _NOTHING_SAID else _mark(said)


def _mark(said: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


_NOTHING_SAID: Final = (None, None, None, None, None, None, Roll.NONE)
_MARK_OF_NOTHING: Final = _mark(_NOTHING_SAID)
"""Of the many jobs that no clock starts."""


def schedule_text(spec: JobSpec) -> str:
    """The schedule in the words of the job file."""
    if spec.watch is not None and (spec.schedule is not None or spec.needs):
        return f"{schedule_text(replace(spec, watch=None))}, watch"
    match spec.schedule:
        case CronSchedule(entries=entries):
            return ", ".join(entry.expression for entry in entries)
        case EverySchedule(seconds=seconds, align=align):
            return f"every {format_duration(seconds)}" + (" aligned" if align else "")
        case DelaySchedule(seconds=seconds):
            return f"delay {format_duration(seconds)}"
        case AtSchedule(times=times, at_start=at_start, at_reboot=at_reboot):
            texts = ["@start"] * at_start + ["@reboot"] * at_reboot
            return "at " + ", ".join(texts + [at.isoformat(sep=" ", timespec="minutes") for at in times])
        case None:
            if spec.needs:
                return "needs"
            if spec.watch is not None:
                return "watch"
            return "manual" if spec.manual is Manual.ONLY else "one-shot"
