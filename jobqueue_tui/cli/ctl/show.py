"""`ctl show`."""

from __future__ import annotations

from pathlib import Path

import click

from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.show.listing import FORMS, Form, print_record


@click.command("show")
@click.argument("job", metavar="ID")
@click.option("--format", "form", type=FORMS, default=Form.TABLE.value, show_default=True, help="How to print.")
@engine_option
def command(job: str, form: str, socket: Path | None, state_dir: Path | None, file: Path | None) -> None:
    """Show all facts of a job; `changed` names what an operator set in place of the job file."""
    print_record(engine_of(socket, state_dir, file).job(job), Form(form))
