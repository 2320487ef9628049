"""May a run start: slots, pools, groups, exclusivity; and taking and giving them back."""

from __future__ import annotations

from typing import Final

from engine.clock import SECOND
from engine.core.ready import SIMPLE, Needs, takes
from engine.core.state import Run
from engine.core.turn import Turn

RESERVE_AFTER: Final = 60 * SECOND
"""An exclusive run that waits this long and is first in order keeps later ones from starting."""

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
    if needs == SIMPLE:
        return False
    pools, exclusive = needs
    if exclusive is True:
        return state.taken > 0 or len(turn.pipeline) > 0
    if isinstance(exclusive, str) and state.groups.get(exclusive, 0) > 0:
        return True
    return any(state.pool_taken.get(name, 0) + count > state.pools[name].slots for name, count in pools)


def reserves(turn: Turn, run: Run) -> bool:
    """Does this run, first in order but blocked, keep all later ones from starting (else it might wait for ever)."""
    waited = turn.now - run.ages_from
    return (
        run.job.spec.exclusive is True
        and waited >= RESERVE_AFTER
        and ((waited - RESERVE_AFTER) // RESERVE_FOR) % 2 == 0
    )


def reserve(turn: Turn, run: Run) -> None:
    """Take what the run needs beyond a slot. Taken with the claim, so that two claims cannot count on the same."""
    pools, exclusive = takes(run)
    for name, count in pools:
        turn.state.pool_taken[name] = turn.state.pool_taken.get(name, 0) + count
    if exclusive is True:
        turn.state.alone = run
    elif isinstance(exclusive, str):
        turn.state.groups[exclusive] = turn.state.groups.get(exclusive, 0) + 1


def release(turn: Turn, run: Run) -> None:
    """Give back what `reserve` took."""
    pools, exclusive = takes(run)
    for name, count in pools:
        turn.state.pool_taken[name] -= count
    if exclusive is True:
        turn.state.alone = None
    elif isinstance(exclusive, str):
        turn.state.groups[exclusive] -= 1
