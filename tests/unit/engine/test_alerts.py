"""What is told of a job, when, and how often."""

from __future__ import annotations

from datetime import time

import pytest

from engine.clock import SECOND, instant, moment
from engine.core.verbs.trigger import trigger
from engine.model.alert import Alert
from engine.ports.executor import Launch
from engine.runtime.commits import ALERT
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, EverySchedule, JobSpec, Manual, Overlap, Timeout
from engine.spec.notify import FinishBy, Notify, When
from engine.testing import Bench
from engine.testing.executor import Act

ALL = frozenset(When)


def job(name: str = "a", when: frozenset[When] = ALL, cooldown: float = 0.0, **fields: object) -> JobSpec:
    notify = Notify(when, ("ops",), cooldown)
    return JobSpec(id=name, command=Argv(("true",)), notify=notify, **fields)  # type: ignore[arg-type] # of many types


def bench(*jobs: JobSpec, acts: dict[str, Act] | None = None, max_running: int = 8, **engine: object) -> Bench:
    script = acts or {}

    def play(launch: Launch) -> Act:
        return script.get(launch.attempt, script.get(launch.attempt.partition(":")[0], Act(1.0)))

    settings = EngineSpec(max_running=max_running, **engine)  # type: ignore[arg-type] # fields of many types
    return Bench(JobFile(engine=settings, jobs=jobs), script=play)


def alerts(b: Bench) -> list[Alert]:
    kept = {int(name.removeprefix(ALERT)): text for name, text in b.store.facts.items() if name.startswith(ALERT)}
    return [Alert.from_text(text) for _, text in sorted(kept.items())]


def told(b: Bench) -> list[str]:
    return [str(alert.when) for alert in alerts(b)]


def again(b: Bench, times: int) -> None:
    for _ in range(times):
        b.do(lambda turn: trigger(turn, "a", bypass=False))
        b.run_for(10)


def test_a_failure_is_told_when_it_begins_and_a_recovery_when_it_ends() -> None:
    """Row 79: on change of state, not on every run."""
    bad = Act(1.0, exit_code=3)
    b = bench(job(manual=Manual.ONLY, when=frozenset({When.FAILURE, When.RECOVERY})), acts={"a:2.1": bad, "a:3.1": bad})
    again(b, 5)
    assert told(b) == ["failure", "recovery"]
    first = alerts(b)[0]
    assert (first.run_id, first.text, first.exit_code, first.to) == ("a:2", "a:2 failed: exit(3)", 3, ("ops",))


def test_a_lasting_failure_is_told_again_after_the_cooldown() -> None:
    """`cooldown`: the same thing not again within it."""
    b = bench(job(manual=Manual.ONLY, when=frozenset({When.FAILURE}), cooldown=25.0), acts={"a": Act(1.0, exit_code=1)})
    again(b, 6)
    assert told(b) == ["failure", "failure"]


def test_what_was_told_is_remembered_over_a_crash() -> None:
    """A restart is no news."""
    b = bench(job(manual=Manual.ONLY, when=frozenset({When.FAILURE})), acts={"a": Act(1.0, exit_code=1)})
    again(b, 1)
    b.crash()
    again(b, 1)
    assert told(b) == ["failure"]


def test_every_success_is_told_to_who_wants_that() -> None:
    b = bench(job(manual=Manual.ONLY, when=frozenset({When.SUCCESS})))
    again(b, 2)
    assert told(b) == ["success", "success"]


def test_jobs_that_say_nothing_use_the_engines_notifier() -> None:
    """`engine.notify`: failures, recoveries, missed and stuck by default."""
    plain = JobSpec(id="a", command=Argv(("true",)))
    b = bench(plain, acts={"a": Act(1.0, exit_code=1)}, notify=("desk",))
    b.run_for(5)
    assert [(str(alert.when), alert.to) for alert in alerts(b)] == [("failure", ("desk",))]
    quiet = bench(plain, acts={"a": Act(1.0, exit_code=1)})
    quiet.run_for(5)
    assert alerts(quiet) == []


