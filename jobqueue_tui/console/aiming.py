"""What a verb is aimed at: the job, and what of it was on the screen when the key was pressed."""

from __future__ import annotations

from typing import Final

from engine.api import Aim, JobView
from engine.clock import Instant
from engine.errors import Refused, RefusedCode
from engine.model.states import JobStatus, RunPhase
from engine.values import lean
from jobqueue_tui.terminal import one_line

GAP: Final = "   "
"""Between the name of a job and how it is, where several stand in a list."""

_NO_RUN: Final = Aim(None, None)


@lean(frozen=True, slots=True)
class Seen:
    """What a row showed of a job that decides what a key does to it: its run, its holds, its schedule."""

    aim: Aim
    held: bool
    stopped: bool
    suspended: bool

    @classmethod
    def of(cls, job: JobView) -> Seen:
        """What there is to see now: the newest active run and its state stand for all of them."""
        active = job.active
        if active:
            # stopped or not, what a key does is decided by the run; the status need not be asked for
            return cls(Aim(active[-1].run_id, active[-1].phase), job.held, False, job.suspended)
        return cls(_NO_RUN, job.held, job.status is JobStatus.STOPPED, job.suspended)

    @property
    def stands(self) -> bool:
        """Whether `p` lets it go on instead of making it stand."""
        return self.aim.state is RunPhase.PAUSED or (self.aim.run_id is None and (self.held or self.stopped))


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

    def check_schedule(self) -> None:
        """Refused (`changed`) when its schedule was suspended or let go on since it was drawn; the engine's `Aim` knows
        runs only."""
        if self.job.suspended is not self.seen.suspended:
            raise Refused(
                RefusedCode.CHANGED, f"the schedule of {self.job.id} has changed", "look again and repeat the key"
            )

    def lines(self) -> list[str]:
        """What a dialog says about it."""
        job, aim = self.job, self.seen.aim
        lines = [] if job.title == job.id else [one_line(job.title)]
        lines.append("no active run" if aim.run_id is None else f"{one_line(aim.run_id)} is {aim.state}")
        if job.queued:
            lines.append(f"{len(job.queued)} queued")
        return lines

    def line(self) -> str:
        """The same in one line, for a list of several."""
        aim = self.seen.aim
        return f"{self.name}{GAP}{'no active run' if aim.run_id is None else f'{one_line(aim.run_id)} is {aim.state}'}"
