"""The course of one run: which step follows which. Pure; `core.steps` carries it out.

preconditions -> `start` hook -> command [-> `retry` hook, delay, command …] [-> failover] -> `stop` | `success` |
`error` hook -> `finally` -> outputs. Each step is an attempt of a kind, carried out by the executor; the run keeps its
slot from the first to the last, but not while it waits for a retry.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from engine.model.outcome import Because, Outcome, Reason
from engine.spec.command import Command
from engine.spec.hooks import CommandHolds, HookSlot
from engine.spec.job import JobSpec
from engine.values import lean


class StepKind(StrEnum):
    """What an attempt is for. The last three run beside the run: while it is paused or when it is over."""

    IF = "if"
    START = "start"
    COMMAND = "command"
    RETRY = "retry"
    FAILOVER = "failover"
    STOP = "stop"
    SUCCESS = "success"
    ERROR = "error"
    FINALLY = "finally"
    OUTPUTS = "outputs"
    PAUSE = "pause"
    RESUME = "resume"
    MISSED = "missed"


@lean(frozen=True, slots=True)
class Step:
    """One step; `index` counts preconditions."""

    kind: StepKind
    index: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.index}" if self.kind is StepKind.IF else self.kind.value

    @classmethod
    def parse(cls, text: str) -> Step:
        """The inverse of `str()`. ValueError for another text."""
        kind, _, index = text.partition(":")
        return cls(StepKind(kind), int(index or 0))

    @property
    def main(self) -> bool:
        """Its exit code is the run's."""
        return self.kind in _MAIN

    @property
    def slot(self) -> HookSlot | None:
        """The hook it runs; None for what is no hook."""
        return _SLOTS.get(self.kind)


_MAIN: Final = frozenset({StepKind.COMMAND, StepKind.FAILOVER})
_SLOTS: Final = {kind: HookSlot(kind.value) for kind in StepKind if kind.value in set(HookSlot)}
SIDES: Final = frozenset({StepKind.PAUSE, StepKind.RESUME, StepKind.MISSED})
"""Run beside the run."""
_FAILED: Final = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST})

COMMAND: Final = Step(StepKind.COMMAND)
FINALLY: Final = Step(StepKind.FINALLY)
OUTPUTS: Final = Step(StepKind.OUTPUTS)


def first_step(spec: JobSpec) -> Step:
    """What a run begins with; a later attempt begins with the command."""
    if spec.conditions:
        return Step(StepKind.IF)
    return Step(StepKind.START) if HookSlot.START in spec.hooks else COMMAND


def next_step(spec: JobSpec, done: Step, verdict: tuple[Outcome, Reason] | None) -> Step | None:
    """What follows a step that did not stop the run from going on; None: nothing more.

    `verdict` is what the run will end with, once that is known.
    """
    if verdict is None:
        if done.kind is StepKind.IF and done.index + 1 < len(spec.conditions):
            return Step(StepKind.IF, done.index + 1)
        return Step(StepKind.START) if done.kind is StepKind.IF and HookSlot.START in spec.hooks else COMMAND
    if not spec.staged:
        return None
    outcome, reason = verdict
    if done.kind is StepKind.COMMAND and outcome in _FAILED - {Outcome.LOST} and spec.failover is not None:
        return Step(StepKind.FAILOVER)
    closing = list(_closing(spec, outcome, reason))
    return (
        closing[closing.index(done) + 1]
        if done in closing[:-1]
        else None
        if done in closing
        else next(iter(closing), None)
    )


def _closing(spec: JobSpec, outcome: Outcome, reason: Reason) -> Iterator[Step]:
    """The steps after the verdict, in order. A run whose `start` hook failed gets `finally` only (seed, row 35)."""
    kind = None
    if reason.because is Because.HOOK_START:
        pass
    elif outcome is Outcome.STOPPED:
        kind = StepKind.STOP
    elif outcome is Outcome.SUCCESS:
        kind = StepKind.SUCCESS
    elif outcome in _FAILED:
        kind = StepKind.ERROR
    if kind is not None and HookSlot(kind.value) in spec.hooks:
        yield Step(kind)
    if HookSlot.FINALLY in spec.hooks:
        yield FINALLY
    if spec.outputs and reason.because is not Because.HOOK_START:
        yield OUTPUTS


_FAIL_IT: Final = {
    HookSlot.SUCCESS: Because.HOOK_SUCCESS,
    HookSlot.STOP: Because.HOOK_STOP,
    HookSlot.PAUSE: Because.HOOK_PAUSE,
    HookSlot.RESUME: Because.HOOK_RESUME,
}


def final_verdict(
    spec: JobSpec, verdict: tuple[Outcome, Reason], errors: dict[str, list[str]]
) -> tuple[Outcome, Reason]:
    """What the hooks' errors make of the verdict: `finally`'s overrides; those of success, stop, pause and resume fail a run
    that had not failed; with `ignore_error` none counts (20-engine, Attempts; seed, rows 36-40)."""

    def counts(slot: HookSlot) -> bool:
        return slot in errors and slot in spec.hooks and not spec.hooks[slot].ignore_error

    if counts(HookSlot.FINALLY):
        return Outcome.FAILED, Reason(Because.HOOK_FINALLY, errors[HookSlot.FINALLY][-1])
    if verdict[0] in {Outcome.SUCCESS, Outcome.STOPPED}:
        for slot, because in _FAIL_IT.items():
            if counts(slot):
                return Outcome.FAILED, Reason(because, errors[slot][-1])
    return verdict


def command_of(spec: JobSpec, step: Step) -> Command | None:
    """What a step runs; None for what the engine brings itself (looking at a file or a text, reading outputs)."""
    match step.kind:
        case StepKind.COMMAND:
            return spec.command
        case StepKind.FAILOVER:
            return spec.failover
        case StepKind.IF:
            condition = spec.conditions[step.index]
            return condition.command if isinstance(condition, CommandHolds) else None
        case StepKind.OUTPUTS:
            return None
        case _:
            assert step.slot is not None
            return spec.hooks[step.slot].command
