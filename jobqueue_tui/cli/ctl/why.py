"""`ctl why`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.show.cells import one_line


@click.command("why")
@click.argument("job", metavar="ID")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
@engine_option
def command(job: str, form: str, socket: Path | None, state_dir: Path | None, file: Path | None) -> None:
    """Say why a job is not running."""
    why = engine_of(socket, state_dir, file).why(job)
    if form == "json":
        click.echo(json.dumps(why, indent=2))
        return
    click.echo(
        f"{one_line(str(why.get('id')))} is {one_line(str(why.get('status')))}: {one_line(str(why.get('reason')))}"
    )
    details = why.get("details")
    for line in details if isinstance(details, list) else []:
        click.echo(f"  {one_line(str(line))}")
