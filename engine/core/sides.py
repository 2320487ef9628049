"""Claims, and the hooks that run beside a run: while it is paused, or when it was missed and never runs.

Such a hook takes no slot and nothing waits for it. It starts at most once: after a crash of the engine it is not
started again, and an end that comes then is not recorded.
"""

from __future__ import annotations

from typing import Final

from engine.core.course import SIDES, Step, StepKind, command_of
from engine.core.state import Attempt, Run
from engine.core.turn import Turn
from engine.ports.executor import AttemptId, Home
from engine.spec.command import Call

TAG_BITS: Final = 62


def attempt_id(run: Run, step: Step, number: int) -> AttemptId:
    """The id of a step; each is made once in the life of a run."""
    match step.kind:
        case StepKind.COMMAND:
            return f"{run.run_id}.{number}"
        case StepKind.IF:
            return f"{run.run_id}.if{step.index}.{run.course.rounds}"
        case StepKind.RETRY:
            return f"{run.run_id}.retry.{number}"
        case _:
            return f"{run.run_id}.{step.kind}"


def claim(turn: Turn, run: Run, step: Step, new_id: AttemptId, number: int) -> Attempt:
    """A new attempt, to be made durable before it may be ordered: that of the run, unless it runs beside it."""
    attempt = draft_attempt(turn, run, step, new_id, number)
    put_on_record(turn, run, attempt)
    return attempt


def draft_attempt(turn: Turn, run: Run, step: Step, new_id: AttemptId, number: int) -> Attempt:
    """An attempt that the state knows nothing of until it is put on record."""
    if step.kind not in SIDES:
        run.home = Home.CALL if isinstance(command_of(run.spec, step), Call) else Home.LOCAL
    return Attempt(new_id, number, turn.chance.getrandbits(TAG_BITS) | 1, turn.state.boot_id, step)


def put_on_record(turn: Turn, run: Run, attempt: Attempt) -> None:
    """The attempt is known from now on, and written with the next commit."""
    turn.state.by_attempt[attempt.id] = run
    turn.fx.claims.append((run, attempt))


def attempt_of(run: Run, wanted: AttemptId) -> Attempt:
    """The attempt of that id, which `State.by_attempt` says is this run's: its current one, or one beside it."""
    if run.attempt is not None and run.attempt.id == wanted:
        return run.attempt
    return run.course.sides[wanted]


def begin_side(turn: Turn, run: Run, kind: StepKind) -> None:
    """Run this hook beside the run, if the job has it."""
    step = Step(kind)
    if step.slot not in run.spec.hooks or turn.state.draining:
        return
    run.course.beside += 1
    new_id = f"{attempt_id(run, step, run.attempts_made)}.{run.course.beside}"
    attempt = claim(turn, run, step, new_id, max(1, run.attempts_made))
    attempt.waits = False
    run.course.sides[attempt.id] = attempt
    turn.fx.save(run)
    turn.pipeline.in_slot.append((run, attempt))


def side_over(turn: Turn, run: Run, attempt: Attempt, error: str | None) -> None:
    """It is over; its error is kept with the run's, which may be over as well."""
    run.course.sides.pop(attempt.id, None)
    turn.state.by_attempt.pop(attempt.id, None)
    if error is not None and attempt.step.slot is not None:
        run.course.note(attempt.step.slot, error)
    turn.fx.save(run)
