"""What an attempt left, read before its end has consequences: outputs for those that need its job, and why its program was
never run, if it was not. Secrets are hidden in all that will be on record."""

from __future__ import annotations

from dataclasses import replace

from engine.core.alerts import wants
from engine.core.course import OUTPUTS
from engine.core.sides import attempt_of
from engine.core.turn import Turn
from engine.logs.outputs import BadOutput, has_text, read_found, read_lines
from engine.ports.executor import Ended, Failure
from engine.runtime.launching import Launcher
from engine.spec.notify import When


def look_at_end(turn: Turn, launcher: Launcher, report: Ended) -> tuple[Ended, str | None]:
    """The end with what only the rim can see, and the file whose outputs the run has now.

    That file stays until they are on record: an engine that dies before that leaves it to the next one.
    """
    run = turn.state.by_attempt.get(report.attempt)
    if run is None:
        return report, None
    attempt = attempt_of(run, report.attempt)
    if wants(turn, run.job, When.OUTPUT):
        run.printed = has_text(run.log_path or "")
    hide = launcher.hide(run)
    path = None if report.handed_on is False else launcher.outputs_file(run, attempt)
    if path is not None:
        try:
            found = read_found(path) if attempt.step == OUTPUTS else read_lines(path)
        except BadOutput as bad:
            run.course.note("outputs", str(bad))
        else:
            if found is None:
                path = None
            elif found:
                run.outputs = {**run.outputs, **(found if hide is None else {k: hide(v) for k, v in found.items()})}
    if hide is not None and report.failure is not None:
        hidden = Failure(hide(report.failure.summary), hide(report.failure.traceback))
        report = replace(report, failure=hidden)
    if unstarted := launcher.unstarted(run, attempt):
        report = replace(report, unstarted=unstarted)
    return report, path
