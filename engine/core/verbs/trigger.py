"""trigger: a run now; the schedule is untouched."""

from __future__ import annotations

from collections.abc import Mapping

from engine.clock import Instant
from engine.core.cascade import begin_cascade
from engine.core.occurrences import QUEUE_LIMIT, arise, has_place
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.core.verbs.aiming import check_open, find_job
from engine.errors import Refused, RefusedCode, typed
from engine.model.record import RunKind
from engine.spec.job import NOTHING, Manual
from engine.spec.matrix import size_of
from engine.spec.params import BadParams, Given, take


def trigger(
    turn: Turn,
    job_id: str,
    *,
    bypass: bool,
    downstream: bool = False,
    confirmed: bool = True,
    params: Mapping[str, str] = NOTHING,
) -> Run:
    """A manual run; `downstream`: everything that needs it follows, in order, whatever else that needs.

    `params`: values for the job's parameters, over their defaults. Refused: unknown id, `manual: deny`, `manual: confirm`
    without `confirmed`, disabled or stopped job, parameters that it does not take, overlap policy, shutdown. Nothing is
    changed then.
    """
    job = find_job(turn, job_id)
    check_by_hand(turn, job)
    if job.spec.manual is Manual.CONFIRM and not confirmed:
        raise Refused(RefusedCode.CONFIRM, f"{job.id} asks before it is started by hand", "say --yes if it is meant")
    given = values_of(job, params)
    planned = turn.now
    if any(run.planned_at == planned for run in (*job.queue, *job.active)):
        planned += 1  # two triggers within one tick are two occurrences
    run = start_by_hand(turn, job, RunKind.MANUAL, planned, bypass=bypass, given=given)
    if downstream:
        begin_cascade(turn, run)
    return run


def check_by_hand(turn: Turn, job: Job) -> None:
    """Refused: `manual: deny`, disabled, stopped, shutdown."""
    check_open(turn)
    if job.spec.manual is Manual.DENY:
        raise Refused(
            RefusedCode.MANUAL_DENIED, f"{job.id} may not be started by hand", "the job file says manual: deny"
        )
    if not job.enabled:
        remedy = f"{typed('enable', job.id)} first" + (
            "" if job.spec.enabled else ", or set enabled: true in the job file"
        )
        raise Refused(RefusedCode.STATE, f"{job.id} is disabled", remedy)
    if job.stopped:
        raise Refused(RefusedCode.STATE, f"{job.id} is stopped", f"{typed('resume', job.id)} first")


def values_of(job: Job, params: Mapping[str, str]) -> Given:
    """The values of a run that somebody gives these. Refused: not declared, of another type, missing."""
    try:
        return take(job.spec.params, params)
    except BadParams as fault:
        names = ", ".join(job.spec.params)
        raise Refused(
            RefusedCode.BAD_PARAMS,
            f"{job.id}: {fault}",
            f"its parameters are {names}" if names else "it has no parameters",
        ) from None


def start_by_hand(
    turn: Turn, job: Job, kind: RunKind, planned: Instant, *, bypass: bool, given: Given, only: str | None = None
) -> Run:
    """A run that a person asked for (`only`: the shard of that label). Refused: the overlap policy says no, too many wait."""
    if not has_place(job):
        raise Refused(
            RefusedCode.OVERLAP,
            f"{job.id} is {'running' if job.active or job.lingering else 'waiting'} already and its overlap policy is {job.spec.overlap}",
            "wait, stop it, or set overlap: queue",
        )
    if turn.state.waiting + size_of(job.spec.matrix) > QUEUE_LIMIT:
        raise Refused(RefusedCode.STATE, f"{QUEUE_LIMIT} runs wait already", "stop some of them")
    return arise(turn, job, kind, planned, bypass=bypass, given=given, only=only)
