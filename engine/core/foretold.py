"""Functions that are due together begin at their instant: their claims are on record a moment before.

A hundred of them would wait for a commit, and for all that is decided and made of each. So shortly before, each gets a draft:
the run that it becomes if nothing changes, made and not in the state; and one fact in the store says that they may begin.
At the instant a draft whose job is as it was (`Job.version`) enters the state and starts at once, and its rows follow. Where anything
differs, by then, the occurrence goes the way of all others: a draft has changed nothing.

What was foretold and has no fate on record may have begun before a crash: the next engine takes it for a claim that nobody
can be asked about. Processes go without: the keeper takes longer to start a hundred than the commit takes, and knows of each.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import field
from typing import Final

from engine.clock import SECOND, Instant, micros
from engine.core.admission import blocked, free_slots
from engine.core.birth import draft_run, enter
from engine.core.course import COMMAND
from engine.core.dispatch import enter_starting
from engine.core.occurrences import QUEUE_LIMIT, has_come, skips, watch_deadline
from engine.core.ready import SIMPLE, order_key, takes
from engine.core.sides import attempt_id, draft_attempt, put_on_record
from engine.core.state import Attempt, Job, Run, State
from engine.core.timers import Due, LookAt, Timers
from engine.core.turn import Turn
from engine.model.record import RunKind
from engine.ports.executor import Home, Launch
from engine.spec.command import Call
from engine.values import mutable

LEAD: Final = SECOND // 20
"""How long before: 6 ms of drafts for a hundred, a commit, and what it takes on a slow disk. A crash meanwhile loses them."""

LEAST: Final = 10
"""The last of fewer begins after 4 to 5 ms by a claim of its own (foretold: 1): not worth a wake-up, a commit, and what a crash
would lose."""

MOST: Final = 150
"""To begin them holds the loop for 4.3 ms; 200 would hold it for 5.8."""

LATEST: Final = LEAD
"""How long after its instant a herd begins as foretold: a loop that was held up has more to see to first."""

FORETOLD: Final = "foretold"
"""The fact in the store."""


@mutable(slots=True)
class Draft:
    """A run that is to be, and the version of its job that it was made from."""

    run: Run
    attempt: Attempt
    version: int
    launch: Launch | None = None
    """The order that starts it, once it is made."""


@mutable(slots=True)
class Foretold:
    """What is due at one instant, before it is. `left`: jobs without a draft yet, and their versions when they were looked at;
    `fact`: what the store is told."""

    at: Instant
    left: deque[tuple[Job, int]]
    drafts: list[Draft] = field(default_factory=list)
    fact: str = ""
    durable: bool = False


def herd_ahead(timers: Timers) -> Instant | None:
    """When the next occurrence is due, if at least `LEAST` functions seem to be due then."""
    at = timers.head
    if at is not None:
        for count, timer in enumerate(timers.until(at), 1):
            if not isinstance(timer, Due) or not isinstance(timer.job.spec.command, Call):
                break
            if count == LEAST:
                return at
    return None


def foretell(turn: Turn, at: Instant) -> Foretold | None:
    """Look at what is due then; None: it goes its ordinary way."""
    due = _due(turn, at)
    if due is None or not _open(turn, len(due)):
        return None
    jobs = [job for job in due if job.next_due == at and _is_plain(job)]
    return Foretold(at, deque((job, job.version) for job in jobs)) if len(jobs) >= LEAST else None


def _due(turn: Turn, at: Instant) -> list[Job] | None:
    """The jobs that come up by then, each once though it was planned twice; None: they do not all start beside each other, or
    something else comes up that could concern them (looks at runs that take long could not)."""
    jobs: dict[str, Job] = {}
    for timer in turn.fx.timers.until(at):
        match timer:
            case Due(job=job) if job.spec.exclusive is not True and not job.spec.matrix:
                jobs[job.id] = job
            case LookAt():
                pass
            case _:
                return None
        if len(jobs) > MOST:
            return None
    return list(jobs.values())


def _open(turn: Turn, count: int) -> bool:
    """Whatever is due starts at once: nothing waits, there are so many slots, and nobody has to look at memory first."""
    state = turn.state
    return (
        not (state.draining or state.opening or state.store_fails or state.settling or len(turn.ready))
        and state.blackout is None
        and not state.spec.min_ready_memory
        and not blocked(turn, SIMPLE)
        and free_slots(turn) >= count
        and state.waiting + count <= QUEUE_LIMIT
    )


def _is_plain(job: Job) -> bool:
    """Its next occurrence becomes a run that starts at once and takes nothing but a slot, as the job is now."""
    spec, planned = job.spec, job.next_planned
    return (
        isinstance(spec.command, Call)
        and planned is not None
        and job.listed
        and job.follows_schedule
        and not (job.active or job.queue or job.lingering or job.unplanned or job.settling)
        and not (job.needed or spec.staged or spec.matrix)
        and (spec.start_deadline is None or micros(spec.start_deadline) > LATEST)
        and not skips(job, planned)
        and not job.limits.excludes(planned)
    )


def draft_next(turn: Turn, foretold: Foretold) -> Draft | None:
    """The draft of one more of the jobs that are left; None: it is not what it was any more, or takes more than a slot."""
    job, version = foretold.left.popleft()
    if job.version != version:
        return None
    assert job.next_planned is not None
    run = draft_run(turn, job, RunKind.SCHEDULE, job.next_planned, job.seq + 1)
    if takes(run) != SIMPLE or run.given.secret:  # what is secret is hidden in its log from the moment it is ordered
        return None
    run.key = order_key(run, turn.ready.ageing, turn.ready.pools)
    run.attempt = draft_attempt(turn, run, COMMAND, attempt_id(run, COMMAND, 1), 1)
    draft = Draft(run, run.attempt, version)
    foretold.drafts.append(draft)
    return draft


def begin_foretold(turn: Turn, foretold: Foretold) -> list[Launch]:
    """The instant has come: some runs start by their drafts; the orders that are to go out now.

    None do where it is late, where a run has ended in this very tick, which others may wait for, and where not all that is due by
    now would have started at once: the order of the ready queue is for those that wait.
    """
    if not foretold.durable or foretold.left or turn.fx.over or turn.now > foretold.at + LATEST:
        return []
    due = _due(turn, turn.now)
    if due is None or not _open(turn, len(due)):
        return []
    drafts = [draft for draft in foretold.drafts if _holds(turn, draft)]
    launches: list[Launch] = []
    for draft in drafts:
        run, attempt, job = draft.run, draft.attempt, draft.run.job
        assert draft.launch is not None
        launches.append(draft.launch)
        has_come(turn, job, run.planned_at)
        job.seq = run.occurrence
        enter(turn, run)
        put_on_record(turn, run, attempt)
        attempt.durable = attempt.ordered = True
        turn.pipeline.hand_over(attempt.id, run)
        enter_starting(turn, run)
        watch_deadline(turn, run)  # should the executor give it back
    return launches


def _holds(turn: Turn, draft: Draft) -> bool:
    job = draft.run.job
    unchanged = job.version == draft.version and job.spec is draft.run.spec
    return unchanged and job.next_due is not None and job.next_due <= turn.now


def complete(state: State, foretold: Foretold) -> None:
    """All drafts are made: they are put in order, and what the store is told is the instant, this boot of the machine, and
    the jobs with their planned times and the numbers of their runs."""
    foretold.drafts.sort(key=lambda draft: draft.run.key)
    jobs = {draft.run.job.id: [draft.run.planned_at, draft.run.occurrence] for draft in foretold.drafts}
    foretold.fact = json.dumps({"at": foretold.at, "boot": state.boot_id, "jobs": jobs})


def restore_foretold(turn: Turn, fact: str) -> None:
    """What the last engine foretold and has no fate on record: claimed, so that the executor is asked what became of it.

    What is on record of a job is older than its run would have been. So one that is off, whose number is taken or whose occurrence
    was to be skipped or put off had not begun: its draft did not hold.
    """
    told = json.loads(fact)
    jobs = turn.state.jobs
    renamed = {job.spec.was: job for job in jobs.values() if job.spec.was is not None}
    for job_id, (planned, number) in told["jobs"].items():
        job = jobs.get(job_id) or renamed.get(job_id)
        if job is None or not job.follows_schedule or job.seq >= number or skips(job, planned):
            continue
        if job.postponed is not None and job.postponed[0] == planned and job.postponed[1] != told["at"]:
            continue
        if job.planned_until is not None and job.planned_until >= planned:
            continue
        job.planned_until = planned
        job.seq += 1
        turn.fx.save_job(job)
        run = draft_run(turn, job, RunKind.SCHEDULE, planned, job.seq)
        enter(turn, run)
        run.attempt = draft_attempt(turn, run, COMMAND, attempt_id(run, COMMAND, 1), 1)
        run.attempt.boot_id = told["boot"]
        run.home = Home.CALL  # whatever its job has become
        put_on_record(turn, run, run.attempt)
    turn.fx.facts[FORETOLD] = ""
