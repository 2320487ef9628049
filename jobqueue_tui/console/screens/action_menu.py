"""`a`: everything that can be done with a job, each with its letter. What has a key of its own shows that key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobqueue_tui.console.actions import ACTIONS, Where
from jobqueue_tui.console.aiming import Aimed
from jobqueue_tui.console.screens.dialogs import CANCEL, Choice, ChoiceDialog

if TYPE_CHECKING:
    from jobqueue_tui.console.screens.job_keys import JobKeys


def ask_action(screen: JobKeys, targets: Sequence[Aimed]) -> None:
    """Show the menu, then do what was chosen, as its key would."""
    actions = {action.id: action for action in ACTIONS if action.where is Where.JOBS and action.letter}
    choices = [Choice(action.id, screen.words_of(action), letter=action.letter) for action in actions.values()]
    what = targets[0].name if len(targets) == 1 else f"{len(targets)} jobs"
    lines = targets[0].lines() if len(targets) == 1 else [at.line() for at in targets]

    async def answered(answer: str | None) -> None:
        if answer in actions and answer != CANCEL:
            await screen.run_action(actions[answer].call)

    screen.app.push_screen(ChoiceDialog(what, lines, choices), answered)
