"""What the engine is, has and uses, as labelled lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.strip import Strip

from engine.api import EngineView
from engine.model.machine import MachineLoad
from engine.model.record import EngineStatus
from engine.model.system import Enforced, PoolUse, SystemRecord
from jobqueue_tui.console import words
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.facts import Fact
from jobqueue_tui.console.widgets.painted import Painted
from jobqueue_tui.terminal import one_line

_LABEL: Final = 10
_GAUGE: Final = 20
_SCARCE: Final = 0.9
MOST_POOLS: Final = 6


def gauge(share: float, role: Role) -> list[Cell]:
    """A bar of so much; nearly full is set off."""
    filled = max(0, min(_GAUGE, round(share * _GAUGE)))
    return [("█" * filled, Role.WARN if share >= _SCARCE else role), ("░" * (_GAUGE - filled), Role.MUTED)]


def facts_of(status: EngineStatus, machine: MachineLoad, system: SystemRecord | None, *, connected: bool) -> list[Fact]:
    """All there is, the most wanted first."""
    reach: Cell = ("", Role.TEXT) if connected else ("   out of reach: what stands here is old", Role.FAILED)
    facts: list[Fact] = [
        (
            "engine",
            (
                (f"version {one_line(status.version) or 'unknown'}", Role.TEXT),
                (f"   pid {status.pid}   up {words.span(status.uptime_seconds)}", Role.MUTED),
                reach,
            ),
        ),
        (
            "job file",
            ((one_line(status.job_file) or "none", Role.TEXT), (f"   {words.counted(status.jobs, 'job')}", Role.MUTED)),
        ),
        ("state", ((one_line(status.state_dir), Role.TEXT), *_store(status, system))),
        ("socket", ((one_line(status.socket) or "none: no other program can attach", Role.TEXT),)),
        (
            "executors",
            (
                (one_line(", ".join(status.executors)), Role.TEXT),
                (f"   {status.running} of {status.max_running} slots taken, {status.queued} queued", Role.MUTED),
            ),
        ),
        ("machine", tuple(_machine(machine))),
    ]
    if system is not None:
        if system.log_disk_total:
            free, total = system.log_disk_free or 0, system.log_disk_total
            room = (f"  {words.size(free)} free of {words.size(total)}", Role.TEXT)
            facts.append(("log disk", (*gauge(1 - free / total, Role.OK), room)))
        facts += _pools(system.pools)
        facts += _limits(system.limits)
    return facts


def _store(status: EngineStatus, system: SystemRecord | None) -> list[Cell]:
    cells: list[Cell] = []
    if system is not None and system.store_bytes is not None:
        cells.append((f"   store {words.size(system.store_bytes)}", Role.MUTED))
    if status.damaged_state is not None:
        cells.append((f"   damaged: {one_line(status.damaged_state)}", Role.FAILED))
    return cells


def _machine(machine: MachineLoad) -> list[Cell]:
    share = machine.memory_used / machine.memory_total if machine.memory_total else 0.0
    return [
        ("cpu ", Role.MUTED),
        *gauge(machine.cpu_percent / 100, Role.CPU),
        (f" {words.percent(machine.cpu_percent)}%   ", Role.TEXT),
        ("memory ", Role.MUTED),
        *gauge(share, Role.MEMORY),
        (
            f" {words.size(machine.memory_used)} of {words.size(machine.memory_total)}   load {machine.load:.2f}",
            Role.TEXT,
        ),
    ]


def _pools(pools: Sequence[PoolUse]) -> list[Fact]:
    facts: list[Fact] = []
    for pool in pools[:MOST_POOLS]:
        share = pool.taken / pool.slots if pool.slots else 1.0
        cells: list[Cell] = [
            *gauge(share, Role.QUEUED),
            (f"  {pool.taken}/{pool.slots}  ", Role.TEXT),
            (one_line(pool.name), Role.STRONG),
            (f"  {one_line(', '.join(dict.fromkeys(pool.holders)))}", Role.MUTED),
        ]
        facts.append(("" if facts else "pools", tuple(cells)))
    if len(pools) > MOST_POOLS:
        facts.append(("", ((f"and {len(pools) - MOST_POOLS} more", Role.MUTED),)))
    return facts


def _limits(limits: Sequence[Enforced]) -> list[Fact]:
    """What can be enforced here, and how."""
    width = max((len(limit.limit) for limit in limits), default=0) + 2
    return [
        (
            "" if number else "limits",
            ((f"{one_line(limit.limit):<{width}}", Role.STRONG), (one_line(limit.how), Role.MUTED)),
        )
        for number, limit in enumerate(limits)
    ]


class SystemFacts(Painted):
    """Draws them, as many lines as there are."""

    def __init__(self, engine: EngineView) -> None:
        super().__init__()
        self._engine = engine
        self.system: SystemRecord | None = None
        self._facts: list[Fact] = []

    def flush(self) -> None:
        """Look again."""
        engine = self._engine
        facts = facts_of(engine.status(), engine.machine(), self.system, connected=engine.connected)
        if len(facts) != len(self._facts):
            self.styles.height = len(facts)
        if facts != self._facts:
            self._facts = facts
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One fact."""
        label, cells = self._facts[y] if y < len(self._facts) else ("", ())
        return text_strip([(f" {label:>{_LABEL}}  ", Role.MUTED), *cells], self.palette.row, self.size.width)
