"""The state's files, damaged in every way: a clear word, nothing deleted, no healthy job touched."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from engine import Engine, JobSpec, Refused
from engine.store.schema import VERSION, NewerState


def specs() -> list[JobSpec]:
    return [JobSpec(id="once", command="true"), JobSpec(id="tick", command="true", every="1h")]


async def run_once(folder: Path) -> None:
    """An engine on that state which has run both jobs."""
    async with Engine(specs(), state_dir=folder) as engine:
        for job_id in ("once", "tick"):
            run = await engine.job(job_id).trigger() if job_id == "tick" and not engine.job(job_id).active else None
            if run is not None:
                await run.ended()


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def deleted(path: Path) -> None:
    path.unlink()


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [truncated, garbage, deleted, directory])
async def test_a_damaged_state_is_set_aside_said_and_the_engine_starts(tmp_path: Path, damage: object) -> None:
    """70-quality, faults: state file truncated, deleted, replaced by a directory."""
    await run_once(tmp_path)
    for suffix in ("-wal", "-shm"):
        Path(f"{tmp_path / 'state.db'}{suffix}").unlink(missing_ok=True)
    assert callable(damage)
    damage(tmp_path / "state.db")
    async with Engine(specs(), state_dir=tmp_path) as engine:
        status = engine.status()
        assert status.damaged_state is not None
        assert engine.job("once").held, "nobody knows whether it ran"
        assert not engine.job("tick").held
        run = await engine.job("tick").trigger() if not engine.job("tick").active else engine.job("tick").active[0]
        assert (await run.ended()).outcome == "success"
    if damage is not deleted:
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("state.db.damaged-")]
    async with Engine(specs(), state_dir=tmp_path) as engine:
        assert engine.status().damaged_state is None
        assert engine.job("once").held, "until somebody says so"


async def test_a_newer_state_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """20-engine, Durability: an older program refuses a newer state before writing."""
    await run_once(tmp_path)
    path = tmp_path / "state.db"
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    before = {one.name: one.read_bytes() for one in tmp_path.glob("state.db*")}
    with pytest.raises(NewerState, match=f"version {VERSION + 1}"):
        await Engine(specs(), state_dir=tmp_path).start()
    assert {one.name: one.read_bytes() for one in tmp_path.glob("state.db*")} == before


async def test_a_copy_made_while_running_is_complete_and_starts_held(tmp_path: Path) -> None:
    """20-engine: `ctl backup`; never over an existing file, 0600, in the audit."""
    state, copy = tmp_path / "state", tmp_path / "copies" / "state.db"
    copy.parent.mkdir()
    async with Engine(specs(), state_dir=state) as engine:
        async with asyncio.timeout(20):
            while not engine.job("once").counters.success:
                await asyncio.sleep(0.005)
        size = await engine.backup(copy)
        assert size == copy.stat().st_size
        assert copy.stat().st_mode & 0o777 == 0o600
        with pytest.raises(Refused, match="exists already"):
            await engine.backup(copy)
        with pytest.raises(ValueError, match="absolute"):
            await engine.backup(Path("here"))
        record = (await engine.audit(limit=1))[0]
        assert (record.verb, json.loads(json.dumps(dict(record.arguments)))) == ("backup", {"path": str(copy)})
    async with Engine(specs(), state_dir=copy.parent) as restored:
        assert restored.job("once").held
        assert "the state is a copy from 20" in restored.job("tick").why().reason
        assert [one.job for one in await restored.runs(job="once")] == ["once"]
