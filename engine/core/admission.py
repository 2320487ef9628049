"""May a run start: slots, pools, groups, exclusivity, reserved cores and memory; and taking and giving them back."""

from __future__ import annotations

from typing import Final

from engine.clock import SECOND, Instant
from engine.core.ready import SIMPLE, Needs, takes
from engine.core.state import Run, State
from engine.core.turn import Turn

RESERVE_AFTER: Final = 60 * SECOND
"""A run that needs space (exclusive, many slots) and waits this long, first in order, keeps later ones from delaying it."""

RESERVE_FOR: Final = 600 * SECOND
"""... for at most so long at a time; then others may start for as long again."""


def free_slots(turn: Turn) -> int:
    """Slots that nothing holds and no run on its way will take."""
    return turn.state.spec.max_running - turn.state.taken - len(turn.pipeline.claimed) - len(turn.pipeline.ahead)


def blocked(turn: Turn, needs: Needs) -> bool:
    """Something other than a free slot is missing for runs that take `needs`."""
    state = turn.state
    if state.alone is not None:
        return True
    if state.free_memory is not None and state.free_memory < state.spec.min_ready_memory:
        return True
    if needs == SIMPLE:
        return False
    if needs.exclusive is True and (state.taken > 0 or len(turn.pipeline) > 0):
        return True
    return lacks(state, needs) is not None


def lacks(state: State, needs: Needs) -> str | None:
    """Which of group, pool, cores or memory is short for `needs`, by its name; None: none of them.

    A run that takes more than there is, as of a pool that a reload made smaller, starts when nothing else takes of it: to
    wait for ever would help nobody.
    """
    if isinstance(needs.exclusive, str) and state.groups.get(needs.exclusive, 0) > 0:
        return needs.exclusive
    for name, count in needs.pools:
        if (taken := state.pool_taken.get(name, 0)) and taken + count > state.pools[name].slots:
            return name
    if needs.cpu and state.cpu_reserved and state.cpu_reserved + needs.cpu > state.cpus:
        return "cpu"
    if needs.memory:
        if state.memory_reserved and state.memory_reserved + needs.memory > state.memory:
            return "memory"
        if state.free_memory is not None and state.free_memory < needs.memory <= state.memory:
            return "memory"
    return None


def reserves(turn: Turn, run: Run) -> bool:
    """Does this run, first in order but blocked, keep later ones from delaying it (else it might wait for ever)."""
    waited = turn.now - run.ages_from
    return wants_space(takes(run)) and waited >= RESERVE_AFTER and ((waited - RESERVE_AFTER) // RESERVE_FOR) % 2 == 0


def reserves_until(turn: Turn, run: Run) -> Instant:
    """When a run that reserves lets others pass again."""
    spell = (turn.now - run.ages_from - RESERVE_AFTER) // RESERVE_FOR
    return run.ages_from + RESERVE_AFTER + (spell + 1) * RESERVE_FOR


def wants_space(needs: Needs) -> bool:
    """Needs more than one thing to become free at the same time."""
    return bool(needs.exclusive is True or sum(count for _, count in needs.pools) > 1 or needs.cpu > 1 or needs.memory)


def delays(turn: Turn, first: Run, needs: Needs) -> bool:
    """Would a run that takes `needs` stand in the way of `first`, which reserves."""
    wanted = takes(first)
    if wanted.exclusive is True:
        return True
    pools = {name for name, _ in wanted.pools}
    return bool(
        pools & {name for name, _ in needs.pools} or (wanted.cpu and needs.cpu) or (wanted.memory and needs.memory)
    )


def free_at(turn: Turn, first: Run) -> Instant | None:
    """When what `first` waits for is usually free, judged by how long the runs that hold it usually take; None: unknown."""
    latest = turn.now
    for run in turn.state.runs.values():
        if not run.live or not delays(turn, first, takes(run)):
            continue
        usual = run.job.usual
        if usual is None or run.started_at is None:
            return None
        latest = max(latest, run.started_at + round(usual * SECOND))
    return latest


def reserve(turn: Turn, run: Run) -> None:
    """Take what the run needs beyond a slot. Taken with the claim, so that two claims cannot count on the same."""
    state, needs = turn.state, takes(run)
    if needs is SIMPLE:
        return
    for name, count in needs.pools:
        state.pool_taken[name] = state.pool_taken.get(name, 0) + count
    if needs.exclusive is True:
        state.alone = run
    elif isinstance(needs.exclusive, str):
        state.groups[needs.exclusive] = state.groups.get(needs.exclusive, 0) + 1
    state.cpu_reserved += needs.cpu
    state.memory_reserved += needs.memory


def release(turn: Turn, run: Run) -> None:
    """Give back what `reserve` took."""
    state, needs = turn.state, takes(run)
    if needs is SIMPLE:
        return
    for name, count in needs.pools:
        state.pool_taken[name] -= count
    if needs.exclusive is True:
        state.alone = None
    elif isinstance(needs.exclusive, str):
        state.groups[needs.exclusive] -= 1
    state.cpu_reserved -= needs.cpu
    state.memory_reserved -= needs.memory
