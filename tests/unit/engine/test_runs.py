"""What becomes of occurrences, on the bench: virtual clock, no processes."""

from __future__ import annotations

import pytest

from engine.clock import SECOND
from engine.core.verbs.pause import hold_job
from engine.core.verbs.priority import set_priority
from engine.core.verbs.resume import release_job
from engine.core.verbs.stop import stop_job, stop_run, stop_runs
from engine.core.verbs.trigger import trigger
from engine.errors import Refused, RefusedCode
from engine.model.outcome import Outcome
from engine.model.states import RunPhase
from engine.spec.config import Ageing
from engine.spec.job import (
    CatchUp,
    CronEntry,
    CronSchedule,
    DelaySchedule,
    EverySchedule,
    Join,
    Manual,
    Need,
    OnFailure,
    Overlap,
    Required,
    Retry,
)
from engine.testing import Bench
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec


def order(b: Bench) -> list[str]:
    return [launch.attempt.partition(":")[0] for launch in b.executor.launched]


def test_a_one_shot_runs_once_and_stays_completed_over_a_restart() -> None:
    """Row 17: it keeps its id and its record, and does not run again by itself."""
    b = bench(spec("once"))
    b.run_for(5)
    b.crash()
    b.run_for(5)
    assert b.fates("once") == ["success"]


def test_a_campaign_runs_one_shots_again() -> None:
    b = bench(spec("once"))
    b.run_for(5)
    b.begin(b._file, campaign=True)
    b.run_for(5)
    assert b.fates("once") == ["success", "success"]


def test_every_starts_at_once_and_keeps_its_rate_whatever_the_run_takes() -> None:
    """Row 4: from start to start, without drift."""
    b = bench(spec("tick", schedule=EverySchedule(10.0)), acts={"tick": Act(3.0)})
    b.run_for(35)
    starts = [row.planned_at - b.store.runs[1].planned_at for row in b.store.runs.values()]
    assert starts == [0, 10 * SECOND, 20 * SECOND, 30 * SECOND]


def test_delay_counts_from_the_end_of_the_last_run() -> None:
    """Row 4: from end to start."""
    b = bench(spec("rest", schedule=DelaySchedule(10.0)), acts={"rest": Act(5.0)})
    b.run_for(31)
    assert [launch.attempt for launch in b.executor.launched] == ["rest:1.1", "rest:2.1", "rest:3.1"]


def test_an_occurrence_during_a_run_is_skipped_by_default() -> None:
    """Row 15: a run longer than its interval does not end the job."""
    b = bench(spec("slow", schedule=EverySchedule(10.0)), acts={"slow": Act(25.0)})
    b.run_for(26)
    assert b.fates("slow") == ["success", "skipped overlap", "skipped overlap"]


def test_overlap_queue_lets_max_queued_wait() -> None:
    """Row 16: the next one waits for its turn."""
    b = bench(spec("slow", schedule=EverySchedule(10.0), overlap=Overlap.QUEUE), acts={"slow": Act(35.0)})
    b.run_for(36)
    assert b.fates("slow") == ["success", "running", "skipped overlap", "skipped overlap"]


def test_what_was_skipped_leaves_how_the_last_run_ended() -> None:
    """It did not run, so it neither failed nor succeeded; kept over restarts."""
    b = bench(spec("fails", schedule=EverySchedule(10.0)), acts={"fails": Act(25.0, 1)})
    b.run_for(41)
    assert b.fates("fails")[-2:] == ["running", "skipped overlap"]
    assert (b.job("fails").last_outcome, b.job("fails").last_run_outcome) == (Outcome.SKIPPED, Outcome.FAILED)
    b.crash()
    assert b.job("fails").last_run_outcome is Outcome.FAILED


def test_of_shards_the_worst_that_ran_is_how_the_last_run_ended() -> None:
    """One of them said that it had nothing to do, which is worse than success and no run."""
    b = bench(
        spec("m", matrix={"item": ("a", "b")}, skip_codes=frozenset({9})),
        acts={"m[a]": Act(1.0, 9), "m[b]": Act(2.0, 0)},
    )
    b.run_for(10)
    assert (b.job("m").last_outcome, b.job("m").last_run_outcome) == (Outcome.SKIPPED, Outcome.SUCCESS)


def test_overlap_allow_starts_beside() -> None:
    """Row 16: as many as fall due."""
    b = bench(spec("slow", schedule=EverySchedule(10.0), overlap=Overlap.ALLOW), acts={"slow": Act(25.0)})
    b.run_for(21)
    assert len(b.active("slow")) == 3


