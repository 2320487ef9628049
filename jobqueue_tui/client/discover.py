"""Which engine `ctl` means: the socket named, JOBQUEUE_SOCKET, that of a state folder, else the only one of this user."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from engine.errors import EngineError
from jobqueue_tui.client.engine import NotReachable
from jobqueue_tui.places import SOCKET_VARIABLE, runtime_dir, socket_paths, state_home
from jobqueue_tui.wire.door import address


class SeveralEngines(EngineError):  # noqa: N818 - says what is the case
    """More than one engine of this user answers, and none was named."""

    def __init__(self, sockets: tuple[Path, ...]) -> None:
        listed = ", ".join(str(path) for path in sockets)
        super().__init__(f"{len(sockets)} engines are running: {listed}; name one with --socket or {SOCKET_VARIABLE}")
        self.sockets = sockets


def find_socket(environ: Mapping[str, str], *, named: Path | None = None, state: Path | None = None) -> Path:
    """The socket to ask, in the order of this module's first line.

    NotReachable when none answers (a named one is taken as it is: asking it will tell), SeveralEngines when a choice is
    needed.
    """
    if named is not None:
        return named
    if state is None and (given := environ.get(SOCKET_VARIABLE)):
        return Path(given)
    if state is not None:
        places = socket_paths(state, environ)
        alive = next((path for path in places if answers(path)), None)
        if alive is None:
            raise NotReachable(f"no engine runs on the state folder {state}; start one with --state-dir {state}")
        return alive
    running = tuple(path for path in _candidates(environ) if answers(path))
    if len(running) > 1:
        raise SeveralEngines(running)
    if not running:
        raise NotReachable(
            "no engine of yours is running; start one with `jobqueue-tui --no-ui FILE`, or name its --socket"
        )
    return running[0]


def answers(path: Path) -> bool:
    """Does anybody listen on this socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            with address(path) as name:
                probe.connect(name)
        except BlockingIOError:
            return True  # alive, with a full backlog
        except OSError:
            return False
    return True


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    runtime = runtime_dir(environ)
    if runtime is not None:
        yield from _listed(runtime, "*.sock")
    yield from _listed(state_home(environ), "*/run/control.sock")


def _listed(folder: Path, pattern: str) -> list[Path]:
    with suppress(OSError):
        return sorted(folder.glob(pattern))
    return []
