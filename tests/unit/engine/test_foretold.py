"""Functions that are due together: on record before, begun at their instant, and otherwise as if nothing had been foretold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pytest

from engine.clock import SECOND, micros, moment
from engine.core import foretold as core_foretold
from engine.core import occurrences
from engine.core.blackouts import take_edge
from engine.core.fates import set_next
from engine.core.foretold import FORETOLD, LEAD, LEAST
from engine.core.holds import EVERYTHING
from engine.core.turn import Turn
from engine.core.verbs.enable import disable
from engine.core.verbs.hold import hold
from engine.core.verbs.pause import hold_job
from engine.core.verbs.postpone import postpone
from engine.core.verbs.priority import set_priority
from engine.core.verbs.reload import arrange
from engine.core.verbs.resume import release_job
from engine.core.verbs.shutdown import begin_shutdown
from engine.core.verbs.skip_next import skip_next
from engine.core.verbs.stop import stop_runs
from engine.core.verbs.suspend import suspend
from engine.core.verbs.trigger import trigger
from engine.ports.executor import AttemptRef, Home, Recovered, Sink
from engine.spec.command import Call
from engine.spec.config import EngineSpec, JobFile
from engine.spec.context import JobContext
from engine.spec.job import Argv, EverySchedule, JobSpec, Manual, Need, Overlap, Retry
from engine.spec.when import Blackout
from engine.testing import Bench
from engine.testing.clock import START
from engine.testing.executor import Act
from engine.testing.store import MemoryStore

EACH_MINUTE = EverySchedule(60.0, align=True)
NAMES = [f"f{number:02}" for number in range(LEAST + 2)]
DUE = (START // (60 * SECOND) + 1) * 60 * SECOND


def nothing(_context: JobContext) -> None:
    """A function; the executor of these tests calls none."""


def function(name: str, **fields: object) -> JobSpec:
    return JobSpec(id=name, command=Call(nothing), schedule=EACH_MINUTE, **fields)  # type: ignore[arg-type] # of many types


def herd(
    *more: JobSpec,
    store: MemoryStore | None = None,
    max_running: int = 40,
    seconds: float = 1.0,
    foretells: bool = True,
    names: Iterable[str] = NAMES,
    **fields: object,
) -> Bench:
    """A dozen functions that are due at each full minute."""
    jobs = (*(function(name, **fields) for name in names), *more)
    file = JobFile(engine=EngineSpec(max_running=max_running), jobs=jobs)
    return Bench(file, store=store, script=lambda _: Act(seconds), foretells=foretells)


def until(b: Bench, at: int) -> None:
    """Let time pass up to this instant, and everything happen that is due then."""
    b.run_for((at - b.now) / SECOND)


def commit_all(b: Bench, store: MemoryStore) -> None:
    while store.pending:
        store.commit()
        b.settle()


def begun(b: Bench) -> list[str]:
    return [launch.attempt for launch in b.executor.launched]


def foretold(b: Bench) -> list[str]:
    """The jobs that the store holds for foretold."""
    fact = b.store.facts.get(FORETOLD)
    return [] if not fact else sorted(json.loads(fact)["jobs"])


FIRST = [f"{name}:1.1" for name in NAMES]


def waiting_store() -> tuple[Bench, MemoryStore]:
    """All is on record a second before the herd is due; from then on nothing is until it is said."""
    store = MemoryStore(at_once=False)
    b = herd(store=store)
    commit_all(b, store)
    until(b, DUE - SECOND)
    commit_all(b, store)
    return b, store


def test_a_herd_begins_at_its_instant_without_waiting_for_the_store() -> None:
    """The fact is durable before, the rows follow; nothing of it is left on record."""
    b, store = waiting_store()
    until(b, DUE - LEAD // 2)
    assert not b.state.runs
    assert not foretold(b)
    commit_all(b, store)
    assert foretold(b) == NAMES
    until(b, DUE)
    assert begun(b) == FIRST
    assert not store.runs, "nothing was committed meanwhile"
    assert {run.phase for run in b.state.runs.values()} == {"running"}
    commit_all(b, store)
    assert {row.run_id: row.queued_at for row in store.runs.values()} == {f"{name}:1": DUE for name in NAMES}
    assert not foretold(b)
    until(b, DUE + 2 * SECOND)
    commit_all(b, store)
    assert all(b.fates(name) == ["success"] for name in NAMES)


def test_what_is_not_durable_in_time_goes_its_ordinary_way() -> None:
    """A slow disk: no function is called before something on record says that it may have been."""
    b, store = waiting_store()
    until(b, DUE)
    assert begun(b) == []
    commit_all(b, store)
    assert begun(b) == FIRST
    assert not foretold(b)


def test_it_goes_on_minute_after_minute() -> None:
    """Each occurrence once, at its instant, whatever way the ones before took."""
    b = herd()
    until(b, DUE + 600 * SECOND)
    assert Counter(begun(b)) == Counter(f"{name}:{number}.1" for name in NAMES for number in range(1, 12))
    started = [row for row in b.store.runs.values() if row.started_at is not None]
    assert len(started) == 10 * len(NAMES)
    assert all(row.started_at == row.planned_at for row in started)


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


def facts(b: Bench) -> dict[str, list[str]]:
    return {job.id: b.fates(job.id) for job in b.state.jobs.values()}


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
    reasons = {reason for name in NAMES for reason in b.fates(name)}
    assert len(reasons) == 1
    assert reasons <= {"lost claim", "lost exit_unknown"}
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


OTHERS = {
    "too few": {"names": NAMES[: LEAST - 1]},
    "not enough slots": {"max_running": len(NAMES) - 1},
    "exclusive": {"exclusive": True},
}


@pytest.mark.parametrize("why", OTHERS)
def test_nothing_is_foretold_where_what_is_due_may_not_start_at_once(why: str) -> None:
    """And each runs all the same."""
    b = herd(**OTHERS[why])  # type: ignore[arg-type] # of many types
    until(b, DUE - LEAD // 2)
    assert not foretold(b)
    until(b, DUE + 30 * SECOND)
    assert {fate for fates in facts(b).values() for fate in fates} == {"success"}


def test_processes_are_not_foretold() -> None:
    """Their keeper knows of each."""
    jobs = tuple(JobSpec(id=name, command=Argv(("true",)), schedule=EACH_MINUTE) for name in NAMES)
    b = Bench(JobFile(engine=EngineSpec(max_running=40), jobs=jobs))
    until(b, DUE - LEAD // 2)
    assert not foretold(b)


def test_a_job_that_was_planned_twice_for_one_instant_runs_once() -> None:
    """Timers are never removed: one that was planned anew comes up twice."""
    b = herd()
    b.do(lambda turn: set_next(turn, turn.state.jobs["f03"], DUE))
    until(b, DUE + 30 * SECOND)
    assert begun(b) == FIRST


def test_a_job_that_still_runs_is_none_of_the_herd() -> None:
    """Its occurrence is skipped, the others begin."""
    b = herd(seconds=20.0)
    until(b, DUE - 10 * SECOND)
    b.do(lambda turn: trigger(turn, "f05", bypass=False))
    until(b, DUE - LEAD // 2)
    assert foretold(b) == [name for name in NAMES if name != "f05"]
    until(b, DUE + 30 * SECOND)
    assert b.fates("f05") == ["success", "skipped overlap"]


def test_a_blackout_from_that_instant_on_is_heeded() -> None:
    """Nothing is foretold into it."""
    jobs = tuple(function(name) for name in NAMES)
    b = Bench(
        JobFile(engine=EngineSpec(max_running=40), jobs=jobs, blackouts=(Blackout(moment(DUE), moment(DUE + SECOND)),))
    )
    until(b, DUE - LEAD // 2)
    assert not foretold(b)


def test_each_run_is_told_of_in_order() -> None:
    """Queued, running, ended; the start not before the store knows of the run."""
    b, store = waiting_store()
    until(b, DUE - LEAD // 2)
    commit_all(b, store)
    listener = b.loop.events.subscribe(None, b.now)
    until(b, DUE)
    assert listener.take() == []
    commit_all(b, store)
    until(b, DUE + 2 * SECOND)
    commit_all(b, store)
    found = listener.take()
    for name in NAMES:
        assert [event.type for event in found if event.job == name] == ["queued", "running", "ended"]


HAND = JobSpec(id="hand", command=Argv(("true",)), manual=Manual.ONLY)


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
