"""Functions that are due together are on record before, and begin at their instant."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.clock import SECOND, moment
from engine.core.fates import set_next
from engine.core.foretold import LEAD, LEAST
from engine.core.verbs.trigger import trigger
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, JobSpec
from engine.spec.when import Blackout
from engine.testing import Bench
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
