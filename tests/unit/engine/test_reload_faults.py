"""Reloads of what is in the middle of something."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from engine.clock import moment
from engine.core.turn import Turn
from engine.core.verbs.hold import hold
from engine.core.verbs.pause import hold_job
from engine.core.verbs.postpone import postpone
from engine.core.verbs.remove import forget_job
from engine.core.verbs.resume import release_hold
from engine.core.verbs.skip_next import skip_next
from engine.core.verbs.trigger import trigger
from engine.errors import Refused
from engine.spec.command import Argv
from engine.spec.config import Ageing, EngineSpec, PoolSpec
from engine.spec.hooks import CommandHolds, Hook, HookSlot, OnFalse
from engine.spec.job import DelaySchedule, EverySchedule, JobSpec, Manual, Need, Overlap
from engine.spec.notify import Heartbeat
from engine.spec.params import Param
from engine.testing.executor import Act
from tests.unit.engine.making import spec
from tests.unit.engine.test_reload import TEN, Files

FAILS = Act(1.0, exit_code=1)
HOURLY = EverySchedule(3600.0, align=True)


def test_what_was_claimed_waits_for_a_pool_that_the_new_spec_names() -> None:
    others = [spec("holder", pools={"gpu": 1}), *(spec(f"o{number}") for number in range(3))]
    names = ["w0", "w1", "w2"]
    acts = {"holder": Act(100.0), **{f"o{number}": Act(10.0) for number in range(3)}}
    f = Files(*others, *map(spec, names), acts=acts, pools={"gpu": PoolSpec(1)})
    f.reload(*others, *(spec(name, pools={"gpu": 1}) for name in names))
    most = 0
    for _ in range(40):
        f.bench.run_for(0.5)
        most = max(most, f.bench.state.pool_taken["gpu"])
    assert most == 1
    f.bench.run_for(300)
    assert [f.bench.fates(name) for name in names] == [["success"]] * 3


def test_a_run_that_keeps_a_spec_for_which_a_pool_is_too_small_now_has_it_alone() -> None:
    def jobs(slots: int, **params: Param) -> list[JobSpec]:
        queue = spec("queue", pools={"gpu": slots}, overlap=Overlap.QUEUE, max_queued=4, params=params)
        return [spec("holder", pools={"gpu": slots}), queue]

    f = Files(*jobs(2), acts={"holder": Act(50.0)}, pools={"gpu": PoolSpec(2)})
    f.bench.run_for(1)
    f.reload(*jobs(1, day=Param(required=True)), pools={"gpu": PoolSpec(1)})
    f.bench.run_for(20)
    assert f.bench.fates("queue") == ["queued"]
    f.bench.run_for(60)
    assert f.bench.fates("queue") == ["success"]


def test_a_pool_of_which_nobody_takes_any_more_goes() -> None:
    f = Files(spec("a", pools={"gpu": 1}), pools={"gpu": PoolSpec(1)})
    f.bench.run_for(5)
    f.reload(spec("a"), pools={})
    assert f.bench.state.pools == {}


def test_preconditions_that_were_being_looked_at_are_the_new_ones_next_time() -> None:
    def job(condition: str) -> JobSpec:
        return spec("etl", conditions=(CommandHolds(Argv((condition,))),), on_false=OnFalse(10.0, 1000.0))

    f = Files(job("old"), acts={"etl": FAILS})
    f.reload(job("new"))
    f.bench.run_for(30)
    assert f.commands("etl") == ["old", "new", "new"]


def test_what_was_claimed_ahead_is_not_when_its_new_spec_keeps_the_slot_over_several_steps() -> None:
    """Else the loss of all claims in a crash would begin the hooks of all of them at once."""
    names = [f"w{number}" for number in range(8)]
    others = [spec(f"o{number}") for number in range(4)]
    f = Files(*others, *map(spec, names), acts={one.id: Act(50.0) for one in others})
    assert any(f.bench.job(name).queue[0].attempt for name in names)
    f.reload(*others, *(spec(name, hooks={HookSlot.ERROR: Hook(Argv(("mail",)))}) for name in names))
    assert not any(f.bench.job(name).queue[0].attempt for name in names)
    f.bench.run_for(200)
    assert [f.bench.fates(name) for name in names] == [["success"]] * 8


def test_a_job_that_no_hold_covers_any_more_owes_what_its_catch_up_says() -> None:
    other = spec("other", schedule=EverySchedule(1e6), tags=("x",))
    f = Files(spec("tick", schedule=TEN, tags=("x",)), other)
    f.bench.run_for(5)
    f.bench.do(lambda turn: hold(turn, "x", None, by="me", reason=""))
    f.bench.run_for(1000)
    f.reload(spec("tick", schedule=TEN), other)
    f.bench.run_for(30)
    assert f.bench.fates("tick") == ["success", "missed paused", "success", "success", "success", "success"]


def test_more_runs_than_were_allowed_before_are_those_to_come() -> None:
    f = Files(spec("tick", schedule=TEN, max_runs=2))
    f.bench.run_for(1005)
    f.reload(spec("tick", schedule=TEN, max_runs=4))
    f.bench.run_for(4)
    assert f.bench.fates("tick") == ["success"] * 2
    f.bench.run_for(50)
    assert f.bench.fates("tick") == ["success"] * 4


def test_a_later_end_owes_nothing_of_the_time_since_the_first_one() -> None:
    start = moment(Files().bench.now).astimezone(UTC)
    f = Files(spec("tick", schedule=TEN, end_at=start + timedelta(seconds=25)))
    f.bench.run_for(1005)
    f.reload(spec("tick", schedule=TEN, end_at=start + timedelta(seconds=9999)))
    f.bench.run_for(4)
    assert f.bench.fates("tick") == ["success"] * 3
    f.bench.run_for(20)
    assert f.bench.fates("tick") == ["success"] * 5


def test_a_delay_takes_the_place_of_times_whose_past_is_being_settled() -> None:
    f = Files(spec("tick", schedule=EverySchedule(36_000.0)))
    f.bench.run_for(5)
    f.bench.do(lambda turn: hold_job(turn, f.bench.job("tick"), None))
    f.bench.run_for(66_000)
    reload = f.read(spec("tick", schedule=DelaySchedule(20.0)))

    def act(turn: Turn) -> None:
        release_hold(turn, f.bench.job("tick"))
        assert f.bench.job("tick").settling
        reload.perform(turn, stop=False)

    f.bench.do(act)
    f.bench.run_for(100)
    assert f.bench.fates("tick") == ["success"] * 6


def test_a_skip_for_other_needs_is_another_one() -> None:
    f = Files(spec("a"), spec("b"), spec("c", needs=(Need("a"),)), acts={"a": FAILS, "b": FAILS})
    f.bench.run_for(5)
    f.reload(spec("a"), spec("b"), spec("c", needs=(Need("b"),)))
    f.bench.do(lambda turn: trigger(turn, "b", bypass=False))
    f.bench.run_for(5)
    assert f.bench.fates("c") == ["skipped upstream(a)", "skipped upstream(b)"]


def test_an_occurrence_that_was_put_off_is_none_of_another_schedule() -> None:
    f = Files(spec("tick", schedule=HOURLY))
    f.bench.run_for(1)
    f.bench.do(lambda turn: postpone(turn, f.bench.job("tick"), 3000.0))
    f.reload(spec("tick", schedule=EverySchedule(10.0, align=True)))
    f.bench.run_for(7200)
    assert set(f.bench.fates("tick")) == {"success"}


def test_an_occurrence_that_is_to_be_skipped_is_not_put_off() -> None:
    f = Files(spec("tick", schedule=HOURLY))
    f.bench.run_for(1)
    f.bench.do(lambda turn: skip_next(turn, f.bench.job("tick")))
    with pytest.raises(Refused, match="is to be skipped"):
        f.bench.do(lambda turn: postpone(turn, f.bench.job("tick"), 300.0))


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan"), 1e300])
def test_nothing_is_put_off_by_a_time_that_is_none(seconds: float) -> None:
    f = Files(spec("tick", schedule=HOURLY))
    f.bench.run_for(1)
    with pytest.raises(Refused, match="out of range"):
        f.bench.do(lambda turn: postpone(turn, f.bench.job("tick"), seconds))


def test_a_job_that_was_removed_by_hand_comes_back_when_one_needs_it() -> None:
    f = Files(spec("a"), spec("b"))
    f.bench.run_for(5)
    gone = f.bench.do(f.members.removing("b", stop=False))
    f.bench.do(lambda turn: forget_job(turn, gone))
    f.members.remember(gone)
    assert f.reload(spec("a", needs=(Need("b"),)), spec("b")).added == ("b",)
    f.bench.run_for(5)
    assert f.bench.fates("a") == ["success", "success"]
    assert f.members.removed == set()
    assert not f.bench.store.facts.get("removed:b")


def test_a_job_that_was_removed_by_hand_still_runs_when_one_needs_it() -> None:
    f = Files(spec("a"), spec("b"), acts={"b": Act(50.0)})
    f.bench.do(f.members.removing("b", stop=False))
    with pytest.raises(Refused, match="is being removed"):
        f.read(spec("a", needs=(Need("b"),)), spec("b"))


def test_a_job_that_comes_to_be_a_one_shot_is_said_to_run_at_once() -> None:
    f = Files(
        spec("a"), spec("needs", needs=(Need("a"),)), spec("only", manual=Manual.ONLY), spec("off", enabled=False)
    )
    f.bench.run_for(5)
    new = [spec("a", priority=1), spec("needs"), spec("only"), spec("off")]
    changes = f.reload(*new)
    assert changes.at_once == ("needs", "only", "off")
    assert changes.asks
    assert "~ only  (runs at once)" in changes.lines()
    f.bench.run_for(5)
    assert [len(f.bench.fates(job.id)) for job in new] == [1, 2, 1, 1]


def test_values_that_are_not_told_are_said_to_be_others() -> None:
    def job(value: str) -> JobSpec:
        return spec(
            "a",
            schedule=TEN,
            env={"TOKEN": value},
            env_files=("/etc/token.env",),
            from_env_files=frozenset({"TOKEN"}),
            params={"key": Param(value, secret=True)},
        )

    lines = Files(job("one")).read(job("two")).changes.lines()
    assert lines == ("~ a", "    env_file: as it was -> anew", "    params: as it was -> anew")


def test_settings_are_told_in_words_and_an_address_is_not() -> None:
    settings = EngineSpec(
        max_running=4, ageing=Ageing(60.0), notify=("mail",), heartbeat=Heartbeat("https://example.org/token")
    )
    assert Files().read(engine=settings).changes.lines() == (
        "~ engine.ageing: {every: 300.0, step: 1.0} -> {every: 60.0, step: 1.0}  (from the next start on)",
        "~ engine.notify: [] -> [mail]",
        "~ engine.heartbeat: (none) -> anew  (from the next start on)",
    )
