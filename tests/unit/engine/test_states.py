"""The one table of what may follow what in the life of a run."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from engine.model.outcome import Because, Outcome, Reason
from engine.model.states import (
    MAY_FOLLOW,
    Ended,
    IllegalStep,
    Paused,
    Queued,
    Retrying,
    Running,
    RunPhase,
    RunState,
    Starting,
    Stopping,
    step,
)
from tests.unit.engine.making import bench, spec

ONE_OF_EACH: Final[tuple[RunState, ...]] = (
    Queued(0),
    Starting(1),
    Running(2, 100),
    Paused(3, 100),
    Retrying(4, 5),
    Stopping(6, 100, Reason(Because.OPERATOR)),
    Ended(7, Outcome.SUCCESS, None),
)

LEGAL: Final = """
queued -> starting ended
starting -> queued running stopping retrying ended
running -> running paused stopping retrying ended
paused -> running stopping retrying ended
retrying -> starting ended
stopping -> stopping ended
ended ->
"""
"""Written a second time, by hand, so that a slip in the table does not go unseen."""


def test_there_is_one_state_for_each_word() -> None:
    """Row 49: no word of a phase without its state, and the table names them all."""
    assert [state.phase for state in ONE_OF_EACH] == list(RunPhase)
    assert set(MAY_FOLLOW) == set(RunPhase)


@pytest.mark.parametrize(("old", "new"), list(product(ONE_OF_EACH, repeat=2)), ids=lambda state: state.phase)
def test_every_pair_of_states_is_a_step_or_is_refused_by_both_names(old: RunState, new: RunState) -> None:
    """Row 49: an illegal step raises, names both states, and changes nothing."""
    legal = {line.partition(" ->")[0]: line.partition("->")[2].split() for line in LEGAL.split("\n") if line}
    run = bench(spec("a")).active("a")[0]
    run.state = old
    if new.phase in legal[old.phase]:
        assert step(old, new) is new
        run.go(new)
        assert run.state is new
        return
    with pytest.raises(IllegalStep) as refused:
        step(old, new)
    assert str(refused.value) == f"a run cannot go from {old.phase} to {new.phase}"
    with pytest.raises(IllegalStep):
        run.go(new)
    assert run.state is old
