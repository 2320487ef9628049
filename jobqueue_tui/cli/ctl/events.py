"""`ctl events`: what happens in the engine, a JSON object a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option


@click.command("events")
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens from now on.")
@click.option(
    "--after", type=click.IntRange(min=0), metavar="N", help="Begin after event N; 0: with the oldest that is kept."
)
@engine_option
def command(*, follow: bool, after: int | None, socket: Path | None, state_dir: Path | None, file: Path | None) -> None:
    """Print the events that are kept, or follow them, as JSON Lines.

    An event of type resync says that some before it are not to be had any more.
    """
    engine = engine_of(socket, state_dir, file)
    for event in engine.follow(after) if follow else engine.events(after or 0):
        sys.stdout.write(json.dumps(event, separators=(",", ":")) + "\n")
        if follow:
            sys.stdout.flush()
