"""A verb is taken back as long as all is as it left it; what somebody else did since is theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from engine import JobSpec, Refused
from engine.errors import RefusedCode
from engine.facade.job import Job
from engine.model.actor import acting_as
from engine.model.states import RunPhase
from engine.model.undo import PrioritySet, Undo
from engine.testing import Act, VirtualEngine

Verb = Callable[[Job], Awaitable[Undo | PrioritySet | None]]


def program() -> VirtualEngine:
    """`b1` has a schedule and does nothing yet, `keep` runs until it is stopped."""
    return VirtualEngine(
        [
            JobSpec(id="b1", command="true", every="1h", start_at="2999-01-01T00:00:00+00:00", tags=("db",)),
            JobSpec(id="keep", command="sleep", manual="only", overlap="allow"),
        ],
        exits={"keep": Act(None)},
    )


async def taken_back(engine: VirtualEngine, undo: Undo) -> RefusedCode | None:
    try:
        await engine.undo(undo)
    except Refused as refused:
        return refused.code
    return None


def facts(job: Job) -> tuple[object, ...]:
    why = job.why().reason
    return job.held, job.suspended, job.enabled, job.priority, job.changed, why, [run.phase for run in job.active]


def undo_of(done: Undo | PrioritySet | None) -> Undo:
    undo = done.undo if isinstance(done, PrioritySet) else done
    assert undo is not None
    return undo


@pytest.mark.parametrize(
    ("verb", "others"),
    [
        (lambda job: job.pause(), (lambda job: job.release(), lambda job: job.hold("x"))),
        (lambda job: job.hold(), (lambda job: job.resume(), lambda job: job.pause())),
        (lambda job: job.suspend(), (lambda job: job.unsuspend(), lambda job: job.suspend())),
        (lambda job: job.skip_next(), (lambda job: job.skip_next(undo=True), lambda job: job.skip_next())),
        (lambda job: job.disable(), (lambda job: job.enable(), lambda job: job.disable())),
        (lambda job: job.bump(1), (lambda job: job.set_priority(50),)),
        (lambda job: job.postpone(60.0), (lambda job: job.postpone(120.0),)),
        (lambda job: job.set_timeout(60.0), (lambda job: job.set_timeout(120.0),)),
        (lambda job: job.stop(job=True), (lambda job: job.resume(), lambda job: job.stop(job=True))),
    ],
)
async def test_what_somebody_else_did_since_is_not_taken_back(verb: Verb, others: tuple[Verb, ...]) -> None:
    """Refused as `changed`, and on record so; the state that is there now looks as it would without."""
    async with program() as engine:
        job = engine.job("b1")
        undo = undo_of(await verb(job))
        with acting_as("uid 7"):
            for other in others:
                await other(job)
        before = facts(job)
        assert await taken_back(engine, undo) is RefusedCode.CHANGED
        assert facts(job) == before
        (row, *_) = await engine.audit(limit=1)
        assert (row.verb, row.outcome, row.code) == (undo.verb, "refused", "changed")


async def test_a_pause_is_taken_back_of_the_runs_that_it_paused() -> None:
    """Not of the next run, which somebody else paused, nor of one beside it."""
    async with program() as engine:
        job = engine.job("keep")
        await job.trigger()
        await engine.settle()
        undo = undo_of(await job.pause())
        await job.trigger()
        await engine.settle()
        await engine.run("keep:2").pause()
        assert await taken_back(engine, undo) is None
        assert [run.phase for run in job.active] == [RunPhase.RUNNING, RunPhase.PAUSED]

        undo = undo_of(await job.pause())
        await engine.run("keep:1").kill()
        await engine.settle()
        assert await taken_back(engine, undo) is RefusedCode.CHANGED
        assert [run.phase for run in job.active] == [RunPhase.PAUSED]


async def test_a_run_that_was_resumed_and_paused_again_stands() -> None:
    """The second pause is another one."""
    async with program() as engine:
        job = engine.job("keep")
        await job.trigger()
        await engine.settle()
        undo = undo_of(await job.pause())
        await engine.run("keep:1").resume()
        await engine.run("keep:1").pause()
        assert await taken_back(engine, undo) is RefusedCode.CHANGED
        assert engine.run("keep:1").phase is RunPhase.PAUSED


async def test_a_hold_that_came_to_a_paused_run_stays() -> None:
    """The undo of a pause lets the run go on, and releases nothing."""
    async with program() as engine:
        job = engine.job("keep")
        await job.trigger()
        await engine.settle()
        undo = undo_of(await job.pause())
        await job.hold("disk")
        await engine.undo(undo)
        assert ([run.phase for run in job.active], job.held) == ([RunPhase.RUNNING], True)


async def test_a_hold_from_before_a_stop_stays() -> None:
    """Nothing takes the stop alone back."""
    async with program() as engine:
        job = engine.job("b1")
        await job.hold("disk")
        assert await job.stop(job=True) is None
        assert (await engine.audit(limit=1))[0].outcome == "done"


async def test_steps_are_taken_back_one_after_the_other() -> None:
    """What a step found is there again once those after it are undone."""
    async with program() as engine:
        job = engine.job("b1")
        before = facts(job)
        steps: list[Verb] = [
            lambda job: job.bump(1), lambda job: job.bump(1), lambda job: job.pause(), lambda job: job.resume(),
            lambda job: job.suspend(), lambda job: job.unsuspend(), lambda job: job.disable(), lambda job: job.enable(),
        ]  # fmt: skip
        undos = [undo_of(await step(job)) for step in steps]
        for undo in reversed(undos):
            await engine.undo(undo)
        assert facts(job) == before
        assert await taken_back(engine, undos[0]) is RefusedCode.CHANGED, "each once"


@pytest.mark.parametrize("tag", [None, "db"])
async def test_a_hold_of_all_or_of_a_tag_is_released_only_if_it_is_the_same(tag: str | None) -> None:
    """Another one since is another one's."""
    async with program() as engine:
        undo = await engine.hold(tag=tag)
        await engine.release(tag=tag)
        await engine.run_for("1m")
        second = await engine.hold("migration", tag=tag)
        assert await taken_back(engine, undo) is RefusedCode.CHANGED
        assert engine.job("b1").held
        await engine.undo(second)
        assert not engine.job("b1").held


