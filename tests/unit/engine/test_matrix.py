"""A job with a matrix: an occurrence is several runs, and counts as one wherever occurrences count."""

from __future__ import annotations

import pytest

from engine.core.verbs.backfill import backfill
from engine.core.verbs.rerun import rerun
from engine.core.verbs.stop import stop_runs
from engine.core.verbs.trigger import trigger
from engine.errors import Refused
from engine.runtime.records import run_record
from engine.spec.job import Argv, EverySchedule, JobSpec, Manual, Need, OnFailure, Overlap, Required
from engine.store.history import to_record
from engine.testing import Act, Bench
from tests.unit.engine.making import bench, spec

ITEMS = {"item": ("a", "b", "c")}


def sharded(**fields: object) -> JobSpec:
    command = Argv(("index", "--shard", "${matrix.item}"))
    given = {"manual": Manual.ONLY, "concurrency": 3, "matrix": ITEMS, **fields}
    return JobSpec(id="m", command=command, **given)  # type: ignore[arg-type] # fields of many types


def go(b: Bench, job_id: str = "m") -> str:
    return b.do(lambda turn: trigger(turn, job_id, bypass=False)).run_id


def started(b: Bench) -> list[str]:
    return [launch.attempt for launch in b.executor.launched]


def runs(b: Bench, job_id: str = "m") -> dict[str, str | None]:
    return {row.run_id: row.outcome for row in b.store.runs.values() if row.job == job_id}


def test_each_shard_is_a_run_with_its_value_in_arguments_environment_and_record() -> None:
    b = bench(sharded())
    assert go(b) == "m[a]:1"
    b.run_for(5)
    assert runs(b) == {"m[a]:1": "success", "m[b]:1": "success", "m[c]:1": "success"}
    assert [launch.argv[-1] for launch in b.executor.launched] == ["a", "b", "c"]
    assert [launch.env["MATRIX_ITEM"] for launch in b.executor.launched] == ["a", "b", "c"]
    assert [to_record(row).to_json()["matrix"] for row in b.store.runs.values()] == [{"item": x} for x in "abc"]
    assert len({launch.log_path for launch in b.executor.launched}) == 3
    assert not any("[" in launch.log_path for launch in b.executor.launched)
    tally = b.job("m").tally
    assert (tally.starts, tally.success) == (3, 3)


def test_shards_always_queue_and_concurrency_bounds_them() -> None:
    b = bench(sharded(concurrency=2, overlap=Overlap.SKIP), acts={f"m[{x}]:1.1": Act(60.0) for x in "abc"})
    go(b)
    assert len(b.active("m")) == 2
    assert b.fates("m") == ["running", "running", "queued"]
    b.run_for(200)
    assert b.executor.most_live == 2
    assert b.fates("m") == ["success"] * 3


LONG = {f"m[{x}]:{n}.1": Act(60.0) for x in "abc" for n in range(1, 9)}


def test_the_next_occurrence_is_skipped_as_one_while_a_shard_is_under_way() -> None:
    b = bench(sharded(manual=Manual.ALLOW, schedule=EverySchedule(50.0)), acts=LONG)
    b.run_for(51)
    assert runs(b) == {**{f"m[{x}]:1": None for x in "abc"}, "m:2": "skipped"}
    assert b.store.runs[4].reason == "overlap"
    with pytest.raises(Refused, match="running already"):
        go(b)


def test_occurrences_that_queue_do_not_mix() -> None:
    b = bench(sharded(overlap=Overlap.QUEUE, max_queued=1, concurrency=2), acts=LONG)
    go(b)
    b.run_for(1)
    go(b)
    with pytest.raises(Refused, match="running already"):
        go(b)
    b.run_for(70)
    assert started(b) == ["m[a]:1.1", "m[b]:1.1", "m[c]:1.1"], "one slot is free, and the first occurrence not over"
    b.run_for(300)
    assert started(b)[3:] == ["m[a]:2.1", "m[b]:2.1", "m[c]:2.1"]


def test_occurrences_overlap_where_the_job_allows_it() -> None:
    b = bench(sharded(overlap=Overlap.ALLOW, concurrency=4), acts=LONG)
    go(b)
    b.run_for(1)
    go(b)
    assert started(b) == ["m[a]:1.1", "m[b]:1.1", "m[c]:1.1", "m[a]:2.1"]


def test_replace_ends_all_shards_of_the_older_occurrence() -> None:
    b = bench(sharded(overlap=Overlap.REPLACE, concurrency=2), acts=LONG)
    go(b)
    b.run_for(1)
    go(b)
    b.run_for(300)
    first = {name: outcome for name, outcome in runs(b).items() if name.endswith(":1")}
    assert first == {"m[a]:1": "stopped", "m[b]:1": "stopped", "m[c]:1": "skipped"}
    assert [outcome for name, outcome in runs(b).items() if name.endswith(":2")] == ["success"] * 3


def test_max_runs_counts_occurrences() -> None:
    b = bench(sharded(manual=Manual.ALLOW, schedule=EverySchedule(60.0), max_runs=2))
    b.run_for(600)
    assert len(runs(b)) == 6
    assert b.job("m").counted == 2


