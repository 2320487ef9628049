"""Where things lie: state folders and control sockets, as pure functions of the environment and the job file's path.

    state    $XDG_STATE_HOME/jobqueue-tui/<stem>-<8 hex of the job file's path>     (engine.name replaces the last part)
    config   $XDG_CONFIG_HOME/jobqueue-tui                                          (console.toml, themes/)
    socket   $XDG_RUNTIME_DIR/jobqueue-tui/<the same name>.sock, else <state>/run/control.sock

The path is made absolute as it was given and symlinks are not followed, so that a deploy which moves a `current` link
keeps its state. Nothing ever lies in a shared temporary folder: there anybody could put a socket in our place
(80-security, impostor socket).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zlib import crc32

PROGRAM: Final = "jobqueue-tui"
SOCKET_VARIABLE: Final = "JOBQUEUE_SOCKET"
"""Environment variable that names the control socket for `ctl`."""

DEFAULT_FILES: Final = ("jobs.yaml", "jobqueue.yaml")
"""Job files looked for in the current folder when none is named."""

_PACKAGE: Final = Path(__file__).parent

_LONGEST_STEM: Final = 64
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def shipped(folder: str) -> Path:
    """A folder that comes with the program: in the package in a wheel, beside it in a checkout."""
    inside = _PACKAGE / folder
    return inside if inside.is_dir() else _PACKAGE.parent / folder


def state_home(environ: Mapping[str, str]) -> Path:
    """The folder that holds the state folders of all job files of this user."""
    return _base(environ, "XDG_STATE_HOME", ".local/state") / PROGRAM


def config_folder(environ: Mapping[str, str]) -> Path:
    """The folder that holds the console's settings and the user's own themes."""
    return _base(environ, "XDG_CONFIG_HOME", ".config") / PROGRAM


def state_dir(file: Path, environ: Mapping[str, str], *, name: str | None = None) -> Path:
    """The default state folder of a job file; `name` is its `engine.name`. ValueError for a name unfit as a file name."""
    if name is None:
        name = keyed_name(file.stem, file)
    elif not _NAME.fullmatch(name):
        raise ValueError(f"engine.name {name!r} cannot be a folder's name; use letters, digits, `_`, `.` and `-`")
    return state_home(environ) / name


def socket_paths(state: Path, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where the control socket of the engine with this state folder may lie, the preferred place first.

    More than one, since an engine started by a service manager and a `ctl` in a login shell do not see the same
    XDG_RUNTIME_DIR.
    """
    state = _absolute(state)
    fallback = state / "run" / "control.sock"
    runtime = runtime_dir(environ)
    if runtime is None:
        return (fallback,)
    name = state.name if state.parent == state_home(environ) else keyed_name(state.name, state)
    return (runtime / f"{name}.sock", fallback)


def runtime_dir(environ: Mapping[str, str]) -> Path | None:
    """The folder of control sockets in the user's runtime folder; None where there is no XDG_RUNTIME_DIR."""
    base = environ.get("XDG_RUNTIME_DIR", "")
    return Path(base) / PROGRAM if base.startswith("/") else None


def keyed_name(stem: str, path: Path) -> str:
    """`<stem>-<8 hex>`, the hex from the absolute path as given.

    CRC-32 because it is eight digits, at hand without loading OpenSSL, and never equal for two paths that differ in
    four neighbouring bytes only; nobody gains by forging a collision with a file of their own.
    """
    return f"{stem[:_LONGEST_STEM]}-{crc32(os.fsencode(_absolute(path))):08x}"


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve() would follow symlinks


def _base(environ: Mapping[str, str], variable: str, below_home: str) -> Path:
    value = environ.get(variable, "")
    if value.startswith("/"):  # the XDG specification has relative ones ignored
        return Path(value)
    return Path(environ.get("HOME") or Path.home()) / below_home
