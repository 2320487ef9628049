"""`ctl history`."""

from __future__ import annotations

from pathlib import Path

import click

from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.show.kinds import RUN_COLUMNS, RUN_KEYS
from jobqueue_tui.cli.show.listing import look, look_options, print_list
from jobqueue_tui.cli.show.run_filter import run_filter


@click.command("history")
@run_filter
@look_options
@engine_option
def command(
    *,
    job: str | None,
    outcome: str | None,
    since: str | None,
    limit: int,
    form: str,
    columns: str,
    socket: Path | None,
    state_dir: Path | None,
    file: Path | None,
) -> None:
    """List runs, newest first; those that run or wait come first of all."""
    runs = engine_of(socket, state_dir, file).runs({"job": job, "outcome": outcome, "since": since, "limit": limit})
    print_list(runs, look(form, columns), usual=RUN_COLUMNS, keys=RUN_KEYS)
