"""Runs that take too long to start or to end: `late`, `queued`, `stuck`, `timeout.warn`, `finish_by`.

One timer per job, for the next instant at which one of its runs would be worth a look; a run that is over by then costs
nothing. Stuck: longer than max(3 x p95, 1 h) running, or longer than 10 minutes waiting (20-engine, Misfire).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from functools import lru_cache
from typing import Final

from engine.clock import SECOND, Instant, micros, moment
from engine.core.alerts import notify_of, tell, wants
from engine.core.fates import due_at
from engine.core.lateness import late_grace
from engine.core.state import Job, Run
from engine.core.timers import LookAt
from engine.core.turn import Turn
from engine.model.record import RunKind
from engine.schedule import Cron, zone
from engine.spec.notify import When
from engine.spec.units import format_duration

QUEUED_LONG: Final = 600 * SECOND
STUCK_LEAST: Final = 3600 * SECOND
STUCK_FACTOR: Final = 3.0


class Told:
    """What has been told of a run, as bits of `Run.told`. Plain numbers: an IntFlag costs a microsecond for each `&`, and
    every run that is made or started is looked at."""

    LATE: Final = 1
    QUEUED: Final = 2
    STUCK: Final = 4
    WARN: Final = 8
    AHEAD: Final = 16
    BROKEN: Final = 32


def watch(turn: Turn, job: Job) -> None:
    """Look again when the next of its runs could be worth it. Called when a run of it was made or has started."""
    if job.look_at is not None and turn.now <= job.look_at <= turn.now + QUEUED_LONG and _usual(turn, job):
        return  # nothing about the new one could be sooner, and the others were asked before
    soonest = min((at for run in _watched(job) for at, _ in _instants(turn, job, run)), default=None)
    if soonest is not None and (job.look_at is None or soonest < job.look_at):
        job.look_at = soonest
        turn.fx.timers.add(soonest, LookAt(job))


def look(turn: Turn, job: Job) -> None:
    """The instant has come."""
    if job.look_at is None or job.look_at > turn.now:
        return  # it was for a run that is over
    job.look_at = None
    for run in list(_watched(job)):
        for at, what in list(_instants(turn, job, run)):
            if at <= turn.now:
                run.told |= what
                _tell(turn, run, what, at)
    watch(turn, job)


def _usual(turn: Turn, job: Job) -> bool:
    """Its runs are watched for waiting long and for running long, and nothing else."""
    spec = job.spec
    return spec.finish_by is None and spec.timeout.warn is None and notify_of(turn, job) is None


def _watched(job: Job) -> Iterator[Run]:
    yield from job.active
    yield from job.queue[:1]


def _instants(turn: Turn, job: Job, run: Run) -> Iterator[tuple[Instant, int]]:
    """When to look at a run, and what would be told then."""
    by = finish_by(turn, job, run)
    if by is not None:
        if not run.told & Told.BROKEN:
            yield by, Told.BROKEN
        if job.usual is not None and not run.told & (Told.AHEAD | Told.BROKEN):
            yield _ahead(job, run, by), Told.AHEAD
    if run.started_at is None:
        if not run.told & Told.LATE and run.kind is RunKind.SCHEDULE and wants(turn, job, When.LATE):
            yield due_at(job, run.planned_at) + late_grace(job, run.planned_at), Told.LATE
        if not run.told & Told.QUEUED:
            yield run.queued_at + QUEUED_LONG, Told.QUEUED
        return
    running_since = run.started_at + run.paused_us
    if run.paused_since is not None:
        return  # clocks stand still
    if job.spec.timeout.warn is not None and not run.told & Told.WARN:
        yield running_since + micros(job.spec.timeout.warn), Told.WARN
    if not run.told & Told.STUCK:
        yield running_since + max(STUCK_LEAST, _stuck_after(job)), Told.STUCK


def _stuck_after(job: Job) -> int:
    """3 x p95, where that is more than an hour: seldom, and sorting durations at every start is not for nothing."""
    took = None if job.tracked is None else job.tracked.took
    if not took or STUCK_FACTOR * max(took) * 1_000 < STUCK_LEAST:
        return 0
    return micros(STUCK_FACTOR * (job.p95 or 0.0))


def _ahead(job: Job, run: Run, by: Instant) -> Instant:
    """The last moment at which the run, begun then, would usually be over in time; one that runs has begun."""
    usual = micros(job.usual or 0.0)
    if run.started_at is not None:
        return run.started_at if run.started_at + usual > by else by + 1
    return by - usual


def finish_by(turn: Turn, job: Job, run: Run) -> Instant | None:
    """When the run is to be over."""
    spec = job.spec.finish_by
    if spec is None:
        return None
    if spec.seconds is not None:
        return run.planned_at + micros(spec.seconds)
    assert spec.at is not None
    return _next_time_of_day(spec.at, job.spec.timezone or turn.state.zone, run.planned_at)


@lru_cache(maxsize=1024)
def _next_time_of_day(at: time, zone_name: str, after: Instant) -> Instant | None:
    """By the rules of a fixed-time cron job, so that it exists on days of clock changes, too."""
    return Cron.parse(f"{at.second} {at.minute} {at.hour} * * *").next_after(after, zone(zone_name))


def _tell(turn: Turn, run: Run, what: int, at: Instant) -> None:
    job = run.job
    since = format_duration(round(max(0, turn.now - (run.started_at or run.queued_at)) / SECOND))
    match what:
        case Told.LATE:
            tell(turn, job, When.LATE, f"{run.run_id} was due at {_clock(run.planned_at)} and has not started", run)
        case Told.QUEUED:
            tell(turn, job, When.QUEUED, f"{run.run_id} has waited for {since}", run)
            _stuck(turn, run, f"{run.run_id} has waited for {since}")
        case Told.STUCK:
            _stuck(turn, run, f"{run.run_id} has run for {since}")
        case Told.WARN:
            tell(turn, job, When.SLOW, f"{run.run_id} has run for {since} (timeout.warn)", run, always=True)
        case Told.AHEAD:
            by = finish_by(turn, job, run) or at
            tell(
                turn, job, When.LATE, f"{run.run_id} will hardly be over at {_clock(by)} (finish_by)", run, always=True
            )
        case Told.BROKEN:
            tell(turn, job, When.LATE, f"{run.run_id} is not over at {_clock(at)} (finish_by)", run, always=True)


def _stuck(turn: Turn, run: Run, text: str) -> None:
    """On by default: shown in the Inbox whoever is told."""
    run.stuck = True
    turn.fx.note(run)
    tell(turn, run.job, When.STUCK, text, run)


def _clock(at: Instant) -> str:
    return moment(at).astimezone().strftime("%H:%M:%S")
