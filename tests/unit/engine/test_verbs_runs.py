"""Verbs on runs: kill, signal, priority of one run, rerun, trigger and what follows it, backfill."""

from __future__ import annotations

from datetime import UTC, datetime
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGUSR1

import pytest

from engine.clock import SECOND, instant, moment
from engine.core.turn import Turn
from engine.core.verbs.backfill import MOST, backfill
from engine.core.verbs.kill import kill_run, kill_runs
from engine.core.verbs.pause import pause_run
from engine.core.verbs.priority import set_priority, set_run_priority
from engine.core.verbs.rerun import rerun
from engine.core.verbs.resume import resume_run
from engine.core.verbs.signal import signal_run, signal_runs
from engine.core.verbs.stop import stop_job, stop_run
from engine.core.verbs.trigger import trigger
from engine.errors import Refused, RefusedCode
from engine.model.states import RunPhase
from engine.spec.job import (
    CronEntry,
    CronSchedule,
    DelaySchedule,
    EverySchedule,
    Join,
    Manual,
    Need,
    Overlap,
    Required,
    Retry,
)
from engine.testing import Bench
from engine.testing.clock import START
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec

HAND = Manual.ONLY


def refused(b: Bench, act: object) -> Refused:
    before = dict(b.store.runs)
    with pytest.raises(Refused) as refusal:
        b.do(act)  # type: ignore[arg-type] # any verb
    assert b.store.runs == before, "a refusal changes nothing"
    return refusal.value


def go(b: Bench, job_id: str, *, bypass: bool = False, downstream: bool = False, confirmed: bool = True) -> str:
    return b.do(lambda turn: trigger(turn, job_id, bypass=bypass, downstream=downstream, confirmed=confirmed)).run_id


def order(b: Bench) -> list[str]:
    return [launch.attempt for launch in b.executor.launched]


def test_kill_ends_a_running_run_and_what_waits_and_is_refused_when_nothing_runs() -> None:
    b = bench(spec("a", manual=HAND), spec("b", manual=HAND), max_running=1, acts={"a": Act(None)})
    go(b, "a")
    go(b, "b")
    assert refused(b, lambda turn: kill_runs(turn, b.job("b"))).code is RefusedCode.STATE
    b.do(lambda turn: kill_run(turn, b.job("b").queue[0]))
    b.do(lambda turn: kill_runs(turn, b.job("a")))
    b.run_for(1)
    assert (b.fates("a"), b.fates("b")) == (["stopped operator"], ["skipped operator"])
    assert b.store.runs[1].signal == SIGKILL


@pytest.mark.parametrize("verb", [pause_run, None])
def test_a_pause_or_resume_of_a_run_that_has_just_ended_is_answered(verb: object) -> None:
    """An executor says nothing of an order about what is over; the caller is told so instead of waiting for ever."""
    b = bench(spec("a", manual=HAND), acts={"a": Act(None)})
    go(b, "a")
    run = b.active("a")[0]
    if verb is None:
        b.do(lambda turn: pause_run(turn, run, None))
    late = b.executor._end("a:1.1", 0, None, None)  # over, and not heard of yet
    answers: list[Refused | None] = []

    def order(turn: Turn) -> None:
        resume_run(turn, run) if verb is None else pause_run(turn, run, None)
        b.loop.on_answer(run, answers.append)

    b.do(order)
    assert answers == []
    b.loop.report(late)
    b.settle()
    assert b.fates("a") == ["success"]
    assert [(answer.code, answer.message) for answer in answers if answer] == [(RefusedCode.STATE, "a:1 has ended")]


def test_an_attempt_that_ended_before_its_pause_is_named_where_its_run_goes_on() -> None:
    """The run is retried: it has not ended, its attempt has."""
    b = bench(spec("a", manual=HAND, retry=Retry(limit=1)), acts={"a": Act(None)})
    go(b, "a")
    run = b.active("a")[0]
    late = b.executor._end("a:1.1", 3, None, None)
    answers: list[Refused | None] = []

    def order(turn: Turn) -> None:
        pause_run(turn, run, None)
        b.loop.on_answer(run, answers.append)

    b.do(order)
    b.loop.report(late)
    b.settle()
    assert [answer and answer.message for answer in answers] == ["attempt a:1.1 has ended"]
    assert run.phase is RunPhase.RUNNING


