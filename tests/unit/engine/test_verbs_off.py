"""The five kinds of off: pause, suspend, stop, disable, skip-next; each kept over a restart, each released by its own verb."""

from __future__ import annotations

from itertools import islice

import pytest

from engine.clock import SECOND
from engine.core.coming import coming
from engine.core.explain import status_of, why_idle
from engine.core.verbs.enable import disable, enable
from engine.core.verbs.pause import hold_job
from engine.core.verbs.postpone import postpone
from engine.core.verbs.resume import release_job
from engine.core.verbs.set_timeout import set_timeout
from engine.core.verbs.skip_next import skip_next, undo_skip_next
from engine.core.verbs.stop import stop_job, stop_run
from engine.core.verbs.suspend import suspend, unsuspend
from engine.core.verbs.trigger import trigger
from engine.errors import Refused, RefusedCode
from engine.model.states import JobStatus
from engine.spec.job import CatchUp, CronEntry, CronSchedule, DelaySchedule, EverySchedule, Manual, Need, Retry, Timeout
from engine.testing import Bench
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec

TEN = EverySchedule(10.0)


def refused(b: Bench, act: object) -> RefusedCode:
    with pytest.raises(Refused) as refusal:
        b.do(act)  # type: ignore[arg-type] # any verb
    return refusal.value.code


def test_a_suspended_schedule_stands_still_and_a_person_may_still_start_the_job() -> None:
    b = bench(spec("tick", schedule=TEN))
    b.run_for(5)
    b.do(lambda turn: suspend(turn, b.job("tick")))
    b.run_for(60)
    assert b.fates("tick") == ["success"]
    b.do(lambda turn: trigger(turn, "tick", bypass=False))
    b.run_for(5)
    assert b.fates("tick") == ["success", "success"]
    assert b.job("tick").next_run is None
    assert status_of(b.state, b.job("tick")) is JobStatus.WAITING
    assert "suspended" in (why_idle(b.state, b.job("tick"), b.now) or "")


def test_suspension_is_kept_over_a_restart_and_its_end_follows_catch_up() -> None:
    b = bench(spec("tick", schedule=TEN))
    b.run_for(5)
    b.do(lambda turn: suspend(turn, b.job("tick")))
    b.crash()
    b.run_for(42)
    assert status_of(b.state, b.job("tick")) is JobStatus.WAITING
    b.do(lambda turn: unsuspend(turn, b.job("tick")))
    assert b.fates("tick") == ["success", "missed paused"]
    assert b.job("tick").tally.missed == 4
    b.run_for(10)
    assert b.fates("tick")[2:] == ["success"]


def test_a_delay_goes_on_after_a_suspension() -> None:
    b = bench(spec("rest", schedule=DelaySchedule(10.0)))
    b.run_for(5)
    b.do(lambda turn: suspend(turn, b.job("rest")))
    b.run_for(100)
    b.do(lambda turn: unsuspend(turn, b.job("rest")))
    b.run_for(12)
    assert b.fates("rest") == ["success", "success"]


def test_a_one_shot_suspended_before_its_time_runs_when_it_is_let_go() -> None:
    b = bench(spec("busy", exclusive=True), spec("once", enabled=False), acts={"busy": Act(5.0)})
    b.do(lambda turn: suspend(turn, b.job("once")))
    b.do(lambda turn: enable(turn, b.job("once")))
    b.run_for(20)
    assert b.fates("once") == []
    b.do(lambda turn: unsuspend(turn, b.job("once")))
    b.run_for(20)
    assert b.fates("once") == ["success"]


def test_suspending_twice_or_what_has_no_schedule_is_refused() -> None:
    b = bench(spec("tick", schedule=TEN), spec("hand", manual=Manual.ONLY))
    b.do(lambda turn: suspend(turn, b.job("tick")))
    assert refused(b, lambda turn: suspend(turn, b.job("tick"))) is RefusedCode.STATE
    assert refused(b, lambda turn: suspend(turn, b.job("hand"))) is RefusedCode.STATE
    assert refused(b, lambda turn: unsuspend(turn, b.job("hand"))) is RefusedCode.STATE


