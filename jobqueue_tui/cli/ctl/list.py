"""`ctl list`."""

from __future__ import annotations

from pathlib import Path

import click

from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.show.kinds import JOB_COLUMNS, JOB_KEYS
from jobqueue_tui.cli.show.listing import look, look_options, print_list


@click.command("list")
@click.argument("ids", metavar="[ID…]", nargs=-1)
@look_options
@engine_option
def command(
    *, ids: tuple[str, ...], form: str, columns: str, socket: Path | None, state_dir: Path | None, file: Path | None
) -> None:
    """List jobs: all, or those that ids, tag:T and status:S name."""
    jobs = engine_of(socket, state_dir, file).jobs(ids)
    print_list(jobs, look(form, columns), usual=JOB_COLUMNS, keys=JOB_KEYS)
