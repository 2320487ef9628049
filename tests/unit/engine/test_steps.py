"""The course of a run: preconditions, hooks, retries, failover, in their order and with what their errors mean."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.core.course import Step, StepKind
from engine.core.state import Run
from engine.core.verbs.pause import pause_run
from engine.core.verbs.resume import resume_run
from engine.core.verbs.stop import stop_run
from engine.core.verbs.trigger import trigger
from engine.model.record import RunRecord
from engine.model.states import RunPhase
from engine.ports.executor import Launch
from engine.spec.config import EngineSpec, JobFile
from engine.spec.hooks import CommandHolds, FileExists, Hook, HookSlot, OnFalse
from engine.spec.job import Argv, JobSpec, Manual, Need, Retry, RetryCauses, Timeout
from engine.store.history import to_record
from engine.testing import Bench
from engine.testing.executor import Act

GOOD = Act(1.0)
BAD = Act(1.0, exit_code=3)
ALL = (HookSlot.START, HookSlot.STOP, HookSlot.ERROR, HookSlot.SUCCESS, HookSlot.RETRY, HookSlot.FINALLY)


def hooks(*slots: HookSlot, ignore: HookSlot | None = None) -> Mapping[HookSlot, Hook]:
    return {slot: Hook(Argv((slot.value,)), ignore_error=slot is ignore) for slot in slots}


def bench(*jobs: JobSpec, acts: dict[str, Act] | None = None, max_running: int = 8) -> Bench:
    """Acts by attempt id, or by what comes behind the run's id."""
    script = acts or {}

    def play(launch: Launch) -> Act:
        return script.get(launch.attempt, script.get(launch.attempt.partition(".")[2], GOOD))

    return Bench(JobFile(engine=EngineSpec(max_running=max_running), jobs=jobs), script=play)


def job(name: str = "a", **fields: object) -> JobSpec:
    return JobSpec(id=name, command=Argv(("true",)), **fields)  # type: ignore[arg-type] # fields of many types


def steps(b: Bench, run_id: str = "a:1") -> list[str]:
    """What was launched for a run, in order."""
    return [one.attempt.partition(".")[2] for one in b.executor.launched if one.attempt.startswith(run_id + ".")]


def record(b: Bench, run_id: str = "a:1") -> RunRecord:
    return to_record(next(row for row in b.store.runs.values() if row.run_id == run_id))


def live(b: Bench) -> Run:
    (run,) = b.active("a")
    return run


def test_a_run_that_succeeds_runs_start_command_success_and_finally() -> None:
    """Row 13: each hook once, in this order."""
    b = bench(job(hooks=hooks(*ALL)))
    b.run_for(60)
    assert steps(b) == ["start", "1", "success", "finally"]
    assert b.fates("a") == ["success"]


def test_a_run_that_fails_runs_retry_between_attempts_and_error_once() -> None:
    """Row 13: `retry` before each further attempt, `error` once for the run."""
    b = bench(job(hooks=hooks(*ALL), retry=Retry(limit=2, delay=5.0)), acts={"1": BAD, "2": BAD, "3": BAD})
    b.run_for(120)
    assert steps(b) == ["start", "1", "retry.1", "2", "retry.2", "3", "error", "finally"]
    assert b.fates("a") == ["failed exit(3)"]


def test_a_stopped_run_runs_stop_and_finally_and_counts_no_failure() -> None:
    """Row 34: stopped is an outcome of its own."""
    b = bench(job(hooks=hooks(*ALL)), acts={"1": Act(None)})
    b.run_for(10)
    b.do(lambda turn: stop_run(turn, live(b), None))
    b.run_for(60)
    assert steps(b) == ["start", "1", "stop", "finally"]
    assert b.fates("a") == ["stopped operator"]
    assert b.job("a").tally.failed == 0


def test_a_failed_start_hook_prevents_the_command_and_runs_finally_alone() -> None:
    """Row 35: failed(hook_start), no error hook."""
    b = bench(job(hooks=hooks(*ALL), retry=Retry(limit=3)), acts={"start": BAD})
    b.run_for(60)
    assert steps(b) == ["start", "finally"]
    assert b.fates("a") == ["failed hook_start(exit(3))"]
    assert record(b).error.hook_errors == {"start": ("exit(3)",)}


