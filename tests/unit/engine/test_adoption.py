"""What became of attempts that were under way when an engine died."""

from __future__ import annotations

from signal import SIGINT

from engine.core.verbs.pause import pause_run
from engine.core.verbs.trigger import trigger
from engine.ports.executor import Missing
from engine.runtime.starting import under_way
from engine.spec.config import EngineSpec, JobFile
from engine.spec.hooks import Hook, HookSlot
from engine.spec.job import Argv, Manual, Overlap, Retry, RetryCauses, StopPolicy, Timeout
from engine.spec.limits import NO_LIMITS, Limits
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec

REFUSED = Act(errno=2)


def test_a_start_that_failed_is_acknowledged() -> None:
    """The executor keeps a failed start until it is on record, and is told then: else it would keep it for ever."""
    b = bench(spec("a"), acts={"a": REFUSED})
    assert b.fates("a") == ["failed spawn(exec: ENOENT)"]
    assert b.executor.kept == []


def test_a_start_that_failed_while_no_engine_was_there_is_taken_up() -> None:
    """The executor's report was not on record when the engine died; the next one hears of it and ends the run."""
    b = bench(spec("a", retry=Retry(limit=1)), acts={"a:1.1": Act(5.0, 1), "a:1.2": REFUSED})
    b.run_for(2.0)
    b.store.failing = OSError("no space left on device")
    b.run_for(4.0)
    b.store.failing = None
    b.crash()
    assert b.fates("a") == ["failed spawn(exec: ENOENT)"]
    assert b.executor.kept == []


def test_a_run_under_way_whose_next_step_failed_to_start_ends() -> None:
    """The engine died between the order of a step and the news that it failed: the next engine hears it from the executor."""
    start = {HookSlot.START: Hook(Argv(("true",)))}
    b = bench(spec("a", hooks=start), acts={"a:1.start": Act(1.0), "a:1.1": REFUSED})
    b.die_when(lambda: b.executor.kept == ["a:1.1"], seconds=5.0)
    b.crash()
    assert b.fates("a") == ["failed spawn(exec: ENOENT)"]
    assert b.executor.kept == []


def test_what_is_gone_is_lost_and_tried_again_only_where_the_job_says_so() -> None:
    """20-engine, After a crash: the keeper is gone and no process carries the tag: lost; `retry.only` may list that."""
    again = Retry(limit=1, only=RetryCauses(lost=True))
    b = bench(spec("a"), spec("b", retry=again), acts={"a": Act(50.0), "b": Act(50.0)})
    b.run_for(5.0)
    b.executor.die()
    b.crash()
    assert b.fates("a") == ["lost exit_unknown"]
    b.run_for(60.0)
    assert b.fates("b") == ["success"]


def test_after_a_reboot_what_ran_is_lost_for_that_reason() -> None:
    """The machine was started anew: `lost(reboot)`."""
    b = bench(spec("a"), acts={"a": Act(50.0)})
    b.run_for(5.0)
    b.executor.die(Missing.REBOOTED)
    b.crash()
    assert b.fates("a") == ["lost reboot"]


def test_what_waits_of_a_job_that_left_the_file_ends_and_what_runs_goes_on() -> None:
    """A queued run of a job that is no longer there would wait for ever, and keep a campaign from ending."""
    jobs = (spec("keep"), spec("a", retry=Retry(limit=1, delay=60.0)), spec("b"), spec("c"))
    b = bench(*jobs, max_running=2, acts={"keep": Act(50.0), "a": Act(1.0, 1), "b": Act(50.0)})
    b.run_for(5.0)
    assert (b.fates("a"), b.fates("b"), b.fates("c")) == (["retrying"], ["running"], ["queued"])
    b.crash(JobFile(engine=EngineSpec(max_running=2), jobs=jobs[:1]))
    assert (b.fates("a"), b.fates("c")) == (["stopped removed"], ["skipped removed"])
    b.run_for(60.0)
    assert b.fates("b") == ["success"]
    assert b.state.nothing_left()


def test_runs_of_one_job_that_ended_while_no_engine_was_there_go_on_each_once() -> None:
    """The end of the first makes room for the next of its job, which turns out to have run already: it does not start again."""
    late = {HookSlot.FINALLY: Hook(Argv(("late",)))}
    twin = spec("a", hooks=late, concurrency=2, overlap=Overlap.QUEUE, max_queued=2, manual=Manual.ONLY)
    b = bench(twin, max_running=2, acts={"a:1.1": Act(0.1), "a:1.finally": Act(5.0), "a:2.1": Act(1.0)})
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    b.run_for(3.0)
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    assert [row.state for row in b.store.runs.values()] == ["running", "queued"]
    b.clock.advance(b.now + 3_000_000)
    b.executor.play()
    b.crash()
    b.run_for(10.0)
    assert b.fates("a") == ["success", "success"]
    assert b.state.taken == 0


def test_what_bounds_an_attempt_is_asked_along() -> None:
    """An executor that was lost with the engine cannot be asked: the next one is told by the job as it is now."""
    limits = Limits(memory=1 << 30, cpu=0.5)
    stop = StopPolicy(SIGINT, 3.0)
    b = bench(spec("a", timeout=Timeout(run=60.0, idle=5.0), limits=limits, stop=stop), acts={"a": Act(50.0)})
    b.run_for(5.0)
    b.do(lambda turn: pause_run(turn, b.active("a")[0], None))
    b.run_for(1.0)
    (known,) = under_way(b.state)
    assert (known.timeout, known.idle, known.limits) == (60.0, 5.0, limits)
    assert (known.stop_signal, known.grace, known.slot) == (SIGINT, 3.0, True)
    assert known.paused_since == b.active("a")[0].paused_since is not None
    assert known.started_at == b.active("a")[0].started_at


def test_a_hook_has_its_own_time_and_no_limits_of_the_command() -> None:
    start = {HookSlot.START: Hook(Argv(("true",)), timeout=7.0)}
    b = bench(spec("a", hooks=start, limits=Limits(cpu=0.5)), acts={"a:1.start": Act(50.0)})
    b.run_for(5.0)
    (known,) = under_way(b.state)
    assert (known.timeout, known.slot, known.limits) == (7.0, True, NO_LIMITS)
