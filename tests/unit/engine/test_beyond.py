"""What the engine makes of a run that is beyond a limit of its tree: on record, told, and named as the reason of a pause."""

from __future__ import annotations

from engine.core.explain import why_idle
from engine.core.verbs.pause import pause_run
from engine.core.verbs.resume import resume_run
from engine.model.states import RunPhase
from engine.ports.executor import Cause, Ended, Exceeded, Pause, PauseRefused
from engine.runtime.records import run_record
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, JobSpec
from engine.spec.limits import Limits, OnExceed, Remedy
from engine.spec.notify import When
from engine.store.history import to_record
from engine.testing import Bench
from engine.testing.executor import Act
from tests.unit.engine.test_alerts import alerts

LIMITS = Limits(memory=100 << 20, cpu=0.5, on_exceed=OnExceed(Remedy.PAUSE, Remedy.WARN))
ATTEMPT = "a:1.1"


def bench() -> Bench:
    job = JobSpec(id="a", command=Argv(("true",)), limits=LIMITS)
    engine = EngineSpec(notify=("ops",))
    b = Bench(JobFile(engine=engine, jobs=(job,)), script=lambda _: Act(None))
    b.run_for(1)
    return b


def paused_for_memory(b: Bench) -> None:
    b.loop.report([Exceeded(ATTEMPT, b.now, Cause.MEMORY, 150 << 20, pausing=True)])
    b.executor.submit([Pause(ATTEMPT)])
    b.run_for(1)


def test_a_run_paused_for_a_limit_says_for_which_and_what_it_used() -> None:
    b = bench()
    paused_for_memory(b)
    run = b.active("a")[0]
    assert why_idle(b.state, b.job("a"), b.now) == "paused for limits.memory: it used 150M of 100M"
    b.crash()
    assert why_idle(b.state, b.job("a"), b.now) == "paused for limits.memory: it used 150M of 100M"
    b.do(lambda turn: resume_run(turn, b.active("a")[0]))
    b.run_for(1)
    b.do(lambda turn: pause_run(turn, b.active("a")[0], None))
    b.run_for(1)
    assert why_idle(b.state, b.job("a"), b.now) == "paused by operator"
    assert run_record(run, b.now, "here").exceeded == {"memory": 150 << 20}


def test_a_pause_for_a_limit_that_was_refused_is_not_the_reason_of_the_next() -> None:
    b = bench()
    b.loop.report(
        [
            Exceeded(ATTEMPT, b.now, Cause.MEMORY, 150 << 20, pausing=True),
            PauseRefused(ATTEMPT, b.now, "it forks faster than it stops"),
        ]
    )
    b.run_for(1)
    b.do(lambda turn: pause_run(turn, b.active("a")[0], None))
    b.run_for(1)
    assert why_idle(b.state, b.job("a"), b.now) == "paused by operator"


def test_an_excess_is_told_whatever_the_job_wants_to_hear_of() -> None:
    b = bench()
    b.loop.report([Exceeded(ATTEMPT, b.now, Cause.CPU, 1.25, pausing=False)])
    b.run_for(1)
    (alert,) = alerts(b)
    assert (alert.when, alert.text, alert.to) == (When.SLOW, "a:1 uses 1.25 of 0.5 cores (limits.cpu)", ("ops",))
    assert b.active("a")[0].phase is RunPhase.RUNNING


def test_what_was_seen_and_throttled_is_on_record() -> None:
    """The most that was seen of each limit, the seconds of all attempts, also after the store was read anew."""
    b = bench()
    for seen in (1.5, 1.25):
        b.loop.report([Exceeded(ATTEMPT, b.now, Cause.CPU, seen, pausing=False)])
    b.loop.report([Ended(ATTEMPT, b.now, None, 9, 1.0, 50 << 20, Cause.MEMORY, exceeded=150 << 20, throttled=2.5)])
    b.run_for(1)
    (record,) = [to_record(row) for row in b.store.runs.values()]
    assert record.reason == f"memory_limit({150 << 20})"
    assert record.exceeded == {"cpu": 1.5, "memory": 150 << 20}
    assert (record.throttled_seconds, record.peak_rss_bytes) == (2.5, 150 << 20)


def test_cores_that_ended_a_run_are_named() -> None:
    b = bench()
    b.loop.report([Ended(ATTEMPT, b.now, None, 9, 1.0, None, Cause.CPU, exceeded=1.85)])
    b.run_for(1)
    assert b.fates("a") == ["failed cpu_limit(1.85)"]