def test_a_signal_reaches_the_run_and_those_that_are_verbs_of_their_own_are_refused() -> None:
    b = bench(spec("a", manual=HAND), acts={"a": Act(None)})
    go(b, "a")
    b.do(lambda turn: signal_runs(turn, b.job("a"), SIGUSR1))
    assert b.executor.signals("a:1.1") == [SIGUSR1]
    for number, verb in ((SIGKILL, "kill"), (SIGSTOP, "pause")):
        refusal = refused(b, lambda turn, n=number: signal_runs(turn, b.job("a"), n))
        assert verb in refusal.remedy
    run = b.active("a")[0]
    b.do(lambda turn: signal_run(turn, run, SIGCONT))
    b.do(lambda turn: pause_run(turn, run, None))
    assert "resume" in refused(b, lambda turn: signal_run(turn, run, SIGCONT)).remedy


def test_signalling_a_job_with_nothing_running_is_refused() -> None:
    b = bench(spec("a", manual=HAND))
    assert refused(b, lambda turn: signal_runs(turn, b.job("a"), SIGUSR1)).code is RefusedCode.STATE


def test_one_waiting_run_can_be_moved_and_its_job_keeps_its_priority() -> None:
    """Row 54."""
    b = bench(*(spec(f"j{n}") for n in range(40)), max_running=1)
    run = b.job("j39").queue[0]
    b.do(lambda turn: set_run_priority(turn, run, 50))
    assert b.job("j39").priority == 0
    b.crash()
    b.run_for(3)
    assert order(b)[:3] == ["j0:1.1", "j39:1.1", "j1:1.1"]
    assert b.store.runs[40].priority == 50


def test_a_priority_of_a_run_that_does_not_wait_or_out_of_range_is_refused() -> None:
    """Row 54: -100..100."""
    b = bench(spec("a", manual=HAND), acts={"a": Act(None)})
    go(b, "a")
    run = b.active("a")[0]
    assert refused(b, lambda turn: set_run_priority(turn, run, 5)).code is RefusedCode.STATE
    assert refused(b, lambda turn: set_run_priority(turn, run, -101)).code is RefusedCode.OUT_OF_RANGE
    assert refused(b, lambda turn: set_priority(turn, b.job("a"), 101)).code is RefusedCode.OUT_OF_RANGE


def test_a_rerun_has_the_planned_time_of_the_run_it_repeats() -> None:
    b = bench(spec("tick", schedule=EverySchedule(100.0)), acts={"tick:1.1": Act(1.0, 3)})
    b.run_for(30)
    first = b.store.runs[1]
    assert b.do(lambda turn: rerun(turn, "tick:1", "tick", first.planned_at)).run_id == "tick:2"
    b.run_for(5)
    again = b.store.runs[2]
    assert (again.kind, again.planned_at, again.outcome) == ("rerun", first.planned_at, "success")
    assert b.executor.launched[-1].env["SCHEDULED_AT"] == moment(first.planned_at).isoformat()


def test_a_rerun_of_what_is_not_over_or_may_not_be_started_by_hand_is_refused() -> None:
    b = bench(spec("a"), spec("no", manual=Manual.DENY), acts={"a": Act(None)})
    b.run_for(2)
    assert refused(b, lambda turn: rerun(turn, "a:1", "a", b.now)).code is RefusedCode.STATE
    assert refused(b, lambda turn: rerun(turn, "no:1", "no", b.now)).code is RefusedCode.MANUAL_DENIED


