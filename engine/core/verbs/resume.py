"""resume: a paused tree goes on; a held or stopped job may start again."""

from __future__ import annotations

from engine.core.boot import run_once
from engine.core.going_on import go_on
from engine.core.holds import named
from engine.core.marks import mark
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode, typed
from engine.model.outcome import Outcome
from engine.model.states import RunPhase
from engine.ports.executor import Resume


def resume_run(turn: Turn, run: Run) -> None:
    """Order that a paused run goes on. Refused: not paused."""
    if run.phase is not RunPhase.PAUSED:
        raise Refused(RefusedCode.STATE, f"{run.run_id} is {run.phase}, not paused")
    assert run.attempt is not None
    mark(turn, run)
    turn.fx.orders.append(Resume(run.attempt.id))


def resume_runs(turn: Turn, job: Job) -> list[Run]:
    """All of the job's paused runs, which it returns; a held or stopped job may start again. Refused: there is nothing of it."""
    paused = [run for run in job.active if run.phase is RunPhase.PAUSED]
    if job.held_since is not None or job.stopped or not paused:
        release_job(turn, job)
    for run in paused:
        resume_run(turn, run)
    return paused


def release_job(turn: Turn, job: Job) -> None:
    """A held or stopped job may start again; what fell due meanwhile follows `catch_up`, a stopped one-shot runs afresh.

    Refused: neither held nor stopped, or held by a hold that is not its own.
    """
    afresh = _stopped_one_shot(job)
    if job.held_since is None and not job.stopped and not afresh:
        for hold in job.covers.values():
            remedy = f"{typed('release', named(hold.scope))} lets them go on"
            raise Refused(RefusedCode.STATE, f"{hold.of} held by {hold.by}", remedy)
        raise Refused(RefusedCode.STATE, f"{job.id} is neither paused nor stopped")
    job.held_since = job.hold_until = None
    mark(turn, job, "hold")
    job.hold_by = job.hold_reason = ""
    job.stopped = False
    turn.fx.offs_changed = True
    go_on(turn, job)
    if afresh and job.follows_schedule:
        run_once(turn, job)
    turn.fx.save_job(job)


def release_hold(turn: Turn, job: Job) -> None:
    """A job's own hold ends; a stopped job stays stopped. Refused: it has none."""
    if job.held_since is None:
        raise Refused(
            RefusedCode.STATE, f"{job.id} has no hold of its own", f"{typed('why', job.id)} says what keeps it"
        )
    job.held_since = job.hold_until = None
    mark(turn, job, "hold")
    job.hold_by = job.hold_reason = ""
    turn.fx.offs_changed = True
    go_on(turn, job)
    turn.fx.save_job(job)


def _stopped_one_shot(job: Job) -> bool:
    """Its one run was stopped, or taken out of the queue, by an operator: it has not done its work (row 34)."""
    if not job.spec.one_shot or job.planned_until is None or job.active or job.queue:
        return False
    if job.last_outcome is Outcome.STOPPED:
        return True
    return job.stopped and job.last_outcome is Outcome.SKIPPED
