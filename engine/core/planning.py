"""From what the user wrote about times to a plan the engine can ask."""

from __future__ import annotations

from engine.clock import Instant, instant, micros
from engine.schedule import AtPlan, Cron, CronPlan, EveryPlan, Plan, zone
from engine.spec.job import AtSchedule, CronSchedule, DelaySchedule, EverySchedule, JobSpec, Manual
from engine.spec.units import format_duration


def plan_of(spec: JobSpec, default_zone: str, anchor: Instant) -> Plan | None:
    """The plan of a job's schedule; None where nothing is planned ahead (`delay`, `needs`, one-shot).

    `anchor` is where `every` counts from. ValueError for what the job file loader would have refused.
    """
    home = spec.timezone or default_zone
    match spec.schedule:
        case CronSchedule(entries=entries):
            return CronPlan(
                tuple((Cron.parse(entry.expression, seed=spec.id), zone(entry.timezone or home)) for entry in entries)
            )
        case EverySchedule(seconds=seconds, align=align):
            return EveryPlan(micros(seconds), anchor, align, zone(home))
        case AtSchedule(times=times):
            return AtPlan(tuple(instant(at) for at in times))
        case DelaySchedule() | None:
            return None


def schedule_text(spec: JobSpec) -> str:
    """The schedule in the words of the job file."""
    match spec.schedule:
        case CronSchedule(entries=entries):
            return ", ".join(entry.expression for entry in entries)
        case EverySchedule(seconds=seconds, align=align):
            return f"every {format_duration(seconds)}" + (" aligned" if align else "")
        case DelaySchedule(seconds=seconds):
            return f"delay {format_duration(seconds)}"
        case AtSchedule(times=times, at_start=at_start):
            texts = ["@start"] if at_start else []
            return "at " + ", ".join(texts + [at.isoformat(sep=" ", timespec="minutes") for at in times])
        case None:
            if spec.needs:
                return "needs"
            return "manual" if spec.manual is Manual.ONLY else "one-shot"
