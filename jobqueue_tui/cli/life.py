"""How an engine that this program runs comes to its end: signals and `ctl shutdown`, the first decides, the next hurries."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from engine.errors import Refused, RefusedCode
from engine.facade import Engine
from engine.facade.following import logged
from engine.model.actor import acting_as
from engine.spec.config import OnTerm
from engine.values import lean
from jobqueue_tui.cli.exits import Exit

if TYPE_CHECKING:
    from jobqueue_tui.server.wish import Shutdown  # it brings the server's library, which `--no-listen` does without

_LOG: Final = logging.getLogger(__name__)

_NO_MEANING_YET: Final = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU)
"""Their default would end or stop an engine. A handler that does nothing, not SIG_IGN, which jobs would inherit."""


@lean(frozen=True, slots=True)
class Ending:
    """How the engine is to end. `drain` None: as the job file says."""

    code: Exit
    drain: float | None = None
    leave: bool = False
    who: str = "signal"


class Life:
    """Waits for the wish that the engine ends, and ends it."""

    def __init__(self, engine: Engine, on_term: OnTerm, *, campaign: bool) -> None:
        self._engine = engine
        self._campaign = campaign
        # PID 1 drains since the container goes with it, `--until-idle` since nobody would take the runs over
        self._leave_on_term = on_term is OnTerm.LEAVE and not campaign and os.getpid() != 1
        self.wish: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        """EngineFault in its place when the engine ended by itself, which it does for a fault of its own alone."""
        self._reloads: set[asyncio.Task[None]] = set()
        self._hurry: asyncio.Task[Sequence[str]] | None = None
        self._watch = asyncio.get_running_loop().create_task(engine.wait_stopped())
        self._watch.add_done_callback(self._engine_ended)

    def take_signals(self) -> None:
        """TERM and INT end the engine in order, a second one at once; HUP has it read its job file."""
        loop = asyncio.get_running_loop()
        terminated = Exit.TERMINATED if self._campaign else Exit.OK
        loop.add_signal_handler(signal.SIGTERM, self._signalled, terminated)
        loop.add_signal_handler(signal.SIGINT, self._signalled, Exit.INTERRUPTED)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        for number in _NO_MEANING_YET:
            loop.add_signal_handler(number, _LOG.info, "signal %s is not used", number.name)

    def _reload(self) -> None:
        """HUP: whoever sends it has decided."""
        task = asyncio.get_running_loop().create_task(self._reloaded())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def _reloaded(self) -> None:
        with acting_as("signal"):
            await logged(self._engine.reload(confirmed=True))

    def shutdown(self, wish: Shutdown) -> None:
        """The wish of a client. Refused when the engine is ending already."""
        if self.wish.done():
            raise Refused(RefusedCode.SHUTTING_DOWN, "the engine is ending already", "a second TERM stops runs at once")
        self.wish.set_result(Ending(Exit.TERMINATED if self._campaign else Exit.OK, wish.drain, wish.leave, wish.who))

    def _engine_ended(self, watch: asyncio.Task[None]) -> None:
        fault = None if watch.cancelled() else watch.exception()
        if fault is not None and not self.wish.done():
            self.wish.set_exception(fault)
            self.wish.exception()  # also when nobody comes to ask: the log has it

    async def end(self, ending: Ending) -> int:
        """End the engine as wished; returns how many runs had to be stopped."""
        before = self._stopped()
        with acting_as(ending.who):
            await self._engine.shutdown(drain=ending.drain, leave=ending.leave)
        if self._hurry is not None:
            self._hurry.cancel()  # it came when all was over already: an ended engine answers nobody
        return self._stopped() - before

    def _signalled(self, code: Exit) -> None:
        if not self.wish.done():
            self.wish.set_result(Ending(code, leave=self._leave_on_term))
        elif self._hurry is None:
            self._hurry = asyncio.get_running_loop().create_task(self._engine.shutdown(drain=0.0))

    def _stopped(self) -> int:
        return sum(job.counters.stopped for job in self._engine.jobs)
