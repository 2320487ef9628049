"""Bases for stand-ins of what screens and clients see: every verb is there, and those that a test does not expect fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from engine.api import Aim, RunView
from engine.clock import Instant
from engine.model.audit import AuditRecord
from engine.model.coming import Coming
from engine.model.day import DayRecord
from engine.model.environment import Environment
from engine.model.file_changes import FileChanges, FilePlace
from engine.model.log_parts import LogHits, LogQuery, LogTime
from engine.model.machine import ProcessDetails
from engine.model.marks import UNTURNED, Marks
from engine.model.record import RunRecord
from engine.model.stats import JobStats
from engine.model.system import SystemRecord
from engine.model.undo import PrioritySet, Undo
from engine.spec.job import NOTHING, Join, Manual
from engine.spec.limits import NO_LIMITS, Limits
from engine.spec.log import LogFormat
from engine.spec.params import Param


def _unexpected(verb: str) -> NoReturn:
    raise NotImplementedError(f"{verb} was not expected")


class RunVerbs:
    """The verbs of `engine.api.RunView`."""

    __slots__ = ()

    def why(self) -> str:
        """See `engine.api`."""
        return ""

    async def pause(self, for_seconds: float | None = None, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""
        _unexpected("pause")

    async def resume(self, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""
        _unexpected("resume")

    async def stop(self, grace: float | None = None, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""
        _unexpected("stop")

    async def kill(self, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""
        _unexpected("kill")

    async def signal(self, number: int, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""
        _unexpected("signal")

    async def bump(self, by: int) -> PrioritySet:
        """See `engine.api`."""
        _unexpected("bump")

    async def set_priority(self, priority: int) -> PrioritySet:
        """See `engine.api`."""
        _unexpected("priority")


class JobVerbs:
    """The verbs of `engine.api.JobView`, and facts that seldom matter."""

    __slots__ = ()

    @property
    def log_format(self) -> LogFormat:
        """See `engine.api`."""
        return LogFormat.TEXT

    @property
    def cpu_rollup(self) -> Sequence[float]:
        """See `engine.api`."""
        return ()

    @property
    def rss_rollup(self) -> Sequence[float]:
        """See `engine.api`."""
        return ()

    @property
    def suspended(self) -> bool:
        """See `engine.api`."""
        return False

    @property
    def changed(self) -> tuple[str, ...]:
        """See `engine.api`."""
        return ()

    @property
    def marks(self) -> Marks:
        """See `engine.api`."""
        return UNTURNED

    @property
    def needs(self) -> tuple[str, ...]:
        """See `engine.api`."""
        return ()

    @property
    def follows(self) -> tuple[str, ...]:
        """See `engine.api`."""
        return self.needs

    @property
    def join(self) -> Join:
        """See `engine.api`."""
        return Join.ALL

    @property
    def triggered(self) -> bool:
        """See `engine.api`."""
        return bool(self.needs)

    @property
    def manual(self) -> Manual:
        """See `engine.api`."""
        return Manual.ALLOW

    @property
    def pools(self) -> Mapping[str, int]:
        """See `engine.api`."""
        return MappingProxyType({})

    @property
    def exclusive(self) -> bool | str:
        """See `engine.api`."""
        return False

    @property
    def environment(self) -> Environment:
        """See `engine.api`."""
        return Environment()

    @property
    def params(self) -> Mapping[str, Param]:
        """See `engine.api`."""
        return MappingProxyType({})

    @property
    def limits(self) -> Limits:
        """See `engine.api`."""
        return NO_LIMITS

    def stats(self) -> JobStats | None:
        """See `engine.api`."""
        return None

    async def effective_yaml(self) -> str:
        """See `engine.api`."""
        return "jobs: {}\n"

    async def coming(self, *, until: Instant | None = None, limit: int = 10) -> Sequence[Coming]:
        """See `engine.api`."""
        return ()

    async def trigger(
        self,
        *,
        params: Mapping[str, str] = NOTHING,
        bypass: bool = False,
        downstream: bool = False,
        confirmed: bool = False,
    ) -> RunView:
        """See `engine.api`."""
        _unexpected("trigger")

    async def pause(self, for_seconds: float | None = None, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        _unexpected("pause")

    async def resume(self, *, aim: Aim | None = None) -> Undo | None:
        """See `engine.api`."""
        _unexpected("resume")

    async def stop(self, *, job: bool = False, grace: float | None = None, aim: Aim | None = None) -> Undo | None:
        """See `engine.api`."""
        _unexpected("stop")

    async def kill(self, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""
        _unexpected("kill")

    async def signal(self, number: int, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""
        _unexpected("signal")

    async def suspend(self, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        _unexpected("suspend")

    async def unsuspend(self, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        _unexpected("unsuspend")

    async def skip_next(self, *, at: Instant | None = None, undo: bool = False) -> Undo:
        """See `engine.api`."""
        _unexpected("skip_next")

    async def hold(self, reason: str = "", for_seconds: float | None = None, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        _unexpected("hold")

    async def release(self, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""
        _unexpected("release")

    async def enable(self, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        _unexpected("enable")

    async def disable(self, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        _unexpected("disable")

    async def postpone(self, seconds: float, *, at: Instant | None = None) -> Undo:
        """See `engine.api`."""
        _unexpected("postpone")

    async def set_timeout(self, seconds: float, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        _unexpected("set_timeout")

    async def backfill(self, start: Instant, end: Instant, *, parallel: int = 1) -> int:
        """See `engine.api`."""
        _unexpected("backfill")

    async def bump(self, by: int, *, aim: Aim | None = None) -> PrioritySet:
        """See `engine.api`."""
        _unexpected("bump")

    async def set_priority(self, priority: int) -> PrioritySet:
        """See `engine.api`."""
        _unexpected("priority")


class EngineVerbs:
    """The verbs of `engine.api.EngineView`, and an empty Inbox and audit."""

    __slots__ = ()

    async def place_of(self, job_id: str | None) -> FilePlace:
        """See `engine.api`."""
        _unexpected("place_of")

    async def file_changes(self) -> FileChanges:
        """See `engine.api`."""
        _unexpected("file_changes")

    async def reload(self, digest: str | None = None, *, confirmed: bool = False, stop: bool = False) -> FileChanges:
        """See `engine.api`."""
        _unexpected("reload")

    async def hold(self, reason: str = "", for_seconds: float | None = None, *, tag: str | None = None) -> Undo:
        """See `engine.api`."""
        _unexpected("hold")

    async def release(self, *, tag: str | None = None) -> None:
        """See `engine.api`."""
        _unexpected("release")

    async def processes_of(self, run_id: str) -> Sequence[ProcessDetails]:
        """See `engine.api`."""
        return ()

    async def log_since(self, run_id: str, at: Instant) -> int:
        """See `engine.api`."""
        _unexpected("log_since")

    async def log_times(self, run_id: str, start: int, end: int) -> Sequence[LogTime]:
        """See `engine.api`."""
        return ()

    async def log_find(
        self, run_id: str, query: LogQuery, start: int, *, back: bool = False, most: int = 100
    ) -> LogHits:
        """See `engine.api`."""
        _unexpected("log_find")

    async def rerun(self, target: str) -> str:
        """See `engine.api`."""
        _unexpected("rerun")

    async def ack(self, target: str, reason: str = "", *, until: Instant | None = None) -> int:
        """See `engine.api`."""
        _unexpected("ack")

    async def inbox(self, *, job: str | None = None, limit: int = 100) -> Sequence[RunRecord]:
        """See `engine.api`."""
        return ()

    async def add_file(self, path: Path) -> Sequence[str]:
        """See `engine.api`."""
        _unexpected("add_file")

    async def remove(self, job_id: str, running: str = "drain", *, wait: bool = True) -> None:
        """See `engine.api`."""
        _unexpected("remove")

    async def backup(self, path: Path) -> int:
        """See `engine.api`."""
        _unexpected("backup")

    async def days(self, *, job: str | None = None, count: int = 30) -> Sequence[DayRecord]:
        """See `engine.api`."""
        return ()

    async def audit(
        self, *, job: str | None = None, since: Instant | None = None, limit: int = 100
    ) -> Sequence[AuditRecord]:
        """See `engine.api`."""
        return ()

    async def system(self) -> SystemRecord:
        """See `engine.api`."""
        return SystemRecord(pools=(), store_bytes=None, log_disk_free=None, log_disk_total=None)

    async def record(self, run_id: str) -> RunRecord | None:
        """See `engine.api`."""
        return None

    async def undo(self, undo: Undo) -> None:
        """See `engine.api`."""
        _unexpected("undo")

    async def shutdown(self, drain: float | None = None, *, leave: bool = False) -> Sequence[str]:
        """See `engine.api`."""
        _unexpected("shutdown")
