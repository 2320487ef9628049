"""`jobqueue-tui [FILE]`, the command without a name: a console on an embedded engine, or an engine alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

import click

from engine.spec.job import NOTHING
from engine.spec.params import read_settings
from engine.values import lean
from jobqueue_tui.cli.exits import Exit, Failure


@lean(frozen=True, slots=True)
class Choices:
    """What the command line says about how to run the engine."""

    state_dir: Path | None
    until_idle: bool
    as_json: bool
    listen: bool
    read_only: bool
    given: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Values for parameters."""


def _help(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if asked and ctx.parent is not None:
        click.echo(ctx.parent.get_help())
        ctx.exit()


@click.command("open", add_help_option=False)
@click.option(
    "-h", "--help", is_flag=True, is_eager=True, expose_value=False, callback=_help, help="Show this and exit."
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--no-ui", is_flag=True, help="The engine alone, without a console (server, container, CI).")
@click.option("--until-idle", is_flag=True, help="With --no-ui: end when nothing runs, waits or is due any more.")
@click.option("--state-dir", type=click.Path(path_type=Path, file_okay=False), help="Where state and logs are kept.")
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Lines of --no-ui."
)
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="A value for a parameter of the jobs.")
@click.option("--no-listen", is_flag=True, help="No control socket: `ctl` cannot reach this engine.")
@click.option("--read-only", is_flag=True, help="Nobody can act on jobs, they can only be looked at.")
def command(
    *,
    file: Path | None,
    no_ui: bool,
    until_idle: bool,
    state_dir: Path | None,
    log_format: str,
    settings: tuple[str, ...],
    no_listen: bool,
    read_only: bool,
) -> int:
    """Run the jobs of a file."""
    if until_idle and not no_ui:
        raise click.UsageError("--until-idle needs --no-ui: a console ends when you quit it")
    try:
        given = read_settings(settings)
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    choices = Choices(state_dir, until_idle, log_format == "json", not no_listen, read_only, given)
    path = _meant(file)
    if no_ui:
        from jobqueue_tui.cli.headless import run_headless

        return run_headless(path, choices)
    from jobqueue_tui.cli.embedded import run_embedded

    return run_embedded(path, choices)


def _meant(file: Path | None) -> Path:
    from jobqueue_tui.cli.files import default_file, sample_tour

    if file is None:
        file = default_file(Path.cwd())
        if file is None:
            file = sample_tour()
            click.echo(f"no jobs.yaml here: showing the sample tour, {file}", err=True)
    if not file.exists():
        from jobqueue_tui.cli.main import COMMANDS

        known = ", ".join(COMMANDS)
        raise Failure(Exit.USAGE, f"no such job file: {file}; name one, or a command: {known}")
    return file
