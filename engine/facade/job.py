"""A job, live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from engine.api import Aim
from engine.clock import Instant
from engine.core.coming import coming
from engine.core.explain import bump_helps, holds_on, status_of, why_idle, why_queued
from engine.core.state import Job as Subject
from engine.core.state import Run as RunSubject
from engine.core.turn import Turn
from engine.core.verbs.aiming import check_aim
from engine.core.verbs.backfill import backfill
from engine.core.verbs.enable import disable, enable
from engine.core.verbs.kill import kill_runs
from engine.core.verbs.pause import hold_job, pause_run
from engine.core.verbs.postpone import postpone
from engine.core.verbs.priority import set_priority
from engine.core.verbs.resume import release_hold, release_job, resume_run
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
from engine.model.outcome import Outcome
from engine.model.record import Counters, JobRecord, Json, Why, iso
from engine.model.states import JobStatus, RunPhase
from engine.model.stats import JobStats
from engine.model.undo import NONE, PrioritySet, Undo
from engine.runtime.records import job_record
from engine.spec.job import NOTHING, Join, Manual, Required
from engine.spec.limits import Limits
from engine.spec.log import LogFormat
from engine.spec.params import Param, masked
from engine.values import lean

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
            return trigger(turn, self.id, bypass=bypass, downstream=downstream, confirmed=confirmed, params=params)

        given: dict[str, Json] = {"bypass": bypass, "downstream": downstream}
        if params:
            given["params"] = dict(masked(self._subject.spec.params, params))
        return Run(await self._box.change(act, self._deed("trigger", None, given)), self._box, self._host)

    async def pause(self, for_seconds: float | None = None, *, aim: Aim | None = None) -> Undo:
        """See `engine.api`."""

        def act(turn: Turn) -> list[RunSubject]:
            check_aim(self._subject, aim)
            running = [run for run in self._subject.active if run.phase is RunPhase.RUNNING]
            if not running:
                hold_job(turn, self._subject, for_seconds, by=deed.who)
            for run in running:
                pause_run(turn, run, for_seconds)
            return running

        deed = self._deed("pause", aim, {"for": for_seconds})
        await self._box.change_process(act, deed)
        return Undo("resume", self.id)

    async def resume(self, *, aim: Aim | None = None) -> Undo | None:
        """See `engine.api`."""
        was_stopped = self._subject.stopped

        def act(turn: Turn) -> list[RunSubject]:
            check_aim(self._subject, aim)
            paused = [run for run in self._subject.active if run.phase is RunPhase.PAUSED]
            if self._subject.held_since is not None or self._subject.stopped or not paused:
                release_job(turn, self._subject)
            for run in paused:
                resume_run(turn, run)
            return paused

        await self._box.change_process(act, self._deed("resume", aim))
        return None if was_stopped else Undo("pause", self.id)

    async def stop(self, *, job: bool = False, grace: float | None = None, aim: Aim | None = None) -> Undo | None:
        """See `engine.api`."""

        def act(turn: Turn) -> None:
            check_aim(self._subject, aim)
            (stop_job if job else stop_runs)(turn, self._subject, grace)

        await self._box.change(act, self._deed("stop", aim, {"job": job, "grace": grace}))
        return Undo("resume", self.id) if job else None

    async def kill(self, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""

        def act(turn: Turn) -> None:
            check_aim(self._subject, aim)
            kill_runs(turn, self._subject)

        await self._box.change(act, self._deed("kill", aim))

    async def signal(self, number: int, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""

        def act(turn: Turn) -> None:
            check_aim(self._subject, aim)
            signal_runs(turn, self._subject, number)

        await self._box.change(act, self._deed("signal", aim, {"signal": number}))

    async def suspend(self) -> Undo:
        """See `engine.api`."""
        await self._box.change(lambda turn: suspend(turn, self._subject), self._deed("suspend"))
        return Undo("unsuspend", self.id)

    async def unsuspend(self) -> Undo:
        """See `engine.api`."""
        await self._box.change(lambda turn: unsuspend(turn, self._subject), self._deed("unsuspend"))
        return Undo("suspend", self.id)

    async def skip_next(self, *, at: Instant | None = None, undo: bool = False) -> Undo:
        """See `engine.api`."""

        def act(turn: Turn) -> None:
            if undo:
                undo_skip_next(turn, self._subject)
            else:
                skip_next(turn, self._subject, at)

        await self._box.change(act, self._deed("skip_next", None, {"at": iso(at), "undo": undo}))
        return Undo("skip_next", self.id, NONE if undo else {"undo": True})

    async def hold(self, reason: str = "", for_seconds: float | None = None) -> Undo:
        """See `engine.api`."""
        deed = self._deed("hold", None, {"for": for_seconds}, reason)
        await self._box.change(
            lambda turn: hold_job(turn, self._subject, for_seconds, by=deed.who, reason=reason), deed
        )
        return Undo("release", self.id)

    async def release(self) -> None:
        """See `engine.api`."""
        await self._box.change(lambda turn: release_hold(turn, self._subject), self._deed("release"))

    async def enable(self) -> Undo:
        """See `engine.api`."""
        await self._box.change(lambda turn: enable(turn, self._subject), self._deed("enable"))
        return Undo("disable", self.id)

    async def disable(self) -> Undo:
        """See `engine.api`."""
        await self._box.change(lambda turn: disable(turn, self._subject), self._deed("disable"))
        return Undo("enable", self.id)

    async def postpone(self, seconds: float, *, at: Instant | None = None) -> Undo:
        """See `engine.api`."""

        def act(turn: Turn) -> Undo:
            return Undo("postpone", self.id, {"by": postpone(turn, self._subject, seconds, at)})

        return await self._box.change(act, self._deed("postpone", None, {"at": iso(at), "by": seconds}))

    async def set_timeout(self, seconds: float) -> Undo:
        """See `engine.api`."""

        def act(turn: Turn) -> Undo:
            before = self._subject.timeout or 0.0
            set_timeout(turn, self._subject, seconds)
            return Undo("set_timeout", self.id, {"timeout": before})

        return await self._box.change(act, self._deed("set_timeout", None, {"timeout": seconds}))

    async def backfill(self, start: Instant, end: Instant, *, parallel: int = 1) -> int:
        """See `engine.api`."""
        given: dict[str, Json] = {"from": iso(start), "to": iso(end), "parallel": parallel}
        return await self._box.change(
            lambda turn: len(backfill(turn, self._subject, start, end, parallel)), self._deed("backfill", None, given)
        )

    async def bump(self, by: int) -> PrioritySet:
        """See `engine.api`."""
        return await self._prioritise(lambda before: before + by, self._deed("bump", None, {"by": by}))

    async def set_priority(self, priority: int) -> PrioritySet:
        """See `engine.api`."""
        return await self._prioritise(lambda _: priority, self._deed("priority", None, {"priority": priority}))

    async def _prioritise(self, change: Callable[[int], int], deed: Deed) -> PrioritySet:
        def act(turn: Turn) -> PrioritySet:
            before = self._subject.priority
            now = set_priority(turn, self._subject, change(before))
            return PrioritySet(now, Undo("priority", self.id, {"priority": before}))

        return await self._box.change(act, deed)

    def _deed(self, verb: str, aim: Aim | None = None, arguments: Mapping[str, Json] = NONE, reason: str = "") -> Deed:
        """What the audit will say; without an aim, what the newest run is right now stands for what was seen."""
        newest = self._subject.active[-1] if self._subject.active else None
        seen = aim or (Aim(None, None) if newest is None else Aim(newest.run_id, newest.phase))
        return Deed(
            who=actor(),
            verb=verb,
            target=self.id,
            arguments=arguments,
            run_id=seen.run_id,
            state=seen.state,
            reason=reason,
        )