def test_a_failed_success_hook_fails_the_run() -> None:
    """Row 36."""
    b = bench(job(hooks=hooks(*ALL)), acts={"success": BAD})
    b.run_for(60)
    assert b.fates("a") == ["failed hook_success(exit(3))"]


def test_a_failed_error_hook_is_kept_beside_the_runs_own_failure() -> None:
    """Rows 37, 41: its error stands in its slot, the reason stays the run's."""
    b = bench(job(hooks=hooks(*ALL)), acts={"1": Act(1.0, exit_code=7), "error": BAD})
    b.run_for(60)
    assert b.fates("a") == ["failed exit(7)"]
    assert record(b).error.hook_errors == {"error": ("exit(3)",)}


def test_a_failed_finally_overrides_whatever_the_run_was() -> None:
    """Row 38: its error is the reason; the job runs again afterwards."""
    b = bench(job(hooks=hooks(HookSlot.FINALLY)), acts={"finally": BAD})
    b.run_for(60)
    assert b.fates("a") == ["failed hook_finally(exit(3))"]
    assert b.state.taken == 0


@pytest.mark.parametrize("slot", [HookSlot.START, HookSlot.SUCCESS, HookSlot.FINALLY])
def test_an_ignored_error_is_visible_and_changes_nothing(slot: HookSlot) -> None:
    """Row 40."""
    b = bench(job(hooks=hooks(*ALL, ignore=slot)), acts={slot.value: BAD})
    b.run_for(60)
    assert b.fates("a") == ["success"]
    assert record(b).error.hook_errors == {slot.value: ("exit(3)",)}


def test_pause_and_resume_hooks_run_beside_the_run_and_fail_it() -> None:
    """Row 39: the final status reflects them."""
    b = bench(job(hooks=hooks(HookSlot.PAUSE, HookSlot.RESUME)), acts={"1": Act(30.0), "pause.1": BAD})
    b.run_for(1)
    b.do(lambda turn: pause_run(turn, live(b), None))
    b.run_for(5)
    assert live(b).phase is RunPhase.PAUSED
    b.do(lambda turn: resume_run(turn, live(b)))
    b.run_for(60)
    assert steps(b) == ["1", "pause.1", "resume.2"]
    assert b.fates("a") == ["failed hook_pause(exit(3))"]


def test_a_missed_hook_runs_for_a_run_that_never_starts() -> None:
    """Row 13: with a blocked queue the deadline passes."""
    blocker = job("blocker", priority=5)
    late = job(hooks=hooks(HookSlot.MISSED), start_deadline=5.0, manual=Manual.ALLOW)
    b = bench(blocker, late, acts={"blocker:1.1": Act(60.0), "missed.1": BAD}, max_running=1)
    b.run_for(30)
    assert b.fates("a") == ["missed deadline"]
    assert steps(b) == ["missed.1"]
    assert record(b).error.hook_errors == {"missed": ("exit(3)",)}


def test_a_failover_that_succeeds_makes_the_run_recovered() -> None:
    """Row 75: after the last attempt; its exit code is the run's."""
    b = bench(job(failover=Argv(("replica",)), hooks=hooks(*ALL), retry=Retry(limit=1)), acts={"1": BAD, "2": BAD})
    b.run_for(60)
    assert steps(b) == ["start", "1", "retry.1", "2", "failover", "success", "finally"]
    assert b.fates("a") == ["success"]
    assert record(b).recovered
    assert [one.attempt_id for one in record(b).attempts] == ["a:1.1", "a:1.2", "a:1.failover"]


def test_a_failover_that_fails_gives_its_own_exit_code() -> None:
    """Row 75."""
    b = bench(job(failover=Argv(("replica",))), acts={"1": BAD, "failover": Act(1.0, exit_code=9)})
    b.run_for(60)
    assert b.fates("a") == ["failed exit(9)"]
    assert not record(b).recovered


def test_a_precondition_that_does_not_hold_skips_the_run_before_it_starts() -> None:
    """`if`: all must hold; such a run counts as never started and its hooks do not run."""
    conditions = (CommandHolds(Argv(("true",))), FileExists("/x"))
    b = bench(job(conditions=conditions, hooks=hooks(*ALL)), acts={"if1.0": Act(1.0, exit_code=1)})
    b.run_for(60)
    assert steps(b) == ["if0.0", "if1.0"]
    assert b.fates("a") == ["skipped precondition(exit(1))"]
    assert b.job("a").tally.starts == 0


