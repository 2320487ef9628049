"""The limits of one job's schedule put together, and what contradicts what among them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from engine.clock import instant
from engine.jobfile import keys, times
from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.layers import Resolved
from engine.jobfile.reading import Report
from engine.planning import plan_of
from engine.spec.job import AtSchedule, EverySchedule, JobSpec
from engine.spec.when import DAY_SECONDS, EVERY_DAY, EXACTLY_ONCE, CalendarSpec, DstRule, Roll, Window
from engine.values import lean

_OF_A_SCHEDULE: Final[tuple[Key[object], ...]] = (
    *(keys.JITTER, keys.WINDOW, keys.DST),
    *(keys.CALENDAR, keys.EXCEPT, keys.ROLL),
)
_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Where a schedule without `start_at` is asked for its first time; dates repeat every 28 years."""


@lean(frozen=True, slots=True)
class LimitKeys:
    """What these keys of a job say."""

    start_at: datetime | None
    end_at: datetime | None
    window: Window | None
    dst: DstRule


def read_limits(report: Report, job: Resolved, zone: ZoneInfo | None) -> LimitKeys:
    """The limits of a job whose clock is that of `zone` (None: the system's); contradictions are on report."""
    draft = job.draft
    start = _time(report, job, keys.START_AT, zone)
    end = _time(report, job, keys.END_AT, zone)
    if start is not None and end is not None and end < start:
        first, later = draft.items[keys.START_AT.name], draft.items[keys.END_AT.name]
        if first.source is later.source and (first.key.line, first.key.column) > (later.key.line, later.key.column):
            first, later = later, first
        report.error(
            later.source,
            later.node,
            f"{job.written.path}.{later.key.text}",
            f"`end_at` is before `start_at` (`{first.key.text}` is in line {first.key.line}): it would never run",
            "let it end later",
        )
    _refuse_without_schedule(report, job)
    return LimitKeys(start, end, _window(draft), _dst(draft))


def _time(report: Report, job: Resolved, key: Key[datetime], zone: ZoneInfo | None) -> datetime | None:
    written, item = job.draft.find(key), job.draft.items.get(key.name)
    if written is None or item is None:
        return None
    return times.placed(report, written, zone, (item.source, item.node, f"{job.written.path}.{key.name}"))


def _refuse_without_schedule(report: Report, job: Resolved) -> None:
    """Keys of a schedule in a job that has none; what comes from `defaults` or a template is for those that have one."""
    roll = job.written.draft.items.get(keys.ROLL.name)
    if roll is not None and not {keys.CALENDAR.name, keys.EXCEPT.name} & (job.draft.items.keys() | job.draft.refused):
        _error(report, job, roll, "belongs to `calendar` or `except`, and neither is set", "remove it")
        return
    if roll is not None and keys.DELAY.name in job.draft.items:
        _error(report, job, roll, "has no time that it could move: `delay` counts from the end of a run", "remove it")
    if any(key.name in job.draft.items or key.name in job.draft.refused for key in keys.SCHEDULES):
        return
    for key in _OF_A_SCHEDULE:
        item = job.written.draft.items.get(key.name)
        if item is not None:
            _error(report, job, item, "is without effect: the job has no schedule", "remove it, or add a schedule")


def _error(report: Report, job: Resolved, item: Item, message: str, remedy: str) -> None:
    report.error(item.source, item.key, f"{job.written.path}.{item.key.text}", message, remedy)


def _window(draft: Draft) -> Window | None:
    found = draft.find(keys.WINDOW)
    if found is None:
        return None
    return Window(
        found.get(times.WINDOW_FROM, 0),
        found.get(times.WINDOW_TO, DAY_SECONDS),
        found.get(times.WINDOW_DAYS, EVERY_DAY),
    )


def _dst(draft: Draft) -> DstRule:
    found, default = draft.find(keys.DST), EXACTLY_ONCE
    if found is None:
        return default
    return DstRule(found.get(times.DST_GAP, default.gap), found.get(times.DST_OVERLAP, default.overlap))


def check_fires(
    report: Report, job: Resolved, spec: JobSpec, zone_name: str, calendars: Mapping[str, CalendarSpec]
) -> None:
    """A schedule whose limits leave nothing of it is an error."""
    if spec.roll is not Roll.NONE:
        return  # whether its days still come depends on when one asks
    if spec.window is None and (spec.start_at is None or spec.end_at is None):
        return
    if isinstance(spec.schedule, EverySchedule) and spec.start_at is None:
        return  # it begins when the window opens
    if isinstance(spec.schedule, AtSchedule) and (spec.schedule.at_start or spec.schedule.at_reboot):
        return
    plan = plan_of(spec, zone_name, instant(_BEGINNING), calendars)
    if plan is None or plan.next_after(instant(spec.start_at or _BEGINNING) - 1) is not None:
        return
    item = job.draft.items.get(keys.WINDOW.name) or job.draft.items[keys.END_AT.name]
    _error(report, job, item, "leaves no time of the schedule: it would never run", "widen it, or change the schedule")
