"""A job, live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.api import Aim
from engine.clock import Instant
from engine.core.explain import status_of, why_idle, why_queued
from engine.core.state import Job as Subject
from engine.core.state import Run as RunSubject
from engine.core.turn import Turn
from engine.core.verbs.aiming import check_aim
from engine.core.verbs.pause import hold_job, pause_run
from engine.core.verbs.priority import set_priority
from engine.core.verbs.resume import release_job, resume_run
from engine.core.verbs.stop import stop_job, stop_runs
from engine.core.verbs.trigger import trigger
from engine.facade.mailbox import Mailbox
from engine.facade.run import Run
from engine.model.outcome import Outcome
from engine.model.record import Counters, JobRecord, Why
from engine.model.states import JobStatus, RunPhase
from engine.runtime.records import job_record


@dataclass(frozen=True, slots=True)
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
        """As written."""
        return self._subject.spec.enabled

    @property
    def held(self) -> bool:
        """See `engine.api`."""
        return self._subject.held

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
        return self._subject.next_due if self._subject.may_start else None

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
        return self._subject.cpu_ring

    @property
    def rss_ring(self) -> Sequence[int]:
        """See `engine.api`."""
        return self._subject.rss_ring

    def why(self) -> Why:
        """See `engine.api`."""
        state, now = self._box.loop.turn.state, self._box.loop.now()
        line = why_idle(state, self._subject, now)
        running = [f"{run.run_id} is {run.phase}" for run in self._subject.active]
        waiting = [f"{run.run_id}: {why_queued(state, run, now)}" for run in self._subject.queue]
        return Why(
            id=self.id,
            status=self.status,
            reason=line or f"it runs: {running[0] if running else '?'}",
            details=(*running, *waiting),
        )

    def record(self) -> JobRecord:
        """See `engine.api`."""
        return job_record(self._box.loop.turn.state, self._subject, self._box.loop.now(), self._host)

    async def trigger(self, *, bypass: bool = False) -> Run:
        """See `engine.api`."""
        run = await self._box.change(lambda turn: trigger(turn, self.id, bypass=bypass))
        return Run(run, self._box, self._host)

    async def pause(self, for_seconds: float | None = None, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""

        def act(turn: Turn) -> list[RunSubject]:
            check_aim(self._subject, aim)
            running = [run for run in self._subject.active if run.phase is RunPhase.RUNNING]
            if not running:
                hold_job(turn, self._subject, for_seconds)
            for run in running:
                pause_run(turn, run, for_seconds)
            return running

        await self._box.change_process(act)

    async def resume(self, *, aim: Aim | None = None) -> None:
        """See `engine.api`."""

        def act(turn: Turn) -> list[RunSubject]:
            check_aim(self._subject, aim)
            paused = [run for run in self._subject.active if run.phase is RunPhase.PAUSED]
            if self._subject.held or self._subject.stopped or not paused:
                release_job(turn, self._subject)
            for run in paused:
                resume_run(turn, run)
            return paused

        await self._box.change_process(act)

    async def stop(self, *, job: bool = False, grace: float | None = None, aim: Aim | None = None) -> None:
        """See `engine.api`."""

        def act(turn: Turn) -> None:
            check_aim(self._subject, aim)
            (stop_job if job else stop_runs)(turn, self._subject, grace)

        await self._box.change(act)

    async def bump(self, by: int) -> int:
        """See `engine.api`."""
        return await self._box.change(lambda turn: set_priority(turn, self._subject, self._subject.priority + by))

    async def set_priority(self, priority: int) -> int:
        """See `engine.api`."""
        return await self._box.change(lambda turn: set_priority(turn, self._subject, priority))
