"""Finding what a verb is aimed at, and refusing it when that is not what was on screen any more."""

from __future__ import annotations

from engine.api import Aim
from engine.clock import Instant
from engine.core.explain import full_time
from engine.core.occurrences import plan_next
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode, typed
from engine.spec.matrix import job_of


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


def check_aim(job: Job, aim: Aim | None) -> None:
    """Refused `changed` when the newest run of the job is not the one, or not in the state, that was seen."""
    if aim is None:
        return
    newest = job.active[-1] if job.active else None
    seen = (aim.run_id, aim.state)
    is_now = (newest.run_id, newest.phase) if newest else (None, None)
    if seen != is_now:
        now = f"{is_now[0]} is {is_now[1]}" if newest else "nothing runs"
        raise Refused(RefusedCode.CHANGED, f"{job.id} has changed meanwhile: {now}", "look and press again")


def check_run_aim(run: Run, aim: Aim | None) -> None:
    """The same for a verb on a run."""
    if aim is not None and (aim.run_id, aim.state) != (run.run_id, run.phase):
        raise Refused(
            RefusedCode.CHANGED, f"{run.run_id} has changed meanwhile: it is {run.phase}", "look and press again"
        )


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
        raise Refused(RefusedCode.CHANGED, f"no run of {job.id} is planned at {full_time(at)}", "look and press again")
    return at
