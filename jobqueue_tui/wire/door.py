"""The rules for a Unix socket that both sides keep (80-security, impostor socket).

The folder belongs to the right user and nobody else can enter it; the process at the other end is of the same user, or
root. A path longer than a socket address holds (107 bytes) is reached through a descriptor of its folder.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.errors import EngineError

_LONGEST_ADDRESS: Final = 107
_CREDENTIALS: Final = struct.Struct("3i")  # struct ucred: pid, uid, gid


class UnsafeSocket(EngineError):  # noqa: N818 - says what is the case
    """The socket, its folder or the process behind it is not to be trusted; the text says why and what to do."""


def peer_uid(sock: socket.socket) -> int:
    """The user id of the process that opened the other end, as the kernel noted it."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid: int = _CREDENTIALS.unpack(raw)[1]
    return uid


def check_folder(folder: Path) -> int:
    """The owner's user id of a folder that only its owner can enter.

    UnsafeSocket when it is none, or owned by neither this process's user nor root nor, for root, anybody else.
    FileNotFoundError when there is no such folder.
    """
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode):
        raise UnsafeSocket(f"{folder} is not a folder")
    own = os.geteuid()
    if own and facts.st_uid not in (own, 0):
        raise UnsafeSocket(f"{folder} belongs to user {facts.st_uid}, not to you; name another socket or state folder")
    if facts.st_mode & 0o077:
        raise UnsafeSocket(f"others can enter {folder}; chmod 700 it")
    return facts.st_uid


@contextmanager
def address(path: Path) -> Iterator[str]:
    """An address that `bind` and `connect` accept for `path`, valid inside the `with`.

    Short paths are used as they are, so that `ss` and `lsof` show them.
    """
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
