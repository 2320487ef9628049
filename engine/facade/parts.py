"""What an engine is made of, as far as more than one of its sides uses it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from engine.clock import Clock, Instant
from engine.core.turn import Turn
from engine.executors.local.executor import LocalExecutor
from engine.executors.routing import Router
from engine.facade.alerting import Alerting
from engine.facade.feed import Feed
from engine.facade.following import Following
from engine.facade.machine import Machine
from engine.facade.mailbox import Mailbox
from engine.facade.members import Members
from engine.facade.records import Records
from engine.facade.reloading import Origin
from engine.facade.watched import Watched
from engine.model.actor import actor
from engine.model.audit import Deed
from engine.model.record import Json
from engine.model.undo import NONE
from engine.ports.store import Store
from engine.runtime.log_upkeep import LogUpkeep
from engine.runtime.loop import Loop
from engine.spec.config import JobFile
from engine.spec.notify import Notifier


class Phase(Enum):
    """How far the engine's life has got."""

    NEW = 0
    STARTED = 1
    OVER = 2


class Parts:
    """The parts, which `Engine` makes: some with itself, the others when it starts."""

    socket: str
    """Where the control server listens; set by whoever runs one."""
    _version: str
    _host: str
    _phase: Phase
    _turn: Turn
    _box: Mailbox
    _members: Members
    _file: JobFile
    """Without its jobs: they are in `_members`."""
    _origin: Origin | None
    _max_running: int | None
    _zone: str
    _notifiers: dict[str, Notifier]
    _feeds: list[Feed]
    _machine: Machine
    _warnings: list[str]
    _damaged: str | None
    _processes: LocalExecutor | None

    _started_at: Instant
    _state_dir: Path
    _clock: Clock
    _loop: Loop
    _executor: Router
    _store: Store
    _records: Records
    _upkeep: LogUpkeep
    _alerting: Alerting
    _watched: Watched
    _following: Following | None

    def _deed(
        self,
        verb: str,
        target: str,
        arguments: Mapping[str, Json] = NONE,
        reason: str = "",
        *,
        state: str | None = None,
    ) -> Deed:
        run_id = target if ":" in target and not target.startswith("tag:") else None
        return Deed(
            who=actor(), verb=verb, target=target, arguments=arguments, run_id=run_id, state=state, reason=reason
        )
