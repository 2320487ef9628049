"""What of its waiting raises a run's priority: all in which it may start (20-engine). It stands still while its job is held,
stopped or disabled, and in a blackout.

A run that ages again has its `ages_from` moved on by the standstill, so that the order of those that age never changes
(`core.ready`). Those that stand still in a blackout stand in the ready queue, and are compared as of when it began.
"""

from __future__ import annotations

from engine.clock import Instant
from engine.core.state import Job, Run
from engine.core.turn import Turn
from engine.model.states import Retrying


def age_or_stand(turn: Turn, job: Job) -> None:
    """Let the job's runs age, or stand still, as may be now. To be called whenever something that decides it has changed."""
    for run in (*job.queue, *job.active):
        follow(turn, run)


def follow(turn: Turn, run: Run) -> None:
    """`age_or_stand` for one run. It gains nothing by what has changed, and loses nothing."""
    since = stands_since(turn, run)
    if since == run.stands_since:
        return
    if run.stands_since is not None:
        goes_on = turn.now if since is None else since
        stood = goes_on - run.stands_since
        run.ages_from = max(run.ages_from, goes_on) if run.ages_from > run.stands_since else run.ages_from + stood
    run.stands_since = since
    if run.entry:
        turn.ready.push(run)
    turn.fx.save(run)


def stands_since(turn: Turn, run: Run) -> Instant | None:
    """Since when the run stands still, as things are now; None: it ages."""
    if not run.job.may_start:
        return turn.now if run.stands_since is None else run.stands_since
    return None if turn.state.blackout is None else turn.state.blackout_since


def keep_age(turn: Turn, run: Run, by: int) -> None:
    """The clock was put on (or back) by so much: nothing has waited longer or shorter for that."""
    if run.stands_since is not None:
        run.stands_since += by
    run.ages_from = min(run.ages_from + by, max(turn.now, waits_until(run)))


def restore_age(turn: Turn, run: Run) -> None:
    """As it was stored; the clock may have been put back meanwhile."""
    if run.stands_since is not None and run.stands_since > turn.now:
        run.ages_from -= run.stands_since - turn.now
        run.stands_since = turn.now
    run.ages_from = min(run.ages_from, max(turn.now, waits_until(run)))


def waits_until(run: Run) -> Instant:
    """It may not start earlier, whatever is free: it is to be tried again then, or looked at again."""
    return run.state.until if isinstance(run.state, Retrying) else run.not_before
