"""Finding what a verb is aimed at, and refusing it when that is not what was on screen any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from engine.api import Aim
from engine.clock import Instant
from engine.core.explain import full_time
from engine.core.occurrences import plan_next
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode, typed
from engine.spec.matrix import job_of

_LOOK: Final = "look and press again"


def find_job(turn: Turn, job_id: str) -> Job:
    """The listed job of that id; Refused `unknown_id`."""
    job = turn.state.jobs.get(job_id)
    if job is None or not job.listed:
        raise Refused(RefusedCode.UNKNOWN_ID, f"no job {job_id!r}", f"{typed('list')} shows the ids")
    return job


def find_run(turn: Turn, run_id: str) -> Run:
    """The queued or active run of that id; Refused `state` when it is over, `unknown_id` when there is no such job."""
    run = turn.state.runs.get(run_id)
    if run is None:
        find_job(turn, job_of(run_id))
        raise Refused(RefusedCode.STATE, f"run {run_id} is over")
    return run


def check_listed(turn: Turn, job: Job) -> None:
    """Refused `unknown_id` when it was removed, although another may have its id by now; its runs may go on for a while."""
    if turn.state.jobs.get(job.id) is not job or not job.listed:
        ends = ", ".join(typed("stop", job.id, "--run", run.run_id) for run in job.active)
        remedy = f"what still runs of it: {ends}" if ends else ""
        raise Refused(RefusedCode.UNKNOWN_ID, f"{job.id} is not there any more", remedy)


def check_aim(job: Job, aim: Aim | None) -> None:
    """Refused `changed` when the active runs of the job are not those, or not in the states, that were seen."""
    if aim is None or aim.runs is None:
        return
    if {(run.run_id, run.phase) for run in job.active} != {*aim.runs}:
        raise Refused(RefusedCode.CHANGED, f"{job.id} has changed meanwhile: {_now(job)}", _LOOK)


def check_shown(job: Job, runs: Collection[Run], aim: Aim | None) -> None:
    """Refused `changed` when one of these, which a verb is about to end, was not seen: an active one, or one that waits."""
    if aim is None or aim.runs is None:
        return
    seen = {run_id for run_id, _ in aim.runs}.union(aim.queued)
    unseen = [run.run_id for run in runs if run.run_id not in seen]
    if unseen:
        more = f" and {len(unseen) - 1} more" if len(unseen) > 1 else ""
        raise Refused(RefusedCode.CHANGED, f"{job.id} has changed meanwhile: there is {unseen[0]}{more}", _LOOK)


def check_mark(job: Job, what: str, aim: Aim | None) -> None:
    """Refused `changed` when somebody has turned this (a field of `Marks`) since it was seen."""
    if aim is not None and aim.marks is not None and getattr(aim.marks, what) != getattr(job.marks, what):
        raise Refused(RefusedCode.CHANGED, f"{_NAMED[what].format(job.id)} was changed meanwhile", _LOOK)


def _now(job: Job) -> str:
    match job.active:
        case []:
            return "nothing runs"
        case [run]:
            return f"{run.run_id} is {run.phase}"
        case runs:
            return f"{len(runs)} runs are active"


_NAMED: Final[Mapping[str, str]] = {
    "hold": "whether {} is held or stopped",
    "schedule": "the schedule of {}",
    "skip": "what is skipped of {}",
    "postpone": "what is postponed of {}",
    "enabled": "whether {} is enabled",
    "priority": "the priority of {}",
    "timeout": "the timeout of {}",
}


def check_run_aim(run: Run, aim: Aim | None) -> None:
    """The same for a verb on a run."""
    if aim is not None and aim.runs is not None and (run.run_id, run.phase) not in aim.runs:
        raise Refused(RefusedCode.CHANGED, f"{run.run_id} has changed meanwhile: it is {run.phase}", _LOOK)


def check_not_over(run: Run) -> None:
    """Refused `state` when the run is over."""
    if run.outcome is not None:
        raise Refused(RefusedCode.STATE, f"{run.run_id} is over: {run.outcome}")


def check_open(turn: Turn) -> None:
    """Refused `shutting_down` once the engine ends."""
    if turn.state.draining:
        raise Refused(RefusedCode.SHUTTING_DOWN, "the engine is shutting down, nothing new starts")


def find_occurrence(turn: Turn, job: Job, at: Instant | None) -> Instant:
    """The planned time of the job's next occurrence, or `at`, if one is to come that is planned then.

    Refused: `state` when nothing is to come, `changed` when that is not; never another one in its place.
    """
    if job.unplanned:
        plan_next(turn, job)
    planned = job.next_planned
    if job.next_run is None or planned is None:
        raise Refused(RefusedCode.STATE, f"{job.id} has no next run", f"{typed('why', job.id)} says why")
    if at is None or at == planned:
        return planned
    if at < planned or job.plan is None or job.plan.next_after(at - 1) != at:
        raise Refused(RefusedCode.CHANGED, f"no run of {job.id} is planned at {full_time(at)}", _LOOK)
    return at
