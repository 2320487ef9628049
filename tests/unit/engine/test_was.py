"""`was:` - a job that has another id now keeps its state, its history and what runs of it."""

from __future__ import annotations

from pathlib import Path

from engine import Engine, JobSpec
from engine.core.verbs.priority import set_priority
from engine.core.verbs.trigger import trigger
from engine.spec.config import JobFile
from engine.spec.job import EverySchedule, Manual, Need
from engine.testing import Act
from tests.unit.engine.making import bench, spec


def test_a_renamed_job_goes_on_with_its_counters_its_priority_and_its_running_run() -> None:
    b = bench(spec("old", schedule=EverySchedule(60.0)), acts={"old:1.1": Act(1.0), "old": Act(300.0)})
    b.run_for(70)
    b.do(lambda turn: set_priority(turn, b.job("old"), 7))
    new = JobFile(jobs=(spec("new", was="old", schedule=EverySchedule(60.0)),))
    b.crash(new)
    job = b.job("new")
    assert "old" not in b.state.jobs
    assert (job.priority, job.tally.starts, job.last_run_id) == (7, 2, "new:2")
    assert [run.run_id for run in b.active("new")] == ["new:2"]
    b.run_for(400)
    assert b.fates("new")[:2] == ["success", "success"]
    assert b.store.runs[2].run_id == "new:2"
    assert {row.job for row in b.store.runs.values()} == {"new"}
    b.crash(new)
    assert b.job("new").tally.starts == job.tally.starts, "a second start renames nothing"


def test_what_a_dependant_has_heard_stays_heard() -> None:
    hand = Manual.ONLY
    b = bench(spec("old", manual=hand), spec("x", manual=hand), spec("after", needs=(Need("old"), Need("x"))))
    b.do(lambda turn: trigger(turn, "old", bypass=False))
    b.run_for(5)
    jobs = (spec("new", was="old", manual=hand), spec("x", manual=hand), spec("after", needs=(Need("new"), Need("x"))))
    b.crash(JobFile(jobs=jobs))
    b.do(lambda turn: trigger(turn, "x", bypass=False))
    b.run_for(5)
    assert b.fates("after") == ["success"]


def test_an_id_with_a_record_of_its_own_takes_nothing_up() -> None:
    b = bench(spec("old"), spec("new"))
    b.run_for(5)
    b.crash(JobFile(jobs=(spec("new", was="old"),)))
    assert b.job("new").tally.starts == 1
    assert b.job("new").last_run_id == "new:1"


async def test_the_history_is_found_under_the_new_id(tmp_path: Path) -> None:
    def job(job_id: str, was: str | None = None) -> JobSpec:
        return JobSpec(id=job_id, was=was, call=lambda: None, manual="only")

    async with Engine([job("old")], state_dir=tmp_path) as engine:
        await (await engine.job("old").trigger()).ended()
    async with Engine([job("new", "old")], state_dir=tmp_path) as engine:
        await (await engine.job("new").trigger()).ended()
        records = await engine.runs(job="new")
        assert [record.run_id for record in records] == ["new:2", "new:1"]
        assert await engine.runs(job="old") == []
        assert (await engine.log("new:1", 0, 100)).data == b""