async def test_the_priority_of_a_run_is_taken_back_unless_somebody_set_another() -> None:
    """That of its job sets those of its waiting runs, too."""
    async with program() as engine:
        await engine.hold()
        run = await engine.job("keep").trigger()
        undo = (await run.bump(5)).undo
        await engine.undo(undo)
        assert run.effective_priority < 1
        undo = (await run.bump(5)).undo
        await engine.job("keep").set_priority(50)
        assert await taken_back(engine, undo) is RefusedCode.CHANGED
        assert run.effective_priority >= 50


async def test_an_undo_without_marks_is_given_like_any_verb() -> None:
    """By a program that knows the verb alone."""
    async with program() as engine:
        await engine.job("b1").pause()
        await engine.undo(Undo("resume", "b1"))
        assert not engine.job("b1").held
        assert await taken_back(engine, Undo("resume", "nope")) is RefusedCode.UNKNOWN_ID


async def test_a_job_of_the_same_id_is_another_one() -> None:
    """It was removed and has come again: what was done to the first is not its."""
    async with program() as engine:
        undo = await engine.job("b1").pause()
        await engine.remove("b1")
        engine.add(JobSpec(id="b1", command="true", manual="only"))
        await engine.job("b1").hold("mine")
        assert await taken_back(engine, undo) is RefusedCode.CHANGED
        assert engine.job("b1").held


async def test_a_skip_that_was_taken_back_is_for_the_same_occurrence_again() -> None:
    """Not for the next one, where it was a later one that was named."""
    spec = JobSpec(id="hourly", command="true", every="1h", start_at="2999-01-01T00:00:00+00:00")
    async with VirtualEngine([spec]) as engine:
        job = engine.job("hourly")
        _, second = [one.at for one in await job.coming(limit=2)]
        await job.skip_next(at=second)
        back = await job.skip_next(undo=True)
        await engine.undo(back)
        assert [one.at for one in await job.coming(limit=3) if one.skipped] == [second]
