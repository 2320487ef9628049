"""The verbs of a job, as `engine.api.JobView` has them: checked and done in one turn of the loop, on record with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from engine.api import Aim
from engine.clock import Instant
from engine.core.marks import marks
from engine.core.state import Job as Subject
from engine.core.state import Run as RunSubject
from engine.core.turn import Turn
from engine.core.verbs.aiming import check_aim, check_listed, check_mark
from engine.core.verbs.backfill import backfill
from engine.core.verbs.enable import disable, enable
from engine.core.verbs.kill import kill_runs
from engine.core.verbs.pause import hold_job, pause_runs
from engine.core.verbs.postpone import postpone
from engine.core.verbs.priority import set_priority
from engine.core.verbs.resume import release_hold, resume_runs
from engine.core.verbs.set_timeout import set_timeout
from engine.core.verbs.signal import signal_runs
from engine.core.verbs.skip_next import skip_next, undo_skip_next
from engine.core.verbs.stop import stop_job, stop_runs
from engine.core.verbs.suspend import suspend, unsuspend
from engine.core.verbs.trigger import trigger
from engine.facade.mailbox import Mailbox
from engine.facade.run import Run
from engine.model.actor import actor
from engine.model.audit import Deed
from engine.model.record import Json, iso
from engine.model.undo import NONE, PrioritySet, Undo
from engine.spec.job import NOTHING
from engine.spec.params import masked
from engine.values import lean

T = TypeVar("T")


@lean(frozen=True, slots=True)
class JobVerbs:
    """What can be done with the loop's own object."""

    _subject: Subject
    _box: Mailbox
    _host: str

    @property
    def id(self) -> str:
        """The key in the job file."""
        return self._subject.spec.id

    async def trigger(
        self,
        *,
        params: Mapping[str, str] = NOTHING,
        bypass: bool = False,
        downstream: bool = False,
        confirmed: bool = False,
    ) -> Run:
        """See `engine.api`."""

        def act(turn: Turn) -> RunSubject:
            check_listed(turn, self._subject)
            return trigger(turn, self.id, bypass=bypass, downstream=downstream, confirmed=confirmed, params=params)

        given: dict[str, Json] = {"bypass": bypass, "downstream": downstream}
        if params:
            given["params"] = dict(masked(self._subject.spec.params, params))
        return Run(await self._box.change(act, self._deed("trigger", None, given)), self._box, self._host)

    async def pause(self, for_seconds: float | None = None, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        return await self._stand(
            "resume",
            self._deed("pause", aim, {"for": for_seconds}),
            lambda turn, deed: pause_runs(turn, self._subject, for_seconds, by=deed.who),
            aim,
        )

    async def resume(self, *, aim: Aim | None = None) -> Undo | None:
        """See `engine.api`."""
        was_stopped = self._subject.stopped
        undo = await self._stand(
            "pause", self._deed("resume", aim), lambda turn, _: resume_runs(turn, self._subject), aim
        )
        return None if was_stopped else undo

    async def _stand(
        self, back: str, deed: Deed, change: Callable[[Turn, Deed], list[RunSubject]], aim: Aim | None
    ) -> Undo:
        """Let it stand or go on; `back`: the verb that takes that back."""
        undos: list[Undo] = []

        def act(turn: Turn) -> list[RunSubject]:
            self._check(turn, aim, "hold")
            check_aim(self._subject, aim)
            before = marks(self._subject, ("hold",), self._subject.active)
            runs = change(turn, deed)
            left = marks(self._subject, ("hold",), runs)
            if left["hold"] == before["hold"]:
                del left["hold"]
            undos.append(Undo(back, self.id, left=left, found={name: before[name] for name in left}))
            deed.runs[:] = [run.run_id for run in runs]
            return runs

        await self._box.change_process(act, deed)
        return undos[0]

    async def stop(self, *, job: bool = False, grace: float | None = None, aim: Aim | None = None) -> Undo | None:
        """See `engine.api`."""
        end = stop_job if job else stop_runs
        deed = self._deed("stop", aim, {"job": job, "grace": grace})

        def act(turn: Turn) -> Undo | None:
            before, held = marks(self._subject, ("hold",)), self._subject.held_since is not None
            self._end(turn, aim, deed, lambda: end(turn, self._subject, grace, aim))
            if held or not job:
                return None  # `resume` would end the hold as well
            return Undo("resume", self.id, left=marks(self._subject, ("hold",)), found=before)

        return await self._box.change(act, deed)

    async def kill(self, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""
        deed = self._deed("kill", aim)
        await self._box.change(
            lambda turn: self._end(turn, aim, deed, lambda: kill_runs(turn, self._subject, aim)), deed
        )

    async def signal(self, number: int, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""
        deed = self._deed("signal", aim, {"signal": number})
        await self._box.change(
            lambda turn: self._end(turn, aim, deed, lambda: signal_runs(turn, self._subject, number)), deed
        )

    def _end(self, turn: Turn, aim: Aim | None, deed: Deed, change: Callable[[], list[RunSubject]]) -> None:
        check_listed(turn, self._subject)
        check_aim(self._subject, aim)
        deed.runs[:] = [run.run_id for run in change()]

    async def suspend(self, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        return await self._turn("schedule", suspend, "unsuspend", self._deed("suspend"), aim)

    async def unsuspend(self, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        return await self._turn("schedule", unsuspend, "suspend", self._deed("unsuspend"), aim)

    async def skip_next(self, *, at: Instant | None = None, undo: bool = False) -> Undo:
        """See `engine.api`."""
        deed = self._deed("skip_next", None, {"at": iso(at), "undo": undo})

        def act(turn: Turn, subject: Subject) -> Mapping[str, Json]:
            if undo:
                return {"at": iso(undo_skip_next(turn, subject))}
            skip_next(turn, subject, at)
            return {"undo": True}

        return await self._turn("skip", act, "skip_next", deed, None, arguments=lambda back: back)

    async def hold(self, reason: str = "", for_seconds: float | None = None, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        deed = self._deed("hold", None, {"for": for_seconds}, reason)

        def act(turn: Turn, subject: Subject) -> None:
            hold_job(turn, subject, for_seconds, by=deed.who, reason=reason)

        return await self._turn("hold", act, "release", deed, aim)

    async def release(self, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""

        def act(turn: Turn) -> None:
            self._check(turn, aim, "hold")
            release_hold(turn, self._subject)

        await self._box.change(act, self._deed("release"))

    async def enable(self, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        return await self._turn("enabled", enable, "disable", self._deed("enable"), aim)

    async def disable(self, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""
        return await self._turn("enabled", disable, "enable", self._deed("disable"), aim)

    async def postpone(self, seconds: float, *, at: Instant | None = None) -> Undo:
        """See `engine.api`."""
        deed = self._deed("postpone", None, {"at": iso(at), "by": seconds})
        return await self._turn(
            "postpone",
            lambda turn, subject: postpone(turn, subject, seconds, at),
            "postpone",
            deed,
            None,
            arguments=lambda before: {"by": before},
        )

    async def set_timeout(self, seconds: float, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""

        def act(turn: Turn, subject: Subject) -> float:
            before = subject.timeout or 0.0
            set_timeout(turn, subject, seconds)
            return before

        deed = self._deed("set_timeout", None, {"timeout": seconds})
        return await self._turn("timeout", act, "set_timeout", deed, aim, arguments=lambda before: {"timeout": before})

    async def _turn(
        self,
        what: str,
        change: Callable[[Turn, Subject], T],
        back: str,
        deed: Deed,
        aim: Aim | None,
        *,
        arguments: Callable[[T], Mapping[str, Json]] = lambda _: NONE,
    ) -> Undo:
        """Turn what has this mark; `back` and `arguments` (of what `change` returns) take it back."""

        def act(turn: Turn) -> Undo:
            self._check(turn, aim, what)
            found = marks(self._subject, (what,))
            before = change(turn, self._subject)
            return Undo(back, self.id, arguments(before), marks(self._subject, (what,)), found)

        return await self._box.change(act, deed)

    def _check(self, turn: Turn, aim: Aim | None, what: str) -> None:
        check_listed(turn, self._subject)
        check_mark(self._subject, what, aim)

    async def backfill(self, start: Instant, end: Instant, *, parallel: int = 1) -> int:
        """See `engine.api`."""

        def act(turn: Turn) -> int:
            check_listed(turn, self._subject)
            return len(backfill(turn, self._subject, start, end, parallel))

        given: dict[str, Json] = {"from": iso(start), "to": iso(end), "parallel": parallel}
        return await self._box.change(act, self._deed("backfill", None, given))

    async def bump(self, by: int, *, aim: Aim | None = None) -> PrioritySet:
        """See `engine.api`."""
        return await self._prioritise(lambda before: before + by, self._deed("bump", None, {"by": by}), aim)

    async def set_priority(self, priority: int) -> PrioritySet:
        """See `engine.api`."""
        return await self._prioritise(lambda _: priority, self._deed("priority", None, {"priority": priority}), None)

    async def _prioritise(self, change: Callable[[int], int], deed: Deed, aim: Aim | None) -> PrioritySet:
        def act(turn: Turn) -> PrioritySet:
            self._check(turn, aim, "priority")
            before, found = self._subject.priority, marks(self._subject, ("priority",))
            now = set_priority(turn, self._subject, change(before))
            left = marks(self._subject, ("priority",))
            return PrioritySet(now, Undo("priority", self.id, {"priority": before}, left, found))

        return await self._box.change(act, deed)

    def _deed(self, verb: str, aim: Aim | None = None, arguments: Mapping[str, Json] = NONE, reason: str = "") -> Deed:
        """What the audit will say; without an aim, what the active runs are right now stands for what was seen."""
        meant = None if aim is None else aim.runs
        seen = [(run.run_id, run.phase) for run in self._subject.active] if meant is None else meant
        run_id, state = seen[0] if len(seen) == 1 else (None, None)
        return Deed(
            who=actor(),
            verb=verb,
            target=self.id,
            arguments=arguments,
            run_id=run_id,
            state=state,
            reason=reason,
            runs=[one for one, _ in meant or ()],
        )