def test_overlap_replace_stops_the_oldest_first() -> None:
    """Row 16: then the new one starts."""
    b = bench(spec("slow", schedule=EverySchedule(10.0), overlap=Overlap.REPLACE), acts={"slow": Act(25.0)})
    b.run_for(12)
    assert b.fates("slow") == ["stopped replaced(slow:2)", "running"]
    assert b.executor.most_live == 1


def test_no_more_runs_at_once_than_max_running() -> None:
    b = bench(*(spec(f"j{n}") for n in range(50)), max_running=3)
    b.run_for(60)
    assert b.executor.most_live == 3
    assert all(b.fates(f"j{n}") == ["success"] for n in range(50))


def test_higher_priority_starts_first_then_file_order() -> None:
    b = bench(spec("a"), spec("b", priority=5), spec("c"), max_running=1)
    b.run_for(10)
    assert order(b) == ["b", "a", "c"]


def test_waiting_raises_priority_until_it_overtakes() -> None:
    """Ageing: one step per 10 s lets a run that has waited 100 s pass one with 5 more."""
    b = bench(
        spec("busy", priority=100),
        spec("old"),
        spec("late", manual=Manual.ONLY, priority=5),
        max_running=1,
        ageing=Ageing(10.0, 1.0),
        acts={"busy": Act(100.0)},
    )
    b.run_for(90)
    b.do(lambda turn: trigger(turn, "late", bypass=False))
    b.run_for(60)
    assert order(b) == ["busy", "old", "late"]


def test_a_bump_reorders_what_waits_even_what_is_ordered_ahead() -> None:
    b = bench(*(spec(f"j{n}") for n in range(40)), max_running=1)
    b.do(lambda turn: set_priority(turn, b.job("j39"), 50))
    b.do(lambda turn: set_priority(turn, b.job("j5"), 40))
    b.run_for(5)
    assert order(b)[:4] == ["j0", "j39", "j5", "j1"]


def test_a_bump_out_of_range_is_refused_and_changes_nothing() -> None:
    b = bench(spec("a", manual=Manual.ONLY))
    with pytest.raises(Refused) as refused:
        b.do(lambda turn: set_priority(turn, b.job("a"), 101))
    assert refused.value.code is RefusedCode.OUT_OF_RANGE
    assert b.job("a").priority == 0


def test_an_exclusive_run_is_alone() -> None:
    b = bench(spec("a"), spec("alone", exclusive=True, priority=-1), spec("b", priority=-2), max_running=4)
    seen: list[set[str]] = []
    for _ in range(40):
        seen.append({attempt.partition(":")[0] for attempt in b.executor.live})
        b.run_for(0.1)
    assert {"alone"} in seen
    assert all(live == {"alone"} for live in seen if "alone" in live)
    assert b.fates("alone") == b.fates("a") == b.fates("b") == ["success"]


def test_a_group_lets_only_one_of_it_run() -> None:
    b = bench(*(spec(f"g{n}", exclusive="disk") for n in range(3)), spec("free"), max_running=8)
    assert len(b.executor.live) == 2
    b.run_for(5)
    assert all(b.fates(f"g{n}") == ["success"] for n in range(3))


def test_a_full_pool_holds_up_only_its_own() -> None:
    b = bench(spec("a", pools={"db": 1}), spec("b", pools={"db": 1}), spec("c"), max_running=8)
    assert order(b) == ["a", "c"]
    b.run_for(3)
    assert order(b) == ["a", "c", "b"]
    assert b.state.pool_taken == {"db": 0}


def test_a_chain_of_needs_runs_in_order() -> None:
    b = bench(spec("c", needs=(Need("b"),)), spec("b", needs=(Need("a"),)), spec("a"))
    b.run_for(10)
    assert order(b) == ["a", "b", "c"]


def test_a_failure_skips_its_dependants_in_turn_and_a_success_revives_them() -> None:
    acts = {"a": Act(1.0, 3)}
    b = bench(spec("a"), spec("b", needs=(Need("a"),)), spec("c", needs=(Need("b"),)), acts=acts)
    b.run_for(5)
    assert (b.fates("a"), b.fates("b"), b.fates("c")) == (
        ["failed exit(3)"],
        ["skipped upstream(a)"],
        ["skipped upstream(b)"],
    )
    acts["a"] = Act(1.0)
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    b.run_for(5)
    assert b.fates("b")[1:] == ["success"]
    assert b.fates("c")[1:] == ["success"]


