"""Spans in which nothing starts. Runs wait meanwhile and do not age; what runs goes on."""

from __future__ import annotations

from engine.clock import Instant, instant
from engine.core.ageing import follow
from engine.core.dispatch import take_back
from engine.core.state import State
from engine.core.timers import BlackoutEdge
from engine.core.turn import Turn
from engine.spec.when import Blackout


def take_edge(turn: Turn) -> None:
    """Begin or end a blackout if it is time to, and let the next change come up. To be called whenever that may have moved."""
    state = turn.state
    if not state.blackouts and state.blackout is None:
        return
    now = _current(state, turn.now)
    if now is not state.blackout:
        if state.blackout is None:
            state.blackout_since = turn.now
        state.blackout = now
        if now is not None:
            for run in (*turn.pipeline.claimed, *turn.pipeline.ordered.values()):
                if not run.live:
                    take_back(turn, run)
        for run in state.runs.values():
            follow(turn, run)
            turn.fx.touch(run.job)
    edges = [edge for span in state.blackouts for edge in (instant(span.start), instant(span.end)) if edge > turn.now]
    if edges:
        turn.fx.timers.add(min(edges), BlackoutEdge())


def _current(state: State, now: Instant) -> Blackout | None:
    in_force = state.blackout
    if in_force in state.blackouts and in_force is not None and instant(in_force.start) <= now < instant(in_force.end):
        return in_force
    return next((span for span in state.blackouts if instant(span.start) <= now < instant(span.end)), None)
