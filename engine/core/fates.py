"""A run gets its one fate: everything that follows at once and needs no waiting."""

from __future__ import annotations

from engine.clock import SECOND, Instant, micros
from engine.core.alerts import FAILURES, ping, tell_end, wants_pings
from engine.core.course import StepKind
from engine.core.dispatch import forget_claim, offer_next, take_out
from engine.core.shards import gather, siblings
from engine.core.sides import begin_side
from engine.core.state import Job, Run
from engine.core.stats import in_millis
from engine.core.timers import Due
from engine.core.turn import Turn
from engine.model.outcome import STARTED_OUTCOMES, Because, Outcome, Reason
from engine.model.states import Ended
from engine.planning import jitter
from engine.ports.executor import Withdraw
from engine.spec.job import DelaySchedule, OnFailure

_BY_ITSELF = frozenset({Outcome.SUCCESS, Outcome.FAILED})
_HALTS = frozenset({Outcome.FAILED, Outcome.TIMED_OUT})
_BAD = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST, Outcome.STOPPED, Outcome.MISSED})


def settle(turn: Turn, run: Run, outcome: Outcome, reason: Reason | None) -> None:
    """End a run that holds nothing any more: counters, the job's last facts, its next run, the rows to write.

    Its dependants hear of it in `needs.spread`, in the same tick and thus in the same batch of the store.
    """
    state, job = turn.state, run.job
    started = run.attempts_made > 0
    run.go(Ended(turn.now, outcome, reason))
    run.ended_at = turn.now if run.ended_at is None else run.ended_at
    turn.ready.drop(run)
    tell_end(turn, run, outcome, reason)
    if started:
        job.active.remove(run)
        if outcome is Outcome.SKIPPED:
            job.tally.starts -= 1  # it said itself that there was nothing to do: not counted as a start
        _remember(job, run, outcome, reason)
    else:
        state.dequeue(run)
        facts = gather(run, outcome, reason)
        if outcome is not Outcome.MISSED:
            job.last_outcome, job.last_reason = facts
    state.runs.pop(run.run_id, None)
    job.tally.add(outcome, run.count)
    if is_bad(outcome, reason):
        state.bad_ends += 1
    turn.fx.save(run)
    turn.fx.save_job(job)
    turn.fx.over.append(run)
    if started and run.exit_code is not None and wants_pings(turn, job):
        ping(turn, run, str(run.exit_code))
    if outcome is Outcome.MISSED:
        begin_side(turn, run, StepKind.MISSED)
    whole = job.last_outcome if run.shard is not None else outcome
    if job.spec.on_failure is OnFailure.HALT and whole in _HALTS and not siblings(run):
        job.stopped = True
        take_out(turn, job)
        turn.fx.offs_changed = True
    plan_after_end(turn, job)
    offer_next(turn, job)


def is_bad(outcome: Outcome, reason: Reason | None) -> bool:
    """Does a campaign with such a run fail (50-cli-server: exit code 1)."""
    return outcome in _BAD or (outcome is Outcome.SKIPPED and reason is not None and reason.because is Because.UPSTREAM)


def _remember(job: Job, run: Run, outcome: Outcome, reason: Reason | None) -> None:
    assert run.ended_at is not None
    job.last_ended_at = run.ended_at
    job.outputs = {**job.outputs, **run.outputs} if run.shard and run.occurrence in job.gathered else run.outputs
    job.last_outcome, job.last_reason = gather(run, outcome, reason)
    if outcome is not Outcome.SKIPPED:
        # of shards the worst that ran; where the worst is one that did not, all others went as this one did: well
        job.last_run_outcome = job.last_outcome if job.last_outcome in STARTED_OUTCOMES else outcome
    tracker, took, waited = job.tracker, None, None
    if run.started_at is not None:
        taken = max(0, run.ended_at - run.started_at - run.paused_us)
        job.last_seconds = taken / SECOND
        took = in_millis(taken) if outcome in _BY_ITSELF else None
        waited = in_millis(max(0, run.started_at - run.queued_at))
    tracker.add(str(outcome), took, waited, run.cpu_seconds or 0.0, run.peak_rss or 0)
    if outcome in FAILURES:
        job.failed_no = run.no
    if not job.active and job.rings is not None:
        job.sample(0.0, 0)


def plan_after_end(turn: Turn, job: Job) -> None:
    """`delay`: the next run comes so long after the end of the last. A run that never started frees its place in `max_runs`.

    Times that came while all places were taken were no occurrences: there may be years of them.
    """
    if not job.listed:
        return
    if isinstance(job.spec.schedule, DelaySchedule):
        if not (job.active or job.queue):
            job.unplanned = False
            set_next(turn, job, job.limits.first(turn.now + micros(job.spec.schedule.seconds)))
    elif job.spec.max_runs is not None and job.next_due is None and job.plan and job.planned_until is not None:
        set_next(turn, job, job.plan.next_after(max(job.planned_until, turn.now - 1)))


def set_next(turn: Turn, job: Job, planned: Instant | None) -> None:
    """Let the job's next occurrence be planned at `planned` (None: there is none); it starts after its jitter."""
    if job.runs_left == 0:
        planned = None
    job.next_planned = planned
    job.next_due = None if planned is None else due_at(job, planned)
    if job.skip_at is not None:
        following = None if planned is None or job.plan is None else job.plan.next_after(planned)
        job.after_skip = None if following is None else due_at(job, following)
    if job.next_due is not None:
        turn.fx.timers.add(job.next_due, Due(job))
    turn.fx.touch(job)


def due_at(job: Job, planned: Instant) -> Instant:
    """When the occurrence planned at `planned` is due: its jitter added, or when an operator has put it off to."""
    if job.postponed is not None and job.postponed[0] == planned:
        return job.postponed[1]
    return planned + jitter(job.id, planned, job.spec.jitter)


def cancel_queued(turn: Turn, run: Run, outcome: Outcome, reason: Reason) -> None:
    """End a run that has not started; one that is already ordered ends when the executor has given it back."""
    if run.attempt is not None and run.attempt.ordered:
        run.wish = reason
        turn.fx.orders.append(Withdraw((run.attempt.id,)))
        return
    forget_claim(turn, run)
    settle(turn, run, outcome, reason)
