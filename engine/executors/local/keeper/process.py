"""The process: its socket, its way into the background, its shield."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys

from .link import IDLE
from .service import Keeper


def listen(path: str) -> socket.socket:
    """The listening socket, 0600 from the first moment; a path too long for an address goes through its folder.

    OSError, too, when a keeper listens there already: it would lose its path, and with it its engine.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    own_umask = os.umask(0o177)
    try:
        address = f"/proc/self/fd/{folder}/{os.path.basename(path)}"
        if os.path.lexists(path):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
                if probe.connect_ex(address) == 0:
                    raise OSError(errno.EADDRINUSE, "another keeper listens here", path)
            os.unlink(path)
        listener.bind(address)
    finally:
        os.umask(own_umask)
        os.close(folder)
    listener.listen(8)
    listener.setblocking(False)
    return listener


def shield() -> None:
    """Orphans of runs come to us (PR_SET_CHILD_SUBREAPER), nobody of our user may trace us (PR_SET_DUMPABLE)."""
    import ctypes  # noqa: PLC0415 - loaded once, here, for two calls

    prctl = ctypes.CDLL(None).prctl
    prctl(36, 1, 0, 0, 0)
    prctl(4, 0, 0, 0, 0)


def main(arguments: list[str]) -> int:
    """`serve SOCKET [IDLE]`: ready, and in the background, when this call's process has ended with 0."""
    if len(arguments) not in (2, 3) or arguments[0] != "serve":
        sys.stderr.write("usage: keeper serve SOCKET [IDLE]\n")
        return 2
    path = arguments[1]
    listener = listen(path)
    if os.fork():
        return 0
    os.setsid()
    os.chdir("/")
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    shield()
    Keeper(listener, path, float(arguments[2]) if len(arguments) == 3 else IDLE).serve()
    return 0
