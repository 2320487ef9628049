"""Runs on this machine, carried out by a keeper process: the engine's end.

The keeper is authoritative for its runs. What is remembered here per attempt serves two ends only: to make good the
loss of the keeper while the engine lives (its runs go on, a new keeper takes them over, their exit codes stay
unknown), and to sample what each tree uses.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from engine.clock import Clock
from engine.executors.guarding import Guard
from engine.executors.local.connection import Connection, KeeperError, retire_socket, start_keeper
from engine.executors.local.elders import Elders
from engine.executors.local.enforcement import GroupsFound, enforcement
from engine.executors.local.held import Held, boot_id, fate, told
from engine.executors.local.keeper.link import IDLE, PROTOCOL
from engine.executors.local.sweep import Sampler
from engine.executors.local.wire import Adopted, Adoption, Reference, Welcome, encode, encode_adopt
from engine.model.system import Enforced
from engine.ports.executor import (
    Acknowledge,
    AttemptId,
    AttemptRef,
    Ended,
    Launch,
    Limit,
    Missing,
    NotFound,
    Order,
    Pause,
    Recovered,
    Report,
    Resume,
    SetTimeout,
    Signal,
    Sink,
    SpawnFailed,
    Started,
    StillRunning,
    StillWaiting,
    Stop,
    Withdraw,
    Withdrawn,
)

_DIALS: Final = 3
"""Tries to find a keeper: the one that is there may leave while we knock."""
_RETRY: Final = 1.0
"""Seconds between tries to start a keeper after one was lost."""


class LocalExecutor:
    """`engine.ports.executor.Executor` for this machine; its keeper's socket and log lie in `state_dir`."""

    def __init__(self, state_dir: Path, clock: Clock, *, idle: float = IDLE) -> None:
        """`idle`: seconds that a keeper with nothing to do outlives an engine that vanished."""
        self._state_dir = state_dir.absolute()
        self._clock = clock
        self._idle = idle
        self._connection: Connection | None = None
        self._keeper_pid: int | None = None
        self._groups: GroupsFound | None = None
        self._sink: Sink | None = None
        self._held: dict[AttemptId, Held] = {}
        self._limit: Limit | None = None
        self._outbox: list[Order] = []
        self._flushing = False
        self._early: list[Report] | None = []
        """Reports from before `open` returned: they come after its answer."""
        self._adoption: asyncio.Future[tuple[Adoption, ...]] | None = None
        self._recovery: asyncio.Task[None] | None = None
        self.guard = Guard()
        self._elders = Elders(self._state_dir, self._hear, self._lose_elder, self.guard)
        self._affected: dict[AttemptId, Held] = {}
        """Attempts whose keeper was lost, until it is known what became of them."""
        self._sampler = Sampler(clock, self._deliver, self.guard)
        self._closed = False

    @property
    def name(self) -> str:
        """`local`."""
        return "local"

    @property
    def keeper_pid(self) -> int | None:
        """The process that is the parent of new runs; None while there is none."""
        return self._keeper_pid

    @property
    def enforced(self) -> tuple[Enforced, ...]:
        """What can be enforced here, as the keeper found it; empty before there was one."""
        return () if self._groups is None else enforcement(self._groups)

    async def open(self, known: Sequence[AttemptRef], sink: Sink) -> Sequence[Recovered]:
        """Find the keeper or start one, and say what became of each attempt in `known`, in its order.

        Of what the keeper holds and `known` does not name, launches that wait are withdrawn and ends acknowledged:
        nobody will ask for them. OSError (KeeperError) if there can be no keeper.
        """
        self._sink = sink
        earlier = {reference.attempt: Held(reference) for reference in known}
        self._held = dict(earlier)  # what is submitted meanwhile comes to it, and is nothing to be asked about
        await self._elders.find()
        welcome, fresh = await self._connect()
        fates = await self._reconcile(self._elders.fates | told(welcome), earlier, fresh=fresh)
        for recovered in fates:
            match recovered:
                case StillRunning(started):
                    held = self._held[started.attempt]
                    held.found(recovered, self._clock.now())
                    self._sampler.add(
                        started.attempt, held.order.tag, started.pid, held.order.monitor, from_start=False
                    )
                case StillWaiting():
                    pass
                case Ended(attempt) | SpawnFailed(attempt) | NotFound(attempt):
                    del self._held[attempt]
        self._drop_strangers(welcome, set(earlier))
        asyncio.get_running_loop().call_soon(self.guard(self._deliver_early))
        return fates

    def submit(self, orders: Sequence[Order]) -> None:
        """Send orders with the next turn of the loop, all of one turn in one packet."""
        for order in orders:
            match order:
                case Launch(attempt):
                    self._held.setdefault(attempt, Held(order))
                case Limit():
                    self._limit = order
                case Stop(attempt) | Pause(attempt) | Resume(attempt):
                    if attempt in self._held:
                        self._held[attempt].unanswered = order
                case SetTimeout(attempt, seconds):
                    if attempt in self._held:
                        self._held[attempt].set_timeout(seconds)
                case Withdraw() | Acknowledge() | Signal():
                    pass
        self._outbox.extend(orders)
        self._flush_soon()

    async def close(self) -> None:
        """Send what is to be sent and hang up. Runs go on; a keeper without any leaves."""
        self._closed = True
        self._sampler.close()
        if self._recovery is not None:
            self._recovery.cancel()
            await asyncio.wait([self._recovery])
        self._flush()
        if self._connection is not None:
            await self._connection.sent()
            self._connection.close(goodbye=True)
            self._connection = None
        await self._elders.close()

    # -- orders out

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self.guard(self._flush))

    def _flush(self) -> None:
        """What cannot be sent now, because a keeper was lost, waits for the next one."""
        self._flushing = False
        if self._outbox and self._connection is not None and self._recovery is None:
            orders = self._elders.route(self._outbox) if self._elders.any else self._outbox
            messages = [encode(order) for order in orders]
            self._outbox.clear()
            self._connection.send(messages)

    # -- reports in

    def _hear(self, heard: Sequence[Report | Adopted]) -> None:
        reports: list[Report] = []
        for report in heard:
            if not isinstance(report, Adopted):
                reports.append(report)
            elif self._adoption is not None and not self._adoption.done():
                self._adoption.set_result(report.answers)
        self._deliver(reports)

    def _deliver(self, reports: Sequence[Report]) -> None:
        noted = [passed for report in reports if (passed := self._note(report)) is not None]
        if self._early is not None:
            self._early.extend(noted)
        elif noted and self._sink is not None:
            self._sink(noted)

    def _deliver_early(self) -> None:
        early, self._early = self._early, None
        if early and self._sink is not None:
            self._sink(early)

    def _note(self, report: Report) -> Report | None:
        """Keep the books; None for a report about an attempt that nobody here knows (any more)."""
        match report:
            case Ended(attempt) | SpawnFailed(attempt):
                peak = self._sampler.remove(attempt)
                if self._elders.any and self._elders.ended(attempt) and self._limit is not None:
                    self.submit([self._limit])  # one slot more for the keeper of our own version
                if self._held.pop(attempt, None) is None:
                    self.submit([Acknowledge((attempt,))])
                    return None
                if isinstance(report, Ended) and peak is not None:
                    return replace(report, peak_rss=max(peak, report.peak_rss or 0))
                return report
            case Withdrawn(attempts):
                for attempt in attempts:
                    self._held.pop(attempt, None)
                return report
            case _:
                held = self._held.get(report.attempt)
                if held is None:
                    return None
                if isinstance(report, Started) and held.started is None:
                    self._sampler.add(report.attempt, held.order.tag, report.pid, held.order.monitor, from_start=True)
                held.note(report)
                return report

    # -- keepers come and go

    async def _connect(self) -> tuple[Welcome, bool]:
        """A keeper's welcome, and whether we had to start it."""
        fresh = False
        for _ in range(_DIALS):
            try:
                connection, welcome = await Connection.open(self._state_dir, self._hear, self._lose, self.guard)
            except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError):
                pass  # there is none, or it was just leaving
            except KeeperError as error:
                if error.version is None:
                    raise
                retire_socket(self._state_dir)
            else:
                if welcome.protocol != PROTOCOL:
                    self._elders.take(connection, welcome, self._elders.move_aside(welcome.pid))
                    await asyncio.to_thread(start_keeper, self._state_dir, self._idle)
                    fresh = True
                    continue
                self._connection = connection
                self._keeper_pid = welcome.pid
                self._groups = welcome.groups
                return welcome, fresh
            fresh = True
            await asyncio.to_thread(start_keeper, self._state_dir, self._idle)
        raise KeeperError("leaves as soon as it is started")

    def _lose(self) -> None:
        """The connection ended: the keeper was killed, or dropped us."""
        self._connection = None
        self._keeper_pid = None
        if self._adoption is not None and not self._adoption.done():
            self._adoption.set_exception(ConnectionResetError("the keeper was lost"))
        if not self._closed and self._early is None:
            unsent = {order.attempt for order in self._outbox if isinstance(order, Launch)}
            self._recover_soon({a for a in self._held if a not in unsent and a not in self._elders})

    def _lose_elder(self, attempts: set[AttemptId]) -> None:
        """A keeper of another version was killed: our own takes over what it had."""
        if not self._closed:
            self._recover_soon(attempts)

    def _recover_soon(self, attempts: set[AttemptId]) -> None:
        self._affected |= {attempt: self._held[attempt] for attempt in attempts if attempt in self._held}
        if self._recovery is None:
            self._recovery = self.guard.watch(asyncio.get_running_loop().create_task(self._recover()))

    async def _recover(self) -> None:
        """Find or start a keeper, until there is one, and make it take over what was in the hands of the lost one."""
        while True:
            affected = dict(self._affected)
            try:
                known: dict[AttemptId, Recovered] = {}
                fresh = True
                if self._connection is None:
                    welcome, fresh = await self._connect()
                    known = told(welcome)
                fates = await self._reconcile(known, affected, fresh=fresh)
                if affected.keys() == self._affected.keys():
                    break
            except OSError as error:
                self._refuse_launches(error.errno or errno.ECONNREFUSED)
                await asyncio.sleep(_RETRY)
        again: list[Order] = [] if self._limit is None else [self._limit]
        reports: list[Report] = []
        for recovered in fates:
            match recovered:
                case StillRunning(started):
                    held = affected[started.attempt]
                    if held.started is None:
                        reports.append(started)
                    if held.unanswered is not None:
                        again.append(held.unanswered)
                case StillWaiting():
                    pass
                case Ended() | SpawnFailed():
                    reports.append(recovered)
                case NotFound(attempt, Missing.NEVER_STARTED):
                    reports.append(SpawnFailed(attempt, self._clock.now(), errno.ECONNRESET, "keeper"))
                case NotFound(attempt):
                    reports.append(affected[attempt].lost(self._clock.now()))
        self._outbox[:0] = again
        self._recovery = None
        self._affected.clear()
        self._flush()
        self._deliver(reports)

    async def _reconcile(
        self, said: Mapping[AttemptId, Recovered], held: Mapping[AttemptId, Held], *, fresh: bool
    ) -> list[Recovered]:
        """What became of each: as keepers have `said`, else as a search for its tag does."""
        fates = dict(said)
        boot = boot_id()
        search = [h.reference(self._clock.now()) for a, h in held.items() if a not in fates and h.may_live(boot)]
        for adoption in await self._adopt(search):
            known_start = held[adoption.attempt].start_on_record
            fates[adoption.attempt] = fate(adoption, self._clock.now(), gone=fresh or known_start)
        return [fates.get(attempt, NotFound(attempt, Missing.REBOOTED)) for attempt in held]

    async def _adopt(self, references: Sequence[Reference]) -> tuple[Adoption, ...]:
        if not references:
            return ()
        if self._connection is None:
            raise ConnectionResetError("the keeper was lost")
        self._adoption = asyncio.get_running_loop().create_future()
        self._connection.send([encode_adopt(references)])
        return await self._adoption

    def _drop_strangers(self, welcome: Welcome, known: set[AttemptId]) -> None:
        waiting = tuple(attempt for attempt in welcome.waiting if attempt not in known)
        kept = tuple(end.attempt for end in welcome.kept if end.attempt not in known) + self._elders.strangers(known)
        self.submit([order for order in (Withdraw(waiting), Acknowledge(kept)) if order.attempts])

    def _refuse_launches(self, code: int) -> None:
        """No keeper can be had: say so for every start that waits for one, instead of keeping it silently."""
        refused = [order.attempt for order in self._outbox if isinstance(order, Launch)]
        self._outbox = [order for order in self._outbox if not isinstance(order, Launch)]
        at = self._clock.now()
        self._deliver([SpawnFailed(attempt, at, code, "keeper") for attempt in refused])
