"""`t`: what a run by hand is given. Asked only where there is a choice: parameters, needs, followers, or the job says so."""

from __future__ import annotations

from collections.abc import Sequence

from engine.api import JobView
from engine.spec.job import Manual
from engine.spec.params import Param, ParamType
from jobqueue_tui.console import orders
from jobqueue_tui.console.aiming import Aimed
from jobqueue_tui.console.giving import Giving
from jobqueue_tui.console.host import host
from jobqueue_tui.console.screens.dialogs import Choice, ChoiceDialog
from jobqueue_tui.console.screens.form import Field, Filled, FormDialog, Option
from jobqueue_tui.terminal import one_line


def nothing_to_ask(job: JobView) -> bool:
    """Whether a run of it has no parameters, waits for nobody, and may be started without a question."""
    return not job.params and not job.needs and job.manual is not Manual.CONFIRM


def ask_trigger(screen: Giving, targets: Sequence[Aimed]) -> None:
    """Ask for values (one job), or whether all of these are meant (several)."""
    if len(targets) > 1:
        _ask_many(screen, targets)
        return
    at = targets[0]
    job = at.job
    options = []
    if job.needs:
        options.append(Option("bypass", f"do not wait for {one_line(', '.join(job.needs))}"))
    if any(job.id in other.needs for other in host(screen).engine.jobs):
        options.append(Option("downstream", "then everything that needs it, in order"))
    confirm = job.manual is Manual.CONFIRM
    heading = f"Run {at.name} now?" if confirm else f"Run {at.name} now"

    def filled(answer: Filled | None) -> None:
        if answer is not None:
            chosen = answer.on
            order = orders.trigger(at, answer.values, bypass="bypass" in chosen, downstream="downstream" in chosen)
            screen.give([order])

    form = FormDialog(
        heading,
        [*at.lines(), "The schedule is untouched."],
        [_field(name, param) for name, param in job.params.items()],
        answer="Run it",
        options=options,
        begin_at_answer=not confirm and not host(screen).frozen,
        confirms=True,
    )
    screen.app.push_screen(form, filled)


def _ask_many(screen: Giving, targets: Sequence[Aimed]) -> None:
    lines = [at.line() for at in targets]
    if any(at.job.params for at in targets):
        lines.insert(0, "Parameters have their defaults; a job that needs a value refuses.")
    dialog = ChoiceDialog(
        f"Run {len(targets)} jobs now?", lines, [Choice("run", "Run them", "schedules are untouched")]
    )

    def answered(answer: str | None) -> None:
        if answer == "run":
            screen.give([orders.trigger(at, {}) for at in targets])

    screen.app.push_screen(dialog, answered)


def _field(name: str, param: Param) -> Field:
    hints = [param.type.value if param.type is not ParamType.STRING else ""]
    hints.append("one of " + ", ".join(param.enum) if param.enum else "")
    hints.append("required" if param.required else "")
    hints.append("shown to nobody" if param.secret else "")
    hints.append(param.description)
    default = "" if param.secret or param.default is None else param.default
    return Field(
        name,
        one_line(name),
        one_line("; ".join(filter(None, hints))),
        one_line(default) if default.isprintable() else "",
        param.read,
        hidden=param.secret,
        required=param.required and param.default is None,
    )
