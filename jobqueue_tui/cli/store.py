"""The state folder that `history` and `logs` read, with or without an engine beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from jobqueue_tui.cli.exits import Exit, Failure

F = TypeVar("F", bound=Callable[..., object])


def store_option(command: F) -> F:
    """Adds `--state-dir` and `--file`; the command gets `state_dir` and `file`."""
    state = click.option("--state-dir", type=click.Path(path_type=Path), help="The engine's state folder.")
    file = click.option(
        "--file", type=click.Path(path_type=Path), help="The job file whose state is meant; default: the one here."
    )
    return state(file(command))


def store_of(state_dir: Path | None, file: Path | None) -> Path:
    """The database in the state folder that the options name. Failure 4 when there is none."""
    if state_dir is None:
        from jobqueue_tui.cli.files import default_file, load, state_folder

        file = file or default_file(Path.cwd())
        if file is None:
            raise Failure(Exit.USAGE, "whose past? there is no jobs.yaml here; name one with --file, or --state-dir")
        state_dir = state_folder(load(file))
    path = state_dir / "state.db"
    if not path.exists():
        raise Failure(Exit.REFUSED, f"no state in {state_dir}; no engine has run there, name another --state-dir")
    return path
