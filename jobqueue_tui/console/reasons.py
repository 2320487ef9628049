"""Why a job is not running, and which key changes that. Pure: views in, lines out."""

from __future__ import annotations

from engine.api import EngineView, JobView
from engine.errors import typed
from engine.model.record import Why
from engine.model.states import JobStatus
from engine.spec.job import Manual
from engine.values import lean
from jobqueue_tui.console import words
from jobqueue_tui.console.columns import Cell, is_slow
from jobqueue_tui.console.signs import OF_OUTCOME, Role, sign_of
from jobqueue_tui.terminal import one_line


@lean(frozen=True, slots=True)
class ReasonLine:
    """A line; `job_id`: the job that Enter leads to."""

    label: str
    cells: tuple[Cell, ...]
    job_id: str | None = None


def reasons_of(job: JobView, engine: EngineView) -> list[ReasonLine]:
    """The reason, its details, what helps, the jobs it needs, its next time."""
    now, why, sign = engine.now(), job.why(), sign_of(job)
    lines = [
        ReasonLine("status", ((f"{sign.glyph} {sign.word}", sign.role),)),
        ReasonLine("why", ((one_line(why.reason), Role.STRONG),)),
        *(ReasonLine("", ((one_line(line), Role.TEXT),)) for line in why.details if line not in why.reason),
    ]
    lines += [ReasonLine("what helps", ((text, Role.KEY),)) for text in _helps(job, why)]
    if is_slow(job, now):
        stats = job.stats()
        p95 = stats.seconds.p95 if stats is not None else None
        text = f"longer than 95 of 100 of its recent runs: {words.span(p95 or 0.0)}"
        lines.append(ReasonLine("slow", ((text, Role.WARN),)))
    for need in job.needs:
        lines.append(_need(need, engine))
    if job.next_run is not None:
        text = "now" if job.next_run <= now else f"in {words.countdown(job.next_run, now)}"
        lines.append(ReasonLine("next", ((text, Role.TEXT), (f"   {one_line(job.schedule_text)}", Role.MUTED))))
    return lines


def _helps(job: JobView, why: Why) -> list[str]:
    found = []
    if not job.enabled:
        found.append("a E enables it")
    wider = [hold for hold in why.holds if hold != job.id]
    own = len(why.holds) > len(wider)
    if job.status is JobStatus.PAUSED:
        found.append("p resumes its run; a o ends its own hold" if own else "p resumes its run")
    elif job.status is JobStatus.STOPPED:
        found.append("p lets it go on")
    elif own:
        found.append("p ends its own hold" if wider else "p lets it go on")
    found += [f"{typed('release', hold)} ends the hold of {words.held(hold)}" for hold in wider]
    if job.suspended:
        startable = job.enabled and not why.holds and job.manual is not Manual.DENY
        found.append("s lets its schedule go on" + "; t runs it now all the same" * startable)
    if why.bump_helps:
        found.append("+ lets it start before others; 6 shows the queue")
    return found


def _need(need: str, engine: EngineView) -> ReasonLine:
    try:
        other = engine.job(need)
    except KeyError:
        return ReasonLine("needs", ((one_line(need), Role.FAILED), ("  is no longer in the job file", Role.MUTED)))
    sign = sign_of(other)
    cells: list[Cell] = [(f"{one_line(need)}  ", Role.TITLE), (f"{sign.glyph} {sign.word}", sign.role)]
    if other.last_outcome is not None:
        outcome = OF_OUTCOME[other.last_outcome]
        cells.append((f"   last {outcome.glyph} {outcome.word}", outcome.role))
        cells.append((f" {words.ago(other.last_ended_at, engine.now())} ago", Role.MUTED))
    return ReasonLine("needs", tuple(cells), other.id)
