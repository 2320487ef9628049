"""The stop menu: Cancel, stop, kill, a signal, stop the job. Cancel has the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from signal import Signals
from typing import Final

from jobqueue_tui.console import orders
from jobqueue_tui.console.aiming import Aimed
from jobqueue_tui.console.giving import Giving
from jobqueue_tui.console.screens.dialogs import Choice, ChoiceDialog

_SIGNALS: Final = (
    (Signals.SIGHUP, "hang up; many daemons read their settings anew"),
    (Signals.SIGINT, "interrupt, as Ctrl-c in a terminal"),
    (Signals.SIGQUIT, "quit, with a core dump"),
    (Signals.SIGUSR1, "what the program says it means"),
    (Signals.SIGUSR2, "what the program says it means"),
    (Signals.SIGTERM, "end; no KILL follows"),
    (Signals.SIGWINCH, "the size of its window changed"),
)


def ask_stop(screen: Giving, targets: Sequence[Aimed]) -> None:
    """Ask what is to end, then give it."""
    what = targets[0].name if len(targets) == 1 else f"{len(targets)} jobs"
    with_runs = [at for at in targets if at.job.active or at.job.queued]
    active = [at for at in targets if at.job.active]
    choices = [Choice("job", "Stop the job", "its runs end, and nothing starts until p resumes it")]
    if active:
        choices = [
            Choice("kill", "Kill the run", "KILL to its tree at once; the schedule goes on"),
            Choice("signal", "Send a signal", "to every process of its tree"),
            *choices,
        ]
    if with_runs:
        choices.insert(0, Choice("run", "Stop the run", "TERM, grace, KILL of its tree; the schedule goes on"))

    def answered(answer: str | None) -> None:
        match answer:
            case "run":
                screen.give([orders.stop(at, job=False) for at in with_runs])
            case "kill":
                screen.give([orders.kill(at) for at in active])
            case "signal":
                _ask_signal(screen, active, what)
            case "job":
                screen.give([orders.stop(at, job=True) for at in targets])

    lines = targets[0].lines() if len(targets) == 1 else [at.line() for at in targets]
    screen.app.push_screen(ChoiceDialog(f"Stop {what}", lines, choices), answered)


def _ask_signal(screen: Giving, targets: Sequence[Aimed], what: str) -> None:
    choices = [Choice(number.name, number.name.removeprefix("SIG"), hint) for number, hint in _SIGNALS]

    def answered(answer: str | None) -> None:
        number = next((number for number, _ in _SIGNALS if number.name == answer), None)
        if number is not None:
            word = number.name.removeprefix("SIG")
            screen.give([orders.signal(at, number.value, word) for at in targets])

    screen.app.push_screen(ChoiceDialog(f"Send a signal to {what}", [at.line() for at in targets], choices), answered)
