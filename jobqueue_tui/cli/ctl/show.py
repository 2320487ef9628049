"""`ctl show`."""

from __future__ import annotations

from pathlib import Path

import click

from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.show.listing import FORMS, Form, print_record
from jobqueue_tui.terminal import neutral


@click.command("show")
@click.argument("job", metavar="ID")
@click.option("--format", "form", type=FORMS, default=Form.TABLE.value, show_default=True, help="How to print.")
@click.option("--effective", is_flag=True, help="As a job file of its own, with what an operator changed marked.")
@engine_option
def command(
    *, job: str, form: str, effective: bool, socket: Path | None, state_dir: Path | None, file: Path | None
) -> None:
    """Show all facts of a job; `changed` names what an operator set in place of the job file."""
    engine = engine_of(socket, state_dir, file)
    if effective:
        click.echo(neutral(engine.effective_yaml(job)), nl=False)
    else:
        print_record(engine.job(job), Form(form))
