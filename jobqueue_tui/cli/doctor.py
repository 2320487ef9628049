"""`jobqueue-tui doctor`: what this machine offers, and what the product does in each case. Nothing is started."""

from __future__ import annotations

import click

from jobqueue_tui.cli.exits import Exit
from jobqueue_tui.cli.show.listing import look, look_options, print_list

COLUMNS = ("what", "state", "then")


@click.command("doctor")
@look_options
def command(form: str, columns: str) -> None:
    """Show what this machine offers and what is done with it. Exit code 1 if something is missing that the engine needs."""
    from jobqueue_tui.cli.examining import examine

    found = examine()
    print_list([one.to_json() for one in found], look(form, columns), usual=COLUMNS, keys=COLUMNS)
    if any(one.state == "missing" for one in found):
        raise SystemExit(Exit.FAILED)
