"""A job, live."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from engine.clock import Instant
from engine.core.coming import coming
from engine.core.explain import bump_helps, holds_on, status_of, why_idle, why_queued
from engine.facade.job_verbs import JobVerbs
from engine.facade.run import Run
from engine.jobfile.effective import effective_yaml, with_changes
from engine.model.coming import Coming
from engine.model.environment import Environment
from engine.model.marks import Marks
from engine.model.outcome import Outcome
from engine.model.record import Counters, JobRecord, Why
from engine.model.states import JobStatus
from engine.model.stats import JobStats
from engine.runtime.records import job_record
from engine.spec.job import Join, Manual, Required
from engine.spec.limits import Limits
from engine.spec.log import LogFormat
from engine.spec.params import Param
from engine.values import lean

_COMING_SLICE: Final = 20
"""Occurrences between two looks at the loop: 100 us each where the zone and DST have a say."""


@lean(frozen=True, slots=True)
class Job(JobVerbs):
    """Implements `engine.api.JobView` on the loop's own object: what there is to know; the verbs are its base's."""

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