def test_on_false_looks_again_until_it_holds() -> None:
    """`on_false: {retry_every, for}`."""
    b = bench(
        job(conditions=(FileExists("/x"),), on_false=OnFalse(10.0, 60.0)),
        acts={"if0.0": BAD, "if0.1": BAD},
    )
    b.run_for(60)
    assert steps(b) == ["if0.0", "if0.1", "if0.2", "1"]
    assert b.fates("a") == ["success"]


def test_on_false_gives_up_after_its_time_also_over_a_crash() -> None:
    """The time counts from the first look, whoever lived meanwhile."""
    b = bench(
        job(conditions=(FileExists("/x"),), on_false=OnFalse(10.0, 25.0)), acts={f"if0.{n}": BAD for n in range(9)}
    )
    b.run_for(15)
    b.crash()
    b.run_for(100)
    assert steps(b) == ["if0.0", "if0.1", "if0.2"]
    assert b.fates("a") == ["skipped precondition(exit(3))"]


def test_a_run_stopped_while_its_precondition_is_looked_at_never_starts() -> None:
    """A stop is an answer, too."""
    b = bench(job(conditions=(FileExists("/x"),)), acts={"if0.0": Act(None)})
    b.run_for(5)
    b.do(lambda turn: stop_run(turn, live(b), None))
    b.run_for(5)
    assert b.fates("a") == ["skipped operator"]
    assert b.state.taken == 0


def test_a_run_keeps_its_slot_from_its_first_step_to_its_last() -> None:
    """Never more than max_running, hooks included."""
    jobs = [job(f"j{n}", hooks=hooks(*ALL)) for n in range(6)] + [job(f"p{n}") for n in range(6)]
    b = bench(*jobs, max_running=2)
    b.run_for(120)
    assert b.executor.most_live == 2
    assert all(b.fates(one.id) == ["success"] for one in jobs)


@pytest.mark.parametrize("moment", [0.5, 1.5, 2.5, 3.5])
def test_a_crash_at_any_step_goes_on_where_it_was(moment: float) -> None:
    """No step starts twice, none is left out."""
    b = bench(job(hooks=hooks(*ALL)))
    b.run_for(moment)
    b.crash()
    b.run_for(60)
    assert steps(b) == ["start", "1", "success", "finally"]
    assert b.fates("a") == ["success"]
    assert b.state.staged == 0


def test_retry_only_tries_listed_causes_again() -> None:
    """Row 65: other failures end the run at once."""
    only = RetryCauses(exit_codes=frozenset(range(70, 80)), signals=False, timeout=False)
    b = bench(job(retry=Retry(limit=5, only=only)), acts={"1": Act(1.0, exit_code=75), "2": BAD})
    b.run_for(60)
    assert steps(b) == ["1", "2"]


def test_a_limit_for_the_jobs_life_is_used_up_over_runs() -> None:
    """Rows 10, 11: `reset_on_success: false`, as orbit's Count."""
    b = bench(
        job("up"),
        job(retry=Retry(limit=2, reset_on_success=False), needs=(Need("up"),)),
        acts={"a:1.1": BAD, "a:2.1": BAD, "a:3.1": BAD},
    )
    b.run_for(20)
    for _ in range(2):
        b.do(lambda turn: trigger(turn, "up", bypass=False))
        b.run_for(20)
    assert b.fates("a") == ["success", "success", "failed exit(3)"]


def test_a_total_timeout_bounds_all_attempts_together() -> None:
    """Row 64: the next attempt gets what is left, and none begins when nothing is."""
    b = bench(
        job(retry=Retry(limit=9), timeout=Timeout(run=30.0, total=25.0)),
        acts={str(n): Act(10.0, exit_code=3) for n in range(1, 9)},
    )
    b.run_for(120)
    assert [one.timeout for one in b.executor.launched] == pytest.approx([25.0, 15.0, 5.0])
    assert b.fates("a") == ["failed exit(3)"]


def test_step_texts_are_read_back() -> None:
    """What the store keeps of a step names that step."""
    for kind in StepKind:
        step = Step(kind, 2 if kind is StepKind.IF else 0)
        assert Step.parse(str(step)) == step
