"""Turning something of a job or a run: it gets a new mark, which tells a later verb whether it is still as it was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.core.state import Job, Run
from engine.core.turn import Turn


def mark(turn: Turn, subject: Job | Run, what: str = "") -> None:
    """`what` (a field of `Marks`) of a job, or whether a run stands still, was turned."""
    state = turn.state
    # by the clock, so that a mark of the engine before is none of this one
    state.last_mark = max(state.last_mark + 1, turn.now)
    _put(subject, what, state.last_mark)


def marks(job: Job, names: Iterable[str] = (), runs: Iterable[Run] = ()) -> dict[str, int]:
    """The marks of these, by name and by run id."""
    return {name: getattr(job.marks, name) for name in names} | {run.run_id: run.mark for run in runs}


def restore(turn: Turn, job: Job, before: Mapping[str, int]) -> None:
    """All is again as it was when it had these marks."""
    for name, number in before.items():
        if (run := turn.state.runs.get(name)) is not None:
            run.mark = number
        elif name in job.marks._fields:
            _put(job, name, number)


def _put(subject: Job | Run, what: str, number: int) -> None:
    if isinstance(subject, Run):
        subject.mark = number
    else:
        subject.marks = subject.marks._replace(**{what: number})
