"""What becomes of a herd that was foretold, when its engine is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from engine.clock import SECOND
from engine.core.foretold import LEAD
from engine.core.turn import Turn
from engine.core.verbs.pause import hold_job
from engine.core.verbs.postpone import postpone
from engine.core.verbs.shutdown import begin_shutdown
from engine.core.verbs.skip_next import skip_next
from engine.core.verbs.trigger import trigger
from engine.ports.executor import AttemptRef, Home, Recovered, Sink
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, JobSpec
from engine.testing.store import MemoryStore
from tests.unit.engine.herds import (
    DUE,
    EACH_MINUTE,
    FIRST,
    NAMES,
    begun,
    commit_all,
    facts,
    foretold,
    function,
    herd,
    until,
    waiting_store,
)

Deed = Callable[[Turn], object]


@pytest.mark.parametrize("fate", ["before", "after", "after rows"])
def test_a_crash_around_the_instant(fate: str) -> None:
    """What may have begun is `lost(claim)`, once, and never begins again; what is on record is what it says."""
    b, store = waiting_store()
    until(b, DUE - LEAD // 2)
    commit_all(b, store)
    if fate != "before":
        until(b, DUE)
    if fate == "after rows":
        commit_all(b, store)
    b.executor.die()
    b.clock.advance(DUE + SECOND)
    b.crash()
    commit_all(b, store)
    until(b, DUE + 30 * SECOND)
    commit_all(b, store)
    assert {tuple(b.fates(name)) for name in NAMES} == {("lost claim",)}
    assert begun(b) == ([] if fate == "before" else FIRST)
    assert not foretold(b)
    until(b, DUE + 61 * SECOND)
    commit_all(b, store)
    assert [attempt for attempt in begun(b) if attempt not in FIRST] == [f"{name}:2.1" for name in NAMES]
    for job in b.state.jobs.values():
        tally = job.tally
        assert tally.starts == tally.success + tally.lost + len(job.active)


def test_a_job_that_was_held_before_a_crash_has_lost_nothing() -> None:
    """The hold is on record: its run did not begin."""
    b, store = waiting_store()
    until(b, DUE - LEAD // 2)
    commit_all(b, store)
    b.loop.act(
        lambda turn: hold_job(turn, turn.state.jobs["f03"], None, by="me", reason=""), lambda _: None, lambda _: None
    )
    b.settle()
    commit_all(b, store)
    b.executor.die()
    b.clock.advance(DUE + SECOND)
    b.crash()
    commit_all(b, store)
    assert b.fates("f03") == []
    assert b.fates("f04") == ["lost claim"]


def test_a_job_that_was_triggered_before_a_crash_had_not_begun_by_its_schedule() -> None:
    """Its run is on record and so was under way before: what was foretold did not hold any more."""
    b, store = waiting_store()
    until(b, DUE - LEAD // 2)
    commit_all(b, store)
    b.loop.act(lambda turn: trigger(turn, "f03", bypass=False), lambda _: None, lambda _: None)
    b.settle()
    commit_all(b, store)
    b.executor.die()
    b.crash()
    commit_all(b, store)
    for seconds in (1, 3, 5):
        until(b, DUE + seconds * SECOND)
        commit_all(b, store)
    assert b.fates("f03") == ["lost claim", "success"]
    assert b.fates("f04") == ["lost claim"]


def test_a_job_that_got_another_name_after_a_crash_does_not_begin_again() -> None:
    """What was foretold was foretold of it."""
    b, store = waiting_store()
    until(b, DUE - LEAD // 2)
    commit_all(b, store)
    b.executor.die()
    b.clock.advance(DUE + SECOND)
    specs = tuple(function(f"new-{name}", was=name) for name in NAMES)
    b.crash(JobFile(engine=EngineSpec(max_running=40), jobs=specs))
    commit_all(b, store)
    assert all(b.fates(one.id) == ["lost claim"] for one in specs)
    assert begun(b) == []


def test_an_engine_that_ends_in_order_has_foretold_nothing() -> None:
    """The next one owes the occurrence, as ever."""
    told, plain = herd(), herd(foretells=False)
    for b in (told, plain):
        until(b, DUE - LEAD // 2)
        b.do(lambda turn: begin_shutdown(turn, None))
        assert not foretold(b)
        b.executor.die()
        b.clock.advance(DUE + SECOND)
        b.crash()
        until(b, DUE + 30 * SECOND)
    assert facts(told) == facts(plain)
    assert not any("lost" in fate for fates in facts(told).values() for fate in fates)


LAST: dict[str, tuple[Deed, str]] = {
    "skip": (lambda turn: skip_next(turn, turn.state.jobs["f03"]), "skipped operator"),
    "postpone": (lambda turn: postpone(turn, turn.state.jobs["f03"], 20.0), "success"),
    "trigger": (lambda turn: trigger(turn, "f03", bypass=False), "success"),
}


@pytest.mark.parametrize("deed", LAST)
def test_what_was_decided_on_record_before_a_crash_did_not_begin(deed: str) -> None:
    """The occurrence has the fate that it would have had."""
    act, fate = LAST[deed]
    store = MemoryStore(at_once=False)
    b = herd(store=store, seconds=0.001)
    commit_all(b, store)
    until(b, DUE - LEAD // 2)
    commit_all(b, store)
    assert foretold(b)
    b.loop.act(act, lambda _: None, lambda _: None)
    b.settle()
    commit_all(b, store)
    b.run_for(0.005)
    commit_all(b, store)
    b.executor.die()
    b.clock.advance(DUE + SECOND)
    b.crash()
    for seconds in (10, 30, 50, 70, 71):
        until(b, DUE + seconds * SECOND)
        commit_all(b, store)
    assert b.fates("f03")[0] == fate
    assert set(b.fates("f03")[1:]) <= {"success"}
    assert "lost claim" in b.fates("f04")


def test_what_was_foretold_of_a_function_is_asked_of_functions() -> None:
    """Though its job is a process in the file of the next engine."""
    b, store = waiting_store()
    until(b, DUE - LEAD // 2)
    commit_all(b, store)
    jobs = tuple(JobSpec(id=name, command=Argv(("true",)), schedule=EACH_MINUTE) for name in NAMES)
    b.executor.die()
    b.clock.advance(DUE + SECOND)
    asked: list[AttemptRef] = []
    reopen = b.executor.reopen

    def look(known: Sequence[AttemptRef], sink: Sink) -> Sequence[Recovered]:
        asked.extend(known)
        return reopen(known, sink)

    b.executor.reopen = look  # type: ignore[method-assign] # looked at
    b.crash(JobFile(engine=EngineSpec(max_running=40), jobs=jobs))
    assert [ref.home for ref in asked] == [Home.CALL] * len(NAMES)