def test_two_failures_upstream_are_one_skip() -> None:
    b = bench(spec("a"), spec("b"), spec("c", needs=(Need("a"), Need("b"))), acts={"a": Act(1.0, 1), "b": Act(2.0, 1)})
    b.run_for(5)
    assert b.fates("c") == ["skipped upstream(a)"]


def test_join_any_runs_after_the_first_that_ended_as_required() -> None:
    b = bench(
        spec("a"),
        spec("b"),
        spec("c", needs=(Need("a"), Need("b")), join=Join.ANY),
        acts={"a": Act(1.0, 1), "b": Act(2.0)},
    )
    b.run_for(5)
    assert b.fates("c") == ["success"]


def test_a_need_can_require_a_failure() -> None:
    b = bench(spec("a"), spec("alarm", needs=(Need("a", Required.FAILURE),)), acts={"a": Act(1.0, 1)})
    b.run_for(5)
    assert b.fates("alarm") == ["success"]


def test_retries_wait_their_delay_and_count_as_one_run() -> None:
    b = bench(
        spec("flaky", retry=Retry(limit=2, delay=10.0, backoff=2.0)),
        acts={"flaky:1.1": Act(1.0, 1), "flaky:1.2": Act(1.0, 1), "flaky:1.3": Act(1.0, 0)},
    )
    b.run_for(11.5)
    assert b.fates("flaky") == ["running"]
    b.run_for(25)
    assert b.fates("flaky") == ["success"]
    tally = b.job("flaky").tally
    assert (tally.starts, tally.success, tally.failed) == (1, 1, 0)
    row = b.store.runs[1]
    assert row.ended_at is not None
    assert row.ended_at - row.queued_at == (1 + 10 + 1 + 20 + 1) * SECOND


def test_a_retry_survives_a_crash_of_the_engine() -> None:
    b = bench(spec("flaky", retry=Retry(limit=1, delay=10.0)), acts={"flaky:1.1": Act(1.0, 1)})
    b.run_for(5)
    b.crash()
    b.run_for(10)
    assert b.fates("flaky") == ["success"]
    assert [launch.attempt for launch in b.executor.launched] == ["flaky:1.1", "flaky:1.2"]


def test_a_run_outlives_a_crash_and_ends_with_its_true_exit_code() -> None:
    b = bench(spec("long"), spec("next", needs=(Need("long"),)), acts={"long": Act(10.0, 0)})
    b.run_for(2)
    b.crash()
    assert [run.phase for run in b.active("long")] == [RunPhase.RUNNING]
    b.run_for(20)
    assert b.fates("long") == ["success"]
    assert order(b) == ["long", "next"]


def test_what_falls_due_while_the_engine_is_down_is_one_missed_record() -> None:
    b = bench(spec("tick", schedule=CronSchedule((CronEntry("* * * * *"),))))
    b.run_for(30)
    b.clock._now += 660 * SECOND - 15 * SECOND  # the machine is off: no engine sees this
    b.begin(b._file)
    missed = [row for row in b.store.runs.values() if row.outcome == "missed"]
    assert [(row.occurrences, row.reason) for row in missed] == [(10, "engine_down")]
    assert b.job("tick").tally.missed == 10
    assert b.fates("tick")[-1] == "running", "the newest lies within the grace of half a period"


def test_a_restart_within_the_grace_does_not_lose_the_occurrence() -> None:
    b = bench(spec("nightly", schedule=CronSchedule((CronEntry("0 2 * * *"),))))
    b.run_for(2 * 3600 - 1)
    b.clock._now += 61 * SECOND
    b.begin(b._file)
    b.run_for(5)
    assert b.fates("nightly") == ["success"]


def test_catch_up_latest_runs_the_newest_and_records_the_rest() -> None:
    job = spec("h", schedule=CronSchedule((CronEntry("0 * * * *"),)), catch_up=CatchUp.LATEST, late_grace=0.0)
    b = bench(job)
    b.clock._now += int(5.5 * 3600) * SECOND
    b.begin(b._file)
    b.run_for(5)
    assert b.fates("h") == ["missed engine_down", "success"]
    assert b.store.runs[1].occurrences == 4


def test_catch_up_all_runs_each_in_order() -> None:
    job = spec(
        "h",
        schedule=CronSchedule((CronEntry("0 * * * *"),)),
        catch_up=CatchUp.ALL,
        late_grace=0.0,
        overlap=Overlap.QUEUE,
    )
    b = bench(job)
    b.clock._now += int(3.5 * 3600) * SECOND
    b.begin(b._file)
    b.run_for(30)
    assert b.fates("h") == ["success"] * 3


