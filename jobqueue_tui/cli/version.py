"""`jobqueue-tui version`, when it comes with options; the plain one is answered by `entry` without any import."""

from __future__ import annotations

import click

from jobqueue_tui.entry import VERSION


@click.command("version")
def command() -> None:
    """Print the version."""
    click.echo(f"jobqueue-tui {VERSION}")
