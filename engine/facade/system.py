"""How much the engine's files take, how much room the disk below its logs has, and who holds the pools."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.core.state import State
from engine.model.system import PoolUse
from engine.values import lean


@lean(frozen=True, slots=True)
class Sizes:
    """Bytes; None where they cannot be had."""

    store: int | None
    free: int | None
    total: int | None


def measure(state_dir: Path) -> Sizes:
    """Look at the files; blocking, for a thread."""
    try:
        files = [path.stat().st_size for path in state_dir.glob("state.db*")]
        usage = shutil.disk_usage(state_dir)
    except OSError:
        return Sizes(None, None, None)
    store = sum(files) if files else None
    return Sizes(store, usage.free, usage.total)


def pool_use(state: State) -> tuple[PoolUse, ...]:
    """Each pool with the jobs whose live runs hold its slots."""
    holders: dict[str, list[str]] = {name: [] for name in state.pools}
    for run in state.runs.values():
        if run.live:
            for name in run.spec.pools:
                holders[name].append(run.job.id)
    return tuple(
        PoolUse(name, pool.slots, state.pool_taken.get(name, 0), tuple(holders[name]))
        for name, pool in state.pools.items()
    )
