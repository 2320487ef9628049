"""postpone: the next occurrence starts later than planned; the schedule is untouched, and so is its planned time."""

from __future__ import annotations

from typing import Final

from engine.clock import SECOND, Instant, micros
from engine.core.explain import full_time
from engine.core.fates import due_at, set_next
from engine.core.marks import mark
from engine.core.occurrences import skips
from engine.core.state import Job, State
from engine.core.turn import Turn
from engine.core.verbs.aiming import find_occurrence
from engine.errors import Refused, RefusedCode, typed
from engine.planning import jitter
from engine.spec.units import LONGEST, format_duration

FACT: Final = "postponed:"
"""Facts in the store that begin so hold an occurrence of a job and when it is due: two instants."""


def postpone(turn: Turn, job: Job, seconds: float, at: Instant | None = None) -> float:
    """By so much later than its schedule says (0: as it says), kept over restarts; by how much it was before.

    `at`: the planned time of the one that is meant. Refused: that is not the next one, there is none of a schedule of times,
    it is to be skipped, or the one after it would come first; out of range.
    """
    if not 0 <= seconds <= LONGEST / SECOND:
        raise Refused(RefusedCode.OUT_OF_RANGE, f"{seconds:g} s is out of range", "it goes from 0 to 100 years")
    planned = find_occurrence(turn, job, at)
    if job.plan is None:
        raise Refused(
            RefusedCode.STATE, f"{job.id} has no next run that a schedule plans", f"{typed('why', job.id)} says why"
        )
    if planned != job.next_planned and job.next_planned is not None:
        raise Refused(
            RefusedCode.STATE,
            f"the run of {job.id} at {full_time(planned)} is not its next one",
            f"only that can be postponed: it is planned at {full_time(job.next_planned)}",
        )
    if skips(job, planned):
        raise Refused(
            RefusedCode.STATE,
            f"the next run of {job.id} is to be skipped",
            f"{typed('skip-next', job.id, '--undo')} first",
        )
    usual = planned + jitter(job.id, planned, job.spec.jitter)
    before, due = due_at(job, planned) - usual, usual + micros(seconds)
    following = job.plan.next_after(planned)
    if seconds and following is not None and due >= following:
        most = format_duration(max(0, following - usual) // SECOND)
        raise Refused(
            RefusedCode.OUT_OF_RANGE,
            f"the occurrence after it comes {most} later",
            f"{typed('skip-next', job.id)} leaves this one out",
        )
    job.postponed = None if due == usual else (planned, due)
    mark(turn, job, "postpone")
    turn.fx.facts[FACT + job.id] = "" if job.postponed is None else f"{planned} {due}"
    set_next(turn, job, planned)
    turn.fx.save_job(job)
    return before / SECOND


def forget_postponed(turn: Turn, job: Job) -> None:
    """Its occurrences are due as its schedule says."""
    job.postponed = None
    turn.fx.facts[FACT + job.id] = ""


def restore_postponed(state: State) -> None:
    """As it was kept."""
    for name, text in state.facts.items():
        job = state.jobs.get(name.removeprefix(FACT)) if name.startswith(FACT) and text else None
        if job is not None:
            planned, due = map(Instant, text.split())
            job.postponed = planned, due
