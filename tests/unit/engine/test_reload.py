"""A job file that was written anew: what runs goes on as it began, what waits goes by the new text, nothing else is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.clock import SECOND
from engine.core.verbs.add import join_job
from engine.core.verbs.pause import hold_job
from engine.core.verbs.priority import set_priority
from engine.core.verbs.set_timeout import set_timeout
from engine.core.verbs.trigger import trigger
from engine.errors import Refused, RefusedCode
from engine.facade.mailbox import Mailbox
from engine.facade.members import Members
from engine.facade.reloading import Reload, compare, reading
from engine.model.file_changes import FileChanges
from engine.model.states import RunPhase
from engine.ports.executor import Launch, Limit
from engine.spec.config import EngineSpec, JobFile, PoolSpec
from engine.spec.job import Argv, AtSchedule, DelaySchedule, EverySchedule, JobSpec, Need, Overlap, Retry, Timeout
from engine.spec.params import Param
from engine.spec.when import Blackout, CalendarSpec
from engine.testing import Bench
from engine.testing.executor import Act
from tests.unit.engine.making import spec

TEN = EverySchedule(10.0)
LONG = {"etl": Act(100.0)}


class Files:
    """An engine on a file that can be written anew."""

    def __init__(self, *jobs: JobSpec, acts: dict[str, Act] | None = None, **file: object) -> None:
        self.file = JobFile(path="/srv/jobs.yaml", jobs=jobs, engine=EngineSpec(max_running=4), **file)  # type: ignore[arg-type] # many types
        script = acts or {}
        self.launched: list[Launch] = []

        def play(launch: Launch) -> Act:
            self.launched.append(launch)
            return script.get(launch.attempt.partition(":")[0], Act(1.0))

        self.bench = Bench(self.file, script=play)
        self.members = Members(Mailbox(), "host")
        self.members.own_file(self.file)

    def read(self, *jobs: JobSpec, **file: object) -> Reload:
        """The file as it is now."""
        new = replace(self.file, jobs=jobs, **file)  # type: ignore[arg-type] # fields of many types
        there = {job.id: job.spec for job in self.bench.state.listed_jobs()}
        return Reload(replace(self.file, jobs=()), reading(new, there), self.members, self.bench.loop.turn, "UTC")

    def reload(self, *jobs: JobSpec, stop: bool = False, **file: object) -> FileChanges:
        """The file is these jobs now."""
        reload = self.read(*jobs, **file)
        self.bench.do(lambda turn: reload.perform(turn, stop=stop))
        self.bench.executor.submit([Limit(reload.file.engine.max_running)])
        self.file = reload.file
        return reload.changes

    def commands(self, job_id: str) -> list[str]:
        """What was started of a job, in order."""
        return [" ".join(one.argv) for one in self.launched if one.attempt.partition(":")[0] == job_id]


def runs(command: str, job_id: str = "etl", **more: object) -> JobSpec:
    """A job that runs this."""
    return replace(spec(job_id, **more), command=Argv((command,)))


def test_what_differs_is_named_key_by_key_in_the_words_of_the_file() -> None:
    f = Files(spec("a"), spec("b", schedule=TEN), spec("c"))
    changes = f.read(
        spec("a"), spec("b", schedule=EverySchedule(20.0), priority=5), spec("d", schedule=TEN), spec("e")
    ).changes
    assert changes.added == ("d", "e")
    assert changes.at_once == ("e",)
    assert changes.removed == ("c",)
    assert [(one.key, one.before, one.after) for one in changes.changed[0].values] == [
        ("every", "10s", "20s"),
        ("priority", "0", "5"),
    ]
    assert changes.asks
    assert changes.summary() == "2 jobs added, 1 removed, 1 changed"


def test_the_same_file_changes_nothing() -> None:
    f = Files(spec("a", schedule=TEN), spec("b"))
    assert f.read(*f.file.jobs).changes.nothing


def test_a_run_that_has_begun_ends_by_its_old_spec_over_its_retries() -> None:
    f = Files(
        runs("old", schedule=EverySchedule(60.0), retry=Retry(limit=1, delay=5.0)),
        acts={"etl": Act(10.0, exit_code=1)},
    )
    f.bench.run_for(5)
    f.reload(runs("new", schedule=EverySchedule(60.0)))
    f.bench.run_for(50)
    assert f.commands("etl") == ["old", "old"]
    f.bench.run_for(20)
    assert f.commands("etl") == ["old", "old", "new"]


def test_what_waits_goes_by_the_new_spec() -> None:
    f = Files(runs("old", overlap=Overlap.QUEUE, max_queued=5), acts=LONG)
    f.bench.do(lambda turn: trigger(turn, "etl", bypass=False))
    assert f.bench.fates("etl") == ["running", "queued"]
    f.reload(runs("new", overlap=Overlap.QUEUE, max_queued=5))
    f.bench.run_for(150)
    assert f.commands("etl") == ["old", "new"]


def test_what_was_handed_over_ahead_of_its_slot_comes_back_and_goes_by_the_new_spec() -> None:
    others = [spec(f"o{number}") for number in range(8)]
    f = Files(*others, *(runs("old", f"w{number}") for number in range(8)), acts={one.id: Act(10.0) for one in others})
    assert f.bench.loop.turn.pipeline.ordered or f.bench.loop.turn.pipeline.claimed
    f.reload(*others, *(runs("new", f"w{number}") for number in range(8)))
    f.bench.run_for(100)
    assert [f.commands(f"w{number}") for number in range(8)] == [["new"]] * 8


def test_pools_are_given_back_as_they_were_taken() -> None:
    f = Files(spec("etl", pools={"gpu": 2}), acts=LONG, pools={"gpu": PoolSpec(2), "tape": PoolSpec(1)})
    f.reload(spec("etl", pools={"tape": 1}), pools={"gpu": PoolSpec(3), "tape": PoolSpec(1)})
    assert f.bench.state.pool_taken["gpu"] == 2
    f.bench.run_for(200)
    assert f.bench.state.pool_taken == {"gpu": 0}
    assert f.bench.state.pools["gpu"].slots == 3


def test_another_schedule_owes_nothing_for_the_past_and_loses_nothing_that_comes() -> None:
    f = Files(spec("tick", schedule=EverySchedule(3600.0)))
    f.bench.run_for(1000)
    f.reload(spec("tick", schedule=TEN))
    f.bench.run_for(35)
    assert f.bench.fates("tick") == ["success"] * 4
    assert f.bench.job("tick").schedule_text == "every 10s"


def test_a_change_of_something_else_moves_no_occurrence() -> None:
    f = Files(spec("tick", schedule=TEN))
    f.bench.run_for(5)
    before = f.bench.job("tick").next_run
    f.reload(spec("tick", schedule=TEN, description="now with words"))
    assert f.bench.job("tick").next_run == before
    f.bench.run_for(27)
    assert f.bench.fates("tick") == ["success"] * 4


@pytest.mark.parametrize(
    ("schedule", "more"),
    [(TEN, 1), (DelaySchedule(9.0), 2), (AtSchedule(times=(datetime(2030, 1, 1, tzinfo=UTC),)), 0)],
    ids=["every", "delay", "at"],
)
def test_a_job_without_a_schedule_gets_one(schedule: EverySchedule | DelaySchedule | AtSchedule, more: int) -> None:
    f = Files(spec("tick"))
    f.bench.run_for(100)
    assert f.bench.fates("tick") == ["success"]
    f.reload(spec("tick", schedule=schedule))
    assert f.bench.job("tick").next_run is not None
    f.bench.run_for(15)
    assert f.bench.fates("tick") == ["success"] * (1 + more)


def test_what_operators_changed_stays_and_what_they_left_follows_the_file() -> None:
    f = Files(spec("a", schedule=TEN, priority=1), spec("b", schedule=TEN, priority=1, timeout=Timeout(run=50.0)))
    f.bench.do(lambda turn: set_priority(turn, f.bench.job("a"), 7))
    f.bench.do(lambda turn: set_timeout(turn, f.bench.job("a"), 60.0))
    f.bench.do(lambda turn: hold_job(turn, f.bench.job("a"), None))
    f.reload(spec("a", schedule=TEN, priority=2), spec("b", schedule=TEN, priority=2, timeout=Timeout(run=40.0)))
    a, b = f.bench.job("a"), f.bench.job("b")
    assert (a.priority, a.timeout, a.held) == (7, 60.0, True)
    assert (b.priority, b.timeout, b.held) == (2, 40.0, False)


def test_counters_and_numbers_go_on() -> None:
    f = Files(spec("tick", schedule=TEN))
    f.bench.run_for(25)
    f.reload(spec("tick", schedule=TEN, tags=("x",)))
    f.bench.run_for(10)
    assert f.bench.job("tick").tally.success == 4
    assert f.bench.job("tick").last_run_id == "tick:4"


def test_a_job_that_goes_lets_what_runs_end_and_starts_nothing_more() -> None:
    f = Files(spec("etl", overlap=Overlap.QUEUE, max_queued=5), spec("load", needs=(Need("etl"),)), acts=LONG)
    f.bench.do(lambda turn: trigger(turn, "etl", bypass=False))
    f.reload()
    f.bench.run_for(300)
    assert f.bench.fates("etl") == ["success", "skipped removed"]
    assert f.bench.fates("load") == []
    assert not [*f.bench.state.listed_jobs()]


def test_a_job_that_goes_is_stopped_where_that_is_asked_for() -> None:
    f = Files(spec("etl"), acts=LONG)
    f.reload(stop=True)
    f.bench.run_for(30)
    assert f.bench.fates("etl") == ["stopped removed"]


def test_new_jobs_begin_one_shots_at_once() -> None:
    f = Files(spec("a"))
    f.bench.run_for(5)
    f.reload(spec("b", needs=(Need("a"),)), spec("a"), spec("c"), spec("tick", schedule=TEN))
    assert [job.id for job in f.bench.state.listed_jobs()] == ["b", "a", "c", "tick"]
    f.bench.run_for(5)
    assert [f.bench.fates(name) for name in ("c", "tick", "b")] == [["success"], ["success"], []]
    f.bench.do(lambda turn: trigger(turn, "a", bypass=False))
    f.bench.run_for(5)
    assert f.bench.fates("b") == ["success"]


def test_needs_that_changed_are_those_that_count() -> None:
    f = Files(spec("a"), spec("b"), spec("c", needs=(Need("a"),)))
    f.bench.run_for(5)
    assert f.bench.fates("c") == ["success"]
    f.reload(spec("a"), spec("b"), spec("c", needs=(Need("b"),)))
    f.bench.do(lambda turn: trigger(turn, "a", bypass=False))
    f.bench.run_for(5)
    assert f.bench.fates("c") == ["success"]
    f.bench.do(lambda turn: trigger(turn, "b", bypass=False))
    f.bench.run_for(5)
    assert f.bench.fates("c") == ["success", "success"]


def test_disabled_and_enabled_in_the_file() -> None:
    f = Files(spec("tick", schedule=TEN))
    f.bench.run_for(5)
    f.reload(spec("tick", schedule=TEN, enabled=False))
    f.bench.run_for(50)
    assert f.bench.fates("tick") == ["success"]
    f.reload(spec("tick", schedule=TEN))
    f.bench.run_for(14)
    assert f.bench.fates("tick") == ["success", "success"]


def test_parameters_that_came_have_their_defaults_and_values_that_were_given_stay() -> None:
    old = runs("old", overlap=Overlap.QUEUE, max_queued=5, params={"day": Param("1"), "gone": Param("x")})
    new = runs("new", overlap=Overlap.QUEUE, max_queued=5, params={"day": Param("2"), "came": Param("y")})
    f = Files(old, acts=LONG)
    f.bench.do(lambda turn: trigger(turn, "etl", bypass=False, params={"day": "9"}))
    f.bench.do(lambda turn: trigger(turn, "etl", bypass=False))
    f.reload(new)
    first, second = f.bench.job("etl").queue
    assert dict(first.given.values) == {"day": "9", "came": "y"}
    assert dict(second.given.values) == {"day": "2", "came": "y"}


def test_a_run_without_a_value_that_the_new_spec_requires_keeps_the_old_one() -> None:
    f = Files(runs("old", overlap=Overlap.QUEUE, max_queued=5), acts=LONG)
    f.bench.do(lambda turn: trigger(turn, "etl", bypass=False))
    f.reload(runs("new", overlap=Overlap.QUEUE, max_queued=5, params={"day": Param(required=True)}))
    f.bench.run_for(150)
    assert f.commands("etl") == ["old", "old"]


def test_a_calendar_that_is_another_moves_the_jobs_that_name_it() -> None:
    monday = CalendarSpec(days=frozenset({0}))
    f = Files(spec("tick", schedule=EverySchedule(86_400.0, align=True), calendar="days"), calendars={"days": monday})
    assert f.read(*f.file.jobs, calendars={"days": monday}).changes.nothing
    changes = f.reload(*f.file.jobs, calendars={"days": CalendarSpec(days=frozenset({4}))})
    assert [one.id for one in changes.changed] == ["tick"]
    f.bench.run_for(7 * 86_400)
    assert f.bench.fates("tick").count("success") == 1


def test_a_blackout_that_is_gone_from_the_file_is_over() -> None:
    day = Blackout(datetime(2024, 1, 1, tzinfo=UTC), datetime(2099, 1, 2, tzinfo=UTC))
    f = Files(spec("a"), blackouts=(day,))
    f.bench.run_for(60)
    assert f.bench.fates("a") == ["queued"]
    f.reload(spec("a"), blackouts=())
    f.bench.run_for(5)
    assert f.bench.fates("a") == ["success"]


def test_settings_hold_at_once_or_are_said_to_hold_after_a_restart() -> None:
    f = Files(*(spec(f"j{number}") for number in range(6)), acts={f"j{number}": Act(50.0) for number in range(6)})
    assert f.bench.state.taken == 4
    changes = f.reload(*f.file.jobs, engine=EngineSpec(max_running=6, name="other"))
    assert changes.after_restart == ("engine.name",)
    assert f.bench.state.spec.name is None
    f.bench.run_for(1)
    assert f.bench.state.taken == 6


def test_a_renamed_job_waits_for_a_restart() -> None:
    f = Files(spec("old"))
    with pytest.raises(Refused) as refused:
        f.read(spec("new", was="old"))
    assert refused.value.code is RefusedCode.STATE


def test_a_job_that_another_one_from_elsewhere_needs_cannot_go() -> None:
    f = Files(spec("a"), spec("b"))

    def add(turn: object) -> None:
        from engine.core.verbs.add import begin_new

        begin_new(f.bench.loop.turn, [join_job(f.bench.loop.turn, spec("mine", needs=(Need("a"),)))], "UTC")

    f.bench.do(add)
    with pytest.raises(Refused, match="mine"):
        f.read(spec("b"))
    assert f.read(spec("a")).changes.removed == ("b",)


def test_jobs_that_were_removed_by_hand_stay_so_until_the_file_forgets_them() -> None:
    f = Files(spec("a"), spec("b"))
    f.bench.run_for(5)
    f.bench.do(f.members.removing("b", stop=False))
    assert compare(replace(f.file, jobs=()), reading(f.file, {}), f.members, f.bench.state).nothing
    f.reload(spec("a"))
    assert f.members.removed == set()
    assert not f.bench.store.facts.get("removed:b")


def test_after_a_crash_the_new_file_is_what_counts() -> None:
    f = Files(spec("tick", schedule=TEN))
    f.bench.run_for(25)
    f.reload(spec("tick", schedule=EverySchedule(20.0)))
    f.bench.run_for(5)
    f.bench.crash(f.file)
    f.bench.run_for(20)
    assert f.bench.fates("tick") == ["success"] * 4
    assert f.bench.job("tick").next_run == f.bench.now + 15 * SECOND
    assert not [run for run in f.bench.state.runs.values() if run.phase is not RunPhase.QUEUED]
