"""Opens the command line and the help over a screen, and does what is chosen there."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.binding import ActiveBinding

from jobqueue_tui.console.commands import Command, Named, of_bindings
from jobqueue_tui.console.places import Place
from jobqueue_tui.console.screens.commands import CommandsScreen

if TYPE_CHECKING:
    from jobqueue_tui.console.app import ConsoleApp


def offer(app: ConsoleApp, title: str, *, keys_first: bool) -> None:
    """Show what works here. What is chosen runs where its key would have run, once this screen has the keys again."""
    if isinstance(app.screen, CommandsScreen):
        return
    active = app.screen.active_bindings

    def run(binding: ActiveBinding) -> Awaitable[object]:
        return app.run_action(binding.binding.action, binding.node)

    words = [] if keys_first else _words(app)
    commands = of_bindings(active, run)
    commands += [Command(word.word, word.text, "", "", lambda: None) for word in words]

    async def chosen(command: Command | None) -> None:
        if command is not None:
            answer = command.run()
            if answer is not None:
                await answer

    app.push_screen(CommandsScreen(title, lambda: commands, words, keys_first=keys_first), chosen)


def _words(app: ConsoleApp) -> list[Named]:
    def jobs() -> list[str]:
        return [job.id for job in app.engine.jobs]

    def log(job_id: str) -> None:
        run_id = app.engine.job(job_id).last_run_id
        if run_id is None:
            app.say_no_log(job_id)
        else:
            app.show_log(run_id)

    def theme(name: str) -> None:
        app.theme = name
        app.kept = replace(app.kept, theme=name)

    return [
        Named("job", "details of a job", jobs, lambda name: app.places.open(Place("job", name))),
        Named("log", "log of the last run of a job", jobs, log),
        Named("theme", "colours", lambda: app.themes, theme),
    ]
