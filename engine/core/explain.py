"""Why a run waits and a job does not run, in one line each; and the status of a job."""

from __future__ import annotations

from engine.clock import Instant, moment
from engine.core.admission import lacks
from engine.core.beyond import why_paused
from engine.core.gates import closed_by
from engine.core.holds import Hold
from engine.core.ready import takes
from engine.core.state import Job, Run, State, concurrency
from engine.model.outcome import Outcome
from engine.model.states import JobStatus, Queued, Retrying, RunPhase
from engine.spec.job import Manual
from engine.spec.units import format_size

_WENT_WELL = frozenset({Outcome.SUCCESS, Outcome.SKIPPED})


def status_of(state: State, job: Job) -> JobStatus:
    """running > paused > stopped > waiting > completed | error | ended (20-engine)."""
    if job.active:
        return JobStatus.PAUSED if all(run.phase is RunPhase.PAUSED for run in job.active) else JobStatus.RUNNING
    if job.stopped:
        return JobStatus.STOPPED
    if is_over(job):
        return JobStatus.ENDED
    if job.held or job.suspended or job.spec.watch is not None or may_run_again(state, job):
        return JobStatus.WAITING
    if job.last_outcome is None:
        return JobStatus.WAITING if job.spec.manual is not Manual.DENY else JobStatus.ENDED
    if job.last_outcome in _WENT_WELL:
        return JobStatus.COMPLETED
    return JobStatus.STOPPED if job.last_outcome is Outcome.STOPPED else JobStatus.ERROR


def is_over(job: Job) -> bool:
    """Its window in time or its `max_runs` is used up, and nothing of it waits."""
    if job.queue or job.active or job.next_due is not None or job.settling or not job.listed:
        return False
    if job.over or job.runs_left == 0:
        return True
    return job.spec.recurring and job.plan_exhausted


def may_run_again(state: State, job: Job) -> bool:
    """Something is queued or due, here or in what the job needs."""
    seen: set[str] = set()
    todo = [job]
    while todo:
        one = todo.pop()
        if one.queue or one.active or one.next_due is not None or one.settling:
            return True
        for need in one.spec.needs if one.spec.schedule is None else ():
            if need.job not in seen and need.job in state.jobs:
                seen.add(need.job)
                todo.append(state.jobs[need.job])
    return False


def why_queued(state: State, run: Run, now: Instant) -> str:
    """What a queued run waits for."""
    job = run.job
    if job.stopped:
        return "stopped by operator"
    if job.held:
        return held_line(job)
    if state.draining:
        return "the engine is shutting down"
    if state.blackout is not None:
        why = f": {state.blackout.reason}" if state.blackout.reason else ""
        return f"blackout until {state.blackout.end.astimezone().isoformat(sep=' ', timespec='minutes')}{why}"
    if (gate := closed_by(run, now)) is not None:
        return gate
    if run.not_before > now:
        return f"its preconditions do not hold; looked at again at {_clock(run.not_before)}"
    if run.attempt is None and not run.entry:
        limit = concurrency(job.spec)
        if job.spec.matrix and job.active and job.active[0].occurrence != run.occurrence:
            return f"waits until all shards of {job.active[0].occurrence} are over"
        return f"waits for {job.active[0].run_id if job.active else job.id} (concurrency {limit})"
    if state.alone is not None and state.alone is not run:
        return f"exclusive run of {state.alone.job.id}"
    if state.free_memory is not None and state.free_memory < state.spec.min_ready_memory:
        return f"memory {format_size(state.free_memory)} free, min_ready_memory is {format_size(state.spec.min_ready_memory)}"
    waits = run.attempt is None or run.entry != 0  # else it holds what it needs, and is on its way
    wanted = takes(run)
    exclusive = wanted.exclusive
    for name, count in wanted.pools:
        slots, taken = state.pools[name].slots, state.pool_taken.get(name, 0)
        if taken and taken + count > slots and waits:
            return f"pool {name} {taken}/{slots}: {_names(_users(state, name))}"
    if exclusive is True and state.taken:
        return f"exclusive: waits until nothing runs ({state.taken} active)"
    if isinstance(exclusive, str) and state.groups.get(exclusive, 0) and waits:
        return f"exclusive group {exclusive}: {_names(_members(state, exclusive))}"
    match lacks(state, wanted) if waits else None:
        case "cpu":
            return f"cpu {wanted.cpu:g} of {max(0.0, state.cpus - state.cpu_reserved):g} free"
        case "memory":
            free = min(max(0, state.memory - state.memory_reserved), state.free_memory or state.memory)
            return f"memory {format_size(wanted.memory)} of {format_size(free)} free"
    if state.reserving not in {None, run} and waits:
        return f"{state.reserving.run_id} waits for space and goes first (until {_clock(state.reserving_until or now)})"
    aged = state.effective_priority(run, now)
    place = f"priority {run.priority}" + (f" (aged to {aged:.1f})" if aged >= run.priority + 0.1 else "")
    if state.taken >= state.spec.max_running:
        return f"all {state.spec.max_running} slots are taken; {place}"
    return f"about to start; {place}"