def test_the_next_occurrence_is_skipped_and_only_that_one_over_a_restart_too() -> None:
    b = bench(spec("tick", schedule=TEN))
    b.run_for(5)
    b.do(lambda turn: skip_next(turn, b.job("tick")))
    start = b.store.runs[1].planned_at
    assert b.job("tick").next_run == start + 20 * SECOND
    assert "is to be skipped" in (why_idle(b.state, b.job("tick"), b.now) or "")
    b.crash()
    assert b.job("tick").next_run == start + 20 * SECOND
    b.run_for(20)
    assert b.fates("tick") == ["success", "skipped operator", "success"]


def test_skipping_can_be_taken_back_until_its_time() -> None:
    b = bench(spec("tick", schedule=TEN))
    b.run_for(5)
    b.do(lambda turn: skip_next(turn, b.job("tick")))
    assert refused(b, lambda turn: skip_next(turn, b.job("tick"))) is RefusedCode.STATE
    b.do(lambda turn: undo_skip_next(turn, b.job("tick")))
    assert refused(b, lambda turn: undo_skip_next(turn, b.job("tick"))) is RefusedCode.STATE
    b.run_for(10)
    assert b.fates("tick") == ["success", "success"]


def test_a_later_occurrence_is_skipped_where_it_is_named_and_no_other_over_a_restart_too() -> None:
    b = bench(spec("tick", schedule=TEN))
    b.run_for(5)
    start = b.store.runs[1].planned_at
    b.do(lambda turn: skip_next(turn, b.job("tick"), start + 20 * SECOND))
    assert b.job("tick").next_run == start + 10 * SECOND
    assert [one.skipped for one in islice(coming(b.job("tick"), b.now), 3)] == ["", "operator", ""]
    b.crash()
    b.run_for(30)
    assert b.fates("tick") == ["success", "success", "skipped operator", "success"]


def test_an_occurrence_that_there_is_not_is_not_skipped_nor_another_in_its_place() -> None:
    b = bench(spec("tick", schedule=TEN), spec("rest", schedule=DelaySchedule(10.0)))
    b.run_for(5)
    start = b.store.runs[1].planned_at
    for at in (start, start + 12 * SECOND):
        assert refused(b, lambda turn, at=at: skip_next(turn, b.job("tick"), at)) is RefusedCode.CHANGED
    assert refused(b, lambda turn: skip_next(turn, b.job("rest"), start + 60 * SECOND)) is RefusedCode.CHANGED
    b.run_for(12)
    assert b.fates("tick") == ["success"] * 2


def test_a_skipped_run_of_a_delay_is_followed_by_the_next() -> None:
    b = bench(spec("rest", schedule=DelaySchedule(10.0)))
    b.run_for(5)
    b.do(lambda turn: skip_next(turn, b.job("rest")))
    b.run_for(20)
    assert b.fates("rest") == ["success", "skipped operator", "success"]


def test_an_occurrence_to_be_skipped_while_nothing_could_start_is_skipped_not_missed() -> None:
    b = bench(spec("tick", schedule=TEN))
    b.run_for(5)
    b.do(lambda turn: skip_next(turn, b.job("tick")))
    b.do(lambda turn: hold_job(turn, b.job("tick"), None))
    b.run_for(30)
    b.do(lambda turn: release_job(turn, b.job("tick")))
    b.run_for(4)
    assert b.fates("tick") == ["success", "skipped operator", "missed paused", "success"]


def test_nothing_to_skip_is_refused() -> None:
    b = bench(spec("hand", manual=Manual.ONLY))
    assert refused(b, lambda turn: skip_next(turn, b.job("hand"))) is RefusedCode.STATE


def test_a_disabled_job_is_as_if_absent_and_enabling_it_owes_nothing() -> None:
    b = bench(spec("tick", schedule=TEN, catch_up=CatchUp.ALL), spec("after", needs=(Need("tick"),)))
    b.run_for(5)
    b.do(lambda turn: disable(turn, b.job("tick")))
    b.crash()
    b.run_for(60)
    assert b.fates("tick") == ["success"]
    assert b.job("tick").changed == ("enabled",)
    with pytest.raises(Refused, match="enable tick"):
        b.do(lambda turn: trigger(turn, "tick", bypass=False))
    b.do(lambda turn: enable(turn, b.job("tick")))
    assert b.job("tick").changed == ()
    b.run_for(10)
    assert b.fates("tick") == ["success", "success"]


