"""What an engine does that does not know, or cannot write down, what has run."""

from __future__ import annotations

from engine.core.verbs.resume import release_job
from engine.ports.store import TAKEN_AT
from engine.spec.config import EngineSpec, JobFile, OnLostState
from engine.spec.job import Argv, EverySchedule, JobSpec, WhenNotDurable
from engine.testing import Bench, MemoryStore
from engine.testing.executor import Act


def job(name: str, **fields: object) -> JobSpec:
    return JobSpec(id=name, command=Argv(("true",)), **fields)  # type: ignore[arg-type] # fields of many types


def bench(*jobs: JobSpec, **engine: object) -> Bench:
    settings = EngineSpec(max_running=8, **engine)  # type: ignore[arg-type] # fields of many types
    return Bench(JobFile(engine=settings, jobs=jobs), script=lambda _: Act(1.0))


JOBS = (job("once"), job("tick", schedule=EverySchedule(10.0)), job("ten", schedule=EverySchedule(10.0), max_runs=10))


def lose(b: Bench) -> None:
    """The database is gone; the engine that starts next knows that it was there."""
    b.store.lost = True
    b.crash()


def test_after_a_loss_recurring_jobs_go_on_and_what_may_have_run_is_held() -> None:
    """20-engine, Durability: one-shots and jobs with max_runs are held until confirmed."""
    b = bench(*JOBS)
    b.run_for(5)
    lose(b)
    b.run_for(25)
    assert b.fates("tick") == ["success"] * 3
    assert b.fates("once") == []
    assert b.fates("ten") == []
    b.do(lambda turn: release_job(turn, b.job("once")))
    b.run_for(5)
    assert b.fates("once") == ["success"], "who knows that it has not run says so"


def test_on_lost_state_hold_holds_all() -> None:
    """10-job-file: `on_lost_state: hold`."""
    b = bench(*JOBS, on_lost_state=OnLostState.HOLD)
    lose(b)
    b.run_for(25)
    assert [b.fates(one.id) for one in JOBS] == [[], [], []]


def test_a_copy_that_is_put_back_starts_held_and_says_from_when_it_is() -> None:
    """20-engine, Durability: a restored copy starts held."""
    b = bench(*JOBS)
    b.run_for(5)
    b.store.facts[TAKEN_AT] = str(b.now)
    b.crash()
    b.run_for(30)
    assert len(b.fates("tick")) == 1
    (hold,) = b.state.holds.values()
    assert hold.reason.startswith("the state is a copy from 20")
    b.crash()
    assert len(b.state.holds) == 1, "said once, kept until released"
    assert TAKEN_AT not in b.store.facts


def test_nothing_starts_that_is_not_durable_unless_the_job_says_so() -> None:
    """10-job-file: `when_not_durable: run`, behind others that wait for the store."""
    b = bench(
        job("careful", schedule=EverySchedule(10.0), priority=5),
        job("eager", schedule=EverySchedule(10.0), when_not_durable=WhenNotDurable.RUN),
    )
    b.run_for(5)
    b.store.failing = OSError("no space left on device")
    b.run_for(10)
    ran = [launch.attempt for launch in b.executor.launched]
    assert ran == ["careful:1.1", "eager:1.1", "eager:2.1"]
    b.store.failing = None
    b.run_for(3)
    assert b.fates("careful") == ["success", "success"]
    assert b.fates("eager") == ["success", "success"]


def test_the_end_of_an_undurable_start_is_taken_while_the_next_engine_claims_the_same_attempt() -> None:
    """The engine died and nothing was on record; the run it had begun is over before the next engine has ordered it anew."""
    store = MemoryStore(at_once=False)
    store.failing = OSError("no space left on device")
    eager = job("eager", when_not_durable=WhenNotDurable.RUN)
    b = Bench(JobFile(jobs=(eager,)), store=store, script=lambda _: Act(5.0))
    store.commit()
    b.settle()
    assert b.executor.live == ["eager:1.1"]
    store.failing = None
    b.crash()
    b.run_for(10.0)
    for _ in range(5):
        store.commit()
        b.settle()
    assert b.fates("eager") == ["success"]
    assert b.job("eager").tally.starts == 1
    assert not b.loop.turn.pipeline.claimed
