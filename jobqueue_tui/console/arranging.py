"""Which jobs the table shows and in which order: filter, problems only, sort, groups. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TypeAlias

from engine.api import JobView
from engine.clock import Instant
from engine.values import lean
from jobqueue_tui.console.filtering import Filter, JobFacet
from jobqueue_tui.console.problems import problem_of
from jobqueue_tui.console.signs import sign_of
from jobqueue_tui.console.sorting import Sort


class Grouping(StrEnum):
    """By what jobs stand together, in the order of `b`."""

    NONE = "none"
    TAG = "tag"
    POOL = "pool"
    STATUS = "status"

    @property
    def following(self) -> Grouping:
        """The next one."""
        every = list(Grouping)
        return every[(every.index(self) + 1) % len(every)]


@lean(frozen=True, slots=True)
class Heading:
    """The line above a group."""

    name: str
    count: int
    running: int
    problems: int


Row: TypeAlias = "JobView | Heading"


@lean(frozen=True, slots=True)
class Arrangement:
    """How the table is looked at."""

    filter: Filter = Filter()
    problems_only: bool = False
    order: Sort = Sort()
    grouping: Grouping = Grouping.NONE

    def narrows(self) -> bool:
        """Whether jobs are left out."""
        return bool(self.filter) or self.problems_only

    def moves(self, steady: Callable[[str], bool]) -> bool:
        """Whether an event of a job can change which rows there are, or their order."""
        return (
            self.narrows()
            or self.grouping is Grouping.STATUS
            or bool(self.order.letter and not steady(self.order.letter))
        )

    def rows(self, jobs: Iterable[JobView], now: Instant) -> list[Row]:
        """What is shown."""
        if self.filter:
            jobs = [job for job in jobs if self.filter.passes(JobFacet(job))]
        if self.problems_only:
            jobs = [job for job in jobs if problem_of(job, now)]
        ordered = self.order.apply(jobs, now)
        if self.grouping is Grouping.NONE:
            return list(ordered)
        groups: dict[str, list[JobView]] = {}
        for job in ordered:
            groups.setdefault(self._group(job), []).append(job)
        rows: list[Row] = []
        for name in sorted(groups, key=lambda name: (not name, name)):
            members = groups[name]
            running = sum(1 for job in members if job.active)
            problems = sum(1 for job in members if problem_of(job, now))
            rows.append(Heading(name or f"no {self.grouping}", len(members), running, problems))
            rows.extend(members)
        return rows

    def _group(self, job: JobView) -> str:
        match self.grouping:
            case Grouping.STATUS:
                return sign_of(job).word
            case Grouping.POOL:
                return next(iter(job.pools), "")
            case _:
                return job.tags[0] if job.tags else ""