def test_disabling_takes_waiting_runs_out_and_leaves_running_ones() -> None:
    b = bench(spec("a", manual=Manual.ONLY, concurrency=1, overlap="queue"), acts={"a": Act(10.0)})
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    b.do(lambda turn: disable(turn, b.job("a")))
    b.run_for(20)
    assert b.fates("a") == ["success", "skipped operator"]
    assert refused(b, lambda turn: disable(turn, b.job("a"))) is RefusedCode.STATE


def test_a_job_that_the_file_disables_can_be_enabled() -> None:
    b = bench(spec("off", schedule=TEN, enabled=False))
    b.run_for(15)
    b.do(lambda turn: enable(turn, b.job("off")))
    assert b.job("off").changed == ("enabled",)
    b.crash()
    b.run_for(22)
    assert b.fates("off").count("success") == 2


def test_a_timeout_set_at_run_time_holds_for_the_run_in_progress_and_the_next_ones() -> None:
    """Row 6."""
    b = bench(spec("slow", schedule=EverySchedule(100.0), timeout=Timeout(60.0)), acts={"slow": Act(50.0)})
    b.run_for(5)
    b.do(lambda turn: set_timeout(turn, b.job("slow"), 30.0))
    assert b.executor.timeout("slow:1.1") == 30.0
    assert b.job("slow").changed == ("timeout",)
    b.crash()
    b.run_for(100)
    assert b.executor.launched[-1].timeout == 30.0
    b.do(lambda turn: set_timeout(turn, b.job("slow"), 0.0))
    assert b.executor.timeout("slow:2.1") is None
    b.do(lambda turn: set_timeout(turn, b.job("slow"), 60.0))
    assert b.job("slow").changed == ()


def test_resuming_a_stopped_one_shot_gives_a_fresh_run() -> None:
    """Row 34: its outcome is `stopped`, no failure is counted, and it runs anew."""
    b = bench(spec("once"), acts={"once:1": Act(None), "once:1.1": Act(None)})
    b.run_for(1)
    b.do(lambda turn: stop_job(turn, b.job("once"), None))
    assert status_of(b.state, b.job("once")) is JobStatus.STOPPED
    b.crash()
    b.run_for(5)
    b.do(lambda turn: release_job(turn, b.job("once")))
    b.run_for(5)
    assert b.fates("once") == ["stopped operator", "success"]
    assert b.job("once").tally.failed == 0
    assert refused(b, lambda turn: release_job(turn, b.job("once"))) is RefusedCode.STATE


def test_a_one_shot_whose_run_was_stopped_can_be_resumed_though_the_job_was_not() -> None:
    """Row 33: its status says stopped."""
    b = bench(spec("once"), acts={"once:1.1": Act(None)})
    b.run_for(1)
    b.do(lambda turn: stop_run(turn, b.active("once")[0], None))
    b.run_for(1)
    b.do(lambda turn: release_job(turn, b.job("once")))
    b.run_for(5)
    assert b.fates("once") == ["stopped operator", "success"]


def test_a_held_job_waits_and_a_pause_with_a_length_ends_by_itself() -> None:
    """Row 32."""
    b = bench(spec("tick", schedule=CronSchedule((CronEntry("* * * * *"),))))
    b.run_for(30)
    b.do(lambda turn: hold_job(turn, b.job("tick"), 90.0))
    b.run_for(89)
    assert b.fates("tick") == []
    b.run_for(32)
    assert b.fates("tick") == ["missed paused", "success"]


def test_a_retry_of_a_disabled_job_waits_until_it_is_enabled() -> None:
    """Nothing of a disabled job starts, the next attempt of a run neither."""
    b = bench(
        spec("hog"), spec("a", retry=Retry(limit=1, delay=1.0)), max_running=1, acts={"a": Act(1.0, 1), "hog": Act(1.0)}
    )
    b.run_for(2.5)
    b.do(lambda turn: trigger(turn, "hog", bypass=False))
    b.run_for(0.8)
    b.do(lambda turn: disable(turn, b.job("a")))
    b.run_for(60)
    assert b.fates("a") == ["retrying"]
    b.do(lambda turn: enable(turn, b.job("a")))
    b.run_for(60)
    assert b.fates("a") == ["failed exit(1)"]


