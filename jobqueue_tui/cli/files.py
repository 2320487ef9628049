"""Job files on the command line: which one is meant, reading it, and where its state lies."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from pathlib import Path

import click

from engine.spec.config import JobFile
from engine.spec.job import NOTHING
from jobqueue_tui.cli.exits import Exit, Failure
from jobqueue_tui.places import DEFAULT_FILES, shipped, state_dir


def default_file(folder: Path) -> Path | None:
    """The job file of a folder: jobs.yaml, else jobqueue.yaml, else None."""
    return next((path for name in DEFAULT_FILES if (path := folder / name).exists()), None)


def sample_tour() -> Path:
    """The sample that is shown when there is no job file."""
    path = shipped("sample_jobs") / "tour.yaml"
    if path.is_file():
        return path
    raise Failure(Exit.USAGE, "no jobs.yaml here, and the sample tour is not installed; name a job file")


def load(path: Path, given: Mapping[str, str] = NOTHING) -> JobFile:
    """The job file, its warnings shown on stderr. Failure 2, with everything wrong shown there, when it cannot be used.

    `given` are values for parameters, as `--set` gives them; Failure 2 for one that no job has.
    """
    from engine.jobfile import load as read
    from engine.jobfile import render

    gc.freeze()  # modules are there to stay: while a file is read, walking them would take a quarter of the time
    loaded = read(path, os.environ, given=given)
    if loaded.diagnostics:
        click.echo(render(loaded.diagnostics, loaded.lines), err=True, nl=False)
    if loaded.file is None:
        raise Failure(Exit.USAGE, f"{path} cannot be used; mend what is listed above")
    unknown = set(given) - {name for job in loaded.file.jobs for name in job.params}
    if unknown:
        raise Failure(
            Exit.USAGE, f"--set {min(unknown)[:60]}: no job has a parameter of that name; declare it in `params`"
        )
    return loaded.file


def state_folder(job_file: JobFile, given: Path | None = None) -> Path:
    """Where the engine of this file keeps its state: `--state-dir`, else `engine.state_dir`, else by name or path."""
    if given is not None:
        return given.absolute()
    engine = job_file.engine
    if engine.state_dir is not None:
        return (Path(job_file.path).parent / Path(engine.state_dir).expanduser()).absolute()
    try:
        return state_dir(Path(job_file.path), os.environ, name=engine.name)
    except ValueError as fault:
        raise Failure(Exit.USAGE, str(fault)) from None