def why_idle(state: State, job: Job, now: Instant) -> str | None:
    """Why a job does not run; None while it does."""
    live = [run for run in job.active if run.phase is not RunPhase.RETRYING]
    if live:
        if not all(run.phase is RunPhase.PAUSED for run in live):
            return None
        return next((why for run in live if (why := why_paused(run)) is not None), "paused by operator")
    if job.active and isinstance(job.active[0].state, Retrying):
        run, until = job.active[0], job.active[0].state.until
        last = run.past[-1].reason if run.past else "?"
        when = f"at {_clock(until)}" if until > now else "as soon as a slot is free"
        return f"attempt {run.attempts_made} ended with {last}; next one {when}"
    if not job.enabled:
        return "disabled in the job file" if not job.spec.enabled else "disabled by operator"
    if job.stopped:
        return "stopped until resumed"
    if job.queue and isinstance(job.queue[0].state, Queued):
        return why_queued(state, job.queue[0], now)
    if job.held:
        return held_line(job)
    if job.suspended:
        return "its schedule is suspended by operator"
    if job.next_planned is not None and job.limits.excludes(job.next_planned):
        return f"next time {full_time(job.next_due or job.next_planned)}, which its calendar skips"
    if job.next_due is not None:
        return _next_line(job, job.next_due)
    if is_over(job):
        return (
            f"ended: max_runs {job.spec.max_runs} reached" if job.runs_left == 0 else "ended: nothing is due any more"
        )
    if job.spec.needs and job.spec.schedule is None:
        return _needs_line(job)
    if job.spec.watch is not None:
        return f"waits for a change of {_names(list(job.spec.watch.paths))}"
    if job.spec.manual is Manual.ONLY:
        return "runs only when triggered by hand"
    return "has run; nothing more is due" if job.last_outcome is not None else "nothing is due"


def hold_text(hold: Hold) -> str:
    """What is held, by whom, since when, why and until when."""
    return f"{hold.of} held by {hold.by} at {_clock(hold.since)}{_because(hold.reason)}{_until(hold.until)}"


def held_line(job: Job) -> str:
    """Who holds the job, since when and why; the widest hold first, since it must go first."""
    for hold in sorted(job.covers.values(), key=lambda hold: hold.scope):
        return hold_text(hold)
    assert job.held_since is not None
    return f"paused by {job.hold_by} at {_clock(job.held_since)}{_because(job.hold_reason)}{_until(job.hold_until)}"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _until(until: Instant | None) -> str:
    return "" if until is None else f" (until {_clock(until)})"


def _next_line(job: Job, due: Instant) -> str:
    if job.skip_at is None or job.next_planned is None or job.next_planned < job.skip_at:
        skipped = "" if job.skip_at is None else f"; the one at {full_time(job.skip_at)} is to be skipped"
        return f"next run at {full_time(due)}{skipped}"
    then = "" if job.after_skip is None else f"; then at {full_time(job.after_skip)}"
    return f"the run at {full_time(due)} is to be skipped{then}"


def _needs_line(job: Job) -> str:
    open_needs = [need for need in job.spec.needs if need.job not in job.met]
    if open_needs:
        return f"waits for {', '.join(need.job for need in open_needs)}"
    bad = [f"{name} ended {outcome}" for name, outcome in job.met.items()]
    return f"not as required: {', '.join(bad)}"


def _users(state: State, pool: str) -> list[str]:
    return [run.job.id for run in state.runs.values() if pool in run.spec.pools and run.live]


def _members(state: State, group: str) -> list[str]:
    return [run.job.id for run in state.runs.values() if run.spec.exclusive == group and run.live]


def _names(names: list[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return f"{shown}, {len(names) - most} more" if len(names) > most else shown


def full_time(at: Instant) -> str:
    """Date, time and offset, by the clock of this machine."""
    return moment(at).astimezone().isoformat(sep=" ", timespec="seconds")


def _clock(at: Instant) -> str:
    return moment(at).astimezone().strftime("%H:%M:%S")
