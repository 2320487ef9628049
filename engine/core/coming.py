"""The occurrences of a job that are still to come, as its plan and its operators have them now."""

from __future__ import annotations

from collections.abc import Iterator

from engine.clock import Instant
from engine.core.fates import due_at
from engine.core.state import Job
from engine.model.coming import Coming
from engine.model.outcome import Because
from engine.schedule import Cron, Dst, Gap, Overlap, describe_dst, zone
from engine.spec.job import CronSchedule


def coming(job: Job, now: Instant) -> Iterator[Coming]:
    """From the next one on, one at a time: what a schedule costs to ask is paid by who asks for more.

    Nothing while the job is held, stopped or disabled, or its schedule suspended; `delay` has at most the next one.
    """
    at = job.next_planned if job.follows_schedule else None
    left = job.runs_left
    skip_at = job.skip_at
    while at is not None and left != 0:
        because = ""
        if skip_at is not None and at >= skip_at:
            skip_at, because = None, str(Because.OPERATOR)
        elif job.limits.excludes(at):
            because = str(Because.CALENDAR)
        elif left is not None:
            left -= 1
        if due_at(job, at) >= now or because:
            yield Coming(job.id, at, due_at(job, at), because, _note(job, at))
        at = None if job.plan is None else job.plan.next_after(at)


def _note(job: Job, at: Instant) -> str:
    """That it was put off, or what a change of the clock does to it; empty for nothing."""
    if job.postponed is not None and job.postponed[0] == at:
        return "postponed"
    schedule, home = job.spec.schedule, job.limits.zone
    if not isinstance(schedule, CronSchedule) or home is None:
        return ""
    rule = Dst(Gap(job.spec.dst.gap.value), Overlap(job.spec.dst.overlap.value))
    for entry in schedule.entries:
        where = zone(entry.timezone) if entry.timezone else home
        cron = Cron.parse(entry.expression, seed=job.id)
        if cron.next_after(at - 1, where, rule) == at:
            return describe_dst(cron, where, at, rule) or ""
    return ""