@pytest.mark.parametrize(
    ("bad", "ran", "skipped"),
    [({}, ["ok"], ["bad"]), ({"m[a]:1.1": Act(1.0, 3)}, ["bad"], ["ok"]), ({"m[c]:1.1": Act(9.0, 3)}, ["bad"], ["ok"])],
)
def test_a_dependant_hears_once_when_all_shards_are_over_and_of_success_only_if_all_succeeded(
    bad: dict[str, Act], ran: list[str], skipped: list[str]
) -> None:
    b = bench(
        sharded(),
        spec("ok", needs=(Need("m"),)),
        spec("bad", needs=(Need("m", Required.FAILURE),)),
        acts={"m[b]:1.1": Act(5.0), **bad},
    )
    go(b)
    b.run_for(4)
    assert b.fates("ok") == b.fates("bad") == []
    b.run_for(30)
    assert [b.fates(job) for job in ran] == [["success"]]
    assert [b.fates(job) for job in skipped] == [["skipped upstream(m)"]]
    assert b.job("m").last_outcome == ("failed" if bad else "success")
    assert b.job("m").gathered == {}


def test_a_shard_that_failed_before_a_crash_is_not_forgotten_by_those_that_hear_of_the_whole() -> None:
    b = bench(sharded(), spec("ok", needs=(Need("m"),)), acts={"m[a]:1.1": Act(1.0, 3), "m[b]:1.1": Act(60.0)})
    go(b)
    b.run_for(10)
    b.crash()
    assert b.active("m")[0].run_id == "m[b]:1"
    b.run_for(120)
    assert b.fates("ok") == ["skipped upstream(m)"]


def test_everything_downstream_follows_when_the_last_shard_is_over() -> None:
    b = bench(sharded(), spec("after", needs=(Need("m"),), matrix=ITEMS), acts={"m[c]:1.1": Act(20.0)})
    b.do(lambda turn: trigger(turn, "m", bypass=False, downstream=True))
    b.run_for(10)
    assert runs(b, "after") == {}
    b.run_for(60)
    assert runs(b, "after") == {f"after[{x}]:1": "success" for x in "abc"}
    assert b.state.cascades == {}


def test_a_failed_shard_halts_the_schedule_after_the_whole_occurrence() -> None:
    halts = sharded(manual=Manual.ALLOW, schedule=EverySchedule(60.0), on_failure=OnFailure.HALT, concurrency=1)
    b = bench(halts, acts={"m[a]:1.1": Act(1.0, 3)})
    b.run_for(300)
    assert runs(b) == {"m[a]:1": "failed", "m[b]:1": "success", "m[c]:1": "success"}


def test_a_rerun_is_of_its_shard_alone_and_refused_when_there_is_no_such_shard_any_more() -> None:
    b = bench(sharded())
    go(b)
    b.run_for(5)
    assert b.do(lambda turn: rerun(turn, "m[b]:1", "m", b.now)).run_id == "m[b]:2"
    b.run_for(5)
    assert [name for name in runs(b) if name.endswith(":2")] == ["m[b]:2"]
    b.job("m").spec = sharded(matrix={"item": ("x",)})
    with pytest.raises(Refused, match="has changed since"):
        b.do(lambda turn: rerun(turn, "m[b]:1", "m", b.now))


def test_a_backfill_is_of_whole_occurrences() -> None:
    b = bench(sharded(manual=Manual.ALLOW, schedule=EverySchedule(3600.0)))
    b.run_for(7300)
    before = len(b.store.runs)
    b.do(lambda turn: backfill(turn, b.job("m"), b.now - 7300 * 10**6, b.now, 3))
    b.run_for(60)
    assert len(b.store.runs) - before == 9
    assert set(b.fates("m")) == {"success"}


def test_stopping_what_waits_and_runs_ends_every_shard() -> None:
    b = bench(sharded(concurrency=1), acts=LONG)
    go(b)
    b.do(lambda turn: stop_runs(turn, b.job("m"), None))
    b.run_for(100)
    assert None not in runs(b).values()


def test_shards_live_and_waiting_are_taken_over_after_a_crash_each_by_its_own_key() -> None:
    b = bench(sharded(concurrency=2), acts=LONG)
    go(b)
    b.run_for(1)
    b.crash()
    assert [run_record(run, b.now, "").matrix for run in b.active("m")] == [{"item": "a"}, {"item": "b"}]
    b.run_for(200)
    assert started(b) == ["m[a]:1.1", "m[b]:1.1", "m[c]:1.1"]
    keys = [(row.job, row.planned_at, row.kind, row.item) for row in b.store.runs.values()]
    assert len(set(keys)) == 3


def test_a_thousand_shards_are_taken_at_once_and_all_run() -> None:
    b = bench(sharded(matrix={"item": tuple(map(str, range(1000)))}, concurrency=100), max_running=100)
    go(b)
    b.run_for(60)
    assert b.job("m").tally.success == 1000
