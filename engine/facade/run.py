"""A queued or active run, live."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.api import Aim
from engine.clock import Instant
from engine.core.explain import why_queued
from engine.core.marks import marks
from engine.core.state import Run as Subject
from engine.core.stopping import paused_until
from engine.core.turn import Turn
from engine.core.verbs.aiming import check_not_over, check_run_aim
from engine.core.verbs.kill import kill_run
from engine.core.verbs.pause import pause_run
from engine.core.verbs.priority import set_run_priority
from engine.core.verbs.resume import resume_run
from engine.core.verbs.signal import signal_run
from engine.core.verbs.stop import stop_run
from engine.facade.mailbox import Mailbox
from engine.model.actor import actor
from engine.model.audit import Deed
from engine.model.record import Json, RunKind, RunRecord
from engine.model.states import RunPhase
from engine.model.undo import NONE, PrioritySet, Undo
from engine.runtime.records import run_record
from engine.values import lean


@lean(frozen=True, slots=True)
class Run:
    """Implements `engine.api.RunView` on the loop's own object; stays valid after the run is over."""

    _subject: Subject
    _box: Mailbox
    _host: str

    @property
    def run_id(self) -> str:
        """`JOB:N`."""
        return self._subject.run_id

    @property
    def job_id(self) -> str:
        """Its job."""
        return self._subject.job.id

    @property
    def kind(self) -> RunKind:
        """What it came from."""
        return self._subject.kind

    @property
    def phase(self) -> RunPhase:
        """Its state."""
        return self._subject.phase

    @property
    def planned_at(self) -> Instant:
        """When it was due."""
        return self._subject.planned_at

    @property
    def queued_at(self) -> Instant:
        """Since when it is known."""
        return self._subject.queued_at

    @property
    def started_at(self) -> Instant | None:
        """When its first attempt started."""
        return self._subject.started_at

    @property
    def paused_us(self) -> int:
        """See `engine.model.facts`."""
        return paused_until(self._subject, self._box.loop.now())

    @property
    def attempt(self) -> int:
        """See `engine.api`."""
        return self._subject.attempts_made

    @property
    def pid(self) -> int | None:
        """The leader of its process tree."""
        return self._subject.pid

    @property
    def cpu_percent(self) -> float | None:
        """Of the whole tree."""
        return self._subject.cpu_percent

    @property
    def rss_bytes(self) -> int | None:
        """Of the whole tree."""
        return self._subject.rss

    @property
    def log_path(self) -> str | None:
        """Where its output goes."""
        return self._subject.log_path

    @property
    def effective_priority(self) -> float:
        """See `engine.api`."""
        turn = self._box.loop.turn
        return turn.state.effective_priority(self._subject, self._box.loop.now())

    def why(self) -> str:
        """See `engine.api`."""
        if self._subject.phase is not RunPhase.QUEUED:
            return ""
        return why_queued(self._box.loop.turn.state, self._subject, self._box.loop.now())

    def record(self) -> RunRecord:
        """See `engine.api`."""
        return run_record(self._subject, self._box.loop.now(), self._host)

    async def pause(self, for_seconds: float | None = None, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""

        def act(turn: Turn) -> list[Subject]:
            check_run_aim(self._subject, aim)
            pause_run(turn, self._subject, for_seconds)
            return [self._subject]

        await self._box.change_process(act, self._deed("pause", aim, {"for": for_seconds}))

    async def resume(self, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""

        def act(turn: Turn) -> list[Subject]:
            check_run_aim(self._subject, aim)
            resume_run(turn, self._subject)
            return [self._subject]

        await self._box.change_process(act, self._deed("resume", aim))

    async def stop(self, grace: float | None = None, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""

        def act(turn: Turn) -> None:
            check_run_aim(self._subject, aim)
            check_not_over(self._subject)
            stop_run(turn, self._subject, grace)

        await self._box.change(act, self._deed("stop", aim, {"grace": grace}))

    async def kill(self, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""

        def act(turn: Turn) -> None:
            check_run_aim(self._subject, aim)
            check_not_over(self._subject)
            kill_run(turn, self._subject)

        await self._box.change(act, self._deed("kill", aim))

    async def signal(self, number: int, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""

        def act(turn: Turn) -> None:
            check_run_aim(self._subject, aim)
            signal_run(turn, self._subject, number)

        await self._box.change(act, self._deed("signal", aim, {"signal": number}))

    async def bump(self, by: int) -> PrioritySet:
        """See `engine.api`."""
        return await self._prioritise(lambda before: before + by, self._deed("bump", None, {"by": by}))

    async def set_priority(self, priority: int) -> PrioritySet:
        """See `engine.api`."""
        return await self._prioritise(lambda _: priority, self._deed("priority", None, {"priority": priority}))

    async def _prioritise(self, change: Callable[[int], int], deed: Deed) -> PrioritySet:
        def act(turn: Turn) -> PrioritySet:
            before, found = self._subject.priority, marks(self._subject.job, ("priority",))
            now = set_run_priority(turn, self._subject, change(before))
            left = marks(self._subject.job, ("priority",))
            return PrioritySet(now, Undo("priority", self.run_id, {"priority": before}, left, found))

        return await self._box.change(act, deed)

    def _deed(self, verb: str, aim: Aim | None, arguments: Mapping[str, Json] = NONE) -> Deed:
        seen = {} if aim is None or aim.runs is None else dict(aim.runs)
        state = seen.get(self.run_id, self.phase)
        return Deed(who=actor(), verb=verb, target=self.run_id, arguments=arguments, run_id=self.run_id, state=state)

    async def ended(self) -> RunRecord:
        """Wait until it is over and that is durable."""
        await self._box.until_over(self._subject)
        return self.record()
