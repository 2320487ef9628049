"""What a verb is aimed at: the job or the run, and what of it was on the screen when the key was pressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from engine.api import Aim, JobView
from engine.clock import Instant
from engine.model.states import JobStatus, RunPhase
from engine.values import lean
from jobqueue_tui.terminal import one_line

GAP: Final = "   "
"""Between the name of a job and how it is, where several stand in a list."""


@lean(frozen=True, slots=True)
class Seen:
    """What a row showed of a job that decides what a key does to it: its runs, its holds, its schedule."""

    aim: Aim
    held: bool
    stopped: bool
    suspended: bool
    enabled: bool

    @classmethod
    def of(cls, job: JobView) -> Seen:
        """What there is to see now."""
        runs = tuple([(run.run_id, run.phase) for run in job.active])
        # stopped or not, what a key does is decided by the runs; the status need not be asked for
        stopped = not runs and job.status is JobStatus.STOPPED
        return cls(Aim(runs, marks=job.marks), job.held, stopped, job.suspended, job.enabled)

    @property
    def runs(self) -> Sequence[tuple[str, RunPhase]]:
        """The active runs with their states, oldest first."""
        return self.aim.runs or ()

    @property
    def stands(self) -> bool:
        """Whether `p` lets it go on instead of making it stand: it is held, or all that could be paused of it is."""
        phases = {phase for _, phase in self.runs}
        return (RunPhase.PAUSED in phases and RunPhase.RUNNING not in phases) or (
            not phases and (self.held or self.stopped)
        )


@lean(frozen=True, slots=True)
class Meant:
    """Which occurrence of a job a verb is for: its planned time, None for the next one; `said` names it."""

    at: Instant | None
    said: str


NEXT: Final = Meant(None, "the next occurrence")


@lean(frozen=True, slots=True)
class Aimed:
    """A job under the cursor or marked, and what of it was drawn last."""

    job: JobView
    seen: Seen

    @classmethod
    def now(cls, job: JobView) -> Aimed:
        """As it is this moment, for a job that stands on no row."""
        return cls(job, Seen.of(job))

    @property
    def name(self) -> str:
        """Its id, harmless."""
        return one_line(self.job.id)

    @property
    def runs(self) -> Sequence[AimedRun]:
        """Its active runs, the newest first."""
        return [AimedRun(run_id, phase) for run_id, phase in reversed(self.seen.runs)]

    def with_waiting(self) -> Aimed:
        """With the runs that wait now, for a question about those as well: a row does not show which they are."""
        waiting = frozenset([run.run_id for run in self.job.queued])
        return replace(self, seen=replace(self.seen, aim=replace(self.seen.aim, queued=waiting)))

    def lines(self) -> list[str]:
        """What a dialog says about it."""
        job, runs = self.job, self.runs
        lines = [] if job.title == job.id else [one_line(job.title)]
        lines += [f"{len(runs)} runs are active:"] if len(runs) > 1 else []
        lines += [run.line() for run in runs] or ["no active run"]
        if job.queued:
            lines.append(f"{len(job.queued)} queued")
        return lines

    def line(self) -> str:
        """The same in one line, for a list of several."""
        match self.runs:
            case []:
                said = "no active run"
            case [run]:
                said = run.line()
            case runs:
                said = f"{len(runs)} runs are active: {', '.join(run.name for run in runs)}"
        return f"{self.name}{GAP}{said}"


@lean(frozen=True, slots=True)
class AimedRun:
    """A run that is not over, and the state in which it was drawn last."""

    run_id: str
    state: RunPhase

    @property
    def aim(self) -> Aim:
        """What a verb on it carries."""
        return Aim(((self.run_id, self.state),))

    @property
    def name(self) -> str:
        """Its id, harmless."""
        return one_line(self.run_id)

    def line(self) -> str:
        """What a dialog says about it."""
        return f"{self.name} is {self.state}"
