"""add: jobs join a running engine, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.core.boot import add_job, begin_job, plan_job
from engine.core.state import Job
from engine.core.turn import Turn
from engine.core.verbs.hold import cover
from engine.planning import limits_of, plan_of, schedule_text
from engine.spec.job import JobSpec, Need


def check_new(turn: Turn, specs: Sequence[JobSpec], zone: str, *, plans: bool = True) -> None:
    """ValueError for ids that are taken, schedules that cannot be planned, pools that there are not or are too small."""
    state = turn.state
    new: dict[str, JobSpec] = {}
    for spec in specs:
        known = state.jobs.get(spec.id)
        if spec.id in new or (known is not None and (known.listed or known.removing)):
            what = "is being removed, await that first" if known is not None and known.removing else "is there already"
            raise ValueError(f"a job {spec.id!r} {what}")
        new[spec.id] = spec
        if plans:
            check_plan(turn, spec, zone)
        for pool in spec.pools:
            if pool not in state.pools:
                raise ValueError(f"job {spec.id!r} takes of pool {pool!r}, which there is not")
            if spec.pools[pool] > state.pools[pool].slots:
                raise ValueError(f"job {spec.id!r} takes {spec.pools[pool]} of pool {pool!r}, which is smaller")


def check_plan(turn: Turn, spec: JobSpec, zone: str) -> None:
    """ValueError for a schedule, a time zone or a calendar that the engine cannot plan with."""
    calendars = turn.state.calendars
    try:
        plan_of(spec, zone, turn.now, calendars)
        limits_of(spec, zone, calendars)
    except KeyError as error:
        raise ValueError(f"job {spec.id!r}: there is no calendar {error}") from error
    except ValueError as error:
        raise ValueError(f"job {spec.id!r}: {error}") from error


def check_needs(specs: Sequence[JobSpec], known: Callable[[str], bool]) -> None:
    """ValueError for a needed job that is neither `known` nor among `specs`, and for jobs that need each other in a circle."""
    new = {spec.id: spec for spec in specs}
    for spec in new.values():
        for wanted in spec.needs:
            if wanted.job not in new and not known(wanted.job):
                raise ValueError(f"job {spec.id!r} needs {wanted.job!r}, which there is not")
    over: set[str] = set()
    for start in specs:
        # depth first, by hand: a chain may be longer than Python's stack
        path: list[str] = [start.id]
        todo = [iter(start.needs)]
        while path:
            need: Need | None = next(todo[-1], None)
            if need is None:
                over.add(path.pop())
                todo.pop()
            elif need.job in path:
                circle = " -> ".join([*path[path.index(need.job) :], need.job])
                raise ValueError(f"jobs need each other in a circle: {circle}")
            elif need.job in new and need.job not in over:
                path.append(need.job)
                todo.append(iter(new[need.job].needs))


def join_job(turn: Turn, spec: JobSpec) -> Job:
    """The job among the others, not begun. One that lives on as a ghost of itself takes the spec up again."""
    known = turn.state.jobs.get(spec.id)
    if known is None:
        return add_job(turn, spec)
    known.spec, known.listed, known.schedule_text = spec, True, schedule_text(spec)
    known.priority = spec.priority
    return known


def begin_new(turn: Turn, jobs: Sequence[Job], zone: str) -> None:
    """Let them begin, once all of them stand and what is on record of them has been put into them."""
    for job in jobs:
        for need in job.spec.needs:
            needed = turn.state.jobs[need.job]
            needed.needed_by.append(job)
            job.needed.append(needed)
    begin_linked(turn, jobs, zone)


def begin_linked(turn: Turn, jobs: Sequence[Job], zone: str) -> None:
    """As `begin_new`, when each of them knows whom it needs."""
    for job in jobs:
        cover(job, turn.state)
        plan_job(turn, job, zone)
    for job in jobs:
        begin_job(turn, job, campaign=False)
        turn.fx.save_job(job)
    turn.fx.resync = True
