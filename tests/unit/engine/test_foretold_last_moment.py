"""What happens between a look at a herd and its instant: the same as if nothing had been foretold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.clock import SECOND, micros, moment
from engine.core import foretold as core_foretold
from engine.core import occurrences
from engine.core.blackouts import take_edge
from engine.core.foretold import LEAD
from engine.core.holds import EVERYTHING
from engine.core.turn import Turn
from engine.core.verbs.enable import disable
from engine.core.verbs.hold import hold
from engine.core.verbs.pause import hold_job
from engine.core.verbs.priority import set_priority
from engine.core.verbs.reload import arrange
from engine.core.verbs.resume import release_job
from engine.core.verbs.shutdown import begin_shutdown
from engine.core.verbs.skip_next import skip_next
from engine.core.verbs.stop import stop_runs
from engine.core.verbs.suspend import suspend
from engine.core.verbs.trigger import trigger
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, JobSpec, Manual, Need, Overlap, Retry
from engine.spec.when import Blackout
from engine.testing import Bench
from engine.testing.executor import Act
from tests.unit.engine.herds import (
    DUE,
    FIRST,
    HAND,
    NAMES,
    begun,
    facts,
    foretold,
    function,
    herd,
    until,
)

Deed = Callable[[Turn], object]


DEEDS: dict[str, Deed] = {
    "hold a job": lambda turn: hold_job(turn, turn.state.jobs["f03"], None, by="me", reason=""),
    "hold all": lambda turn: hold(turn, EVERYTHING, None, by="me", reason=""),
    "hold all for a moment": lambda turn: hold(turn, EVERYTHING, 0.01, by="me", reason=""),
    "suspend": lambda turn: suspend(turn, turn.state.jobs["f03"]),
    "disable": lambda turn: disable(turn, turn.state.jobs["f03"]),
    "skip": lambda turn: skip_next(turn, turn.state.jobs["f03"]),
    "trigger": lambda turn: trigger(turn, "f03", bypass=False),
    "trigger a process": lambda turn: trigger(turn, "hand", bypass=False),
    "priority": lambda turn: set_priority(turn, turn.state.jobs["f03"], 9),
    "shutdown": lambda turn: begin_shutdown(turn, None),
    "nothing": lambda _: None,
}


@pytest.mark.parametrize("overlap", list(Overlap))
@pytest.mark.parametrize("deed", DEEDS)
def test_what_somebody_does_in_the_last_moment_counts(deed: str, overlap: Overlap) -> None:
    """The same fates as in an engine that foretells nothing."""
    hand = JobSpec(id="hand", command=Argv(("true",)), manual=Manual.ONLY)
    told, plain = (herd(hand, foretells=foretells, overlap=overlap) for foretells in (True, False))
    for b in (told, plain):
        until(b, DUE - LEAD // 2)
        assert bool(foretold(b)) == (b is told)
        b.do(DEEDS[deed])
        until(b, DUE + 30 * SECOND)
        assert not foretold(b)
    assert facts(told) == facts(plain)
    assert sorted(begun(told)) == sorted(begun(plain))
    if deed != "shutdown":
        for b in (told, plain):
            until(b, DUE + 130 * SECOND)
        assert facts(told) == facts(plain)


def test_hold_and_release_in_the_last_moment() -> None:
    """The job is not as it was, though it looks so: it starts the ordinary way."""
    b = herd()
    until(b, DUE - LEAD // 2)
    b.do(lambda turn: hold_job(turn, turn.state.jobs["f03"], None, by="me", reason=""))
    b.do(lambda turn: release_job(turn, turn.state.jobs["f03"]))
    until(b, DUE + SECOND // 10)
    assert sorted(begun(b)) == FIRST


def test_a_clock_that_is_put_back_takes_it_all_back() -> None:
    """No occurrence begins before the clock shows its time, or twice."""
    b = herd()
    until(b, DUE - LEAD // 2)
    b.clock.step(-30 * SECOND)
    b.settle()
    assert not foretold(b)
    assert begun(b) == []
    until(b, DUE + SECOND)
    assert sorted(begun(b)) == FIRST


def same(make: Callable[[bool], Bench], drive: Callable[[Bench], object], look: Callable[[Bench], object]) -> None:
    """What is seen is the same whether anything was foretold or not."""
    found = []
    for foretells in (True, False):
        b = make(foretells)
        drive(b)
        found.append(look(b))
    assert found[0] == found[1]


def late(seconds: float) -> Callable[[Bench], None]:
    """The loop is held up over the instant for so long."""

    def drive(b: Bench) -> None:
        until(b, DUE - LEAD // 2)
        b.clock.advance(DUE + micros(seconds))
        b.settle()
        b.run_for(30.0)

    return drive


def test_what_waits_for_a_run_that_ends_at_that_instant_hears_of_it() -> None:
    """Its dependants are told in the tick in which it ended."""
    up, down = replace(HAND, id="up"), JobSpec(id="down", command=Argv(("true",)), needs=(Need("up"),))

    def drive(b: Bench) -> None:
        until(b, DUE - SECOND)
        b.do(lambda turn: trigger(turn, "up", bypass=False))
        until(b, DUE + 30 * SECOND)

    same(lambda foretells: herd(up, down, foretells=foretells), drive, facts)


def test_a_run_that_is_stopped_at_that_instant_is_heard_of() -> None:
    """The same by a verb of that very tick."""
    up, down = replace(HAND, id="up"), JobSpec(id="down", command=Argv(("true",)), needs=(Need("up"),))

    def drive(b: Bench) -> None:
        until(b, DUE - SECOND)
        b.do(lambda turn: hold_job(turn, turn.state.jobs["up"], None, by="me", reason=""))
        b.do(lambda turn: trigger(turn, "up", bypass=False))
        until(b, DUE - 1)
        b.clock.advance(DUE)
        b.loop.act(lambda turn: stop_runs(turn, turn.state.jobs["up"], None), lambda _: None, lambda _: None)
        b.settle()
        until(b, DUE + 5 * SECOND)

    same(lambda foretells: herd(up, down, foretells=foretells), drive, facts)


@pytest.mark.parametrize("deadline", [0.01, 0.1, 2.0])
@pytest.mark.parametrize("seconds", [0.04, 0.5, 3.0])
def test_a_loop_that_was_held_up_heeds_deadlines(seconds: float, deadline: float) -> None:
    """What came up meanwhile comes first."""
    same(lambda foretells: herd(foretells=foretells, start_deadline=deadline), late(seconds), facts)


def test_a_loop_that_was_held_up_heeds_a_blackout() -> None:
    """One that began in between."""

    def make(foretells: bool) -> Bench:
        dark = Blackout(moment(DUE + SECOND // 100), moment(DUE + 10 * SECOND))
        jobs = tuple(function(name) for name in NAMES)
        return Bench(JobFile(engine=EngineSpec(max_running=40), jobs=jobs, blackouts=(dark,)), foretells=foretells)

    same(make, late(0.03), lambda b: sorted(begun(b)))


def test_a_blackout_that_is_decided_on_in_the_last_moment_is_heeded() -> None:
    """It begins at that instant."""

    def darken(turn: Turn) -> None:
        turn.state.blackouts = (Blackout(moment(DUE), moment(DUE + 10 * SECOND)),)
        take_edge(turn)

    def drive(b: Bench) -> None:
        until(b, DUE - LEAD // 2)
        b.do(darken)
        until(b, DUE + SECOND)

    same(lambda foretells: herd(foretells=foretells), drive, begun)


@pytest.mark.parametrize("exclusive", [True, "group"])
@pytest.mark.parametrize("slots", [0, 1, 2, 20])
def test_a_better_run_that_is_due_as_well_is_not_passed(exclusive: bool | str, slots: int) -> None:
    """Nor is one that waits for a slot since somebody took it in the last moment."""
    first = function("first", exclusive=exclusive, priority=9)

    def drive(b: Bench) -> None:
        until(b, DUE - LEAD // 2)
        b.do(lambda turn: trigger(turn, "hand", bypass=False))
        until(b, DUE + SECOND // 2)

    same(
        lambda foretells: herd(HAND, first, foretells=foretells, max_running=len(NAMES) + slots),
        drive,
        lambda b: sorted(begun(b)),
    )


def test_a_better_attempt_that_is_due_again_is_not_passed() -> None:
    """A retry that came up after the herd was looked at has the slot."""
    again = replace(HAND, priority=9, retry=Retry(limit=1, delay=0.02))

    def make(foretells: bool) -> Bench:
        file = JobFile(engine=EngineSpec(max_running=len(NAMES)), jobs=(*(function(name) for name in NAMES), again))
        acts = {"hand:1.1": Act(0.005, 1)}
        return Bench(file, script=lambda launch: acts.get(launch.attempt, Act(1.0)), foretells=foretells)

    def drive(b: Bench) -> None:
        until(b, DUE - LEAD // 2)
        b.do(lambda turn: trigger(turn, "hand", bypass=False))
        until(b, DUE + SECOND // 2)

    same(make, drive, lambda b: sorted(begun(b)))


def test_the_order_of_a_file_that_was_read_anew_counts() -> None:
    """Also where nothing else changed."""

    def drive(b: Bench) -> None:
        until(b, DUE - LEAD // 2)
        b.do(lambda turn: arrange(turn, list(reversed(NAMES))))
        until(b, DUE + SECOND)

    same(lambda foretells: herd(foretells=foretells), drive, begun)


def test_no_more_wait_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound an occurrence is missed."""
    for module in (occurrences, core_foretold):
        monkeypatch.setattr(module, "QUEUE_LIMIT", 3)
    hands = [replace(HAND, id=f"hand{number}") for number in range(3)]

    def drive(b: Bench) -> None:
        until(b, DUE - SECOND)
        for one in hands:
            b.do(lambda turn, one=one: hold_job(turn, turn.state.jobs[one.id], None, by="me", reason=""))  # type: ignore[misc] # bound at once
            b.do(lambda turn, one=one: trigger(turn, one.id, bypass=False))  # type: ignore[misc] # bound at once
        until(b, DUE + 30 * SECOND)

    same(lambda foretells: herd(*hands, foretells=foretells), drive, facts)
