"""`:columns`: which columns the table has."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jobqueue_tui.console.columns import MUST, TABLE
from jobqueue_tui.console.giving import Giving
from jobqueue_tui.console.screens.form import Filled, FormDialog, Option


def ask_columns(screen: Giving, chosen: Iterable[str], then: Callable[[list[str]], None]) -> None:
    """Ask; `then` gets the ids that are wanted."""
    ids = set(chosen)
    options = [Option(one.id, one.id.replace("-", " "), not ids or one.id in ids) for one in TABLE if one not in MUST]

    def filled(answer: Filled | None) -> None:
        if answer is not None:
            then([column.id for column in TABLE if column in MUST or column.id in answer.on])

    lines = ["Space turns a column on or off. Those that do not fit are left out all the same."]
    screen.app.push_screen(FormDialog("Columns", lines, [], answer="Show these", options=options), filled)
