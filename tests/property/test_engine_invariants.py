"""A whole engine under random deeds of operators, processes, disk and machine keeps its invariants after each step.

2,000 steps and more in the suite; `python -m pytest tests/property -m long` takes 100,000.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.errors import EngineFault
from tests.property.checks import Memory, check, check_all_over
from tests.property.deeds import DEEDS, Deed, World, draw, let_all_end

STEPS: Final = 50
SEEDS: Final = 100
LONG_SEEDS: Final = 2_000


def carry_out(seed: int, deeds: Sequence[Deed]) -> None:
    """Let all that happen to the engine of this seed, and see after each that all is well, and that all ends at last."""
    world, memory = World(seed), Memory()
    check(world, memory)
    for deed in deeds:
        world.commit(deed)
        check(world, memory)
    let_all_end(world)
    check_all_over(world)


def fault_of(seed: int, deeds: Sequence[Deed]) -> Exception | None:
    """What goes wrong with these."""
    try:
        carry_out(seed, deeds)
    except Exception as error:  # noqa: BLE001 - whatever is raised is the find
        return error
    return None


def place_of(fault: Exception) -> tuple[str, int]:
    """The line that raised it: what tells one fault from another."""
    cause = fault.__context__ if isinstance(fault, EngineFault) else fault
    assert cause is not None
    last = traceback.extract_tb(cause.__traceback__)[-1]
    return last.filename, last.lineno or 0


def shortest(seed: int, deeds: Sequence[Deed]) -> tuple[list[Deed], Exception]:
    """As few of the deeds as make the same go wrong, and what."""
    left = list(deeds)
    fault = fault_of(seed, left)
    assert fault is not None, "it goes wrong only sometimes"
    size = max(1, len(left) // 2)
    while size:
        at = 0
        while at < len(left):
            fewer = left[:at] + left[at + size :]
            found = fault_of(seed, fewer)
            if found is None or place_of(found) != place_of(fault):
                at += size
            else:
                left, fault = fewer, found
        size //= 2
    return left, fault


def explore(seed: int) -> None:
    """Random deeds of this seed; a failure names the seed and the shortest list of deeds that shows it."""
    chance = random.Random(seed)
    deeds = [draw(chance) for _ in range(STEPS)]
    if fault_of(seed, deeds) is not None:
        few, fault = shortest(seed, deeds)
        fault.add_note(f"seed {seed}, {len(few)} deeds: carry_out({seed}, {few})")
        raise fault


@pytest.mark.parametrize("seed", range(SEEDS))
def test_invariants_hold_after_every_step(seed: int) -> None:
    """Rows 16, 20, 43, 56-58: counters add up, limits and order are exact, nothing starts twice, all that is due ends."""
    explore(seed)


@pytest.mark.long
@pytest.mark.parametrize("block", range(LONG_SEEDS // 10))
def test_invariants_hold_for_a_hundred_thousand_steps(block: int) -> None:
    """The same, 100,000 steps of other seeds; run by hand: `python -m pytest tests/property -m long`."""
    for seed in range(SEEDS + block * 10, SEEDS + block * 10 + 10):
        explore(seed)


class EngineMachine(RuleBasedStateMachine):
    """The same deeds, chosen by hypothesis, which looks for what is rare and shows the shortest way there."""

    @initialize(seed=st.integers(0, 9_999))
    def begin(self, seed: int) -> None:
        """Any job file."""
        self.world, self.memory = World(seed), Memory()

    @rule(kind=st.sampled_from(sorted(DEEDS)), who=st.integers(0, 9_999), how=st.integers(0, 9_999))
    def deed(self, kind: str, who: int, how: int) -> None:
        """Anything that can happen."""
        self.world.commit(Deed(kind, who, how))

    @invariant()
    def all_is_well(self) -> None:
        """After each step."""
        check(self.world, self.memory)

    def teardown(self) -> None:
        """All that is due ends."""
        if hasattr(self, "world"):
            let_all_end(self.world)
            check_all_over(self.world)


TestEngineMachine = EngineMachine.TestCase
TestEngineMachine.settings = settings(
    max_examples=40,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
