"""A listening Unix socket that only its owner can reach, and that takes over from a dead one but never from a living one."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from engine.errors import EngineError
from jobqueue_tui.wire.door import UnsafeSocket, address, check_folder

_BACKLOG: Final = 128


class SocketTaken(EngineError):  # noqa: N818 - says what is the case
    """Another engine answers on this socket."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"another engine listens on {path}; stop it, or give this one another --state-dir")
        self.path = path


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A socket that listens on `path` (0600, in a folder made 0700) for as long as the `with` lasts.

    SocketTaken when somebody answers there, UnsafeSocket when the folder is not ours alone or the path is no socket.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_folder(path.parent)
    with _alone_in(path.parent):
        sock = _bound(path)
        mine = _identity(path)
    try:
        yield sock
    finally:
        sock.close()
        # An heir may have put its own socket here, if somebody removed ours; that one stays.
        with suppress(FileNotFoundError), _alone_in(path.parent):
            if _identity(path) == mine:
                path.unlink()


def usable(paths: tuple[Path, ...]) -> Path:
    """The first of the places for a socket whose surroundings belong to this user; the last one if none does.

    `sudo` hands on the runtime folder of somebody else, and containers name one that does not exist.
    """
    for path in paths[:-1]:
        with suppress(OSError):
            base = path.parent.parent.stat()
            if base.st_uid == os.geteuid() and stat.S_ISDIR(base.st_mode):
                return path
    return paths[-1]


def _bound(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(sock.fileno(), 0o600)  # Linux gives the file the mode of the socket: at no moment is it wider
        with address(path) as name:
            try:
                sock.bind(name)
            except OSError as fault:
                if fault.errno != errno.EADDRINUSE:
                    raise
                _clear(path)
                sock.bind(name)
        sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def _clear(path: Path) -> None:
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise UnsafeSocket(f"{path} is in the way and is no socket; move it away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, address(path) as name:
        probe.setblocking(False)
        try:
            probe.connect(name)
        except ConnectionRefusedError:
            path.unlink()  # the engine behind it is gone
            return
        except BlockingIOError:
            pass  # alive, with a full backlog
    raise SocketTaken(path)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Two engines that find the same dead socket would each remove what the other has just bound: one at a time."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _identity(path: Path) -> tuple[int, int]:
    facts = path.lstat()
    return facts.st_dev, facts.st_ino
