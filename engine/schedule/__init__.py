"""Schedules: cron expressions, fixed rates and single times; what a change of the clock does to them.

`next_fire` is the public question; `Cron` the parsed expression; plans are what the engine asks, in instants.
"""

from engine.schedule.bounds import BoundedPlan
from engine.schedule.calendar import SATURDAY_SUNDAY, Calendar, Days, JobDays, LastBusinessDays, day_of, holidays_of
from engine.schedule.cron import Cron, next_fire
from engine.schedule.cron_error import CronError
from engine.schedule.dst import Dst, Gap, Overlap
from engine.schedule.explain import describe_dst
from engine.schedule.fields import week_days
from engine.schedule.hours import Hours, HoursPlan, first_open
from engine.schedule.memo import NextMemo
from engine.schedule.occurrences import MAX_EXACT, latest, occurrences
from engine.schedule.plans import AtPlan, CronPlan, EveryPlan, Plan, RoundPlan, after_end
from engine.schedule.rolled import RolledPlan
from engine.schedule.zones import DAY, offset, zone

__all__ = [
    "DAY",
    "MAX_EXACT",
    "SATURDAY_SUNDAY",
    "AtPlan",
    "BoundedPlan",
    "Calendar",
    "Cron",
    "CronError",
    "CronPlan",
    "Days",
    "Dst",
    "EveryPlan",
    "Gap",
    "Hours",
    "HoursPlan",
    "JobDays",
    "LastBusinessDays",
    "NextMemo",
    "Overlap",
    "Plan",
    "RolledPlan",
    "RoundPlan",
    "after_end",
    "day_of",
    "describe_dst",
    "first_open",
    "holidays_of",
    "latest",
    "next_fire",
    "occurrences",
    "offset",
    "week_days",
    "zone",
]