HOUR = EverySchedule(3600.0)


def test_a_postponed_occurrence_starts_later_and_those_after_it_as_ever() -> None:
    b = bench(spec("tick", schedule=HOUR))
    b.run_for(10)
    b.do(lambda turn: postpone(turn, b.job("tick"), 1800.0))
    b.run_for(3600)
    assert b.fates("tick") == ["success"]
    assert status_of(b.state, b.job("tick")) is JobStatus.WAITING
    b.run_for(1800)
    assert b.fates("tick") == ["success", "success"]
    late = max(b.store.runs.values())
    assert late.started_at is not None
    assert late.started_at - late.planned_at == 1800 * SECOND
    b.run_for(1800)
    assert b.fates("tick") == ["success"] * 3


def test_a_postponement_is_kept_over_a_restart_and_is_no_miss() -> None:
    b = bench(spec("tick", schedule=HOUR))
    b.run_for(3000)
    b.do(lambda turn: postpone(turn, b.job("tick"), 1800.0))
    b.run_for(1000)
    b.crash()
    assert b.fates("tick") == ["success"]
    b.run_for(1000)
    b.crash()
    b.run_for(405)
    assert b.fates("tick") == ["success", "success"]
    assert b.job("tick").tally.missed == 0


def test_a_start_deadline_counts_from_when_it_was_put_off_to() -> None:
    b = bench(
        spec("tick", schedule=HOUR, start_deadline=60.0, exclusive="group"),
        spec("long", exclusive="group", manual=Manual.ONLY),
        acts={"long": Act(30.0)},
    )
    b.run_for(10)
    b.do(lambda turn: postpone(turn, b.job("tick"), 600.0))
    b.run_for(4185)
    b.do(lambda turn: trigger(turn, "long", bypass=False))
    b.run_for(10)
    b.crash()
    b.run_for(30)
    assert b.fates("tick") == ["success", "success"]


def test_a_postponement_can_be_taken_back_and_made_anew() -> None:
    b = bench(spec("tick", schedule=HOUR))
    b.run_for(10)
    assert b.do(lambda turn: postpone(turn, b.job("tick"), 1800.0)) == 0.0
    assert b.do(lambda turn: postpone(turn, b.job("tick"), 60.0)) == 1800.0
    assert b.do(lambda turn: postpone(turn, b.job("tick"), 0.0)) == 60.0
    b.run_for(3595)
    assert b.fates("tick") == ["success", "success"]


def test_only_the_next_occurrence_is_postponed_where_one_is_named() -> None:
    b = bench(spec("tick", schedule=HOUR))
    b.run_for(10)
    start = b.store.runs[1].planned_at
    later = start + 7200 * SECOND
    assert refused(b, lambda turn: postpone(turn, b.job("tick"), 60.0, later)) is RefusedCode.STATE
    assert b.job("tick").next_run == start + 3600 * SECOND
    b.do(lambda turn: postpone(turn, b.job("tick"), 60.0, start + 3600 * SECOND))
    assert b.job("tick").next_run == start + 3660 * SECOND
    b.run_for(3700)
    assert refused(b, lambda turn: postpone(turn, b.job("tick"), 60.0, start + 3600 * SECOND)) is RefusedCode.CHANGED


def test_nothing_is_postponed_that_has_no_time_or_beyond_the_one_after_it() -> None:
    b = bench(
        spec("tick", schedule=HOUR), spec("hand", manual=Manual.ONLY), spec("pause", schedule=DelaySchedule(60.0))
    )
    b.run_for(10)
    assert refused(b, lambda turn: postpone(turn, b.job("tick"), 3600.0)) is RefusedCode.OUT_OF_RANGE
    assert refused(b, lambda turn: postpone(turn, b.job("hand"), 60.0)) is RefusedCode.STATE
    assert refused(b, lambda turn: postpone(turn, b.job("pause"), 60.0)) is RefusedCode.STATE
