"""Why a run waits and a job does not run, in one line each; and the status of a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from engine.clock import Instant, moment
from engine.core.admission import lacks
from engine.core.beyond import why_paused
from engine.core.gates import closed_by
from engine.core.holds import Hold, named
from engine.core.ready import takes
from engine.core.state import Job, Run, State, concurrency
from engine.model.outcome import Outcome
from engine.model.states import JobStatus, Queued, Retrying, RunPhase
from engine.spec.config import PoolOrder
from engine.spec.job import PRIORITY_MAX, Manual, WhenNotDurable
from engine.spec.units import format_size, round_size

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


class Wait(NamedTuple):
    """What keeps a queued run."""

    text: str
    rivals: Callable[[Run], bool] | None = None
    """Of other runs that wait: those that want the same. None: its place among them does not matter."""
    slot: bool = False
    """It is a free slot that is missing, and nothing else."""


def why_queued(state: State, run: Run, now: Instant, *, placed: bool = False) -> str:
    """What a queued run waits for. `placed`: with how many stand before it in line, which goes through all that wait."""
    wait = _wait(state, run, now)
    if not (placed and wait.slot):
        return wait.text
    ahead = sum(1 for _ in _ahead(state, run, wait))
    return f"{wait.text}, {ahead} ahead" if ahead else f"{wait.text}, first in line"


def bump_helps(state: State, run: Run, now: Instant) -> bool:
    """Would a higher priority let it start earlier: a run of another job stands before it, and wants the same."""
    if run.priority >= PRIORITY_MAX or any(state.pools[name].order is PoolOrder.FIFO for name in run.spec.pools):
        return False
    return any(one.job is not run.job for one in _ahead(state, run, _wait(state, run, now)))


def _ahead(state: State, run: Run, wait: Wait) -> Iterator[Run]:
    """Those before it in line: in the ready queue, or on their way to the executor."""
    if wait.rivals is None:
        return
    for one in state.runs.values():
        stands = one.entry != 0 or (one.attempt is not None and not one.live and one.job.may_start)
        if stands and one.key < run.key and one is not run and wait.rivals(one):
            yield one


def _anyone(_run: Run) -> bool:
    return True


def _of_pool(name: str) -> Callable[[Run], bool]:
    return lambda run: name in run.spec.pools


def _wait(state: State, run: Run, now: Instant) -> Wait:
    job = run.job
    if job.stopped:
        return Wait("stopped by operator")
    if job.held:
        return Wait(held_line(job))
    if state.draining:
        return Wait("the engine is shutting down")
    if state.blackout is not None:
        why = f": {state.blackout.reason}" if state.blackout.reason else ""
        return Wait(f"blackout until {state.blackout.end.astimezone().isoformat(sep=' ', timespec='minutes')}{why}")
    if (gate := closed_by(run, now)) is not None:
        return Wait(gate)
    if run.not_before > now:
        return Wait(f"its preconditions do not hold; looked at again at {_clock(run.not_before)}")
    if run.attempt is None and not run.entry:
        limit = concurrency(job.spec)
        if job.spec.matrix and job.active and job.active[0].occurrence != run.occurrence:
            return Wait(f"waits until all shards of {job.active[0].occurrence} are over")
        return Wait(f"waits for {job.active[0].run_id if job.active else job.id} (concurrency {limit})")
    if state.alone is not None and state.alone is not run:
        return Wait(f"exclusive run of {state.alone.job.id}")
    if state.free_memory is not None and state.free_memory < state.spec.min_ready_memory:
        least = format_size(state.spec.min_ready_memory)
        return Wait(f"memory {round_size(state.free_memory)} free, min_ready_memory is {least}")
    waits = run.attempt is None or run.entry != 0  # else it holds what it needs, and is on its way
    wanted = takes(run)
    exclusive = wanted.exclusive
    for name, count in wanted.pools:
        slots, taken = state.pools[name].slots, state.pool_taken.get(name, 0)
        if taken and taken + count > slots and waits:
            users = _names(_users(state, name))
            return Wait(f"pool {name} {taken}/{slots}: {users}", _of_pool(name))
    if exclusive is True and state.taken:
        return Wait(f"exclusive: waits until nothing runs ({state.taken} active)", _anyone)
    if isinstance(exclusive, str) and state.groups.get(exclusive, 0) and waits:
        members = _names(_members(state, exclusive))
        return Wait(f"exclusive group {exclusive}: {members}", lambda one: one.spec.exclusive == exclusive)
    match lacks(state, wanted) if waits else None:
        case "cpu":
            text = f"cpu {wanted.cpu:g} of {max(0.0, state.cpus - state.cpu_reserved):g} free"
            return Wait(text, lambda one: takes(one).cpu > 0)
        case "memory":
            free = min(max(0, state.memory - state.memory_reserved), state.free_memory or state.memory)
            text = f"memory {format_size(wanted.memory)} of {round_size(free)} free"
            return Wait(text, lambda one: takes(one).memory > 0)
    if (first := state.reserving) is not None and first is not run and waits:
        until = _clock(state.reserving_until or now)
        return Wait(f"{first.run_id} waits for space and goes first (until {until})", lambda one: one is first)
    aged = state.effective_priority(run, now)
    place = f"priority {run.priority}" + (f" (aged to {aged:.1f})" if aged >= run.priority + 0.1 else "")
    if state.taken >= state.spec.max_running:
        return Wait(f"all {state.spec.max_running} slots are taken; {place}", _anyone, slot=True)
    if state.store_fails and job.spec.when_not_durable is not WhenNotDurable.RUN:
        return Wait("nothing starts while the state cannot be written; the engine's warnings say why")
    return Wait(f"about to start; {place}")


def why_idle(state: State, job: Job, now: Instant, *, placed: bool = False) -> str | None:
    """Why a job does not run; None while it does. `placed`: see `why_queued`."""
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
    if job.held and job.suspended:
        return f"{held_line(job)}; its schedule is suspended, too"
    if job.queue and isinstance(job.queue[0].state, Queued):
        return why_queued(state, job.queue[0], now, placed=placed)
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
    """Who holds the job, since when and why: all holds, the widest first."""
    lines = [hold_text(hold) for hold in sorted(job.covers.values(), key=lambda hold: hold.scope)]
    if job.held_since is not None:
        since = _clock(job.held_since)
        lines.append(f"paused by {job.hold_by} at {since}{_because(job.hold_reason)}{_until(job.hold_until)}")
    return "; ".join(lines)


def holds_on(job: Job) -> tuple[str, ...]:
    """What holds it, each as `release` is told it: `--all`, `tag:T`, the job's own id."""
    return (*(named(scope) for scope in sorted(job.covers)), *((job.id,) if job.held_since is not None else ()))


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
