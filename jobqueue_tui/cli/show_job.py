"""`jobqueue-tui show`: one job as it is in effect. Nothing is executed, and no secret is read."""

from __future__ import annotations

import os
from pathlib import Path

import click

from engine.spec.params import read_settings
from jobqueue_tui.cli.exits import Exit, Failure


@click.command("show")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("job_id", metavar="ID")
@click.option("--resolved", is_flag=True, help="Everything, also what is built in, with the origin of each value.")
@click.option("--env", "environment", is_flag=True, help="The environment that its runs have; of secrets the names.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="A value for a parameter.")
def command(file: Path, job_id: str, resolved: bool, environment: bool, settings: tuple[str, ...]) -> None:
    """Show a job with its defaults, its templates and what is filled in."""
    from engine.jobfile import load, render
    from engine.jobfile.showing import show_job
    from engine.runtime.environment import describe
    from engine.runtime.system_clock import local_zone
    from jobqueue_tui.cli.show.cells import one_line

    try:
        given = read_settings(settings)
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    loaded = load(file, os.environ, given=given)
    if loaded.file is None:
        click.echo(render(loaded.diagnostics, loaded.lines), err=True, nl=False)
        raise Failure(Exit.USAGE, f"{file} cannot be used; mend what is listed above")
    spec = next((one for one in loaded.file.jobs if one.id == job_id), None)
    if spec is None:
        raise Failure(Exit.REFUSED, f"{file} has no job {job_id!r}; `check` and `next` list what it has")
    job = loaded.resolved[job_id]
    if not environment:
        click.echo(show_job(spec, job, given, resolved=resolved), nl=False)
        return
    zone = loaded.file.engine.timezone or local_zone()
    for one in describe(spec, os.environ, zone, spec.from_env_files):
        line = one.name if one.value is None else f"{one.name}={one_line(one.value)}"
        click.echo(f"{line:<50}  # {one_line(one.origin)}")