def test_missed_skipped_and_three_overlaps_in_a_row_are_told() -> None:
    """20-engine: three skipped(overlap) in a row are stuck."""
    b = bench(job(schedule=EverySchedule(10.0), overlap=Overlap.SKIP), acts={"a": Act(None)})
    b.run_for(35)
    assert told(b) == ["skipped", "skipped", "skipped", "stuck"]


def test_a_run_that_takes_an_hour_is_stuck_unless_that_is_usual() -> None:
    """20-engine: running longer than max(3 x p95, 1 h); shown whoever is told."""
    b = bench(job(), acts={"a": Act(None)})
    b.run_for(3590)
    assert told(b) == []
    b.run_for(20)
    assert told(b) == ["stuck"]
    assert b.active("a")[0].stuck
    usual = bench(job(), acts={"a": Act(None)})
    usual.job("a").tracker.took.extend([3_000_000] * 5)
    usual.run_for(4000)
    assert told(usual) == []


def test_waiting_for_ten_minutes_is_told_as_queued_and_stuck() -> None:
    """20-engine: queued > 10 min."""
    hog = JobSpec(id="hog", command=Argv(("true",)), priority=5)
    b = bench(hog, job(), acts={"hog": Act(None)}, max_running=1)
    b.run_for(605)
    assert told(b) == ["late", "queued", "stuck"]


def test_a_start_later_than_its_grace_is_told_once() -> None:
    """20-engine: `late` - not started late_grace after its time, whatever the cause."""
    hog = JobSpec(id="hog", command=Argv(("true",)), priority=5)
    b = bench(hog, job(late_grace=30.0, when=frozenset({When.LATE})), acts={"hog": Act(None)}, max_running=1)
    b.run_for(300)
    assert told(b) == ["late"]


def test_warn_and_min_timeouts_are_told() -> None:
    """Row 64: `warn` whatever `when` says, `min` as short."""
    b = bench(
        job("a", when=frozenset(), timeout=Timeout(warn=20.0)),
        job("b", timeout=Timeout(min=5.0)),
        acts={"a": Act(60.0)},
    )
    b.run_for(70)
    assert sorted(told(b)) == ["short", "slow", "success"]


def test_a_run_much_longer_than_its_p95_is_slow() -> None:
    b = bench(job(manual=Manual.ONLY, when=frozenset({When.SLOW})), acts={"a:7.1": Act(9.0)})
    again(b, 8)
    assert told(b) == ["slow"]


@pytest.mark.parametrize(("usual", "expected"), [(None, ["late"]), (50.0, ["late", "late"])])
def test_finish_by_is_told_ahead_where_the_usual_time_is_known_and_when_broken(
    usual: float | None, expected: list[str]
) -> None:
    """10-job-file, finish_by: warned ahead from usual durations, alarm when broken."""
    b = bench(job(manual=Manual.ONLY, when=frozenset(), finish_by=FinishBy(seconds=40.0)), acts={"a": Act(100.0)})
    if usual is not None:
        b.job("a").tracker.took.append(round(usual * 1_000))
    again(b, 1)
    assert len(told(b)) == len(expected) - 1
    b.run_for(60)
    assert told(b) == expected


def test_finish_by_a_time_of_day_is_the_first_one_after_the_planned_time() -> None:
    b = bench(job(manual=Manual.ONLY, when=frozenset(), finish_by=FinishBy(at=time(6))), acts={"a": Act(None)})
    local = moment(b.now)
    next_six = local.replace(hour=6, minute=0, second=0, microsecond=0)
    seconds = (instant(next_six) - b.now) / SECOND % 86_400
    b.do(lambda turn: trigger(turn, "a", bypass=False))
    b.run_for(seconds - 1)
    assert [text.text for text in alerts(b) if "finish_by" in text.text] == []
    b.run_for(2)
    assert len([text.text for text in alerts(b) if "finish_by" in text.text]) == 1


def test_a_run_that_ends_in_time_tells_nothing_and_leaves_nothing_behind() -> None:
    """The timer of a run that is over finds nothing to look at."""
    b = bench(job(when=frozenset({When.STUCK, When.LATE, When.QUEUED}), finish_by=FinishBy(seconds=40.0)))
    b.run_for(4000)
    assert told(b) == []
    assert b.job("a").look_at is None
