"""Verbs of a whole engine: each is on record with who gave it, and names what takes it back."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine import Engine, JobContext, JobSpec, Refused
from engine.clock import SECOND
from engine.errors import RefusedCode
from engine.model.actor import acting_as
from engine.model.outcome import Outcome
from engine.model.states import RunPhase
from engine.model.undo import Undo
from engine.store import audit
from engine.store.schema import IN_INBOX
from engine.store.sqlite import OFFS


async def nothing(ctx: JobContext) -> None:
    """Ends at once."""


async def bad(ctx: JobContext) -> None:
    raise RuntimeError("no luck")


async def forever(ctx: JobContext) -> None:
    await asyncio.Event().wait()


def jobs(state: Path | None = None) -> Engine:
    return Engine(
        [
            JobSpec(id="tick", call=nothing, every="1h", start_at="2999-01-01T00:00:00+00:00", tags=("db",)),
            JobSpec(id="bad", call=bad, manual="only"),
            JobSpec(id="long", call=forever, manual="only"),
        ],
        state_dir=state,
    )


async def test_each_verb_is_one_row_done_or_refused(tmp_path: Path) -> None:
    """Who, what, on what, in which state, why, and what became of it; newest first."""
    async with jobs(tmp_path / "s") as engine:
        with acting_as("uid 7"):
            await engine.job("tick").hold("disk swap", 600.0)
        with acting_as("console"), pytest.raises(Refused):
            await engine.job("tick").hold()
        run = await engine.job("long").trigger()
        while run.phase is not RunPhase.RUNNING:
            await asyncio.sleep(0.002)
        await engine.job("long").kill()
        await run.ended()
        rows = [(r.who, r.verb, r.target, r.run_id, r.state, r.reason, r.outcome, r.code) for r in await engine.audit()]
        assert rows == [
            ("library", "kill", "long", "long:1", "running", "", "done", None),
            ("library", "trigger", "long", None, None, "", "done", None),
            ("console", "hold", "tick", None, None, "", "refused", "state"),
            ("uid 7", "hold", "tick", None, None, "disk swap", "done", None),
        ]
        assert (await engine.audit(limit=1))[0].no == 4
        assert (await engine.audit())[3].arguments == {"for": 600.0}
        assert [r.no for r in await engine.audit(job="tick")] == [2, 1]
        assert await engine.audit(since=engine.now() + SECOND) == []
        json.dumps([record.to_json() for record in await engine.audit()])
    assert [r.verb for r in audit.read(tmp_path / "s" / "state.db", job=None, since=None, limit=1)] == ["shutdown"]


async def test_old_rows_of_the_audit_are_pruned_a_thousand_at_a_time(tmp_path: Path) -> None:
    """A year is kept; no commit deletes more than a thousand rows."""
    async with jobs(tmp_path / "s") as engine:
        await engine.job("tick").suspend()
        path = tmp_path / "s" / "state.db"
        row = "SELECT 1, who, verb, target, arguments, run_id, state, reason, outcome, code FROM audit LIMIT 1"
        columns = "at, who, verb, target, arguments, run_id, state, reason, outcome, code"
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)"

        def fill() -> None:
            with sqlite3.connect(path) as db:
                db.execute("UPDATE audit SET no = 100000")
                db.execute(f"INSERT INTO audit (no, {columns}) {numbers} SELECT i, t.* FROM n, ({row}) AS t")
            db.close()

        await asyncio.to_thread(fill)
        await engine.job("tick").unsuspend()
        assert len(await engine.audit(limit=10_000)) == 502
        await engine.job("tick").suspend()
        assert [r.verb for r in await engine.audit(limit=10_000)] == ["suspend", "unsuspend", "suspend"]


@pytest.mark.parametrize("in_memory", [True, False])
async def test_bad_ends_wait_in_the_inbox_until_they_are_acknowledged(tmp_path: Path, in_memory: bool) -> None:
    """They stay on record, with who acknowledged them and why; a second time is refused."""
    async with jobs(None if in_memory else tmp_path / "s") as engine:
        for _ in range(3):
            await (await engine.job("bad").trigger()).ended()
        await (await engine.job("tick").trigger()).ended()
        assert [run.run_id for run in await engine.inbox()] == ["bad:3", "bad:2", "bad:1"]
        with acting_as("uid 7"):
            assert await engine.ack("bad:2", "known fault") == 1
        assert [run.run_id for run in await engine.inbox(job="bad")] == ["bad:3", "bad:1"]
        for target in ("bad:2", "tick:1", "tick"):
            with pytest.raises(Refused) as refusal:
                await engine.ack(target)
            assert refusal.value.code is RefusedCode.STATE
        with pytest.raises(Refused) as refusal:
            await engine.ack("bad:99")
        assert refusal.value.code is RefusedCode.UNKNOWN_ID
        first = (await engine.inbox(job="bad"))[-1].ended_at
        assert await engine.ack("bad", until=first) == 1, "what ended later has not been seen"
        assert await engine.ack("bad") == 1
        assert await engine.inbox() == []
        record = await engine.record("bad:2")
        assert record is not None
        assert (record.outcome, record.acked_by, record.ack_reason) == (Outcome.FAILED, "uid 7", "known fault")


async def test_the_inbox_asks_its_index(tmp_path: Path) -> None:
    """No scan over the history, however long that is."""
    async with jobs(tmp_path / "s"):
        pass
    db = sqlite3.connect(tmp_path / "s" / "state.db")
    plan = db.execute(f"EXPLAIN QUERY PLAN SELECT no FROM runs WHERE {IN_INBOX} ORDER BY no DESC LIMIT 5").fetchall()
    db.close()
    assert "run_inbox" in plan[0][3]


async def test_a_run_on_record_is_run_again_by_its_id_or_by_its_job(tmp_path: Path) -> None:
    """Of a job its newest run is meant; what never ran, and what is not on record, is refused."""
    async with jobs(tmp_path / "s") as engine:
        first = await (await engine.job("bad").trigger()).ended()
        assert await engine.rerun("bad:1") == "bad:2"
        await engine.run("bad:2").ended()
        assert await engine.rerun("bad") == "bad:3"
        again = await engine.run("bad:3").ended()
        assert (again.kind, again.planned_at) == ("rerun", first.planned_at)
        for target, code in (("tick", "state"), ("nope", "unknown_id"), ("bad:77", "unknown_id")):
            with pytest.raises(Refused) as refusal:
                await engine.rerun(target)
            assert refusal.value.code == code


async def test_what_a_verb_returns_takes_it_back() -> None:
    """The state before is back; the words are those of the command line."""
    async with jobs() as engine:
        job = engine.job("tick")

        def facts() -> tuple[object, ...]:
            return (job.held, job.suspended, job.next_run, job.priority, job.enabled, job.changed, job.why().reason)

        before = facts()
        undos: list[Undo] = []
        gives: list[Callable[[], Awaitable[Undo | None]]] = [
            job.pause, job.hold, job.suspend, job.skip_next, job.disable, engine.hold,
            lambda: engine.hold(tag="db"), lambda: job.set_timeout(5.0), lambda: job.stop(job=True),
        ]  # fmt: skip
        for give in gives:
            undo = await give()
            assert isinstance(undo, Undo)
            assert facts() != before
            await engine.undo(undo)
            assert facts() == before
            undos.append(undo)
        moved = await job.bump(7)
        assert (moved.priority, job.changed) == (7, ("priority",))
        await engine.undo(moved.undo)
        assert facts() == before
        assert [str(undo) for undo in undos] == [
            "resume tick", "release tick", "unsuspend tick", "skip next tick undo", "enable tick", "release all",
            "release tag:db", "set timeout tick 0.0", "resume tick",
        ]  # fmt: skip
        with pytest.raises(Refused):
            await engine.undo(Undo("resume", "nope"))


async def test_what_operators_turned_off_outlives_a_damaged_database(tmp_path: Path) -> None:
    """The database is set aside; its holds come from the second file, readable by its owner alone."""
    folder = tmp_path / "s"
    async with jobs(folder) as engine:
        await engine.hold("migration")
        await engine.job("bad").stop(job=True)
    assert (folder / OFFS).stat().st_mode & 0o777 == 0o600
    (folder / "state.db").write_bytes(b"no database" * 1000)
    for side in ("-wal", "-shm"):
        (folder / f"state.db{side}").unlink(missing_ok=True)
    async with jobs(folder) as engine:
        assert engine.status().damaged_state is not None
        assert engine.job("tick").why().reason.startswith("all jobs held by library at")
        assert engine.job("bad").why().reason == "stopped until resumed"


async def test_a_timeout_can_be_given_to_a_function_that_runs() -> None:
    """Row 6: a function as well as a process."""
    async with jobs() as engine:
        run = await engine.job("long").trigger()
        while run.phase is not RunPhase.RUNNING:
            await asyncio.sleep(0.002)
        await engine.job("long").set_timeout(0.01)
        assert (await run.ended()).outcome is Outcome.TIMED_OUT
        with pytest.raises(Refused, match="nothing of long runs"):
            await engine.job("long").signal(10)


async def test_the_effective_job_has_what_an_operator_set() -> None:
    """A function has no words in a file, all else has; what was changed says what it was."""
    async with jobs() as engine:
        job = engine.job("long")
        await job.set_priority(7)
        await job.set_timeout(30.0)
        shown = await job.effective_yaml()
        assert "    priority: 7  # changed by an operator; the job file says 0\n" in shown
        assert "      run: 30s  # changed by an operator; the job file says none\n" in shown


async def test_the_queue_is_listed_in_the_order_in_which_it_will_start_also_while_all_is_held() -> None:
    """Row 54: higher first."""
    async with jobs() as engine:
        await engine.hold()
        for job in ("tick", "bad", "long"):
            await engine.job(job).trigger()
        await engine.run("long:1").set_priority(9)
        assert [run.run_id for run in engine.queue()] == ["long:1", "tick:1", "bad:1"]


async def test_jobs_added_later_are_under_the_holds_in_force() -> None:
    """A hold of everything means those that come, too."""
    async with jobs() as engine:
        await engine.hold("freeze")
        late = engine.add(JobSpec(id="late", call=nothing))
        assert late.held
        await engine.release()
        while late.last_outcome is None:
            await asyncio.sleep(0.002)
        assert late.last_outcome is Outcome.SUCCESS
