"""What stands between construction and the first tick: an empty turn, and what the store remembers put into it."""

from __future__ import annotations

import logging
import random
from typing import Final

from engine.clock import Instant
from engine.core.boot import add_job, ghost, link_needs, resettle
from engine.core.cascade import FACT as CASCADES
from engine.core.cascade import restore_cascades
from engine.core.course import SIDES
from engine.core.effects import Effects
from engine.core.foretold import FORETOLD, restore_foretold
from engine.core.lost_state import hold_after_loss, hold_after_restore
from engine.core.offs import restore_offs
from engine.core.ready import ReadyQueue
from engine.core.state import Attempt, Run, State
from engine.core.timers import Timers
from engine.core.turn import Pipeline, Turn
from engine.core.verbs.hold import FACT as HOLDS
from engine.core.verbs.hold import keep_holds, restore_holds
from engine.core.verbs.postpone import restore_postponed
from engine.ports.executor import AttemptRef
from engine.ports.store import TAKEN_AT, Stored
from engine.runtime.launching import step_timeout
from engine.runtime.rows import restore_job, restore_run
from engine.spec.config import JobFile
from engine.spec.job import OnLeftBehind
from engine.spec.limits import NO_LIMITS

_LOG: Final = logging.getLogger(__name__)


def build_turn(
    job_file: JobFile, chance: random.Random, *, boot_id: str, now: Instant, cpus: float = 1.0, memory: int = 0
) -> Turn:
    """A turn without jobs. `cpus` and `memory` (bytes) are what runs may reserve."""
    spec = job_file.engine
    state = State(spec=spec, boot_id=boot_id, pools=dict(job_file.pools))
    state.cpus, state.memory = cpus, memory
    state.calendars, state.blackouts = job_file.calendars, job_file.blackouts
    return Turn(state, ReadyQueue(spec.ageing, state.pools), Pipeline(), Effects(Timers()), chance, now)


def restore(turn: Turn, job_file: JobFile, stored: Stored, *, campaign: bool = False) -> None:
    """The jobs of the file with what is on record of them, and the runs that were not over.

    A run whose job has left the file gets a ghost of it, so that its end is recorded.
    """
    state = turn.state
    state.next_no = stored.next_no
    state.facts = dict(stored.facts)
    for spec in job_file.jobs:
        if spec.id not in state.jobs:
            add_job(turn, spec)
    link_needs(state.jobs)
    restore_postponed(state)
    rows = {row.id: row for row in stored.jobs}
    for job in state.jobs.values():
        if job.id in rows:
            restore_job(job, rows[job.id])
    for row in stored.runs:
        if row.job not in state.jobs:
            restore_job(ghost(turn, row.job), rows[row.job])
        resettle(turn, restore_run(state.jobs[row.job], row))
    restore_cascades(state, stored.facts.get(CASCADES))
    restore_holds(turn, stored.facts.get(HOLDS))
    if stored.offs is not None:
        _turn_off(turn, stored.offs)
    if FORETOLD in stored.facts:
        restore_foretold(turn, stored.facts[FORETOLD])
    if (taken_at := stored.facts.get(TAKEN_AT)) is not None:
        state.facts.pop(TAKEN_AT)
        turn.fx.facts[TAKEN_AT] = ""
        hold_after_restore(turn, int(taken_at))
    if stored.damaged is not None and not campaign:  # a campaign is asked for now, whatever ran before
        hold_after_loss(turn)


def _turn_off(turn: Turn, offs: str) -> None:
    """The database was lost: what operators had turned off is taken from the second file, and stored anew with the first tick.

    Unreadable, too, it must not keep the engine from starting: that would be one more thing off.
    """
    try:
        restore_offs(turn, offs)
    except (ValueError, KeyError, TypeError) as fault:
        _LOG.error("the holds of operators cannot be read from the second file: %r", fault)
    keep_holds(turn)


def under_way(state: State) -> list[AttemptRef]:
    """Attempts that were claimed and have no end on record: the executor is asked what became of them.

    What bounds them goes along, by the job as it is now: an executor that was lost together with the last engine cannot
    be asked what they were started with.
    """
    return [_reference(run, attempt) for run in state.runs.values() if (attempt := run.attempt) is not None]


def _reference(run: Run, attempt: Attempt) -> AttemptRef:
    spec, step = run.spec, attempt.step
    return AttemptRef(
        attempt=attempt.id,
        tag=attempt.tag,
        boot_id=attempt.boot_id,
        pid=attempt.pid,
        ticks=attempt.ticks,
        log_path=run.log_path or "",
        home=run.home,
        started_at=attempt.started_at,
        paused_us=run.paused_us,
        paused_since=run.paused_since,
        slot=step.kind not in SIDES,
        timeout=step_timeout(run, step),
        stop_signal=int(spec.stop.signal),
        grace=spec.stop.grace,
        idle=spec.timeout.idle if step.main else None,
        limits=spec.limits if step.main else NO_LIMITS,
        left_behind=spec.left_behind if step.main else OnLeftBehind.RELEASE,
        monitor=spec.monitor,
    )
