"""undo: a verb is taken back by the one that its `Undo` names, as long as everything is as it left it."""

from __future__ import annotations

from engine.core.marks import restore
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.core.verbs.aiming import check_listed
from engine.core.verbs.enable import disable, enable
from engine.core.verbs.pause import hold_job, pause_run, pause_runs
from engine.core.verbs.postpone import postpone
from engine.core.verbs.priority import set_priority, set_run_priority
from engine.core.verbs.resume import release_hold, release_job, resume_run, resume_runs
from engine.core.verbs.set_timeout import set_timeout
from engine.core.verbs.skip_next import skip_next, undo_skip_next
from engine.core.verbs.suspend import suspend, unsuspend
from engine.errors import Refused, RefusedCode
from engine.model.states import RunPhase
from engine.model.undo import Undo
from engine.model.verbs import Arguments


def take_back(turn: Turn, job: Job, undo: Undo, given: Arguments, *, by: str) -> list[Run]:
    """Give its verb to what it names, and to no more; the runs whose processes are concerned.

    Refused: `changed`, or as that verb is.
    """
    check_listed(turn, job)
    for what, number in undo.left.items():
        if ":" not in what and getattr(job.marks, what) != number:
            raise _changed(undo, f"{job.id} was changed since")
    runs: list[Run] = []
    match undo.verb:
        case "pause" | "resume":
            runs = _turn_runs(turn, job, undo, by)
        case "priority" if ":" in undo.target:
            set_run_priority(turn, _find(turn, undo, undo.target), given.integer("priority"))
        case "priority":
            set_priority(turn, job, given.integer("priority"))
        case "skip_next":
            if given.flag("undo"):
                undo_skip_next(turn, job)
            else:
                skip_next(turn, job, given.time("at"))
        case "postpone":
            postpone(turn, job, given.required_seconds("by"))
        case "set_timeout":
            set_timeout(turn, job, given.required_seconds("timeout"))
        case other:
            _PLAIN[other](turn, job)
    restore(turn, job, undo.found)
    return runs


_PLAIN = {
    "release": release_hold,
    "suspend": suspend,
    "unsuspend": unsuspend,
    "enable": enable,
    "disable": disable,
}


def _turn_runs(turn: Turn, job: Job, undo: Undo, by: str) -> list[Run]:
    pauses = undo.verb == "pause"
    if not undo.left:
        return pause_runs(turn, job, None, by=by) if pauses else resume_runs(turn, job)
    runs = [_as_left(turn, job, undo, run_id) for run_id in undo.left if ":" in run_id]
    if "hold" in undo.left:
        hold_job(turn, job, None, by=by) if pauses else release_job(turn, job)
    for run in runs:
        pause_run(turn, run, None) if pauses else resume_run(turn, run)
    return runs


def _as_left(turn: Turn, job: Job, undo: Undo, run_id: str) -> Run:
    run = _find(turn, undo, run_id)
    phase = RunPhase.RUNNING if undo.verb == "pause" else RunPhase.PAUSED
    if run.job is not job or run.mark != undo.left[run_id] or run.phase is not phase:
        raise _changed(undo, f"{run_id} was changed since: it is {run.phase}")
    return run


def _find(turn: Turn, undo: Undo, run_id: str) -> Run:
    run = turn.state.runs.get(run_id)
    if run is None:
        raise _changed(undo, f"{run_id} is over")
    return run


def _changed(undo: Undo, why: str) -> Refused:
    return Refused(RefusedCode.CHANGED, why, f"`{undo}` is not given")
