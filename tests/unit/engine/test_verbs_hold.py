"""hold and release of jobs, tags and the engine: nothing starts, why is said, and it stands over restarts and lost databases."""

from __future__ import annotations

import json

import pytest

from engine.core.explain import holds_on, why_idle, why_queued
from engine.core.holds import EVERYTHING
from engine.core.verbs.hold import hold, release
from engine.core.verbs.pause import hold_job
from engine.core.verbs.resume import release_hold, release_job
from engine.core.verbs.stop import stop_job
from engine.core.verbs.suspend import suspend
from engine.core.verbs.trigger import trigger
from engine.errors import Refused, RefusedCode
from engine.spec.config import JobFile
from engine.spec.job import EverySchedule, Manual
from engine.testing import Bench
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec

TEN = EverySchedule(10.0)


def three(**acts: Act) -> Bench:
    b = bench(
        spec("a", schedule=TEN, tags=("db",)), spec("b", schedule=TEN), spec("c", manual=Manual.ONLY), acts=dict(acts)
    )
    b.run_for(5)
    return b


def put(b: Bench, scope: str, seconds: float | None = None, reason: str = "disk swap") -> None:
    b.do(lambda turn: hold(turn, scope, seconds, by="uid 7", reason=reason))


def refused(b: Bench, act: object) -> RefusedCode:
    with pytest.raises(Refused) as refusal:
        b.do(act)  # type: ignore[arg-type] # any verb
    return refusal.value.code


def test_while_the_engine_is_held_nothing_starts_and_what_runs_goes_on() -> None:
    """Row 27: and every job says why it does not run."""
    b = three(c=Act(20.0))
    b.do(lambda turn: trigger(turn, "c", bypass=False))
    put(b, EVERYTHING)
    b.run_for(60)
    assert (b.fates("a"), b.fates("b"), b.fates("c")) == (["success"], ["success"], ["success"])
    b.do(lambda turn: trigger(turn, "c", bypass=False))
    b.run_for(5)
    line = why_queued(b.state, b.job("c").queue[0], b.now)
    assert line.startswith("all jobs held by uid 7 at ")
    assert line.endswith(": disk swap")


def test_a_tag_holds_its_jobs_alone() -> None:
    b = three()
    put(b, "db")
    b.run_for(20)
    assert (len(b.fates("a")), len(b.fates("b"))) == (1, 3)
    assert "tag db held by uid 7" in (why_idle(b.state, b.job("a"), b.now) or "")
    assert b.job("a").next_run is None


def test_all_that_holds_a_job_is_named_the_widest_first() -> None:
    """And that its schedule is suspended, too: with the holds gone it would still not run."""
    b = three()
    b.do(lambda turn: hold_job(turn, b.job("a"), None, by="ada"))
    put(b, "db")
    put(b, EVERYTHING, reason="")
    b.do(lambda turn: suspend(turn, b.job("a")))
    parts = (why_idle(b.state, b.job("a"), b.now) or "").split("; ")
    words = ["all jobs held by uid 7", "tag db held by uid 7", "paused by ada", "its schedule is suspended, too"]
    assert [part[: len(word)] for part, word in zip(parts, words, strict=True)] == words
    assert holds_on(b.job("a")) == ("--all", "tag:db", "a")


def test_holds_stand_over_a_restart_and_their_end_follows_catch_up() -> None:
    b = three()
    put(b, EVERYTHING)
    b.crash()
    b.run_for(42)
    b.do(lambda turn: release(turn, EVERYTHING))
    b.run_for(6)
    assert b.fates("a") == ["success", "missed paused", "success"]


def test_a_hold_with_a_length_ends_by_itself_also_after_a_restart() -> None:
    b = three()
    put(b, EVERYTHING, 30.0)
    b.crash()
    b.run_for(29)
    assert b.fates("b") == ["success"]
    b.run_for(20)
    assert b.state.holds == {}
    assert b.fates("b")[-1] == "success"


def test_holds_add_up_and_each_is_released_by_itself() -> None:
    b = three()
    put(b, EVERYTHING)
    put(b, "db")
    b.do(lambda turn: hold_job(turn, b.job("a"), None, by="console"))
    b.do(lambda turn: release(turn, EVERYTHING))
    b.do(lambda turn: release(turn, "db"))
    b.run_for(20)
    assert len(b.fates("a")) == 1
    b.do(lambda turn: release_hold(turn, b.job("a")))
    b.run_for(20)
    assert b.fates("a").count("success") > 1


def test_holding_twice_and_releasing_what_is_not_held_is_refused() -> None:
    b = three()
    put(b, "db")
    assert refused(b, lambda turn: hold(turn, "db", None, by="x", reason="")) is RefusedCode.STATE
    assert refused(b, lambda turn: hold(turn, "nope", None, by="x", reason="")) is RefusedCode.UNKNOWN_ID
    assert refused(b, lambda turn: release(turn, EVERYTHING)) is RefusedCode.STATE
    assert refused(b, lambda turn: release_hold(turn, b.job("b"))) is RefusedCode.STATE
    with pytest.raises(Refused, match="release tag:db"):
        b.do(lambda turn: release_job(turn, b.job("a")))


def test_what_waits_in_the_pipeline_is_taken_back() -> None:
    """Runs that were claimed or ordered ahead of a free slot do not start either."""
    b = bench(*(spec(f"j{n}") for n in range(40)), max_running=1)
    put(b, EVERYTHING)
    b.run_for(30)
    assert [launch.attempt for launch in b.executor.launched] == ["j0:1.1"]
    b.do(lambda turn: release(turn, EVERYTHING))
    b.run_for(60)
    assert len(b.executor.launched) == 40


def test_the_second_file_says_what_is_off_and_is_read_when_the_database_was_lost() -> None:
    b = three()
    put(b, "db")
    b.do(lambda turn: hold_job(turn, b.job("b"), None, by="console", reason="why not"))
    b.do(lambda turn: stop_job(turn, b.job("c"), None))
    assert json.loads(b.store.offs or "")["holds"][0]["scope"] == "db"
    b.store.lost = True
    b.crash()
    b.run_for(60)
    assert b.fates("a") + b.fates("b") == []
    assert b.job("c").stopped
    assert "why not" in (why_idle(b.state, b.job("b"), b.now) or "")
    b.crash()
    assert b.job("b").held, "it is in the new database, too"
    assert set(b.state.holds) == {"db"}


def test_a_second_file_that_cannot_be_read_does_not_keep_the_engine_from_starting() -> None:
    b = three()
    b.do(lambda turn: suspend(turn, b.job("a")))
    b.store.lost, b.store.offs = True, "{"
    b.crash()
    b.run_for(5)
    assert b.fates("a") == ["success"]


def test_ten_thousand_jobs_are_released_in_slices() -> None:
    """Going through their schedules at once would hold up the loop."""
    b = bench(*(spec(f"j{n}", schedule=EverySchedule(86400.0 + n)) for n in range(2000)), max_running=64)
    b.run_for(60)
    put(b, EVERYTHING)
    b.do(lambda turn: release(turn, EVERYTHING))
    b.settle()
    assert all(job.next_run is not None for job in b.state.listed_jobs())


def test_the_hold_of_a_tag_that_no_job_has_any_more_can_be_released() -> None:
    b = bench(spec("a", manual=Manual.ONLY, tags=("db",)))
    put(b, "db")
    b.crash(JobFile(jobs=(spec("a", manual=Manual.ONLY),)))
    b.do(lambda turn: release(turn, "db"))
    b.run_for(1)
    assert b.state.holds == {}