def test_a_trigger_that_is_refused_changes_nothing() -> None:
    b = bench(
        spec("busy", manual=HAND),
        spec("ask", manual=Manual.CONFIRM),
        spec("stopped", manual=HAND),
        acts={"busy": Act(None)},
    )
    b.run_for(2)
    go(b, "busy")
    b.do(lambda turn: stop_job(turn, b.job("stopped"), None))
    assert refused(b, lambda turn: trigger(turn, "busy", bypass=False)).code is RefusedCode.OVERLAP
    assert refused(b, lambda turn: trigger(turn, "stopped", bypass=False)).code is RefusedCode.STATE
    assert refused(b, lambda turn: trigger(turn, "nope", bypass=False)).code is RefusedCode.UNKNOWN_ID
    asked = refused(b, lambda turn: trigger(turn, "ask", bypass=False, confirmed=False))
    assert (asked.code, "--yes" in asked.remedy) == (RefusedCode.CONFIRM, True)
    go(b, "ask", confirmed=True)


def diamond(**fields: object) -> Bench:
    """top -> left, right -> bottom; bottom needs `other` as well, which never runs."""
    return bench(
        spec("other", manual=HAND),
        spec("top", manual=HAND),
        spec("left", needs=(Need("top"),)),
        spec("right", needs=(Need("top"),)),
        spec("bottom", needs=(Need("left"), Need("right"), Need("other")), **fields),
        spec("last", needs=(Need("bottom", Required.DONE),)),
        acts={"right": Act(5.0)},
    )


def test_a_trigger_with_everything_downstream_runs_it_in_order_whatever_else_it_needs() -> None:
    b = diamond()
    go(b, "top", downstream=True)
    b.run_for(20)
    assert order(b) == ["top:1.1", "left:1.1", "right:1.1", "bottom:1.1", "last:1.1"]
    assert b.state.cascades == {}


def test_without_downstream_a_need_outside_is_waited_for() -> None:
    b = diamond()
    go(b, "top")
    b.run_for(20)
    assert order(b) == ["top:1.1", "left:1.1", "right:1.1"]


def test_a_cascade_goes_on_after_a_crash() -> None:
    b = diamond()
    go(b, "top", downstream=True)
    b.run_for(3)
    b.crash()
    b.run_for(20)
    assert order(b)[-2:] == ["bottom:1.1", "last:1.1"]


def test_what_cannot_follow_in_a_cascade_is_skipped_and_so_is_what_follows_that() -> None:
    b = bench(
        spec("top", manual=HAND),
        spec("left", needs=(Need("top"),)),
        spec("right", needs=(Need("top"),)),
        spec("both", needs=(Need("left"), Need("right"))),
        spec("any", needs=(Need("left"), Need("right")), join=Join.ANY),
        spec("last", needs=(Need("both"),)),
        acts={"left": Act(1.0, 1)},
    )
    go(b, "top", downstream=True)
    b.run_for(20)
    assert b.fates("both") == ["skipped upstream(left)"]
    assert b.fates("last") == ["skipped upstream(both)"]
    assert b.fates("any") == ["success"]
    assert b.state.cascades == {}


def test_a_cascade_whose_first_run_is_stopped_ends_with_it() -> None:
    b = diamond()
    b.do(lambda turn: stop_run(turn, trigger(turn, "top", bypass=False, downstream=True), None))
    b.run_for(20)
    assert b.fates("left") == ["skipped upstream(top)"]
    assert b.state.cascades == {}


DAILY = CronSchedule((CronEntry("0 2 * * *"),))


def at(day: int, hour: int = 2) -> int:
    return instant(datetime(2025, 12, day, hour, tzinfo=UTC))


def test_a_backfill_runs_the_occurrences_of_a_span_with_their_planned_times_one_after_the_other() -> None:
    b = bench(spec("etl", schedule=DAILY))
    b.run_for(1)
    runs = b.do(lambda turn: backfill(turn, b.job("etl"), at(3), at(6), 1))
    assert [run.planned_at for run in runs] == [at(3), at(4), at(5), at(6)]
    b.run_for(10)
    assert b.executor.most_live == 1
    assert b.fates("etl") == ["success"] * 4
    assert [launch.env["SCHEDULED_AT"][:10] for launch in b.executor.launched] == [
        f"2025-12-0{n}" for n in (3, 4, 5, 6)
    ]
    assert {row.kind for row in b.store.runs.values()} == {"backfill"}


