"""What a test of the local executor holds: an executor on a real keeper, and everything that was reported."""

from __future__ import annotations

import asyncio
import os
import secrets
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from engine.clock import Instant
from engine.executors.local.executor import LocalExecutor
from engine.executors.local.held import boot_id
from engine.executors.local.keeper import processes
from engine.ports.executor import (
    Acknowledge,
    AttemptId,
    AttemptRef,
    Ended,
    Identity,
    Launch,
    Limit,
    Order,
    Recovered,
    Report,
    SpawnFailed,
    Started,
    Withdraw,
)
from engine.spec.job import OnLeftBehind
from engine.spec.limits import NO_LIMITS, Limits

R = TypeVar("R")

PATIENCE: Final = 20.0
"""Seconds until a condition that does not come fails the test; nothing waits this long when all is well."""
ENV: Final[Mapping[str, str]] = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


class RealClock:
    """Wall and monotonic time. No alarm: executors set none."""

    def now(self) -> Instant:
        return time.time_ns() // 1000

    def monotonic(self) -> int:
        return time.monotonic_ns() // 1000

    def arm(self, at: Instant | None, wake: Callable[[], None]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


async def eventually(condition: Callable[[], bool]) -> None:
    """Until a fact outside of all reports (a file, a process) holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # /proc and files send no events
            await asyncio.sleep(0.003)


def gone(pid: int) -> bool:
    """Whether a process is over (a zombie is)."""
    return processes.look_at(pid) is None


async def exit_of(pid: int) -> None:
    """Until a process that is nobody's business here has exited."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        await eventually(lambda: bool(select.select([fd], [], [], 0)[0]))
    finally:
        os.close(fd)


class Bench:
    """An open executor; several may follow each other on one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.state.mkdir(exist_ok=True)
        self.executor = LocalExecutor(self.state, RealClock())
        self.reports: list[Report] = []
        self.launched: dict[AttemptId, Launch] = {}
        self.keepers: set[int] = set()
        self._news = asyncio.Event()

    # -- doing

    async def open(self, known: Sequence[AttemptRef] = (), *, limit: int = 100) -> Sequence[Recovered]:
        """Connect; what became of `known`."""
        recovered = await self.executor.open(known, self._hear)
        self.reports.extend(fate for fate in recovered if isinstance(fate, Ended | SpawnFailed))
        self.keepers.add(self.keeper_pid)
        self.submit(Limit(limit))
        return recovered

    async def reopen(self, known: Sequence[AttemptRef] | None = None, *, limit: int = 100) -> Sequence[Recovered]:
        """A new executor in the place of the one that is gone or let go; `known` None: all attempts launched."""
        await self.executor.close()
        self.executor = LocalExecutor(self.state, RealClock())
        self.reports.clear()
        return await self.open([self.reference(a) for a in self.launched] if known is None else known, limit=limit)

    def submit(self, *orders: Order) -> None:
        self.executor.submit(orders)

    def launch(
        self,
        *argv: str,
        env: Mapping[str, str] = ENV,
        cwd: str = "/",
        log_path: str | None = None,
        umask: int = 0o022,
        stdin: str = "",
        timeout: float | None = None,
        stop_signal: int = 15,
        grace: float = 10.0,
        slot: bool = True,
        waits: bool = False,
        idle: float | None = None,
        limits: Limits = NO_LIMITS,
        identity: Identity | None = None,
        left_behind: OnLeftBehind = OnLeftBehind.RELEASE,
    ) -> AttemptId:
        """Order a start; the attempt's id."""
        attempt = f"job:{len(self.launched) + 1}.1"
        log = log_path or str(self.log(attempt))
        tag = secrets.randbits(61) + 1
        order = Launch(
            attempt, argv, env, cwd, log, tag, umask, stdin, timeout, stop_signal, grace, slot, waits, idle, limits
        )
        order = replace(order, identity=identity, left_behind=left_behind)
        self.launched[attempt] = order
        self.submit(order)
        return attempt

    def shell(self, script: str, *, stdin: str = "", timeout: float | None = None, grace: float = 10.0) -> AttemptId:
        """Order a start of `sh -c script`, in the test's folder."""
        return self.launch("/bin/sh", "-c", script, cwd=str(self.folder), stdin=stdin, timeout=timeout, grace=grace)

    # -- seeing

    @property
    def keeper_pid(self) -> int:
        pid = self.executor.keeper_pid
        assert pid is not None, "there is no keeper"
        return pid

    def log(self, attempt: AttemptId) -> Path:
        return self.folder / f"{attempt.replace(':', '-')}.log"

    def members(self, attempt: AttemptId) -> list[processes.Member]:
        """The living processes of a run."""
        return processes.members(self.launched[attempt].tag)

    def reference(self, attempt: AttemptId) -> AttemptRef:
        """What the store would know of it."""
        order = self.launched[attempt]
        started = next((r for r in self.reports if isinstance(r, Started) and r.attempt == attempt), None)
        pid, ticks = (None, None) if started is None else (started.pid, started.ticks)
        return AttemptRef(
            attempt=attempt,
            tag=order.tag,
            boot_id=boot_id(),
            pid=pid,
            ticks=ticks,
            log_path=order.log_path,
            started_at=None if started is None else started.at,
            slot=order.slot,
            timeout=order.timeout,
            stop_signal=order.stop_signal,
            grace=order.grace,
            idle=order.idle,
            limits=order.limits,
            left_behind=order.left_behind,
        )

    async def lose_both(self) -> None:
        """Engine and keeper die; `reopen` begins anew on what is left. `known` must be asked for before."""
        pid = self.keeper_pid
        await self.executor.close()
        os.kill(pid, signal.SIGKILL)
        await exit_of(pid)

    def said(self, attempt: AttemptId, kind: type[R]) -> list[R]:
        """The reports of a kind about an attempt."""
        return [r for r in self.reports if isinstance(r, kind) and getattr(r, "attempt", None) == attempt]

    async def heard(self, attempt: AttemptId, kind: type[R]) -> R:
        """The first report of a kind about an attempt."""
        await self.until(lambda: bool(self.said(attempt, kind)))
        return self.said(attempt, kind)[0]

    async def ended(self, attempt: AttemptId) -> Ended:
        return await self.heard(attempt, Ended)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Until the reports fulfil a condition."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def wrote(self, attempt: AttemptId, text: str) -> None:
        """Until the run's log holds a text: the way by which a script says how far it is."""
        log = self.log(attempt)
        await eventually(lambda: log.exists() and text in log.read_text(errors="replace"))

    def _hear(self, reports: Sequence[Report]) -> None:
        self.reports.extend(reports)
        self._news.set()

    # -- leaving

    async def clear(self) -> None:
        """Kill what is left, acknowledge all and see every keeper leave by itself."""
        self.submit(Limit(0), Withdraw(tuple(self.launched)))
        await self.ended(self.launch("/bin/true"))
        for order in self.launched.values():
            while left := processes.members(order.tag):
                for member in left:
                    processes.send_signal(member, order.tag, signal.SIGKILL)
        await self.ended(self.launch("/bin/true"))  # by now the keeper has seen the ends before it as well
        self.submit(Acknowledge(tuple(self.launched)))
        await self.executor.close()
        for pid in self.keepers:
            await exit_of(pid)
