"""hold, release: nothing starts, for all jobs or all of a tag. A job's own hold is in `pause`; all look alike from outside."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict
from typing import Final

from engine.clock import micros
from engine.core.ageing import age_or_stand
from engine.core.dispatch import take_out
from engine.core.holds import EVERYTHING, Hold, named
from engine.core.state import Job, State
from engine.core.timers import GoOn, HoldEnd
from engine.core.turn import Turn
from engine.errors import Refused, RefusedCode, typed

FACT: Final = "holds"


def hold(turn: Turn, scope: str, for_seconds: float | None, *, by: str, reason: str) -> Hold:
    """Nothing of `scope` (a tag, or EVERYTHING) starts; what runs goes on. Refused: held already, a tag that nobody has."""
    state = turn.state
    if (known := state.holds.get(scope)) is not None:
        raise Refused(
            RefusedCode.STATE,
            f"{known.of} held by {known.by} already",
            f"{typed('release', named(scope))}, then hold anew",
        )
    if scope != EVERYTHING and not any(scope in job.spec.tags for job in state.listed_jobs()):
        raise Refused(RefusedCode.UNKNOWN_ID, f"no job is tagged {scope!r}")
    until = None if for_seconds is None else turn.now + micros(for_seconds)
    new = state.holds[scope] = Hold(scope, turn.now, until, by, reason)
    if until is not None:
        turn.fx.timers.add(until, HoldEnd(scope))
    for job in _covered(state, scope):
        job.covers[scope] = new
        take_out(turn, job)
        job.version += 1
    turn.fx.resync = True
    keep_holds(turn)
    return new


def release(turn: Turn, scope: str) -> None:
    """Let it go on; what fell due meanwhile follows `catch_up`. Refused: it is not held."""
    state = turn.state
    if state.holds.pop(scope, None) is None:
        raise Refused(RefusedCode.STATE, "there is no such hold", f"{typed('why', 'ID')} says what holds a job")
    jobs = _covered(state, scope)
    for job in jobs:
        job.covers.pop(scope, None)
        age_or_stand(turn, job)  # all from one instant on: they go on a few at a time
    if jobs:  # nobody need have the tag any more
        turn.fx.timers.add(turn.now, GoOn(deque(jobs)))
    keep_holds(turn)


def end_hold(turn: Turn, scope: str) -> None:
    """The time of a hold may be up."""
    known = turn.state.holds.get(scope)
    if known is not None and known.until is not None and known.until <= turn.now:
        release(turn, scope)


def cover(job: Job, state: State) -> None:
    """Put a job under the holds that are in force for it: a new one, or one whose tags have changed, too."""
    job.covers = {scope: one for scope, one in state.holds.items() if scope == EVERYTHING or scope in job.spec.tags}


def restore_holds(turn: Turn, text: str | None) -> None:
    """The holds as they were kept; their time goes on."""
    for fields in json.loads(text or "[]"):
        one = Hold(**fields)
        turn.state.holds[one.scope] = one
        if one.until is not None:
            turn.fx.timers.add(one.until, HoldEnd(one.scope))
    if turn.state.holds:
        for job in turn.state.jobs.values():
            cover(job, turn.state)


def _covered(state: State, scope: str) -> list[Job]:
    return [job for job in state.jobs.values() if scope == EVERYTHING or scope in job.spec.tags]


def keep_holds(turn: Turn) -> None:
    """Have the holds stored, in both places."""
    turn.fx.facts[FACT] = json.dumps([asdict(one) for one in turn.state.holds.values()])
    turn.fx.offs_changed = True
