"""Verbs that need a word or two: hold, set-timeout, backfill, rerun, acknowledge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from engine.clock import Instant, instant
from engine.spec.units import parse_duration
from jobqueue_tui.console import orders
from jobqueue_tui.console.aiming import Aimed, Meant
from jobqueue_tui.console.giving import Giving
from jobqueue_tui.console.host import host
from jobqueue_tui.console.orders import Order
from jobqueue_tui.console.screens.dialogs import Choice, ChoiceDialog
from jobqueue_tui.console.screens.form import Field, Filled, FormDialog
from jobqueue_tui.terminal import one_line


def _what(targets: Sequence[Aimed]) -> str:
    return targets[0].name if len(targets) == 1 else f"{len(targets)} jobs"


def _lines(targets: Sequence[Aimed]) -> list[str]:
    return targets[0].lines() if len(targets) == 1 else [at.line() for at in targets]


def ask_hold(screen: Giving, targets: Sequence[Aimed]) -> None:
    """A hold with a reason, and an end if one is wanted."""
    fields = [
        Field("reason", "Reason", "shown wherever something waits for it"),
        Field("for", "For", "such as 2h; empty: until it is released", check=parse_duration),
    ]

    def filled(answer: Filled | None) -> None:
        if answer is not None:
            seconds = parse_duration(answer.values["for"]) if "for" in answer.values else None
            screen.give([orders.hold(at, answer.values.get("reason", ""), seconds) for at in targets])

    lines = [*_lines(targets), "Nothing of it starts; what runs goes on."]
    screen.app.push_screen(FormDialog(f"Hold {_what(targets)}", lines, fields, answer="Hold"), filled)


def ask_timeout(screen: Giving, targets: Sequence[Aimed]) -> None:
    """A timeout."""
    field = Field(
        "timeout", "An attempt may run", "such as 90s or 2h; 0: any time", check=parse_duration, required=True
    )
    note = "Attempts in progress are counted from their start: a short one may end them."
    _ask_duration(screen, targets, field, orders.set_timeout, what="Timeout of", note=note, answer="Set it")


def ask_postpone(screen: Giving, targets: Sequence[Aimed], one: Meant) -> None:
    """By how much."""

    def order(at: Aimed, seconds: float) -> Order:
        return orders.postpone(at, seconds, one)

    field = Field("by", "Later by", "such as 30m; 0s: as the schedule says", check=parse_duration, required=True)
    note = f"Only {one.said}, which keeps its planned time; those after it come as ever."
    _ask_duration(screen, targets, field, order, what="Postpone", note=note, answer="Postpone")


def _ask_duration(
    screen: Giving,
    targets: Sequence[Aimed],
    field: Field,
    order: Callable[[Aimed, float], Order],
    *,
    what: str,
    note: str,
    answer: str,
) -> None:
    def filled(given: Filled | None) -> None:
        if given is not None:
            seconds = parse_duration(given.values[field.id])
            screen.give([order(at, seconds) for at in targets])

    lines = [*_lines(targets), note]
    screen.app.push_screen(FormDialog(f"{what} {_what(targets)}", lines, [field], answer=answer), filled)


def ask_backfill(screen: Giving, targets: Sequence[Aimed]) -> None:
    """A span of planned times."""
    zone = host(screen).settings.zone

    def time(text: str) -> Instant:
        return _time(text, zone)

    def count(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= 100_000:
            raise ValueError("a number from 1")
        return int(text)

    fields = [
        Field("from", "From", "the first planned time, such as 2026-03-01T00:00", check=time, required=True),
        Field("to", "To", "the last one", check=time, required=True),
        Field("parallel", "At once", "so many of a job's", "1", check=count, required=True),
    ]

    def filled(answer: Filled | None) -> None:
        if answer is not None:
            given = answer.values
            span = time(given["from"]), time(given["to"])
            screen.give([orders.backfill(at, *span, count(given["parallel"])) for at in targets])

    whose = "the occurrences of each" if len(targets) > 1 else "its occurrences"
    lines = [*_lines(targets), f"Runs {whose} in that span, whatever became of them before."]
    screen.app.push_screen(FormDialog(f"Backfill {_what(targets)}", lines, fields, answer="Run them"), filled)


def ask_rerun(screen: Giving, targets: Sequence[tuple[Aimed, str | None]]) -> None:
    """Runs once more, by the job of each; Enter is enough, for nothing ends by it."""
    runs = [(at, run_id) for at, run_id in targets if run_id is not None]
    if not runs:
        whose = f"{targets[0][0].name} has" if len(targets) == 1 else f"{len(targets)} jobs have"
        screen.notify(f"{whose} not run yet: t triggers.", timeout=3, markup=False)
        return
    engine = host(screen).engine
    if len(runs) == 1:
        what, again, lines = one_line(runs[0][1]), "Run it again", runs[0][0].lines()
        lines.append("It has the planned time and the parameters of the run that it repeats.")
    else:
        what, again, lines = f"the last runs of {len(runs)} jobs", "Run them again", [at.line() for at, _ in runs]
        lines.append("Each has the planned time and the parameters of the run that it repeats.")
    if left_out := len(targets) - len(runs):
        lines.append(f"{left_out} of the marked {'has' if left_out == 1 else 'have'} not run yet.")
    dialog = ChoiceDialog(
        f"Run {what} once more",
        lines,
        [Choice("run", again, "the schedule is untouched")],
        start=0 if host(screen).frozen else 1,
    )

    def answered(answer: str | None) -> None:
        if answer == "run":
            screen.give([orders.rerun(engine, at, run_id) for at, run_id in runs])

    screen.app.push_screen(dialog, answered)


def ask_acknowledge(screen: Giving, targets: Sequence[str]) -> None:
    """Bad ends leave the Inbox; `targets`: run ids, or ids of jobs for all of their runs."""
    engine, until = host(screen).engine, host(screen).shown_at
    what = one_line(targets[0]) if len(targets) == 1 else f"{len(targets)} of them"
    field = Field("reason", "Reason", "what was done about it; may stay empty")

    def filled(answer: Filled | None) -> None:
        if answer is not None:
            reason = answer.values.get("reason", "")
            screen.give([orders.acknowledge(engine, target, reason, until) for target in targets])

    lines = [] if len(targets) == 1 else [one_line(target) for target in targets]
    lines.append("It leaves the Inbox and stays on record.")
    screen.app.push_screen(FormDialog(f"Acknowledge {what}", lines, [field], answer="Acknowledge"), filled)


def _time(text: str, zone: tzinfo | None) -> Instant:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("write it as 2026-03-01T02:30, with an offset if it is not the clock of this screen") from None
    return instant(at if at.tzinfo else at.replace(tzinfo=zone) if zone else at.astimezone())