def test_held_jobs_start_nothing_and_settle_at_resume() -> None:
    b = bench(spec("tick", schedule=EverySchedule(60.0)))
    b.run_for(30)
    b.do(lambda turn: hold_job(turn, b.job("tick"), None))
    b.run_for(300)
    assert b.fates("tick") == ["success"]
    b.do(lambda turn: release_job(turn, b.job("tick")))
    assert b.fates("tick")[1] == "missed paused"
    b.run_for(60)
    assert b.fates("tick")[-1] == "success"


def test_a_hold_for_a_time_ends_by_itself() -> None:
    b = bench(spec("tick", schedule=EverySchedule(60.0)))
    b.run_for(30)
    b.do(lambda turn: hold_job(turn, b.job("tick"), 100.0))
    b.run_for(250)
    assert not b.job("tick").held
    assert b.fates("tick").count("success") >= 2


def test_stop_ends_the_run_and_the_schedule_goes_on() -> None:
    b = bench(spec("tick", schedule=EverySchedule(60.0)), acts={"tick": Act(30.0)})
    b.run_for(5)
    b.do(lambda turn: stop_runs(turn, b.job("tick"), None))
    assert b.fates("tick") == ["stopped operator"]
    b.run_for(60)
    assert b.fates("tick") == ["stopped operator", "running"]


def test_a_stopped_job_stays_stopped_over_a_restart_until_resumed() -> None:
    b = bench(spec("tick", schedule=EverySchedule(60.0)), acts={"tick": Act(30.0)})
    b.run_for(5)
    b.do(lambda turn: stop_job(turn, b.job("tick"), None))
    b.crash()
    b.run_for(120)
    assert b.fates("tick") == ["stopped operator"]
    b.do(lambda turn: release_job(turn, b.job("tick")))
    b.run_for(61)
    assert b.fates("tick")[-1] in {"running", "success"}


def test_stopping_a_queued_run_means_it_never_started() -> None:
    b = bench(spec("busy"), spec("later", manual=Manual.ONLY), max_running=1, acts={"busy": Act(100.0)})
    run = b.do(lambda turn: trigger(turn, "later", bypass=False))
    b.do(lambda turn: stop_run(turn, run, None))
    b.run_for(200)
    assert b.fates("later") == ["skipped operator"]
    assert order(b) == ["busy"]
    assert b.job("later").tally.starts == 0


def test_trigger_is_refused_when_the_overlap_policy_says_no() -> None:
    b = bench(spec("one"), acts={"one": Act(50.0)})
    with pytest.raises(Refused) as refused:
        b.do(lambda turn: trigger(turn, "one", bypass=False))
    assert refused.value.code is RefusedCode.OVERLAP


def test_a_missed_start_deadline_is_on_record() -> None:
    b = bench(
        spec("busy", priority=1),
        spec("tick", schedule=EverySchedule(1000.0), start_deadline=30.0),
        max_running=1,
        acts={"busy": Act(100.0)},
    )
    b.run_for(150)
    assert b.fates("tick") == ["missed deadline"]


def test_on_failure_halt_stops_the_schedule_and_continue_does_not() -> None:
    b = bench(
        spec("halts", schedule=EverySchedule(10.0), on_failure=OnFailure.HALT),
        spec("goes", schedule=EverySchedule(10.0)),
        acts={"halts": Act(1.0, 1), "goes": Act(1.0, 1)},
    )
    b.run_for(25)
    assert b.fates("halts") == ["failed exit(1)"]
    assert b.fates("goes") == ["failed exit(1)"] * 3


def test_a_skip_code_is_no_start_and_no_failure() -> None:
    b = bench(spec("idle", skip_codes=frozenset({99})), acts={"idle": Act(1.0, 99)})
    b.run_for(3)
    assert b.fates("idle") == ["skipped skip_code(99)"]
    assert b.job("idle").tally.starts == 0


def test_what_waits_of_a_job_that_a_failure_halts_does_not_start() -> None:
    """`on_failure: halt`: the job is stopped by its failure, also what was next in the queue at that moment."""
    halts = spec("a", on_failure=OnFailure.HALT, overlap=Overlap.QUEUE, concurrency=2, max_queued=2, manual=Manual.ONLY)
    b = bench(halts, max_running=1, acts={"a": Act(5.0, 1)})
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    b.run_for(60.0)
    assert b.fates("a") == ["failed exit(1)", "queued"]
    assert b.job("a").stopped
