"""`jobqueue-tui check`: every problem of the files, each with its place. Nothing is executed, imported or asked for."""

from __future__ import annotations

import os
from pathlib import Path

import click

from jobqueue_tui.cli.exits import Exit


@click.command("check")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Warn of spellings that other programs use, too.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
def command(files: tuple[Path, ...], strict: bool, form: str) -> int:
    """Show every problem of job files at once; exit code 2 if there is an error. Each FILE stands for itself."""
    from engine.jobfile import as_json, load, render

    loaded = [load(path, os.environ, strict=strict) for path in files]
    found = [one for result in loaded for one in result.diagnostics]
    if form == "json":
        click.echo(as_json(found))
    else:
        for path, result in zip(files, loaded, strict=True):
            click.echo(render(result.diagnostics, result.lines), nl=False)
            if result.file is not None and not result.diagnostics:
                count = len(result.file.jobs)
                click.echo(f"{path}: ok, {count} {'job' if count == 1 else 'jobs'}")
    return Exit.OK if all(result.file is not None for result in loaded) else Exit.USAGE
