"""Runs beyond a limit of their tree: kept on their record, told, and named as what paused them."""

from __future__ import annotations

from typing import Final

from engine.core.alerts import tell
from engine.core.state import Run
from engine.core.turn import Turn
from engine.ports.executor import Cause, Exceeded
from engine.spec.limits import Remedy
from engine.spec.notify import When
from engine.spec.units import format_size, round_size

_TREE: Final = (Cause.MEMORY, Cause.CPU)


def exceeded(turn: Turn, run: Run, report: Exceeded) -> None:
    """The executor has seen it, and is pausing it or has left it alone, as its job says."""
    exceed(run, report.limit, report.seen)
    run.paused_for = report.limit if report.pausing else run.paused_for
    doing = "; it is being paused" if report.pausing else ""
    text = f"{run.run_id} uses {_of(run, report.limit, report.seen)} (limits.{report.limit}){doing}"
    tell(turn, run.job, When.SLOW, text, run, always=True)
    turn.fx.save(run)


def exceed(run: Run, limit: Cause, seen: float) -> None:
    """Keep the most that was seen."""
    if limit in _TREE:
        before = run.exceeded or {}
        run.exceeded = {**before, limit: max(seen, before.get(limit, 0))}
    if limit is Cause.MEMORY:
        run.peak_rss = max(int(seen), run.peak_rss or 0)


def why_paused(run: Run) -> str | None:
    """The limit for which it is paused, in words; None: it was not a limit."""
    limit = run.paused_for
    return (
        None
        if limit is None
        else f"paused for limits.{limit}: it used {_of(run, limit, (run.exceeded or {}).get(limit, 0))}"
    )


def paused_for(run: Run) -> Cause | None:
    """Of a run that is found paused: the limit for which it may have been, by what is on record of it."""
    on = run.spec.limits.on_exceed
    remedies = {Cause.MEMORY: on.memory, Cause.CPU: on.cpu}
    return next((limit for limit in _TREE if limit in (run.exceeded or {}) and remedies[limit] is Remedy.PAUSE), None)


def _of(run: Run, limit: Cause, seen: float) -> str:
    limits = run.spec.limits
    if limit is Cause.MEMORY:
        return f"{round_size(int(seen))} of {format_size(limits.memory or 0)}"
    return f"{seen:g} of {limits.cpu or 0:g} cores"