def test_a_backfill_keeps_to_so_many_at_once_over_a_crash_too() -> None:
    b = bench(spec("etl", schedule=DAILY, concurrency=5))
    b.do(lambda turn: backfill(turn, b.job("etl"), at(3), at(20), 3))
    b.run_for(2)
    b.crash()
    b.run_for(30)
    assert b.executor.most_live == 3
    assert b.fates("etl") == ["success"] * 18


def test_the_schedule_goes_before_a_backfill_and_is_not_skipped_for_it() -> None:
    b = bench(spec("etl", schedule=EverySchedule(30.0)), acts={"etl": Act(10.0)})
    b.run_for(95)
    first = b.store.runs[1].planned_at
    b.do(lambda turn: backfill(turn, b.job("etl"), first, first + 90 * SECOND, 1))
    b.run_for(200)
    assert all(fate == "success" for fate in b.fates("etl"))


def test_a_backfill_out_of_bounds_is_refused_with_a_remedy() -> None:
    b = bench(
        spec("etl", schedule=DAILY),
        spec("minutely", schedule=CronSchedule((CronEntry("* * * * *"),))),
        spec("rest", schedule=DelaySchedule(10.0)),
        spec("hand", manual=HAND),
        spec("no", schedule=DAILY, manual=Manual.DENY),
    )
    b.run_for(1)
    for job, start, end, parallel, code in (
        ("rest", at(3), at(6), 1, RefusedCode.STATE),
        ("hand", at(3), at(6), 1, RefusedCode.STATE),
        ("no", at(3), at(6), 1, RefusedCode.MANUAL_DENIED),
        ("etl", at(6), at(3), 1, RefusedCode.OUT_OF_RANGE),
        ("etl", at(3, 3), at(3, 4), 1, RefusedCode.OUT_OF_RANGE),
        ("etl", at(3), b.now + SECOND, 1, RefusedCode.OUT_OF_RANGE),
        ("etl", at(3), at(6), 2, RefusedCode.OUT_OF_RANGE),
        ("etl", at(3), at(6), 0, RefusedCode.OUT_OF_RANGE),
        ("minutely", at(3), at(6), 1, RefusedCode.OUT_OF_RANGE),
    ):
        refusal = refused(b, lambda turn, j=job, s=start, e=end, p=parallel: backfill(turn, b.job(j), s, e, p))
        assert refusal.code is code
        assert refusal.remedy
    b.do(lambda turn: backfill(turn, b.job("minutely"), at(3, 0), at(3, 0) + (MOST - 1) * 60 * SECOND, 1))


def test_replace_and_queue_still_hold_for_triggers() -> None:
    b = bench(spec("r", manual=HAND, overlap=Overlap.REPLACE), acts={"r:1.1": Act(None)})
    go(b, "r")
    go(b, "r")
    b.run_for(3)
    assert b.fates("r") == ["stopped replaced(r:2)", "success"]


def test_a_rate_names_the_same_times_for_a_backfill_before_and_after_a_restart() -> None:
    """What `every` had before this engine began can be backfilled, too."""
    b = bench(spec("a", schedule=EverySchedule(50.0)))
    b.run_for(170.0)
    b.crash()
    runs = b.do(lambda turn: backfill(turn, b.job("a"), START, START + 100 * SECOND, 1))
    assert [run.planned_at - START for run in runs] == [0, 50 * SECOND, 100 * SECOND]


def test_round_times_before_the_job_was_known_can_be_backfilled() -> None:
    """As those of a cron expression can: they are on the clock, not counted from when the engine began."""
    b = bench(spec("a", schedule=EverySchedule(3600.0, align=True)))
    b.run_for(1)
    runs = b.do(lambda turn: backfill(turn, b.job("a"), START - 5 * 3600 * SECOND, START, 1))
    assert [(START - run.planned_at) // SECOND for run in runs] == [5 * 3600, 4 * 3600, 3 * 3600, 2 * 3600, 3600, 0]
