"""A verb acts on what was seen, and is refused when that has changed; the audit names the runs it was done to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from engine import JobSpec, Refused
from engine.api import Aim
from engine.errors import RefusedCode
from engine.facade.job import Job
from engine.facade.run import Run
from engine.model.states import RunPhase
from engine.testing import Act, VirtualEngine

JobVerb = Callable[[Job, Aim], Awaitable[object]]
RunVerb = Callable[[Run], Awaitable[object]]


def program() -> VirtualEngine:
    """`ov` and the shards of `mx` run until they are stopped."""
    return VirtualEngine(
        [
            JobSpec(id="ov", command="sleep", manual="only", overlap="allow", concurrency=4),
            JobSpec(id="mx", command="sleep", manual="only", matrix={"DB": ("a", "b", "c")}, concurrency=2),
        ],
        exits={"ov": Act(None), "mx": Act(None)},
    )


async def started(engine: VirtualEngine, job_id: str, count: int) -> Job:
    job = engine.job(job_id)
    for _ in range(count):
        await job.trigger()
    await engine.settle()
    return job


def seen(job: Job) -> Aim:
    return Aim(
        tuple((run.run_id, run.phase) for run in job.active), frozenset(run.run_id for run in job.queued), job.marks
    )


async def refused(verb: Awaitable[object]) -> RefusedCode:
    with pytest.raises(Refused) as refusal:
        await verb
    return refusal.value.code


ENDING: list[JobVerb] = [
    lambda job, aim: job.stop(aim=aim),
    lambda job, aim: job.kill(aim=aim),
    lambda job, aim: job.signal(10, aim=aim),
    lambda job, aim: job.stop(job=True, aim=aim),
    lambda job, aim: job.pause(aim=aim),
]


@pytest.mark.parametrize("verb", ENDING)
async def test_runs_that_came_or_went_since_refuse_a_verb_on_all(verb: JobVerb) -> None:
    """The newest one being the same is not enough."""
    async with program() as engine:
        job = await started(engine, "ov", 3)
        before = seen(job)
        await engine.run("ov:1").kill()
        await engine.settle()
        assert await refused(verb(job, before)) is RefusedCode.CHANGED
        before = seen(job)
        await started(engine, "ov", 1)
        assert await refused(verb(job, before)) is RefusedCode.CHANGED
        assert [run.phase for run in job.active] == [RunPhase.RUNNING] * 3
        (row, *_) = await engine.audit(limit=1)
        assert (row.run_id, row.arguments["runs"], row.code) == (None, ["ov:2", "ov:3"], "changed")
        await verb(job, seen(job))


async def test_the_audit_says_which_runs_it_was() -> None:
    """Of one the run of the row says it; of several they are named, whether somebody looked or not."""
    async with program() as engine:
        job = await started(engine, "ov", 2)
        await job.pause()
        await job.resume()
        await engine.run("ov:1").kill()
        await engine.settle()
        await job.kill()
        rows = [(row.verb, row.run_id, row.arguments.get("runs")) for row in await engine.audit(limit=4)]
        both = ["ov:1", "ov:2"]
        assert rows == [("kill", "ov:2", None), ("kill", "ov:1", None), ("resume", None, both), ("pause", None, both)]


async def test_shards_that_wait_for_their_turn_are_ended_only_if_they_were_shown() -> None:
    """They end with those of their occurrence that are under way."""
    async with program() as engine:
        job = await started(engine, "mx", 1)
        assert (len(job.active), len(job.queued)) == (2, 1)
        waiting = job.queued[0].run_id
        unseen = Aim(seen(job).runs)
        assert await refused(job.stop(aim=unseen)) is RefusedCode.CHANGED
        assert await refused(job.kill(aim=unseen)) is RefusedCode.CHANGED
        all_of_it = [waiting, *(run.run_id for run in job.active)]
        await job.stop(aim=seen(job))
        (row, *_) = await engine.audit(limit=1)
        assert row.arguments["runs"] == all_of_it


async def test_a_run_that_waits_is_taken_out_only_if_it_was_shown() -> None:
    """With nothing active `stop` is about the queue."""
    async with program() as engine:
        await engine.hold()
        job = engine.job("ov")
        await job.trigger()
        before = seen(job)
        await job.trigger()
        assert await refused(job.stop(aim=before)) is RefusedCode.CHANGED
        assert await refused(job.stop(job=True, aim=before)) is RefusedCode.CHANGED
        await job.stop(aim=seen(job))
        assert not job.queued


@pytest.mark.parametrize(
    ("verb", "other"),
    [
        (lambda job, aim: job.suspend(aim=aim), lambda job, _: job.suspend()),
        (lambda job, aim: job.disable(aim=aim), lambda job, _: job.disable()),
        (lambda job, aim: job.hold(aim=aim), lambda job, _: job.hold()),
        (lambda job, aim: job.release(aim=aim), lambda job, _: job.hold()),
        (lambda job, aim: job.resume(aim=aim), lambda job, _: job.hold()),
        (lambda job, aim: job.bump(1, aim=aim), lambda job, _: job.set_priority(50)),
        (lambda job, aim: job.set_timeout(5.0, aim=aim), lambda job, _: job.set_timeout(60.0)),
    ],
)
async def test_what_was_turned_since_refuses_a_verb_that_turns_it(verb: JobVerb, other: JobVerb) -> None:
    """`changed`, whatever it would have done."""
    async with VirtualEngine([JobSpec(id="b1", command="true", every="1h")]) as engine:
        await engine.settle()
        job = engine.job("b1")
        before = seen(job)
        await other(job, before)
        assert await refused(verb(job, before)) is RefusedCode.CHANGED


GONE: list[JobVerb] = [
    lambda job, _: job.pause(),
    lambda job, _: job.resume(),
    lambda job, _: job.stop(job=True),
    lambda job, _: job.kill(),
    lambda job, _: job.hold(),
    lambda job, _: job.release(),
    lambda job, _: job.suspend(),
    lambda job, _: job.unsuspend(),
    lambda job, _: job.enable(),
    lambda job, _: job.disable(),
    lambda job, _: job.skip_next(),
    lambda job, _: job.postpone(5.0),
    lambda job, _: job.bump(1),
    lambda job, _: job.set_priority(1),
    lambda job, _: job.set_timeout(5.0),
    lambda job, _: job.backfill(0, 1),
    lambda job, _: job.trigger(),
]


@pytest.mark.parametrize("again", [False, True])
async def test_a_verb_on_a_job_that_was_removed_is_refused_and_on_record_so(again: bool) -> None:
    """Whoever still holds it, in a form or in a program, and though another has its id by now."""
    async with VirtualEngine([JobSpec(id="vic", command="true", manual="only")]) as engine:
        job = engine.job("vic")
        aim = seen(job)
        await engine.remove("vic")
        if again:
            engine.add(JobSpec(id="vic", command="true", every="1h"))
            await engine.settle()
        for verb in GONE:
            assert await refused(verb(job, aim)) is RefusedCode.UNKNOWN_ID
            (row, *_) = await engine.audit(limit=1)
            assert (row.outcome, row.code) == ("refused", "unknown_id")


@pytest.mark.parametrize(
    "verb",
    [
        lambda run: run.pause(),
        lambda run: run.signal(10),
        lambda run: run.stop(),
        lambda run: run.kill(),
    ],
)
async def test_a_run_of_a_job_on_its_way_out_is_reached_by_its_id(verb: RunVerb) -> None:
    """Somebody must be able to end it; the job's own verbs are refused, and name it."""
    async with program() as engine:
        job = await started(engine, "ov", 1)
        await engine.remove("ov", wait=False)
        with pytest.raises(Refused, match="ov:1"):
            await job.kill()
        await verb(engine.run("ov:1"))
        (row, *_) = await engine.audit(limit=1)
        assert (row.target, row.run_id, row.outcome) == ("ov:1", "ov:1", "done")
