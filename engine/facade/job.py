"""A job, live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from engine.api import Aim
from engine.clock import Instant
from engine.core.coming import coming
from engine.core.explain import bump_helps, holds_on, status_of, why_idle, why_queued
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
from engine.jobfile.effective import effective_yaml, with_changes
from engine.model.actor import actor
from engine.model.audit import Deed
from engine.model.coming import Coming
from engine.model.environment import Environment
from engine.model.marks import Marks
from engine.model.outcome import Outcome
from engine.model.record import Counters, JobRecord, Json, Why, iso
from engine.model.states import JobStatus
from engine.model.stats import JobStats
from engine.model.undo import NONE, PrioritySet, Undo
from engine.runtime.records import job_record
from engine.spec.job import NOTHING, Join, Manual, Required
from engine.spec.limits import Limits
from engine.spec.log import LogFormat
from engine.spec.params import Param, masked
from engine.values import lean

T = TypeVar("T")

_COMING_SLICE: Final = 20
"""Occurrences between two looks at the loop: 100 us each where the zone and DST have a say."""


@lean(frozen=True, slots=True)
class Job:
    """Implements `engine.api.JobView` on the loop's own object."""

    _subject: Subject
    _box: Mailbox
    _host: str

    @property
    def id(self) -> str:
        """The key in the job file."""
        return self._subject.spec.id

    @property
    def title(self) -> str:
        """What people call it."""
        return self._subject.spec.title

    @property
    def description(self) -> str:
        """As written."""
        return self._subject.spec.description

    @property
    def tags(self) -> tuple[str, ...]:
        """As written."""
        return self._subject.spec.tags

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the jobs it needs."""
        return tuple(need.job for need in self._subject.spec.needs)

    @property
    def follows(self) -> tuple[str, ...]:
        """See `engine.api`."""
        good = (Required.SUCCESS, Required.DONE)
        return tuple(need.job for need in self._subject.spec.needs if need.required in good)

    @property
    def join(self) -> Join:
        """As written."""
        return self._subject.spec.join

    @property
    def triggered(self) -> bool:
        """See `engine.api`."""
        spec = self._subject.spec
        return bool(spec.needs) and spec.schedule is None

    @property
    def pools(self) -> Mapping[str, int]:
        """As written."""
        return self._subject.spec.pools

    @property
    def exclusive(self) -> bool | str:
        """As written."""
        return self._subject.spec.exclusive

    @property
    def environment(self) -> Environment:
        """As written."""
        spec = self._subject.spec
        return Environment(
            inherit=spec.inherit,
            env_files=spec.env_files,
            env=tuple(name for name in spec.env if name not in spec.from_env_files),
            secrets=tuple(spec.secrets),
        )

    @property
    def schedule_text(self) -> str:
        """See `engine.api`."""
        return self._subject.schedule_text

    @property
    def version(self) -> int:
        """See `engine.api`."""
        return self._subject.version

    @property
    def status(self) -> JobStatus:
        """See `engine.core.explain.status_of`."""
        return status_of(self._box.loop.turn.state, self._subject)

    @property
    def enabled(self) -> bool:
        """As written, or as an operator set it."""
        return self._subject.enabled

    @property
    def held(self) -> bool:
        """See `engine.api`."""
        return self._subject.held

    @property
    def suspended(self) -> bool:
        """See `engine.api`."""
        return self._subject.suspended

    @property
    def changed(self) -> tuple[str, ...]:
        """See `engine.api`."""
        return self._subject.changed

    @property
    def marks(self) -> Marks:
        """See `engine.api`."""
        return self._subject.marks

    @property
    def manual(self) -> Manual:
        """As written."""
        return self._subject.spec.manual

    @property
    def priority(self) -> int:
        """As written, or as an operator set it."""
        return self._subject.priority

    @property
    def effective_priority(self) -> float:
        """Of its first queued run, else the priority."""
        queue = self._subject.queue
        if not queue:
            return self._subject.priority
        return self._box.loop.turn.state.effective_priority(queue[0], self._box.loop.now())

    @property
    def next_run(self) -> Instant | None:
        """See `engine.api`."""
        return self._subject.next_run

    @property
    def last_started_at(self) -> Instant | None:
        """Start of the newest run."""
        return self._subject.last_started_at

    @property
    def last_ended_at(self) -> Instant | None:
        """End of the last run that ended."""
        return self._subject.last_ended_at

    @property
    def last_outcome(self) -> Outcome | None:
        """Fate of the newest run that has one."""
        return self._subject.last_outcome

    @property
    def last_run_outcome(self) -> Outcome | None:
        """See `engine.api`."""
        return self._subject.last_run_outcome

    @property
    def last_reason(self) -> str | None:
        """Why."""
        return self._subject.last_reason

    @property
    def last_run_id(self) -> str | None:
        """See `engine.api`."""
        return self._subject.last_run_id

    @property
    def last_seconds(self) -> float | None:
        """See `engine.api`."""
        return self._subject.last_seconds

    @property
    def counters(self) -> Counters:
        """A copy."""
        return self._subject.tally.frozen()

    @property
    def active(self) -> Sequence[Run]:
        """See `engine.api`."""
        return [Run(run, self._box, self._host) for run in self._subject.active]

    @property
    def queued(self) -> Sequence[Run]:
        """See `engine.api`."""
        return [Run(run, self._box, self._host) for run in self._subject.queue]

    @property
    def cpu_ring(self) -> Sequence[float]:
        """See `engine.api`."""
        rings = self._subject.rings
        return () if rings is None else rings.cpu

    @property
    def rss_ring(self) -> Sequence[int]:
        """See `engine.api`."""
        rings = self._subject.rings
        return () if rings is None else rings.rss

    @property
    def cpu_rollup(self) -> Sequence[float]:
        """See `engine.api`."""
        rings = self._subject.rings
        return () if rings is None else rings.long.cpu

    @property
    def rss_rollup(self) -> Sequence[float]:
        """See `engine.api`."""
        rings = self._subject.rings
        return () if rings is None else rings.long.rss

    @property
    def log_format(self) -> LogFormat:
        """As written."""
        return self._subject.spec.log.format

    @property
    def limits(self) -> Limits:
        """As written."""
        return self._subject.spec.limits

    def stats(self) -> JobStats | None:
        """See `engine.api`."""
        tracked = self._subject.tracked
        return None if tracked is None else tracked.frozen()

    async def coming(self, *, until: Instant | None = None, limit: int = 10) -> Sequence[Coming]:
        """See `engine.api`. A dense schedule is walked in slices, beside whatever else the loop has to do."""
        found: list[Coming] = []
        for one in coming(self._subject, self._box.loop.now()):
            if len(found) >= limit or (until is not None and one.at > until):
                break
            found.append(one)
            if len(found) % _COMING_SLICE == 0:
                await asyncio.sleep(0)
        return found

    def why(self) -> Why:
        """See `engine.api`."""
        state, now = self._box.loop.turn.state, self._box.loop.now()
        queue = self._subject.queue
        line = why_idle(state, self._subject, now, placed=True)
        running = [f"{run.run_id} is {run.phase}" for run in self._subject.active]
        waiting = [f"{run.run_id}: {why_queued(state, run, now)}" for run in queue]
        return Why(
            id=self.id,
            status=self.status,
            reason=line or f"it runs: {running[0] if running else '?'}",
            details=(*running, *waiting),
            holds=holds_on(self._subject),
            bump_helps=bool(queue) and bump_helps(state, queue[0], now),
        )

    def record(self) -> JobRecord:
        """See `engine.api`."""
        return job_record(self._box.loop.turn.state, self._subject, self._box.loop.now(), self._host)

    @property
    def params(self) -> Mapping[str, Param]:
        """As written."""
        return self._subject.spec.params

    async def effective_yaml(self) -> str:
        """See `engine.api`."""
        subject = self._subject
        spec = with_changes(subject.spec, enabled=subject.enabled, priority=subject.priority, timeout=subject.timeout)
        return effective_yaml(spec, written=subject.spec)

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
        back = NONE if undo else {"undo": True}
        deed = self._deed("skip_next", None, {"at": iso(at), "undo": undo})

        def act(turn: Turn, subject: Subject) -> None:
            if undo:
                undo_skip_next(turn, subject)
            else:
                skip_next(turn, subject, at)

        return await self._turn("skip", act, "skip_next", deed, None, arguments=lambda _: back)

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
