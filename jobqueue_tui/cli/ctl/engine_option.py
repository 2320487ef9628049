"""Which engine a `ctl` command talks to: the options for it, and the client they lead to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import click

from jobqueue_tui.client.discover import find_socket
from jobqueue_tui.client.engine import EngineClient

F = TypeVar("F", bound=Callable[..., object])


_PATH: Final = click.Path(path_type=Path)
_OPTIONS: Final = {
    "--socket": "Its control socket (also: JOBQUEUE_SOCKET).",
    "--state-dir": "Its state folder.",
    "--file": "Its job file.",
}


def engine_parameters() -> list[click.Parameter]:
    """The options as parameters of the group: they may stand before the verb."""
    return [click.Option([name], type=_PATH, help=text) for name, text in _OPTIONS.items()]


def engine_option(command: F) -> F:
    """Adds the options to a verb; the command gets `socket`, `state_dir` and `file`, and hands them to `engine_of`."""
    for name, text in reversed(_OPTIONS.items()):
        command = click.option(name, type=_PATH, help=text)(command)
    return command


def engine_of(socket: Path | None, state_dir: Path | None, file: Path | None) -> EngineClient:
    """The engine that the options name, else the only one of this user. NotReachable, SeveralEngines."""
    before = click.get_current_context().parent
    if before is not None and (socket, state_dir, file) == (None, None, None):
        socket, state_dir, file = (before.params.get(name) for name in ("socket", "state_dir", "file"))
    if state_dir is None and file is not None and socket is None:
        from jobqueue_tui.cli.files import load, state_folder

        state_dir = state_folder(load(file))
    return EngineClient(find_socket(os.environ, named=socket, state=state_dir))
