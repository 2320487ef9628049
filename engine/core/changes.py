"""Files that a job watches have changed: a run of kind `watch`, now or as soon as there is place for it.

A change is never lost to the overlap policy: while a run that may not have seen it goes on, it is kept with the job, and
when there is place again it makes one run, however many changes came meanwhile. A run that only waits in the queue will
see the change when it starts. What changed while the job was held, stopped or suspended follows `catch_up`, as the
occurrences of a schedule do; while it was disabled, or outside its limits, there was no occurrence.
"""

from __future__ import annotations

from typing import Final

from engine.clock import micros
from engine.core.birth import new_run
from engine.core.dispatch import on_its_way
from engine.core.fates import settle
from engine.core.lateness import late_grace
from engine.core.occurrences import arise, has_place
from engine.core.state import Changes, Job
from engine.core.turn import Turn
from engine.model.outcome import Because, Outcome, Reason
from engine.model.record import RunKind
from engine.spec.job import CatchUp

FACT: Final = "watch:"
"""Facts in the store that begin so say what the files of a job looked like when it was last told of a change."""


def files_changed(turn: Turn, job: Job, seen: str, *, changed: bool = True) -> None:
    """What the job watches looks like `seen`; `changed`: otherwise than when it was last told, and not for a removal.

    Stored together with what follows from it: a crash in between finds the change again.
    """
    state = turn.state
    if state.draining or not job.listed or job.spec.watch is None:
        return
    turn.fx.facts[FACT + job.id] = state.facts[FACT + job.id] = seen
    if not changed or not job.enabled or job.runs_left == 0 or job.limits.first(turn.now) != turn.now:
        return
    before = job.changes
    job.changes = Changes(
        first=turn.now if before is None else before.first,
        newest=turn.now,
        count=1 if before is None else before.count + 1,
        held=not job.follows_schedule and (before is None or before.held),
    )
    state.changed[job.id] = job
    turn.fx.save_job(job)


def forget_seen(turn: Turn, job: Job) -> None:
    """What its files looked like says nothing any more: it leaves, or watches others now."""
    turn.fx.facts[FACT + job.id] = ""
    turn.state.facts.pop(FACT + job.id, None)
    turn.state.changed.pop(job.id, None)
    job.changes = None


def take_changed(turn: Turn) -> None:
    """Runs for what has changed, of the jobs that may have one now. Called in every tick in which some job has changes."""
    for job in [*turn.state.changed.values()]:
        if job.changes is None or not job.listed or not job.enabled:
            _forget(turn, job)
        elif job.follows_schedule:
            _take(turn, job, job.changes)


def _take(turn: Turn, job: Job, changes: Changes) -> None:
    if changes.held and not _caught_up(turn, job, changes):
        run = new_run(turn, job, RunKind.WATCH, changes.newest, first=changes.first)
        run.count = changes.count
        _forget(turn, job)
        settle(turn, run, Outcome.MISSED, Reason(Because.PAUSED))
    elif any(run.kind is RunKind.WATCH and not on_its_way(turn, run) for run in job.queue):
        _forget(turn, job)
    elif has_place(job):
        _forget(turn, job)
        arise(turn, job, RunKind.WATCH, turn.now)


def _caught_up(turn: Turn, job: Job, changes: Changes) -> bool:
    """Do changes that came while the job was held still make a run. One run for all of them: it finds the files as they are."""
    ago = turn.now - changes.newest
    if ago <= late_grace(job, changes.newest):
        return True
    return job.spec.catch_up is not CatchUp.NONE and ago <= micros(job.spec.catch_up_window)


def _forget(turn: Turn, job: Job) -> None:
    job.changes = None
    turn.state.changed.pop(job.id, None)
    turn.fx.save_job(job)
