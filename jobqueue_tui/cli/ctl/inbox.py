"""`ctl inbox`."""

from __future__ import annotations

from pathlib import Path

import click

from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.show.kinds import RUN_COLUMNS, RUN_KEYS
from jobqueue_tui.cli.show.listing import look, look_options, print_list


@click.command("inbox")
@click.option("--job", metavar="ID", help="Only runs of this job.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many.")
@look_options
@engine_option
def command(
    *,
    job: str | None,
    limit: int,
    form: str,
    columns: str,
    socket: Path | None,
    state_dir: Path | None,
    file: Path | None,
) -> None:
    """List bad ends that nobody has acknowledged, newest first."""
    runs = engine_of(socket, state_dir, file).inbox({"job": job, "limit": limit})
    print_list(runs, look(form, columns), usual=RUN_COLUMNS, keys=RUN_KEYS)
