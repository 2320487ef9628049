"""`ctl queue`."""

from __future__ import annotations

from pathlib import Path

import click

from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.show.kinds import QUEUE_COLUMNS, RUN_KEYS
from jobqueue_tui.cli.show.listing import look, look_options, print_list


@click.command("queue")
@look_options
@engine_option
def command(*, form: str, columns: str, socket: Path | None, state_dir: Path | None, file: Path | None) -> None:
    """List what waits, in the order in which it will start."""
    runs = engine_of(socket, state_dir, file).queue()
    print_list(runs, look(form, columns), usual=QUEUE_COLUMNS, keys=RUN_KEYS)
