"""`ctl wait`."""

from __future__ import annotations

from pathlib import Path

import click

from engine.spec.units import parse_duration
from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.ctl.waiting import Goal, wait_for_jobs


@click.command("wait")
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@click.option(
    "--for",
    "goal",
    type=click.Choice([goal.value for goal in Goal]),
    default=Goal.IDLE.value,
    show_default=True,
    help="What is waited for.",
)
@click.option("--timeout", metavar="DURATION", help="Give up (exit code 124) after this long.")
@engine_option
def command(
    *,
    ids: tuple[str, ...],
    goal: str,
    timeout: str | None,
    socket: Path | None,
    state_dir: Path | None,
    file: Path | None,
) -> int:
    """Wait until jobs have ended; 0 if each last run succeeded, 1 if not, 4 if there was nothing to wait for."""
    try:
        seconds = None if timeout is None else parse_duration(timeout)
    except ValueError as fault:
        raise click.UsageError(f"--timeout: {fault}") from fault
    return wait_for_jobs(engine_of(socket, state_dir, file), ids, Goal(goal), seconds)
