"""Carries out the course of a run: begins steps, takes what became of them, and ends the run after the last one."""

from __future__ import annotations

from engine.clock import SECOND, micros
from engine.core.admission import release
from engine.core.course import COMMAND, Step, StepKind, final_verdict, next_step
from engine.core.dispatch import renew, undo_starting
from engine.core.fates import settle
from engine.core.retry import wait_before
from engine.core.sides import attempt_id, claim
from engine.core.state import Run
from engine.core.timers import RetryAt
from engine.core.turn import Turn
from engine.model.outcome import Because, Outcome, Reason
from engine.model.states import Retrying, Stopping
from engine.spec.hooks import HookSlot


def begin_step(turn: Turn, run: Run, step: Step) -> None:
    """The next attempt of a run that has its slot; it is ordered as soon as its claim is durable."""
    number = run.attempts_made
    run.attempt = claim(turn, run, step, attempt_id(run, step, number), number)
    run.attempt.waits = False
    turn.fx.save(run)
    turn.pipeline.in_slot.append((run, run.attempt))


def main_over(turn: Turn, run: Run, step: Step, outcome: Outcome, reason: Reason) -> None:
    """The command or the failover is over: the next attempt, or what closes the run."""
    wait = None
    if step == COMMAND and not isinstance(run.state, Stopping) and not turn.state.draining:
        wait = wait_before(run, outcome, reason, turn.chance)
    if wait is None:
        run.recovered = step != COMMAND and outcome is Outcome.SUCCESS
        conclude(turn, run, step, (outcome, reason))
    elif HookSlot.RETRY in run.spec.hooks:
        run.course.wait = wait
        begin_step(turn, run, Step(StepKind.RETRY))
    else:
        _retry_after(turn, run, wait)


def step_over(turn: Turn, run: Run, step: Step, error: str | None) -> None:
    """A precondition or a hook of the run is over, `error` None: it went well."""
    spec, course = run.spec, run.course
    stopping = run.state.reason if isinstance(run.state, Stopping) else None
    if step.slot is not None and error is not None:
        course.note(step.slot, error)
    hook = None if step.slot is None else spec.hooks.get(step.slot)
    fatal = error is not None and hook is not None and not hook.ignore_error
    match step.kind:
        case StepKind.IF if run.wish is not None:
            unstart(turn, run, Outcome.SKIPPED, run.wish)
        case StepKind.IF | StepKind.START if not run.job.listed:
            conclude(turn, run, step, (Outcome.STOPPED, Reason(Because.REMOVED)))
        case StepKind.IF if error is not None:
            _not_held(turn, run, error)
        case StepKind.START | StepKind.RETRY if stopping is not None:
            conclude(turn, run, step, (Outcome.STOPPED, stopping))
        case StepKind.START if fatal:
            conclude(turn, run, step, (Outcome.FAILED, Reason(Because.HOOK_START, error or "")))
        case StepKind.RETRY:
            _retry_after(turn, run, course.wait)
        case _:
            conclude(turn, run, step, course.verdict)


def conclude(turn: Turn, run: Run, done: Step, verdict: tuple[Outcome, Reason] | None) -> None:
    """Go on after `done`: the next step, or the end of the run."""
    spec = run.spec
    following = next_step(spec, done, verdict)
    if verdict is not None and following is None:
        _finish(turn, run, verdict)
        return
    assert following is not None, "without a verdict there is always the command to come"
    run.course.verdict = verdict
    begin_step(turn, run, following)


def _finish(turn: Turn, run: Run, verdict: tuple[Outcome, Reason]) -> None:
    if run.spec.staged:
        turn.state.staged -= 1
        verdict = final_verdict(run.spec, verdict, run.course.errors)
    if not run.may_still_run:
        turn.state.taken -= 1
        release(turn, run)
    settle(turn, run, *verdict)


def _retry_after(turn: Turn, run: Run, wait: float) -> None:
    """Give the slot back and come again after `wait` seconds."""
    turn.state.taken -= 1
    turn.state.staged -= run.spec.staged
    release(turn, run)
    until = turn.now + round(wait * SECOND)
    run.go(Retrying(turn.now, until))
    if not run.spec.retry.reset_on_success:
        run.job.retries += 1
        turn.fx.save_job(run.job)
    run.ages_from = until
    run.ended_at = None
    turn.fx.timers.add(until, RetryAt(run))
    turn.fx.save(run)


def _not_held(turn: Turn, run: Run, why: str) -> None:
    """A precondition does not hold: skip the run, or look again later as `on_false` says; it counts as never started."""
    on_false, course = run.spec.on_false, run.course
    course.rounds += 1
    if course.checked_since is None:
        course.checked_since = turn.now
    again = None if on_false.retry_every is None else turn.now + micros(on_false.retry_every)
    if again is None or again > course.checked_since + micros(on_false.for_):
        unstart(turn, run, Outcome.SKIPPED, Reason(Because.PRECONDITION, why))
        return
    release(turn, run)
    undo_starting(turn, run)
    renew(turn, run)
    run.not_before = run.ages_from = again
    turn.fx.timers.add(again, RetryAt(run))


def unstart(turn: Turn, run: Run, outcome: Outcome, reason: Reason) -> None:
    """A run that had only looked at its preconditions ends as one that never started."""
    run.wish = None
    release(turn, run)
    undo_starting(turn, run)
    settle(turn, run, outcome, reason)
