"""The stop menu: Cancel, stop, kill, a signal, stop the job. Cancel has the cursor. Of several runs all, or one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from signal import Signals
from typing import Final

from jobqueue_tui.console import orders
from jobqueue_tui.console.aiming import Aimed, AimedRun
from jobqueue_tui.console.giving import Giving
from jobqueue_tui.console.host import host
from jobqueue_tui.console.screens.dialogs import Choice, ChoiceDialog

_STOPS: Final = "TERM, grace, KILL of its tree; schedules go on"
_KILLS: Final = "KILL to its tree at once; schedules go on"
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
    """Ask what is to end, then give it to exactly the runs that are named."""
    targets = [at.with_waiting() for at in targets]
    what = targets[0].name if len(targets) == 1 else f"{len(targets)} jobs"
    with_runs = [at for at in targets if at.runs or at.seen.aim.queued]
    active = [at for at in targets if at.runs]
    runs = [run for at in active for run in at.runs]
    choices = [Choice("job", "Stop the job", "runs end, and nothing starts until p resumes it")]
    if active:
        choices = [
            Choice("kill", f"Kill {_all(len(runs))}", _KILLS),
            Choice("signal", "Send a signal", "to every process of its tree"),
            *([Choice("one", "One of them", "which one is asked next")] if len(runs) > 1 else []),
            *choices,
        ]
    if with_runs:
        ends = len(runs) or sum(len(at.seen.aim.queued) for at in with_runs)
        choices.insert(0, Choice("run", f"Stop {_all(ends)}", _STOPS))

    def answered(answer: str | None) -> None:
        match answer:
            case "run":
                screen.give([orders.stop(at, job=False) for at in with_runs])
            case "kill":
                screen.give([orders.kill(at) for at in active])
            case "signal":
                lines = [at.line() for at in active]
                _ask_signal(
                    screen, what, lines, lambda number, name: [orders.signal(at, number, name) for at in active]
                )
            case "one":
                _ask_which(screen, runs, what)
            case "job":
                screen.give([orders.stop(at, job=True) for at in targets])

    lines = targets[0].lines() if len(targets) == 1 else [at.line() for at in targets]
    if any("[" in run.run_id for run in runs) and any(at.seen.aim.queued for at in active):
        lines.append("Shards that wait for their turn end with those of their occurrence.")
    screen.app.push_screen(ChoiceDialog(f"Stop {what}", lines, choices), answered)


def _all(count: int) -> str:
    return f"all {count} runs" if count > 1 else "the run"


def _ask_which(screen: Giving, runs: Sequence[AimedRun], what: str) -> None:
    by_id = {run.run_id: run for run in runs}

    def answered(answer: str | None) -> None:
        if answer in by_id:
            ask_stop_run(screen, by_id[answer])

    choices = [Choice(run.run_id, run.name, str(run.state)) for run in runs]
    screen.app.push_screen(ChoiceDialog(f"Which run of {what}", [], choices), answered)


def ask_stop_run(screen: Giving, at: AimedRun, job: Aimed | None = None) -> None:
    """Ask how one run is to end. `job`: where the question may be about all of it, too; that may have left the list."""
    engine = host(screen).engine

    def answered(answer: str | None) -> None:
        match answer:
            case "job" if job is not None:
                ask_stop(screen, [job])
            case "run":
                screen.give([orders.stop_run(engine, at)])
            case "kill":
                screen.give([orders.kill_run(engine, at)])
            case "signal":
                _ask_signal(
                    screen, at.name, [at.line()], lambda number, name: [orders.signal_run(engine, at, number, name)]
                )

    choices = [
        Choice("run", "Stop the run", _STOPS),
        Choice("kill", "Kill the run", _KILLS),
        Choice("signal", "Send a signal", "to every process of its tree"),
        *([] if job is None else [Choice("job", f"All of {job.name}", "its runs, or the job; which is asked next")]),
    ]
    screen.app.push_screen(ChoiceDialog(f"Stop {at.name}", [at.line()], choices), answered)


def _ask_signal(
    screen: Giving, what: str, lines: Sequence[str], make: Callable[[int, str], Sequence[orders.Order]]
) -> None:
    choices = [Choice(number.name, number.name.removeprefix("SIG"), hint) for number, hint in _SIGNALS]

    def answered(answer: str | None) -> None:
        number = next((number for number, _ in _SIGNALS if number.name == answer), None)
        if number is not None:
            screen.give(make(number.value, number.name.removeprefix("SIG")))

    screen.app.push_screen(ChoiceDialog(f"Send a signal to {what}", lines, choices), answered)
