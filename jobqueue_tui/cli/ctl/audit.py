"""`ctl audit`."""

from __future__ import annotations

from pathlib import Path

import click

from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.show.kinds import AUDIT_COLUMNS, AUDIT_KEYS
from jobqueue_tui.cli.show.listing import look, look_options, print_list


@click.command("audit")
@click.option("--job", metavar="ID", help="Only verbs on this job and its runs.")
@click.option("--since", metavar="TIME", help="Not older than 2h, 3d … or a time with offset.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many.")
@look_options
@engine_option
def command(
    *,
    job: str | None,
    since: str | None,
    limit: int,
    form: str,
    columns: str,
    socket: Path | None,
    state_dir: Path | None,
    file: Path | None,
) -> None:
    """List the verbs that were given, newest first: who, what, on what, done or refused."""
    records = engine_of(socket, state_dir, file).audit({"job": job, "since": since, "limit": limit})
    print_list(records, look(form, columns), usual=AUDIT_COLUMNS, keys=AUDIT_KEYS)
